/**
 * A streamed answer on its way to the client: canonical chunks in, SSE frames out, pulled. It remembers what settling needs,
 * and holds the last frames back until the record is durable.
 */

import {
  type AnswerHead,
  chunkFrame,
  closingFrame,
  type Dialect,
  DONE_FRAME,
  withoutReasoning,
} from '../dialects/render.ts';
import { TurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JsonObject } from '../json.ts';
import { estimatedUsage, reportedUsage, writtenBytes } from '../metering/estimate.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import {
  type ChatChunk,
  type ChunkSource,
  type FinishReason,
  ProviderError,
  type TokenUsage,
} from '../providers/provider.ts';

/** Often enough that a crash loses little, seldom enough to cost nothing. */
const PROGRESS_MS = 2000;
/** More than the average token of any text has; some providers send characters, so that deltas alone say nothing. */
const MANY_BYTES_A_TOKEN = 8;
/** No tokenizer packs more into its average token. */
const MOST_BYTES_A_TOKEN = 32;

/** What became of a stream, however it ended. */
export interface StreamEnd {
  readonly usage: BillableUsage;
  readonly estimated: boolean;
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  readonly serviceTier: string | null;
  readonly upstreamId: string | null;
  readonly cancelled: boolean;
}

export interface ChatStreamOptions {
  readonly source: ChunkSource;
  readonly first: readonly ChatChunk[];
  readonly head: AnswerHead;
  readonly dialect: Dialect;
  readonly excludeReasoning: boolean;
  readonly promptBytes: number;
  readonly imageCount: number;
  /** Whether leaving stops the provider's work and bill; if not, the rest is read for its usage. */
  readonly stopsWhenCancelled: boolean;
  /** The output cap, over all choices, where a limit depends on it; the provider is cut off beyond it. */
  readonly maxTokens: number | null;
  /** Called every other second or so while the stream runs. */
  readonly onProgress: (usage: BillableUsage) => void;
  /** Aborted when the gateway can wait no longer: then what was counted so far is settled. */
  readonly stopping: AbortSignal;
  /** Called exactly once. Gives the `usage` of the closing frame when the record is durable. */
  readonly settle: (end: StreamEnd) => Promise<JsonObject>;
  /** The `error` member for a failure in mid-stream. */
  readonly describe: (error: unknown) => JsonObject;
}

