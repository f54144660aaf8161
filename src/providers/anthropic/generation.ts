/**
 * What a model of Anthropic's takes, told from its name: `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-20250219`, `claude-opus-5-5`.
 * A Claude without a number, or with a higher one than is known, takes what the newest do; another's model that speaks this format
 * takes what all have in common. Rules: Anthropic's pages on adaptive thinking, effort, extended thinking and structured outputs.
 */
import type { Effort } from '../quirks.ts';

export interface Generation {
  /** `off`: it does not think. `budget`: within a budget of tokens. `both`: that, or as it sees fit. `adaptive`: only as it sees fit. */
  readonly thinking: 'off' | 'budget' | 'both' | 'adaptive';
  /** Whether thinking can be turned off: always where it is off unless asked for. */
  readonly canBeOff: boolean;
  /** It thinks without being asked to. */
  readonly thinksByItself: boolean;
  /** Takes a `tool_choice` that makes it call a tool. */
  readonly canBeMadeToCall: boolean;
  /** The words of `output_config.effort` that it takes. */
  readonly efforts: readonly Effort[];
  /** Takes `temperature`, `top_p` and `top_k`. */
  readonly samples: boolean;
  /** Takes `temperature` and `top_p` in one request. */
  readonly samplesByBoth: boolean;
  /** Takes a schema for its answer, and tools whose arguments it keeps to. */
  readonly schemas: boolean;
}

const LOW_TO_HIGH: readonly Effort[] = ['low', 'medium', 'high'];

const FOREIGN: Generation = {
  thinking: 'budget',
  canBeOff: true,
  thinksByItself: false,
  canBeMadeToCall: true,
  efforts: [],
  samples: true,
  samplesByBoth: true,
  schemas: true,
};

const known = new Map<string, Generation>();
const MAX_KNOWN = 1000;

export function generationOf(model: string): Generation {
  const seen = known.get(model);
  if (seen !== undefined) return seen;
  if (known.size >= MAX_KNOWN) known.clear();
  const fresh = told(model);
  known.set(model, fresh);
  return fresh;
}

function told(model: string): Generation {
  if (!/claude/i.test(model)) return FOREIGN;
  const [, major, minor] = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/i.exec(model) ?? [];
  const version = major === undefined ? 99 : Number(major) + Number(minor ?? 0) / 100;
  const is = (family: string) => model.toLowerCase().includes(family);
  const alwaysThinks = is('fable') || is('mythos');
  return {
    thinking: version < 3.07 ? 'off' : version < 4.06 ? 'budget' : version < 4.07 ? 'both' : 'adaptive',
    canBeOff: !alwaysThinks,
    thinksByItself: alwaysThinks || version >= 5,
    canBeMadeToCall: !alwaysThinks,
    efforts: effortsOf(version, is('opus')),
    samples: version < 4.07,
    samplesByBoth: version < 4.01,
    schemas: version >= 4.05 || (version >= 4.01 && is('opus')),
  };
}

function effortsOf(version: number, isOpus: boolean): readonly Effort[] {
  if (version >= 4.07) return [...LOW_TO_HIGH, 'xhigh', 'max'];
  if (version >= 4.06) return [...LOW_TO_HIGH, 'max'];
  return isOpus && version >= 4.05 ? LOW_TO_HIGH : [];
}
