/** How much a model is to think, as the AI SDK's packages are told. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ReasoningWish } from '../../chat/prompt.ts';
import { EFFORTS, type Effort } from '../quirks.ts';
import { type Addressee, isClaude } from './prompt.ts';

/** Of the output cap, by effort: OpenRouter's reasoning rules. */
const SHARES: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
};
const LEAST_BUDGET = 1024;
const USUAL_CAP = 16_384;

export interface SdkReasoning {
  /** The AI SDK's own word, which each package turns into what the model knows. */
  readonly reasoning?: LanguageModelV4CallOptions['reasoning'];
  /** The package's own option. */
  readonly options?: object;
  readonly maxOutputTokens: number | null;
}

/** `maxTokens`: the cap of the whole answer, thoughts included. */
export function sdkReasoning(
  wish: ReasoningWish | null,
  to: Addressee,
  maxTokens: number | null,
): SdkReasoning {
  const plain = { maxOutputTokens: maxTokens };
  if (wish === null) return plain;
  if (wish.enabled === false || wish.effort === 'none' || wish.maxTokens === 0)
    return { ...plain, reasoning: 'none' };
  const shown = shownThoughts(wish, to);
  if (wish.maxTokens !== null) {
    // Newer Claude models refuse a budget, and their package turns an effort into what each of them knows: see `withinCap`.
    if (knowsBudget(to) && (maxTokens === null || !addsBudget(to)))
      return budgeted(wish.maxTokens, to, maxTokens);
    return { ...plain, ...shown, reasoning: effortFor(wish.maxTokens / (maxTokens ?? USUAL_CAP)) };
  }
  const effort = wish.effort ?? (wish.enabled === true ? 'medium' : null);
  return effort === null ? { ...plain, ...shown } : { ...plain, ...shown, reasoning: effort };
}

/**
 * For a model whose package turns an effort into a budget beside the cap: the budget that was wished, or the effort's share of the cap,
 * which then covers both. A cap without room for the least budget means no thinking.
 */
export function withinCap(wish: ReasoningWish, to: Addressee, maxTokens: number): SdkReasoning {
  const effort = wish.effort === null || wish.effort === 'none' ? 'medium' : wish.effort;
  return budgeted(wish.maxTokens ?? Math.floor(maxTokens * SHARES[effort]), to, maxTokens);
}

/** On Bedrock only Claude does. */
export function knowsBudget({ traits, upstreamModel }: Addressee): boolean {
  return traits.budget !== null && (traits.optionsKey !== 'amazonBedrock' || isClaude(upstreamModel));
}

function budgeted(tokens: number, to: Addressee, maxTokens: number | null): SdkReasoning {
  const { traits } = to;
  const plain = { maxOutputTokens: maxTokens };
  const room = (maxTokens ?? Number.POSITIVE_INFINITY) - 1;
  const budget = Math.min(Math.max(LEAST_BUDGET, tokens), room);
  if (traits.budget === null || budget < LEAST_BUDGET) return { ...plain, reasoning: 'none' };
  return {
    options: merged(traits.budget(budget), to),
    // Both Claude packages add the budget to what they are told.
    maxOutputTokens: maxTokens !== null && addsBudget(to) ? maxTokens - budget : maxTokens,
  };
}

function addsBudget({ traits }: Addressee): boolean {
  const { optionsKey } = traits;
  return optionsKey === 'anthropic' || optionsKey === 'amazonBedrock';
}

/** Gemini keeps its thoughts to itself unless it is asked for them. */
function shownThoughts(wish: ReasoningWish, { traits }: Addressee): { options?: object } {
  return traits.optionsKey === 'googleVertex' && !wish.exclude
    ? { options: { thinkingConfig: { includeThoughts: true } } }
    : {};
}

function merged(option: object, { traits }: Addressee): object {
  if (traits.optionsKey !== 'googleVertex') return option;
  const { thinkingConfig } = option as { thinkingConfig: object };
  return { thinkingConfig: { ...thinkingConfig, includeThoughts: true } };
}

/** The one whose share of the cap is nearest. */
function effortFor(share: number): Exclude<Effort, 'none'> {
  let best: Exclude<Effort, 'none'> = 'minimal';
  for (const effort of EFFORTS) {
    if (effort === 'none' || effort === 'max') continue;
    if (Math.abs(SHARES[effort] - share) < Math.abs(SHARES[best] - share)) best = effort;
  }
  return best;
}
