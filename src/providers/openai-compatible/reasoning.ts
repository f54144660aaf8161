/** How much to think, in the vendor's own words. */
import type { ReasoningWish } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { Quirks } from '../quirks.ts';

/** Of the output cap, as OpenRouter shares it out. */
const SHARES = { max: 0.95, xhigh: 0.95, high: 0.8, medium: 0.5, low: 0.2, minimal: 0.1 } as const;
/** What vendors with a budget take at least. */
const LEAST_BUDGET = 1024;
/** Where nothing bounds the answer. */
const USUAL_OUTPUT_TOKENS = 16_384;

type Effort = Exclude<ReasoningWish['effort'], 'none' | null>;

/** Adds the vendor's switch to `body`. A vendor that cannot be told is not told: see `canHonour`. */
export function setReasoning(
  body: JsonObject,
  wish: ReasoningWish,
  { reasoning }: Quirks,
  maxTokens: number | null,
): void {
  const isOff = wish.enabled === false;
  const output = maxTokens ?? USUAL_OUTPUT_TOKENS;
  switch (reasoning) {
    case 'object':
      body['reasoning'] = objectOf(wish);
      break;
    case 'effort': {
      const effort = isOff ? 'none' : effortOf(wish, output);
      if (effort !== null) body['reasoning_effort'] = effort;
      break;
    }
    case 'budget':
      if (isOff) body['thinking'] = { type: 'disabled' };
      else if (wantsThought(wish)) body['thinking'] = { type: 'enabled', ...budget(wish, output) };
      break;
    case 'enable':
      if (isOff) body['enable_thinking'] = false;
      else if (wantsThought(wish)) {
        body['enable_thinking'] = true;
        const tokens = budgetOf(wish, output);
        if (tokens !== null) body['thinking_budget'] = tokens;
      }
      break;
    default:
  }
}

/** Whether a vendor with these quirks can be told what the caller wishes; else `require_parameters` leaves it out. */
export function canHonour(wish: ReasoningWish | null, { reasoning }: Quirks): boolean {
  if (wish === null || reasoning !== 'none') return true;
  return wish.enabled !== false && !wantsThought(wish);
}

function wantsThought({ enabled, effort, maxTokens }: ReasoningWish): boolean {
  return enabled === true || effort !== null || maxTokens !== null;
}

function objectOf({ enabled, effort, maxTokens, exclude, summary }: ReasoningWish): JsonObject {
  return {
    ...(enabled === null || effort !== null ? {} : { enabled }),
    ...(effort === null ? {} : { effort }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(exclude ? { exclude } : {}),
    ...(summary === null ? {} : { summary }),
  };
}

/** Null: the caller said nothing about how much. */
function effortOf(wish: ReasoningWish, outputTokens: number): string | null {
  if (wish.effort !== null) return wish.effort === 'max' ? 'xhigh' : wish.effort;
  if (wish.maxTokens === null) return wish.enabled === true ? 'medium' : null;
  const share = wish.maxTokens / outputTokens;
  return share >= SHARES.high ? 'high' : share >= SHARES.medium ? 'medium' : 'low';
}

function budget(wish: ReasoningWish, outputTokens: number): JsonObject {
  const tokens = budgetOf(wish, outputTokens);
  return tokens === null ? {} : { budget_tokens: tokens };
}

/** Null: as much as the model likes. */
function budgetOf({ maxTokens, effort }: ReasoningWish, outputTokens: number): number | null {
  if (maxTokens !== null) return Math.max(LEAST_BUDGET, maxTokens);
  if (effort === null || effort === 'none') return null;
  return Math.max(LEAST_BUDGET, Math.floor(outputTokens * SHARES[effort satisfies Effort]));
}