export class ChatStream {
  readonly #options: ChatStreamOptions;
  readonly #chunkHead: string;
  /** What came before the stream was handed over. */
  #unread: readonly ChatChunk[];
  /** A source is read by one at a time. */
  #reading: Promise<readonly ChatChunk[] | null> | null = null;
  #usage: TokenUsage | null = null;
  #writtenBytes = 0;
  /** What the provider's count does not cover: all, until it gives one. */
  #uncountedBytes = 0;
  #uncountedDeltas = 0;
  /** It wrote on although its own count was beyond the cap: a last count may be, and then the answer is over anyway. */
  #ignoresCap = false;
  #progressAt = performance.now();
  #finishReason: FinishReason | null = null;
  #nativeFinishReason: string | null = null;
  #serviceTier: string | null = null;
  #upstreamId: string | null = null;
  #isCutOff = false;
  #interruption: TurnpikeError | null = null;
  #ended = false;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
    this.#chunkHead = options.dialect.chunkHead(options.head);
    this.#unread = options.first;
  }

  /** The next frames, those that arrived together in one text; null when the answer is over. Never throws. */
  async next(): Promise<string | null> {
    while (!this.#ended) {
      try {
        const chunks = this.#unread.length > 0 ? this.#unread : await this.#read();
        if (this.#ended) return null;
        this.#unread = [];
        if (this.#interruption !== null) return await this.#endInterrupted(this.#interruption, chunks ?? []);
        if (chunks === null) return await this.#finish();
        const frames = this.#render(chunks);
        if (this.#isBeyondCap()) return frames + (await this.#cutOff());
        this.#tellProgress();
        if (frames !== '') return frames;
      } catch (thrown) {
        if (this.#interruption !== null && !this.#ended)
          return await this.#endInterrupted(this.#interruption, []);
        return await this.#fail(thrown);
      }
    }
    failPoint('after-last-byte');
    return null;
  }

  /** The client left. Settles with what had come, or with the provider's own count where it goes on working anyway. */
  async cancel(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#rememberAll(this.#unread);
    if (this.#options.stopsWhenCancelled) this.#options.source.cancel();
    else await this.#readToTheEnd();
    await this.#settle(true).catch(() => undefined);
  }

  /** The key was revoked: the client is told why, and what was relayed is settled. */
  interrupt(error: TurnpikeError): void {
    if (this.#ended || this.#interruption !== null) return;
    this.#interruption = error;
    // A read that waits for the provider ends now.
    this.#options.source.cancel();
  }

  async #endInterrupted(error: TurnpikeError, chunks: readonly ChatChunk[]): Promise<string> {
    this.#ended = true;
    this.#rememberAll(chunks);
    await this.#settle(true).catch(() => undefined);
    return this.#errorFrames(error);
  }

  async #read(): Promise<readonly ChatChunk[] | null> {
    this.#reading = this.#options.source.next();
    const chunks = await this.#reading;
    this.#reading = null;
    return chunks;
  }

  async #readToTheEnd(): Promise<void> {
    const { source, stopping } = this.#options;
    const stop = () => source.cancel();
    stopping.addEventListener('abort', stop);
    if (stopping.aborted) stop();
    try {
      // What the client was waiting for when it left comes first.
      let chunks = await (this.#reading ?? source.next());
      while (chunks !== null) {
        this.#rememberAll(chunks);
        chunks = await source.next();
      }
    } catch {
      // What was counted until here is settled.
    } finally {
      stopping.removeEventListener('abort', stop);
    }
  }

  #render(chunks: readonly ChatChunk[]): string {
    const { dialect, excludeReasoning } = this.#options;
    let frames = '';
    for (const chunk of chunks) {
      this.#remember(chunk);
      if (chunk.choices.length === 0) continue;
      if (excludeReasoning) for (const choice of chunk.choices) choice.delta = withoutReasoning(choice.delta);
      frames += chunkFrame(dialect, this.#chunkHead, chunk);
    }
    return frames;
  }

  #rememberAll(chunks: readonly ChatChunk[]): void {
    for (const chunk of chunks) this.#remember(chunk);
  }

  #remember(chunk: ChatChunk): void {
    if (chunk.serviceTier !== undefined) this.#serviceTier = chunk.serviceTier;
    if (chunk.upstreamId !== undefined) this.#upstreamId = chunk.upstreamId;
    for (const choice of chunk.choices) {
      const bytes = writtenBytes(choice.delta);
      this.#writtenBytes += bytes;
      this.#uncountedBytes += bytes;
      if (bytes > 0) {
        this.#uncountedDeltas += 1;
        this.#ignoresCap ||= this.#leftTokens() < 0;
      }
      if (choice.finish_reason === null) continue;
      this.#finishReason = choice.finish_reason;
      this.#nativeFinishReason = choice.native_finish_reason;
    }
    if (chunk.usage === undefined) return;
    this.#usage = chunk.usage;
    this.#uncountedBytes = 0;
    this.#uncountedDeltas = 0;
  }

  #tellProgress(): void {
    const now = performance.now();
    if (now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    failPoint('mid-stream');
    this.#options.onProgress(this.#usageSoFar());
  }

  /** Of the output cap, by the provider's own count as far as it has given one. */
  #leftTokens(): number {
    return (this.#options.maxTokens ?? Number.POSITIVE_INFINITY) - (this.#usage?.completionTokens ?? 0);
  }

  /** The provider was told the cap and goes on all the same. */
  #isBeyondCap(): boolean {
    if (this.#ignoresCap) return true;
    const leftTokens = Math.max(0, this.#leftTokens());
    if (this.#uncountedBytes > leftTokens * MOST_BYTES_A_TOKEN) return true;
    return this.#uncountedDeltas > leftTokens && this.#uncountedBytes > leftTokens * MANY_BYTES_A_TOKEN;
  }

  /** What was held is used up, by any estimate: the answer ends as one that reached its cap. */
  async #cutOff(): Promise<string> {
    const { source, maxTokens } = this.#options;
    source.cancel();
    this.#isCutOff = true;
    this.#finishReason = 'length';
    this.#usage = { ...this.#usageSoFar(), completionTokens: maxTokens ?? 0 };
    const choices = [{ index: 0, delta: {}, finish_reason: 'length', native_finish_reason: null }];
    return closingFrame(this.#chunkHead, { choices }) + (await this.#finish());
  }

  async #finish(): Promise<string> {
    this.#ended = true;
    failPoint('after-usage');
    try {
      const usage = await this.#settle(false);
      return closingFrame(this.#chunkHead, { choices: [], usage }) + DONE_FRAME;
    } catch (thrown) {
      return this.#errorFrames(thrown);
    }
  }

  async #fail(thrown: unknown): Promise<string | null> {
    if (this.#ended) return null;
    this.#ended = true;
    this.#options.source.cancel();
    this.#finishReason = 'error';
    await this.#settle(false).catch(() => undefined);
    return this.#errorFrames(thrown);
  }

  #errorFrames(thrown: unknown): string {
    const native = this.#nativeFinishReason;
    return (
      closingFrame(this.#chunkHead, {
        error: this.#options.describe(thrown),
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: native }],
      }) + DONE_FRAME
    );
  }

  #usageSoFar(): BillableUsage {
    const { promptBytes, imageCount } = this.#options;
    return this.#usage === null
      ? estimatedUsage(promptBytes, this.#writtenBytes, imageCount)
      : reportedUsage(this.#usage, imageCount);
  }

  #settle(cancelled: boolean): Promise<JsonObject> {
    return this.#options.settle({
      usage: this.#usageSoFar(),
      estimated: this.#usage === null || this.#isCutOff,
      finishReason: this.#finishReason,
      nativeFinishReason: this.#nativeFinishReason,
      serviceTier: this.#serviceTier,
      upstreamId: this.#upstreamId,
      cancelled,
    });
  }
}

/** A failure after the first token, as the error it would have been before. */
export function streamFailure(
  thrown: unknown,
  toPublic: (error: ProviderError) => TurnpikeError,
): TurnpikeError {
  if (thrown instanceof ProviderError) return toPublic(thrown);
  if (thrown instanceof TurnpikeError) return thrown;
  return new TurnpikeError('internal', { cause: thrown });
}
