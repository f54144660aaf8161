/** How much a model is to think, said as each vendor understands it. */
import type { ReasoningWish } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { Quirks } from '../quirks.ts';
import {
  budgetOf,
  effortFor,
  LEAST_BUDGET,
  nearest,
  USUAL_CAP,
  type Wanted,
  wantedOf,
} from '../reasoning-wish.ts';

/**
 * Whether an endpoint with these quirks can do what is wished, and not only something near it: what `require_parameters` asks. An
 * effort counts where another word for it or a budget is sent; a budget only where tokens can be said.
 */
export function canHonourReasoning(wish: ReasoningWish | null, quirks: Quirks): boolean {
  const wanted = wantedOf(wish);
  if (wanted.kind === 'nothing') return true;
  switch (quirks.reasoning) {
    case 'none':
      return false;
    case 'object':
    case 'budget':
    case 'enable_thinking':
      return true;
    case 'google':
      return wanted.kind !== 'off' || quirks.efforts.includes('none');
    case 'switch':
      return wanted.kind !== 'budget';
    case 'template':
      return wanted.kind === 'off' || (wanted.kind === 'effort' && quirks.efforts.length > 0);
    case 'effort':
      if (wanted.kind === 'budget') return false;
      return wanted.kind === 'off' ? quirks.efforts.includes('none') : quirks.efforts.length > 0;
  }
}

/** Members to add to a request's body. `maxTokens` is its output cap. */
export function reasoningMembers(
  wish: ReasoningWish | null,
  quirks: Quirks,
  maxTokens: number | null,
): JsonObject {
  const wanted = wantedOf(wish);
  if (quirks.reasoning === 'object') return wish === null ? {} : { reasoning: asObject(wish) };
  if (wanted.kind === 'nothing') return {};
  const cap = maxTokens ?? USUAL_CAP;
  switch (quirks.reasoning) {
    case 'none':
      return {};
    case 'effort':
      return effortMember(wanted, quirks, cap);
    case 'budget':
      return budgetMember(wanted, cap);
    case 'switch':
      if (wanted.kind === 'off') return { thinking: { type: 'disabled' } };
      return { thinking: { type: 'enabled' }, ...effortMember(wanted, quirks, cap) };
    case 'enable_thinking':
      if (wanted.kind === 'off') return { enable_thinking: false };
      return { enable_thinking: true, thinking_budget: budgetOf(wanted, cap) };
    case 'template': {
      // Templates name their switch differently (Qwen and GLM; DeepSeek and Granite), and ignore the other's.
      const isOn = wanted.kind !== 'off';
      const effort = isOn ? effortMember(wanted, quirks, cap) : {};
      return { chat_template_kwargs: { enable_thinking: isOn, thinking: isOn }, ...effort };
    }
    case 'google':
      if (wanted.kind !== 'budget') return effortMember(wanted, quirks, cap);
      // An effort beside a budget is refused.
      return { extra_body: { google: { thinking_config: { thinking_budget: wanted.tokens } } } };
  }
}

function asObject(wish: ReasoningWish): JsonObject {
  return {
    ...(wish.enabled === null ? {} : { enabled: wish.enabled }),
    ...(wish.effort === null ? {} : { effort: wish.effort }),
    ...(wish.maxTokens === null ? {} : { max_tokens: wish.maxTokens }),
    ...(wish.summary === null ? {} : { summary: wish.summary }),
    ...(wish.exclude ? { exclude: true } : {}),
  };
}

function effortMember(wanted: Exclude<Wanted, { kind: 'nothing' }>, quirks: Quirks, cap: number): JsonObject {
  if (quirks.efforts.length === 0) return {};
  if (wanted.kind === 'off') return quirks.efforts.includes('none') ? { reasoning_effort: 'none' } : {};
  const effort = wanted.kind === 'effort' ? wanted.effort : effortFor(wanted.tokens / cap);
  return { reasoning_effort: nearest(effort, quirks.efforts) };
}

/** A cap that leaves no room for a budget of the least size says that there shall be none. */
function budgetMember(wanted: Exclude<Wanted, { kind: 'nothing' }>, cap: number): JsonObject {
  if (wanted.kind === 'off') return { thinking: { type: 'disabled' } };
  const tokens = Math.min(budgetOf(wanted, cap), cap - 1);
  return tokens < LEAST_BUDGET ? {} : { thinking: { type: 'enabled', budget_tokens: tokens } };
}
