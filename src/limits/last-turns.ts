/**
 * What vendors counted for conversations whose next turn is asked next. A prompt that begins with such a conversation, word for word, has
 * no more tokens than that count and the bytes of what was added. The bound of bytes alone is four times as loose: for a coding agent it
 * holds money that no turn of its ever costs. In memory, and each account's own.
 */
import type { Endpoint } from '../catalogue/model.ts';
import { type Conversation, conversationOf } from '../chat/conversation.ts';
import type { ChatPayload } from '../chat/prompt.ts';

/** Conversations remembered, at some 300 bytes each. */
const MOST_TURNS = 20_000;
/** Vendors may put another model behind a name meanwhile. */
const FORGOTTEN_AFTER_MS = 3_600_000;
/**
 * For a word at the end of what was counted that grows together with the next one. What a vendor writes around an added message is
 * bounded by the JSON around it.
 */
export const MARGIN_TOKENS = 64;
/** The bytes of a smaller request are bound enough. */
const LEAST_BYTES = 4096;

/** What a conversation is known by: SHA-256, since whoever found two of one name could have the one held at the price of the other. */
export type Fingerprint = string;

interface Turn {
  readonly countedAtMs: number;
  /** Prompt tokens, by the endpoint. */
  readonly counts: Map<string, number>;
}

export class LastTurns {
  readonly #turns = new Map<Fingerprint, Turn>();

  /** Null: nothing is learned of it. `bodyBytes`: of the request as it came. */
  fingerprintOf(accountId: string, payload: ChatPayload, bodyBytes: number): Fingerprint | null {
    if (bodyBytes < LEAST_BYTES) return null;
    const conversation = conversationOf(payload);
    return conversation === null ? null : (fingerprints(accountId, conversation).at(-1) ?? null);
  }

  /** `promptTokens`: all kinds of them, as the vendor reported. */
  learn(fingerprint: Fingerprint, endpoint: Endpoint, promptTokens: number, nowMs: number): void {
    // Behind a gateway's name of a model there may be another tokenizer with each request.
    if (endpoint.provider.quirks.reasoningHistory === 'reasoning_details' || promptTokens <= 0) return;
    const known = this.#turns.get(fingerprint);
    this.#turns.delete(fingerprint);
    const counts = known?.counts ?? new Map<string, number>();
    counts.set(nameOf(endpoint), promptTokens);
    this.#turns.set(fingerprint, { countedAtMs: nowMs, counts });
    if (this.#turns.size <= MOST_TURNS) return;
    const [oldest] = this.#turns.keys();
    if (oldest !== undefined) this.#turns.delete(oldest);
  }

  /** The most tokens that the prompt can have at each of the endpoints that counted how it begins; empty: none did. */
  boundsOf(
    accountId: string,
    payload: ChatPayload,
    endpoints: readonly Endpoint[],
    nowMs: number,
  ): ReadonlyMap<Endpoint, number> {
    const bounds = new Map<Endpoint, number>();
    const conversation = this.#turns.size === 0 ? null : conversationOf(payload);
    if (conversation === null) return bounds;
    let addedBytes = 0;
    const known = fingerprints(accountId, conversation);
    for (let at = known.length - 1; at >= 0 && bounds.size < endpoints.length; at--) {
      const turn = this.#turns.get(known[at] ?? '');
      if (turn !== undefined && nowMs - turn.countedAtMs < FORGOTTEN_AFTER_MS) {
        for (const endpoint of endpoints) {
          const counted = turn.counts.get(nameOf(endpoint));
          if (counted !== undefined && !bounds.has(endpoint))
            bounds.set(endpoint, counted + addedBytes + MARGIN_TOKENS);
        }
      }
      // With its comma.
      addedBytes += Buffer.byteLength(conversation.messages[at] ?? '') + 1;
    }
    return bounds;
  }
}

function nameOf({ provider, upstreamModel }: Endpoint): string {
  return `${provider.slug} ${upstreamModel}`;
}

/** Of the conversation up to and with each of its messages. */
function fingerprints(accountId: string, { frame, messages }: Conversation): Fingerprint[] {
  let last = digest(accountId, frame);
  return messages.map((message) => {
    last = digest(last, message);
    return last;
  });
}

function digest(before: string, text: string): string {
  return new Bun.CryptoHasher('sha256').update(before).update('\0').update(text).digest('base64');
}
