/** Providers that do what a test says, when it says so. */
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../../providers/adapter.ts';
import { ProviderError, type ProviderErrorDetails } from '../../providers/provider-error.ts';
import type { BegunStream, StreamReader } from '../call.ts';

/** What is done with a call while it runs: its reader to tell, and what it was told in turn. */
export interface Line {
  readonly call: ChatCall;
  readonly reader: ChatReader;
  /** `pause`, `resume`, `cancel`, in order. */
  readonly heard: string[];
}

/** An adapter that hands every call to `begin`, in the turn after it was made, unless it was cancelled before. */
export class ScriptedAdapter implements ProviderAdapter {
  readonly format = 'openai';
  readonly refusal = () => null;
  readonly honoursReasoning = () => true;
  readonly promptOverheadTokens = () => 0;
  readonly native = [];
  readonly lines: Line[] = [];
  readonly #begin: (line: Line) => void;

  constructor(begin: (line: Line) => void = () => {}) {
    this.#begin = begin;
  }

  chat(call: ChatCall, reader: ChatReader): Exchange {
    const heard: string[] = [];
    const line = { call, reader, heard };
    this.lines.push(line);
    queueMicrotask(() => {
      if (!heard.includes('cancel')) this.#begin(line);
    });
    return {
      pause: () => heard.push('pause'),
      resume: () => heard.push('resume'),
      cancel: () => heard.push('cancel'),
    };
  }

  requestBody() {
    return {};
  }
}

/** A stream that has begun, and plays what a test tells it. */
export class ScriptedStream implements BegunStream {
  readonly heard: string[] = [];
  #reader: StreamReader | undefined;

  get cancelled(): number {
    return this.heard.filter((word) => word === 'cancel').length;
  }

  readOn(reader: StreamReader): void {
    if (this.#reader !== undefined) throw new Error('read by two');
    this.#reader = reader;
    this.heard.push('readOn');
  }

  pause(): void {
    this.heard.push('pause');
  }

  resume(): void {
    this.heard.push('resume');
  }

  cancel(): void {
    this.heard.push('cancel');
  }

  /** Like every adapter it says nothing after `cancel`. */
  tell(...events: ChatEvent[]): void {
    if (this.cancelled === 0) this.#reader?.onEvents(events);
  }

  end(): void {
    if (this.cancelled === 0) this.#reader?.onEnd();
  }

  fail(error: ProviderError): void {
    if (this.cancelled === 0) this.#reader?.onFailure(error);
  }
}

export const started = (choice = 0): ChatEvent => ({
  type: 'block-start',
  choice,
  block: 0,
  part: { type: 'text' },
});
export const said = (text: string, choice = 0): ChatEvent => ({ type: 'delta', choice, block: 0, text });
export const finished = (choice = 0): ChatEvent => ({
  type: 'finish',
  choice,
  reason: 'stop',
  native: 'stop',
});
export const counted = (usage: Partial<TokenUsage>): ChatEvent => ({
  type: 'usage',
  usage: { ...NO_USAGE, ...usage },
});

export const WHOLE: ChatAnswer = {
  form: 'typed',
  choices: [],
  writtenBytes: 2,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  usage: null,
  upstreamId: null,
  serviceTier: null,
  systemFingerprint: null,
};

/** An answer of the provider with this status. */
export function refused(status: number, details: Partial<ProviderErrorDetails> = {}): ProviderError {
  return new ProviderError('status', {
    message: `no: ${status}`,
    status,
    fault: faultOf(status),
    ...details,
  });
}

function faultOf(status: number): ProviderErrorDetails['fault'] {
  if (status === 429) return 'rate';
  if (status === 401 || status === 402 || status === 403) return 'account';
  return status === 400 || status === 413 || status === 422 ? 'caller' : 'provider';
}
