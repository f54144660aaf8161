/** One call through a package of the AI SDK: its promises and streams as what a ChatReader is told. */
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  SharedV4Warning,
} from '@ai-sdk/provider';
import type { ChatReader, Exchange } from '../adapter.ts';
import { ProviderError } from '../provider-error.ts';
import { brokenOff, failureOf, neverAsked } from './error.ts';
import { asCall, CapNotKept, Outgoing } from './package-fetch.ts';
import type { Addressee } from './prompt.ts';
import { convertResponse } from './response.ts';
import { StreamParts } from './stream.ts';

export interface SdkCall {
  readonly to: Addressee;
  readonly secrets: readonly string[];
  readonly isStream: boolean;
  readonly maxTokens: number | null;
  readonly mustBePublic?: true | undefined;
  readonly timeouts: { readonly firstByteMs: number; readonly answerMs: number; readonly idleMs: number };
  model(): LanguageModelV4;
  /** Throws a TurnpikeError. `isTight`: a first try would have allowed more tokens than `maxTokens`. */
  options(isTight: boolean): LanguageModelV4CallOptions | null;
  onWarning(warning: SharedV4Warning): void;
}

export class SdkExchange implements Exchange {
  readonly #call: SdkCall;
  readonly #reader: ChatReader;
  #outgoing: Outgoing;
  #parts: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | null = null;
  #isOver = false;
  #isPaused = false;
  #onResumed: (() => void) | null = null;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(call: SdkCall, reader: ChatReader) {
    this.#call = call;
    this.#reader = reader;
    this.#outgoing = this.#outgoingCall();
  }

  /** Never tells anything before it has returned. */
  begin(): void {
    queueMicrotask(() => void this.#run());
    const { firstByteMs, answerMs } = this.#call.timeouts;
    // From sending on our client counts; what a package does before it, nobody else bounds.
    this.#waiting = setTimeout(
      () => {
        if (!this.#outgoing.wasSent) this.#fail(neverAsked());
      },
      this.#call.isStream ? firstByteMs : answerMs,
    );
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#onResumed?.();
    this.#onResumed = null;
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#over();
    this.#outgoing.cancel();
    void this.#parts?.cancel().catch(() => undefined);
  }

  async #run(): Promise<void> {
    if (this.#isOver) return;
    try {
      await this.#ask(false);
    } catch (thrown) {
      if (!(thrown instanceof CapNotKept) || this.#isOver) {
        this.#fail(thrown);
        return;
      }
      try {
        await this.#ask(true);
      } catch (again) {
        this.#fail(again);
      }
    }
  }

  async #ask(isTight: boolean): Promise<void> {
    const options = this.#call.options(isTight);
    if (options === null) throw new CapNotKept(null);
    this.#outgoing = this.#outgoingCall();
    await asCall(this.#outgoing, () => (this.#call.isStream ? this.#stream(options) : this.#whole(options)));
  }

  #outgoingCall(): Outgoing {
    const { timeouts, maxTokens, isStream, mustBePublic } = this.#call;
    const { firstByteMs, idleMs, answerMs } = timeouts;
    return new Outgoing(
      // The first byte of a whole answer comes when all of it is written: there its own limit alone counts.
      isStream
        ? { firstByteMs, idleMs, answerMs: null }
        : { firstByteMs: answerMs, idleMs: answerMs, answerMs },
      maxTokens,
      () => {
        if (!this.#isOver) this.#reader.onAnswered();
      },
      mustBePublic,
    );
  }

  async #whole(options: LanguageModelV4CallOptions): Promise<void> {
    const result = await this.#call.model().doGenerate(options);
    if (this.#isOver) return;
    for (const warning of result.warnings) this.#call.onWarning(warning);
    const answer = convertResponse(result, this.#call.to);
    this.#over();
    if (answer === null) this.#reader.onFailure(brokenOff());
    else this.#reader.onWhole(answer);
  }

  async #stream(options: LanguageModelV4CallOptions): Promise<void> {
    const { stream } = await this.#call.model().doStream(options);
    const parts = stream.getReader();
    this.#parts = parts;
    const converter = new StreamParts(this.#call.to);
    for (;;) {
      if (this.#isPaused) await new Promise<void>((resolve) => (this.#onResumed = resolve));
      if (this.#isOver) return;
      const { done, value } = await parts.read();
      if (this.#isOver) return;
      if (done) break;
      if (value.type === 'error') throw value.error;
      if (value.type === 'stream-start') for (const warning of value.warnings) this.#call.onWarning(warning);
      const events = converter.convert(value);
      if (events.length > 0) this.#reader.onEvents(events);
    }
    this.#over();
    if (converter.hasFinished) this.#reader.onEnd();
    else this.#reader.onFailure(brokenOff());
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    this.#over();
    const error =
      thrown instanceof ProviderError ? thrown : failureOf(thrown, this.#outgoing, this.#call.secrets);
    this.#outgoing.cancel();
    void this.#parts?.cancel().catch(() => undefined);
    this.#reader.onFailure(error);
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#waiting);
    this.#onResumed?.();
  }
}
