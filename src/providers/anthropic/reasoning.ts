/** How much a model is to think, as Anthropic is told: a budget of tokens, or as the model sees fit with an effort beside it. */
import type { ReasoningWish } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { EFFORTS, type Effort } from '../quirks.ts';
import { budgetOf, effortFor, LEAST_BUDGET, nearest, type Wanted, wantedOf } from '../reasoning-wish.ts';
import { type Generation, generationOf } from './generation.ts';

/** Whether a model can do what is wished, and not only something near it: what `require_parameters` asks. */
export function canHonourReasoning(wish: ReasoningWish | null, model: string): boolean {
  const wanted = wantedOf(wish);
  const { thinking, canBeOff } = generationOf(model);
  switch (wanted.kind) {
    case 'nothing':
      return true;
    case 'off':
      return canBeOff;
    case 'effort':
      return thinking !== 'off';
    case 'budget':
      return thinking === 'budget' || thinking === 'both';
  }
}

export interface Thinking {
  /** The member `thinking`; null: it is left out. */
  readonly member: JsonObject | null;
  /** For `output_config`; null: it is left out. */
  readonly effort: Effort | null;
  /** It may think: then the vendor refuses some other members. */
  readonly isOn: boolean;
}

export interface ThinkingRequest {
  readonly wish: ReasoningWish | null;
  /** `verbosity`, which is an effort there; null: none was named. */
  readonly verbosity: Effort | null;
  readonly model: string;
  readonly maxTokens: number;
  /**
   * Not where a tool is forced, nor where the answer goes on after an assistant without thoughts: the vendor then refuses a budget. As
   * it sees fit a model thinks there too.
   */
  readonly mayThink: boolean;
}

export function thinkingOf({ wish, verbosity, model, maxTokens, mayThink }: ThinkingRequest): Thinking {
  const generation = generationOf(model);
  const wanted = wantedOf(wish);
  const effort = effortOf(wanted, verbosity, generation, maxTokens);
  if (wanted.kind === 'nothing') return { member: null, effort, isOn: generation.thinksByItself };
  if (wanted.kind === 'off') return { ...off(generation), effort: atMostHigh(effort) };
  const isAdaptive =
    generation.thinking === 'adaptive' || (generation.thinking === 'both' && wanted.kind === 'effort');
  if (isAdaptive) {
    // The newest show nothing of their thoughts unless they are told to.
    const shown = wish?.exclude === true ? 'omitted' : 'summarized';
    const display = generation.thinking === 'adaptive' ? { display: shown } : {};
    return { member: { type: 'adaptive', ...display }, effort, isOn: true };
  }
  if (generation.thinking === 'off' || !mayThink) {
    return { member: null, effort, isOn: generation.thinksByItself };
  }
  const tokens = Math.min(budgetOf(wanted, maxTokens), maxTokens - 1);
  if (tokens < LEAST_BUDGET) return { member: null, effort, isOn: false };
  return { member: { type: 'enabled', budget_tokens: tokens }, effort, isOn: true };
}

function off({ thinksByItself, canBeOff }: Generation): Pick<Thinking, 'member' | 'isOn'> {
  if (!thinksByItself) return { member: null, isOn: false };
  return canBeOff ? { member: { type: 'disabled' }, isOn: false } : { member: null, isOn: true };
}

/** An effort above it is refused where thinking is off. */
function atMostHigh(effort: Effort | null): Effort | null {
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort;
}

function effortOf(
  wanted: Wanted,
  verbosity: Effort | null,
  { efforts }: Generation,
  maxTokens: number,
): Effort | null {
  if (efforts.length === 0) return null;
  const effort =
    wanted.kind === 'effort'
      ? wanted.effort
      : wanted.kind === 'budget'
        ? (verbosity ?? effortFor(wanted.tokens / maxTokens))
        : verbosity;
  return effort === null ? null : nearest(effort, efforts);
}

export function verbosityOf(value: unknown): Effort | null {
  return EFFORTS.find((effort) => effort === value && effort !== 'none') ?? null;
}
