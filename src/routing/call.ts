/** One call to one endpoint, until its answer has begun: a whole answer when it is here, a stream when it says something. */
import { type ChatAnswer, isNoAnswer } from '../chat/answer.ts';
import type { ChatEvent, FinishReason } from '../chat/event.ts';
import type { TokenUsage } from '../chat/usage.ts';
import type { Exchange, StreamableReader } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';

/** The caller left, or the gateway stops, before the answer had begun. */
export class CallLeft extends Error {
  /** Its provider had the request, and may charge for it. */
  readonly hasAnswered: boolean;

  constructor(hasAnswered: boolean) {
    super('the call was given up before it was answered');
    this.hasAnswered = hasAnswered;
  }
}

/** A stream that has begun, for whoever reads on. What came before `readOn` is kept, and told there first. */
export interface BegunStream extends Exchange {
  readOn(reader: StreamReader): void;
}

export type StreamReader = Pick<StreamableReader<never>, 'onEvents' | 'onEnd' | 'onFailure'>;

export type CallOutcome<A = ChatAnswer> =
  | { readonly kind: 'whole'; readonly answer: A }
  | { readonly kind: 'stream'; readonly stream: BegunStream };

const NOTHING = (): void => {};

/** More events than this without a token are handed on, so that they cannot pile up here. */
const MOST_EVENTS_BEFORE_TOKEN = 300;

export class Call<A = ChatAnswer> implements StreamableReader<A>, BegunStream {
  readonly outcome: Promise<CallOutcome<A>>;
  /** Replaced, as the two below, once the call has begun: they keep the whole request in memory, and a stream may run for minutes yet. */
  #onAnswered: () => void;
  #resolve: (outcome: CallOutcome<A>) => void = NOTHING;
  #reject: (reason: Error) => void = NOTHING;
  readonly #exchange: Exchange;
  #hasAnswered = false;
  #hasBegun = false;
  /** Whoever reads on can take no more for now. */
  #isPaused = false;
  #isCancelled = false;
  #reader: StreamReader | undefined;
  /** What nobody has been told of yet. */
  #kept: ChatEvent[] = [];
  /** How it ended while nobody read on: undefined, not yet; null, properly. */
  #keptEnd: Error | null | undefined;

  /** `send` begins the call; `onAnswered` is told when the head of a successful answer is here. */
  constructor(send: (reader: StreamableReader<A>) => Exchange, onAnswered: () => void) {
    this.#onAnswered = onAnswered;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#exchange = send(this);
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Ends the call before its answer has begun. */
  leave(): void {
    if (this.#hasBegun) return;
    this.cancel();
    this.#reject(new CallLeft(this.#hasAnswered));
  }

  onAnswered(): void {
    this.#hasAnswered = true;
    this.#onAnswered();
  }

  onWhole(answer: A): void {
    this.#hasBegun = true;
    this.#tell({ kind: 'whole', answer });
  }

  onEvents(events: readonly ChatEvent[]): void {
    if (this.#reader !== undefined) {
      this.#reader.onEvents(events);
      return;
    }
    this.#kept.push(...events);
    if (this.#hasBegun) this.#exchange.pause();
    else if (events.some(saysSomething) || this.#kept.length > MOST_EVENTS_BEFORE_TOKEN) this.#begin();
  }

  onEnd(): void {
    if (this.#reader !== undefined) {
      this.#reader.onEnd();
      return;
    }
    if (!this.#hasBegun && saidNothing(this.#kept)) {
      this.onFailure(
        new ProviderError('garbage', {
          fault: 'provider',
          message: 'Provider returned an empty stream',
          hasAnswered: true,
        }),
      );
      return;
    }
    this.#keptEnd = null;
    this.#begin();
  }

  onFailure(error: Error): void {
    if (this.#reader !== undefined) this.#reader.onFailure(error);
    else if (this.#hasBegun) this.#keptEnd = error;
    else this.#reject(error);
  }

  readOn(reader: StreamReader): void {
    this.#reader = reader;
    const kept = this.#kept;
    this.#kept = [];
    if (kept.length > 0) reader.onEvents(kept);
    // What was kept may have been too much for it, or all that it wanted.
    if (this.#isCancelled) return;
    if (this.#keptEnd === null) reader.onEnd();
    else if (this.#keptEnd !== undefined) reader.onFailure(this.#keptEnd);
    else if (!this.#isPaused) this.#exchange.resume();
  }

  pause(): void {
    this.#isPaused = true;
    this.#exchange.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#exchange.resume();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#exchange.cancel();
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#tell({ kind: 'stream', stream: this });
  }

  #tell(outcome: CallOutcome<A>): void {
    this.#resolve(outcome);
    this.#resolve = NOTHING;
    this.#reject = NOTHING;
    this.#onAnswered = NOTHING;
  }
}

/** Whether a stream that ended before it said anything was no answer. */
function saidNothing(events: readonly ChatEvent[]): boolean {
  let reason: FinishReason | null = null;
  let native: string | null = null;
  let usage: TokenUsage | null = null;
  for (const event of events) {
    if (event.type === 'finish') ({ reason, native } = event);
    else if (event.type === 'usage') usage = event.usage;
  }
  // A reader of streams makes up a reason where the provider told none.
  const isTold = native !== null || usage !== null || reason !== 'stop';
  return isNoAnswer(isTold ? reason : null, usage);
}

/**
 * Most providers send the role and their count of the prompt at once and think afterwards: an event that says nothing does not bind us
 * to them. An end without a word is looked at as a whole.
 */
function saysSomething(event: ChatEvent): boolean {
  switch (event.type) {
    case 'native':
      return event.saysSomething;
    case 'delta':
      return event.text !== '';
    case 'block-start':
      return event.part.type === 'tool-call' || event.part.type === 'opaque';
    case 'logprobs':
    case 'native-text':
      return true;
    default:
      return false;
  }
}
