/**
 * How much a Gemini model is to think: a level from its third generation on, a budget of tokens in 2.5, nothing before. Ranges and
 * levels are those of Google's guide on thinking; both at once are refused there.
 */
import type { ReasoningWish } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { generationOf, isFlashLite, isPro } from './model-generation.ts';

type Effort = Exclude<ReasoningWish['effort'], null>;

/** Of the output cap: OpenRouter's reasoning rules. */
const SHARES: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
};
/** Stands for the cap of a request that has none. */
const USUAL_CAP = 16_384;

/** Whether the model can be told: those before 2.5 do not think, and Pro cannot do without. */
export function canHonourReasoning(wish: ReasoningWish | null, upstreamModel: string): boolean {
  if (wish === null) return true;
  const generation = generationOf(upstreamModel);
  if (isOff(wish)) return !isPro(upstreamModel) || (generation ?? 0) < 2.5;
  const wantsNothing = wish.enabled === null && wish.effort === null && wish.maxTokens === null;
  return wantsNothing || (generation !== null && generation >= 2.5);
}

function isOff(wish: ReasoningWish): boolean {
  return wish.enabled === false || wish.effort === 'none' || wish.maxTokens === 0;
}

/** Null: there is nothing to say. */
export function thinkingConfig(
  wish: ReasoningWish | null,
  upstreamModel: string,
  maxTokens: number | null,
): JsonObject | null {
  const generation = generationOf(upstreamModel);
  if (wish === null || generation === null || generation < 2.5) return null;
  const shown = { includeThoughts: !wish.exclude };
  const off = isOff(wish);
  if (generation >= 3) {
    if (wish.maxTokens !== null && !off) return { ...shown, thinkingBudget: wish.maxTokens };
    const level = off
      ? levelFor('minimal', upstreamModel)
      : wish.effort && levelFor(wish.effort, upstreamModel);
    return level === null ? shown : { ...(off ? { includeThoughts: false } : shown), thinkingLevel: level };
  }
  const range = budgetRange(upstreamModel);
  // Pro cannot do without: the least is the nearest to nothing.
  if (off) return { includeThoughts: false, thinkingBudget: isPro(upstreamModel) ? range.least : 0 };
  if (wish.maxTokens !== null) return { ...shown, thinkingBudget: within(range, wish.maxTokens) };
  if (wish.effort === null) return wish.enabled === true ? { ...shown, thinkingBudget: -1 } : shown;
  return {
    ...shown,
    thinkingBudget: within(range, Math.floor((maxTokens ?? USUAL_CAP) * SHARES[wish.effort])),
  };
}

/** The nearest that the model knows: Pro has no `minimal`, and its first of the third generation no `medium`. */
function levelFor(effort: Effort, upstreamModel: string): string {
  if (effort === 'high' || effort === 'xhigh' || effort === 'max') return 'high';
  if (!isPro(upstreamModel)) return effort === 'none' ? 'minimal' : effort;
  if (effort === 'medium') return generationOf(upstreamModel) === 3 ? 'high' : 'medium';
  return 'low';
}

interface Range {
  readonly least: number;
  readonly most: number;
}

function budgetRange(upstreamModel: string): Range {
  if (isPro(upstreamModel)) return { least: 128, most: 32_768 };
  return { least: isFlashLite(upstreamModel) ? 512 : 1, most: 24_576 };
}

function within({ least, most }: Range, tokens: number): number {
  return Math.min(most, Math.max(least, tokens));
}
