/** One choice of a streamed answer, made canonical over all of its chunks. */
import type { FinishReason } from '../../chat/event.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { canonicalLogprobs, canonicalMessage } from './message.ts';
import { mapStopReason } from './stop-reason.ts';
import { ToolCalls } from './tool-calls.ts';

export interface CanonicalChoice {
  readonly index: number;
  readonly delta: JsonObject;
  readonly finish_reason: FinishReason | null;
  readonly native_finish_reason: string | null;
  readonly [extra: string]: unknown;
}

/** Members of a choice that are read here, or belong elsewhere. */
const READ_MEMBERS = new Set(['index', 'delta', 'message', 'finish_reason', 'logprobs', 'usage', 'text']);

export class StreamedChoice {
  readonly #index: number;
  #calls: ToolCalls | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  canonical(choice: JsonObject): CanonicalChoice {
    const given = choice['delta'] ?? choice['message'];
    const delta = isJsonObject(given) ? canonicalMessage(given) : {};
    const finish = choice['finish_reason'];
    const native = typeof finish === 'string' && finish !== '' ? finish : null;
    this.#addCalls(delta, isJsonObject(given) ? given['tool_calls'] : null, native !== null);
    const reason = mapStopReason(finish, this.#calls !== undefined && this.#calls.count > 0);
    const result: Record<string, unknown> & CanonicalChoice = {
      index: this.#index,
      delta,
      finish_reason: reason,
      native_finish_reason: native,
    };
    const logprobs = canonicalLogprobs(choice['logprobs']);
    if (logprobs !== null) result['logprobs'] = logprobs;
    for (const name in choice) {
      if (!READ_MEMBERS.has(name) && choice[name] !== null) result[name] = choice[name];
    }
    return result;
  }

  #addCalls(delta: JsonObject, given: unknown, isLast: boolean): void {
    const fragments: JsonObject[] = [];
    if (Array.isArray(given) && given.length > 0) {
      this.#calls ??= new ToolCalls();
      for (const each of given) {
        const fragment = this.#calls.fragment(each);
        if (fragment !== null) fragments.push(fragment);
      }
    }
    if (isLast && this.#calls !== undefined) fragments.push(...this.#calls.rest());
    if (fragments.length > 0) delta['tool_calls'] = fragments;
  }
}
