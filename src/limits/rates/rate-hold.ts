/** What one request holds of rates, and ends exactly once. */
import type { RateLimit } from '../../allowances/allowances.ts';
import type { RateCounter } from './rate-counter.ts';

export interface RatePart {
  readonly limit: RateLimit;
  readonly counter: RateCounter;
  /** In which it counts, whenever it ends. */
  readonly minute: number;
  /** Of a limit of models, the one that it is held for. */
  readonly modelId: string | null;
}

export class RateHold {
  readonly #parts: readonly RatePart[];
  readonly #tokens: number;
  #ended = false;
  /** The most that each choice may write; null: no limit counts tokens. */
  readonly maxTokens: number | null;
  /** When it was taken: in the minute of this instant it counts. */
  readonly atMs: number;

  constructor(parts: readonly RatePart[], tokens: number, maxTokens: number | null, atMs: number) {
    this.#parts = parts;
    this.#tokens = tokens;
    this.maxTokens = maxTokens;
    this.atMs = atMs;
  }

  /** It was sent, and this is what it came to. The models that did not serve it are free of it. */
  settle(tokens: number, modelId: string): void {
    this.#end((part) => part.modelId === null || part.modelId === modelId, tokens);
  }

  /** It was never sent. */
  release(): void {
    this.#end(() => false, 0);
  }

  #end(counts: (part: RatePart) => boolean, tokens: number): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const part of this.#parts) {
      const { counter, minute } = part;
      if (counter.minute !== minute) continue;
      const isCounted = counts(part);
      if (!isCounted) counter.used.requests -= 1;
      if (this.maxTokens !== null) counter.used.tokens += (isCounted ? tokens : 0) - this.#tokens;
    }
  }
}
