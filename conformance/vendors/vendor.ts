/** A provider in its own format: what it is told to answer, and what it was sent. A client is played against it, and then through Turnpike. */
import type { JsonObject } from '../../src/json.ts';

/** One answer of the conversation that is judged; requests on the side (titles, warm-ups) take none. */
export type Turn =
  | { readonly kind: 'text' }
  | { readonly kind: 'call'; readonly tool: string; readonly input: JsonObject }
  | { readonly kind: 'refusal'; readonly why: Refusal }
  /** Its connection breaks after so many events. */
  | { readonly kind: 'cut'; readonly afterEvents: number };

export type Refusal = 'wrong key' | 'spent' | 'rate' | 'overloaded';

export interface Received {
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: JsonObject;
  /** Of its prompt, as the vendor would charge it. */
  readonly usage: PromptUsage;
  /** Why the vendor refused it although it was told to answer; null: it did not. */
  readonly problem: string | null;
}

/** In bytes of the blocks that the prompt consists of. */
export interface PromptUsage {
  readonly fresh: number;
  readonly written: number;
  readonly read: number;
}

export interface Vendor extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`; any path before the API's own is taken. */
  readonly url: string;
  /** Forgets what was before. After the last turn it says `words`. */
  begin(words: string, turns: readonly Turn[]): void;
  /** What took turns, in order. */
  readonly received: readonly Received[];
  /** Counts of tokens that were asked for. */
  readonly counted: number;
}

/** What the vendors are shown in place of a secret; any other key is a wrong one. */
export const VENDOR_KEY = 'vendor-key-of-the-operator';

export function keyOf(headers: Headers): string {
  return headers.get('x-api-key') ?? headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
}

/** Events one after the other, or until the connection breaks. */
export function streamOf(events: readonly string[], cutAfter: number | null): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      if (next === cutAfter) {
        // What was written must be on its way before the connection breaks.
        await Bun.sleep(20);
        controller.error(new Error('cut'));
        return;
      }
      const event = events[next];
      next += 1;
      if (event === undefined) controller.close();
      else controller.enqueue(encoder.encode(event));
    },
  });
}
