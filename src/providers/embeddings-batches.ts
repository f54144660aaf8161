/**
 * More inputs than a vendor takes at once, sent to it in batches, one after another, and answered as one. When a batch fails the whole
 * does: the caller is charged nothing, and what the vendor asks for the batches before is the operator's.
 */

import type { TokenUsage } from '../chat/usage.ts';
import type { EmbeddingsAnswer } from '../embeddings/answer.ts';
import type { EmbeddingsInput, EmbeddingsPayload } from '../embeddings/payload.ts';
import type { Vector } from '../embeddings/vector.ts';
import type { EmbeddingsCall, Exchange, WholeReader } from './adapter.ts';
import { wrongVectors } from './vectors.ts';

type Embed = (call: EmbeddingsCall, reader: WholeReader<EmbeddingsAnswer>) => Exchange;

/** As `embed`, with at most `atOnce` inputs at a time; null: as many as there are. */
export function inBatches(embed: Embed, atOnce: (call: EmbeddingsCall) => number | null): Embed {
  return (call, reader) => {
    const most = atOnce(call);
    if (most === null || call.payload.input.items.length <= most) return embed(call, reader);
    return new Batches(embed, call, batchesOf(call.payload, most), reader);
  };
}

function batchesOf(payload: EmbeddingsPayload, most: number): EmbeddingsPayload[] {
  const batches: EmbeddingsPayload[] = [];
  for (let at = 0; at < payload.input.items.length; at += most) {
    const { kind, items } = payload.input;
    const input = { kind, items: items.slice(at, at + most) } as EmbeddingsInput;
    batches.push({ ...payload, input, titles: payload.titles?.slice(at, at + most) ?? null });
  }
  return batches;
}

class Batches implements Exchange, WholeReader<EmbeddingsAnswer> {
  readonly #embed: Embed;
  readonly #call: EmbeddingsCall;
  readonly #batches: readonly EmbeddingsPayload[];
  readonly #reader: WholeReader<EmbeddingsAnswer>;
  readonly #answers: EmbeddingsAnswer[] = [];
  readonly #startedAt = performance.now();
  #running: Exchange;
  #hasAnswered = false;
  #isOver = false;

  constructor(
    embed: Embed,
    call: EmbeddingsCall,
    batches: readonly EmbeddingsPayload[],
    reader: WholeReader<EmbeddingsAnswer>,
  ) {
    this.#embed = embed;
    this.#call = call;
    this.#batches = batches;
    this.#reader = reader;
    this.#running = this.#next();
  }

  pause(): void {
    this.#running.pause();
  }

  resume(): void {
    this.#running.resume();
  }

  cancel(): void {
    this.#isOver = true;
    this.#running.cancel();
  }

  onAnswered(): void {
    if (this.#hasAnswered) return;
    this.#hasAnswered = true;
    this.#reader.onAnswered();
  }

  onWhole(answer: EmbeddingsAnswer): void {
    if (this.#isOver) return;
    this.#answers.push(answer);
    if (this.#answers.length < this.#batches.length) {
      this.#goOn();
      return;
    }
    this.#isOver = true;
    const vectors = this.#answers.flatMap((each) => each.vectors);
    if (vectors.some(({ length }) => length !== vectors[0]?.length))
      this.#reader.onFailure(wrongVectors('Provider returned embeddings of different lengths', '', null));
    else this.#reader.onWhole({ ...answer, vectors, usage: totalOf(this.#answers) });
  }

  onFailure(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.onFailure(error);
  }

  /** Whoever called must hear of an end, also when the next batch cannot be sent: the gateway stops, or it is a defect of ours. */
  #goOn(): void {
    try {
      this.#running = this.#next();
    } catch (thrown) {
      this.onFailure(
        thrown instanceof Error ? thrown : new Error('not an error was thrown', { cause: thrown }),
      );
    }
  }

  /** All of them together have the time of one answer. */
  #next(): Exchange {
    const { target, timeouts } = this.#call;
    const payload = this.#batches[this.#answers.length];
    if (payload === undefined) throw new Error('there is no further batch');
    const leftMs = Math.max(1, timeouts.answerMs - (performance.now() - this.#startedAt));
    return this.#embed({ target, payload, timeouts: { ...timeouts, answerMs: leftMs } }, this);
  }
}

/** Null when one of them says nothing: a sum of some would pass for all. */
function totalOf(
  answers: readonly { readonly usage: TokenUsage | null; readonly vectors: readonly Vector[] }[],
) {
  let total: TokenUsage | null = null;
  for (const { usage } of answers) {
    if (usage === null) return null;
    total = total === null ? usage : sumOf(total, usage);
  }
  return total;
}

function sumOf(a: TokenUsage, b: TokenUsage): TokenUsage {
  const sum: Record<string, number> = {};
  for (const name of Object.keys(a) as (keyof TokenUsage)[]) sum[name] = a[name] + b[name];
  return sum as unknown as TokenUsage;
}
