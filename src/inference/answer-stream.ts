/**
 * A streamed answer on its way to the client: events in, frames out, each in the turn in which it came. It remembers what settling
 * needs, and holds the last frames back until the record is durable.
 */
import type { ChatEvent, FinishReason } from '../chat/event.ts';
import type { FrameSink, FrameSource } from '../chat/frames.ts';
import { completionTokensOf, laterUsage, type TokenUsage } from '../chat/usage.ts';
import type { AnswerEncoder } from '../dialects/dialect.ts';
import { TurnpikeError, toTurnpikeError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import { countedUsage } from '../metering/estimate.ts';
import type { Ending } from '../metering/recorder.ts';
import type { Bill, BillableUsage } from '../pricing/cost.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { BegunStream, StreamReader } from '../routing/call.ts';
import type { Stopping } from '../routing/stopping.ts';
import { AnswerRefused, type FilteringEncoder } from './answer-filters.ts';

/** Often enough that a crash loses little, seldom enough to cost nothing. */
const PROGRESS_MS = 2000;
/** More than the average token of any text has; some providers send characters, so that deltas alone say nothing. */
const MANY_BYTES_A_TOKEN = 8;
/** No tokenizer packs more into its average token. */
const MOST_BYTES_A_TOKEN = 32;
/** So long a provider that has said its last word may take to count it, before it is left. */
const USAGE_WAIT_MS = 5000;

/** Whatever an answer that is cut off was made of, its cap is charged as text. */
const NO_OUTPUT = { reasoningTokens: 0, outputAudioTokens: 0, outputImageTokens: 0 };

export interface AnswerStreamOptions {
  readonly stream: BegunStream;
  readonly encoder: AnswerEncoder;
  /** The same encoder, where it looks through what it writes: it may need more than a turn for it, and keep some of it back. */
  readonly filtering: Pick<FilteringEncoder, 'busy' | 'waitsFor' | 'goOn' | 'end'> | null;
  readonly keepAliveFrame: string;
  /** Goes out before anything else. */
  readonly firstFrames: string;
  readonly promptBytes: number;
  readonly imageCount: number;
  /** Whether leaving stops the provider's work and bill; if not, the rest is read for its usage. */
  readonly stopsWhenCancelled: boolean;
  /** The output cap, over all choices, where a limit depends on it; the provider is cut off beyond it. */
  readonly maxTokens: number | null;
  /** Called every other second or so while the stream runs. */
  readonly onProgress: (usage: BillableUsage) => void;
  /** When the gateway can wait no longer, what was counted so far is settled. */
  readonly stopping: Stopping;
  /** Called exactly once. Gives the bill for the closing frame when the record is durable. */
  readonly settle: (ending: Ending) => Promise<Bill>;
  /** What the caller is told of a failure in mid-stream. */
  readonly describe: (error: ProviderError) => TurnpikeError;
}

/** `running`; `draining`: the client left, and the rest is read for its usage; `ended`. */
type State = 'running' | 'draining' | 'ended';

export class AnswerStream implements FrameSource, StreamReader {
  readonly #options: AnswerStreamOptions;
  #sink: FrameSink | undefined;
  /** How it ended before the client could be written to. */
  #lastFrames: string | null = null;
  #state: State = 'running';
  #isPaused = false;
  /** What resolves `cancel` once the rest has been read. */
  #drained: PromiseWithResolvers<void> | undefined;
  #usage: TokenUsage | null = null;
  #writtenBytes = 0;
  /** What the provider's count does not cover: all, until it gives one. */
  #uncountedBytes = 0;
  #uncountedDeltas = 0;
  /** It wrote on although its own count was beyond the cap: a last count may be, and then the answer is over anyway. */
  #ignoresCap = false;
  #progressAt = performance.now();
  /** Something came since the last progress was told. */
  #hasProgressed = false;
  #finishReason: FinishReason | null = null;
  #nativeFinishReason: string | null = null;
  #serviceTier: string | null = null;
  #upstreamId: string | null = null;
  #isCutOff = false;
  /** What the client is told once the rest has been read: filters do not let the answer go on. */
  #refusal: TurnpikeError | null = null;
  /** The last event that belongs to the answer's words ended a block, or the answer. */
  #isAtAnEnd = false;
  /** The provider is done with, and only what filters keep back is still to be told. */
  #hasEnded = false;
  /** What is done when filters have looked through what came; null: they are not looking. Meanwhile the provider is paused. */
  #afterLooking: (() => void) | null = null;
  /** What came while filters were looking, and how it ended then; null: it did not. */
  #waiting: ChatEvent[] = [];
  #waitingEnd: (() => void) | null = null;
  /** When a drained answer is left at the latest, by `performance.now()`; it is left, too, when the provider writes on. Null: it is read to its end. */
  #leaveAt: number | null = null;

  constructor(options: AnswerStreamOptions) {
    this.#options = options;
  }

  get keepAliveFrame(): string {
    return this.#options.keepAliveFrame;
  }

  start(sink: FrameSink): void {
    this.#sink = sink;
    if (this.#lastFrames !== null) {
      this.#close(this.#lastFrames);
      return;
    }
    if (this.#state !== 'running') return;
    if (this.#options.firstFrames !== '') this.#write(this.#options.firstFrames);
    this.#options.stopping.add(this.#stop);
    this.#options.stream.readOn(this);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state !== 'ended' && this.#afterLooking === null) this.#options.stream.resume();
  }

  onEvents(events: readonly ChatEvent[]): void {
    if (this.#state === 'ended') return;
    this.#hasProgressed = true;
    for (const event of events) this.#remember(event);
    if (this.#state === 'draining') {
      if (this.#leaveAt !== null && events.some(writesOn)) this.#leave();
      return;
    }
    if (this.#afterLooking === null) this.#tell(events);
    else this.#waiting.push(...events);
  }

  #tell(events: readonly ChatEvent[]): void {
    this.#look(
      () => this.#options.encoder.events(events),
      () => {
        const waiting = this.#waiting.splice(0);
        if (this.#isBeyondCap()) this.#cutOff();
        else if (waiting.length > 0) this.#tell(waiting);
        else this.#waitingEnd?.();
      },
    );
  }

  /** Writes what `begin` gives, and what filters let go on in later turns; then, unless that ended the answer, calls `then`. */
  #look(begin: () => string, then: () => void): void {
    const { stream, filtering } = this.#options;
    const frames = this.#framesOf(begin);
    if (frames === null) return;
    if (frames !== '') this.#write(frames);
    if (filtering?.busy !== true) {
      const wasLooking = this.#afterLooking !== null;
      this.#afterLooking = null;
      then();
      const isFree = this.#state === 'running' && this.#afterLooking === null && !this.#hasEnded;
      if (wasLooking && isFree && !this.#isPaused) stream.resume();
      return;
    }
    if (this.#afterLooking === null && !this.#isPaused && !this.#hasEnded) stream.pause();
    this.#afterLooking = then;
    const goOn = () => {
      if (this.#state === 'running' && this.#afterLooking === then) this.#look(() => filtering.goOn(), then);
    };
    if (filtering.waitsFor === null) setImmediate(goOn);
    else void filtering.waitsFor.then(goOn);
  }

  /** Nothing more comes of the provider: tells what filters keep back, and calls `then`. */
  #tellRest(then: () => void): void {
    const { filtering } = this.#options;
    this.#hasEnded = true;
    if (filtering === null) then();
    else this.#look(() => filtering.end(), then);
  }

  onTick(nowMs: number): void {
    if (this.#state === 'draining' && this.#leaveAt !== null && nowMs > this.#leaveAt) this.#leave();
    if (this.#state !== 'running' || !this.#hasProgressed || nowMs - this.#progressAt < PROGRESS_MS) return;
    this.#hasProgressed = false;
    this.#progressAt = nowMs;
    failPoint('mid-stream');
    this.#options.onProgress(countedUsage(this.#usage, this.#seen()).usage);
  }

  onEnd(): void {
    if (this.#state === 'draining') this.#endDrained();
    else if (this.#state !== 'running' || this.#hasEnded) return;
    else if (this.#afterLooking !== null) this.#waitingEnd = () => this.onEnd();
    else this.#tellRest(() => void this.#finish());
  }

  onFailure(error: Error): void {
    if (this.#state === 'draining') {
      // What was counted until here is settled.
      this.#endDrained();
      return;
    }
    if (this.#state !== 'running' || this.#hasEnded) return;
    if (this.#afterLooking !== null) {
      this.#waitingEnd = () => this.onFailure(error);
      return;
    }
    this.#finishReason = 'error';
    void this.#fail(this.#toldOf(error), false);
  }

  #toldOf(error: Error): TurnpikeError {
    try {
      return error instanceof ProviderError ? this.#options.describe(error) : toTurnpikeError(error);
    } catch (defect) {
      return toTurnpikeError(defect);
    }
  }

  /** The client left. Settles with what had come, or with the provider's own count where it goes on working anyway. */
  async cancel(): Promise<void> {
    if (this.#state === 'draining') await this.#drained?.promise;
    if (this.#state !== 'running') return;
    const { stream, stopsWhenCancelled, stopping } = this.#options;
    if (stopsWhenCancelled || stopping.hasBegun || this.#hasEnded) {
      this.#end();
      stream.cancel();
      await this.#settle(true).catch(() => undefined);
      return;
    }
    stopping.add(this.#stop);
    this.#drain();
    if (this.#sink === undefined) stream.readOn(this);
    await this.#drained?.promise;
  }

  /** The key was revoked: the client is told why, and what was relayed is settled. */
  interrupt(error: TurnpikeError): void {
    if (this.#state !== 'running') return;
    this.#options.stream.cancel();
    void this.#fail(error, true);
  }

  /** The gateway can wait no longer: what runs is ended and settled as it stands. */
  readonly #stop = (): void => {
    if (this.#state === 'ended') return;
    this.#options.stream.cancel();
    if (this.#state === 'draining') this.#endDrained();
    else void this.#fail(new TurnpikeError('unavailable', { retryAfterSeconds: 1 }), true);
  };

  /** Null: they cannot be written down: a filter does not let them, or a defect of ours, and both end the answer. */
  #framesOf(give: () => string): string | null {
    try {
      return give();
    } catch (thrown) {
      if (thrown instanceof AnswerRefused) this.#refuse(thrown);
      else {
        this.#options.stream.cancel();
        this.#finishReason = 'error';
        void this.#fail(toTurnpikeError(thrown), false);
      }
      return null;
    }
  }

  /** Providers that go on working and billing are read to their end first, for their usage; others where that is due next. */
  #refuse({ frames, refusal }: AnswerRefused): void {
    const { stream, stopsWhenCancelled, stopping } = this.#options;
    if (frames !== '') this.#write(frames);
    if ((!stopsWhenCancelled || this.#isAtAnEnd) && !stopping.hasBegun && !this.#hasEnded) {
      this.#refusal = refusal;
      if (stopsWhenCancelled) this.#leaveAt = performance.now() + USAGE_WAIT_MS;
      this.#drain();
      return;
    }
    stream.cancel();
    this.#finishReason = 'content_filter';
    void this.#fail(refusal, false);
  }

  /** From now on the rest is only read for its usage, and nothing holds the provider up. */
  #drain(): void {
    const isPaused = this.#isPaused || this.#afterLooking !== null;
    this.#state = 'draining';
    this.#drained = Promise.withResolvers();
    this.#isPaused = false;
    this.#afterLooking = null;
    // Its end may have come while filters were looking, and comes once.
    if (this.#waitingEnd !== null) this.#endDrained();
    else if (isPaused) this.#options.stream.resume();
  }

  #write(frames: string): void {
    if (this.#sink === undefined || this.#sink.write(frames) || this.#isPaused) return;
    this.#isPaused = true;
    this.#options.stream.pause();
  }

  #remember(event: ChatEvent): void {
    if (!isAside(event)) this.#isAtAnEnd = endsSomething(event);
    switch (event.type) {
      case 'native':
      case 'native-text':
        this.#wrote(event.writtenBytes);
        break;
      case 'delta':
        this.#wrote(Buffer.byteLength(event.text));
        break;
      case 'block-start':
        if (event.part.type === 'tool-call') this.#wrote(Buffer.byteLength(event.part.name));
        break;
      case 'finish':
        this.#finishReason = event.reason;
        this.#nativeFinishReason = event.native;
        break;
      case 'usage':
        this.#usage = laterUsage(this.#usage, event.usage);
        // Zeros, which some send with each chunk, count nothing of the answer.
        if (completionTokensOf(event.usage) === 0) break;
        this.#uncountedBytes = 0;
        this.#uncountedDeltas = 0;
        break;
      case 'meta':
        if (event.serviceTier !== undefined) this.#serviceTier = event.serviceTier;
        if (event.upstreamId !== undefined) this.#upstreamId = event.upstreamId;
        break;
      default:
    }
  }

  #wrote(bytes: number): void {
    if (bytes === 0) return;
    this.#writtenBytes += bytes;
    this.#uncountedBytes += bytes;
    this.#uncountedDeltas += 1;
    this.#ignoresCap ||= this.#leftTokens() < 0;
  }

  /** Of the output cap, by the provider's own count as far as it has given one. */
  #leftTokens(): number {
    const { maxTokens } = this.#options;
    if (maxTokens === null) return Number.POSITIVE_INFINITY;
    return maxTokens - (this.#usage === null ? 0 : completionTokensOf(this.#usage));
  }

  /** The provider was told the cap and goes on all the same. */
  #isBeyondCap(): boolean {
    if (this.#options.maxTokens === null) return false;
    if (this.#ignoresCap) return true;
    const leftTokens = Math.max(0, this.#leftTokens());
    if (this.#uncountedBytes > leftTokens * MOST_BYTES_A_TOKEN) return true;
    return this.#uncountedDeltas > leftTokens && this.#uncountedBytes > leftTokens * MANY_BYTES_A_TOKEN;
  }

  /** What was held is used up, by any estimate: the answer ends as one that reached its cap. */
  #cutOff(): void {
    const { stream, maxTokens, encoder } = this.#options;
    stream.cancel();
    const { usage } = countedUsage(this.#usage, this.#seen());
    this.#isCutOff = true;
    this.#finishReason = 'length';
    this.#nativeFinishReason = null;
    this.#usage = { ...usage, ...NO_OUTPUT, outputTokens: maxTokens ?? 0 };
    this.#tellRest(() => {
      try {
        this.#write(encoder.cutOff());
      } catch (defect) {
        void this.#fail(toTurnpikeError(defect), false);
        return;
      }
      void this.#finish();
    });
  }

  /** Nobody waits for it: it never rejects. */
  async #finish(): Promise<void> {
    this.#end();
    failPoint('after-usage');
    let frames: string;
    try {
      frames = this.#options.encoder.finish(await this.#settle(false));
    } catch (thrown) {
      frames = this.#failure(toTurnpikeError(thrown));
    }
    this.#close(frames);
  }

  /** Nobody waits for it: it never rejects. */
  async #fail(error: TurnpikeError, cancelled: boolean): Promise<void> {
    this.#end();
    await this.#settle(cancelled).catch(() => undefined);
    this.#close(this.#failure(error));
  }

  /** Of an encoder that is broken, nothing: the answer breaks off. */
  #failure(error: TurnpikeError): string {
    try {
      return this.#options.encoder.fail(error);
    } catch {
      return '';
    }
  }

  #close(frames: string): void {
    if (this.#sink === undefined) {
      this.#lastFrames = frames;
      return;
    }
    this.#sink.write(frames);
    this.#sink.end();
    failPoint('after-last-byte');
  }

  /** The provider goes on after all, or says nothing more: what was counted until here is settled. */
  #leave(): void {
    this.#options.stream.cancel();
    this.#endDrained();
  }

  #endDrained(): void {
    this.#end();
    const refusal = this.#refusal;
    if (refusal !== null) this.#finishReason = 'content_filter';
    void this.#settle(refusal === null)
      .catch(() => undefined)
      .then(() => {
        this.#drained?.resolve();
        if (refusal !== null) this.#close(this.#failure(refusal));
      });
  }

  #end(): void {
    this.#state = 'ended';
    this.#options.stopping.delete(this.#stop);
  }

  #seen() {
    const { promptBytes, imageCount } = this.#options;
    return { promptBytes, writtenBytes: this.#writtenBytes, imageCount };
  }

  /** A promise also of what fails at once. */
  async #settle(cancelled: boolean): Promise<Bill> {
    return await this.#options.settle({
      reported: this.#usage,
      seen: this.#isCutOff ? { ...this.#seen(), writtenBytes: 0 } : this.#seen(),
      estimated: this.#isCutOff,
      finishReason: this.#finishReason,
      nativeFinishReason: this.#nativeFinishReason,
      serviceTier: this.#serviceTier,
      upstreamId: this.#upstreamId,
      cancelled,
    });
  }
}

const endsSomething = ({ type }: ChatEvent): boolean => type === 'finish' || type === 'block-end';

const writesOn = (event: ChatEvent): boolean => !isAside(event) && !endsSomething(event);

/** What belongs to no word of the answer. */
function isAside({ type }: ChatEvent): boolean {
  return type === 'usage' || type === 'meta' || type === 'logprobs';
}
