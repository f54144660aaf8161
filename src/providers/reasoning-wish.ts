/** What a wish for thinking comes down to, for every wire format. Shares of the output cap: OpenRouter's reasoning rules. */
import type { ReasoningWish } from '../chat/prompt.ts';
import { EFFORTS, type Effort } from './quirks.ts';

/** Of the output cap, where an effort has to become a budget. */
const SHARES: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
};
/** Vendors refuse a smaller budget. */
export const LEAST_BUDGET = 1024;
const MOST_BUDGET = 128_000;
/** Stands for the cap of a request that has none. */
export const USUAL_CAP = 16_384;

/** Off, an effort, a budget of tokens, or nothing that changes what the model does by itself. */
export type Wanted =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'off' }
  | { readonly kind: 'effort'; readonly effort: Exclude<Effort, 'none'> }
  | { readonly kind: 'budget'; readonly tokens: number };

export function wantedOf(wish: ReasoningWish | null): Wanted {
  if (wish === null) return { kind: 'nothing' };
  if (wish.enabled === false || wish.effort === 'none' || wish.maxTokens === 0) return { kind: 'off' };
  if (wish.maxTokens !== null) return { kind: 'budget', tokens: wish.maxTokens };
  if (wish.effort !== null) return { kind: 'effort', effort: wish.effort };
  return wish.enabled === true ? { kind: 'effort', effort: 'medium' } : { kind: 'nothing' };
}

/** The effort whose share of the cap is nearest, from `minimal` on. */
export function effortFor(share: number): Effort {
  let best: Effort = 'minimal';
  for (const effort of EFFORTS.slice(1, -1)) {
    if (Math.abs(SHARES[effort] - share) < Math.abs(SHARES[best] - share)) best = effort;
  }
  return best;
}

/** A word that the vendor knows; of two equally near ones the stronger. Thinking never becomes `none`. */
export function nearest(effort: Effort, known: readonly Effort[]): Effort {
  const place = (word: Effort) => EFFORTS.indexOf(word);
  let best: Effort | null = null;
  for (const word of known) {
    if (word === 'none') continue;
    if (best === null || Math.abs(place(word) - place(effort)) <= Math.abs(place(best) - place(effort)))
      best = word;
  }
  return best ?? effort;
}

/** In tokens; `cap` is the request's output cap. */
export function budgetOf(wanted: Wanted & { kind: 'effort' | 'budget' }, cap: number): number {
  const tokens = wanted.kind === 'budget' ? wanted.tokens : Math.floor(cap * SHARES[wanted.effort]);
  return Math.max(LEAST_BUDGET, Math.min(tokens, MOST_BUDGET));
}
