/** An upstream that plays bytes, and a reader that writes down what an adapter tells: for the tests of adapters. */
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import type { ChatPayload, ChatPrompt, ReasoningWish } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { anthropic } from '../anthropic/adapter.ts';
import { openAiCompatible } from '../openai-compatible/adapter.ts';
import type { ProviderError } from '../provider-error.ts';
import type { QuirkSettings } from '../quirks.ts';
import type { AnswerReader, UpstreamClient, UpstreamFailure, UpstreamRequest } from '../../upstream/upstream.ts';
import { quirksOf } from '../vendors.ts';

export const SECRET = 'sk-canary-Q7mZ2xW9vB4tK8pL1nR6-c3456';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Bytes a read; default: all at once. */
  readonly split?: number | readonly number[];
  /** In the place of a proper end; null: it never ends. */
  readonly failure?: UpstreamFailure | null;
}

export const RESET: UpstreamFailure = { kind: 'closed', timeout: null, hasAnswered: true, neverSent: false, cause: null };

/** Plays when told to, and keeps what was sent. */
export class FakeUpstream implements UpstreamClient {
  readonly requests: UpstreamRequest[] = [];
  readers: AnswerReader[] = [];
  cancelled = 0;
  paused = 0;
  resumed = 0;

  close(): void {}

  send(request: UpstreamRequest, reader: AnswerReader) {
    this.requests.push(request);
    this.readers.push(reader);
    return {
      pause: () => {
        this.paused += 1;
      },
      resume: () => {
        this.resumed += 1;
      },
      cancel: () => {
        this.cancelled += 1;
      },
    };
  }

  play({ status = 200, headers = {}, body, split, failure }: Answer): void {
    const reader = this.readers.at(-1);
    if (reader === undefined) throw new Error('nothing was sent');
    reader.onHead({ status, header: (name) => headers[name] ?? null });
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    for (const part of parts(bytes, split)) {
      // As a client does that reads into one buffer again and again.
      // As sockets give them: a slice of such bytes is no copy.
      const lent = Buffer.from(part);
      reader.onBytes(lent);
      lent.fill(0x58);
    }
    if (failure === undefined) reader.onEnd();
    else if (failure !== null) reader.onFailure(failure);
  }
}

function parts(bytes: Uint8Array, split: number | readonly number[] | undefined): Uint8Array[] {
  if (bytes.byteLength === 0) return [];
  if (split === undefined) return [bytes];
  const result: Uint8Array[] = [];
  const sizes = typeof split === 'number' ? [split] : split;
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    result.push(bytes.subarray(at, at + size));
    at += size;
  }
  return result;
}

export class Told implements ChatReader {
  answered = 0;
  batches: ChatEvent[][] = [];
  ended = 0;
  whole: ChatAnswer | null = null;
  error: ProviderError | null = null;

  onAnswered(): void {
    this.answered += 1;
  }
  onEvents(events: readonly ChatEvent[]): void {
    this.#open();
    this.batches.push(structuredClone([...events]));
  }
  onEnd(): void {
    this.#open();
    this.ended += 1;
  }
  onWhole(answer: ChatAnswer): void {
    this.#open();
    this.whole = answer;
  }
  onFailure(error: ProviderError): void {
    this.#open();
    this.error = error;
  }

  #open(): void {
    if (this.ended > 0 || this.whole !== null || this.error !== null) throw new Error('told after the last');
  }

  get events(): ChatEvent[] {
    return this.batches.flat();
  }
  /** The canonical chunks. */
  get chunks(): JsonObject[] {
    return this.events.flatMap((event) => {
      if (event.type === 'native-text') return [JSON.parse(event.before + event.text + event.behind) as JsonObject];
      return event.type === 'native' ? [event.event] : [];
    });
  }
  get choices(): JsonObject[] {
    return this.chunks.flatMap((chunk) => chunk['choices'] as JsonObject[]);
  }
  get deltas(): JsonObject[] {
    return this.choices.map((choice) => choice['delta'] as JsonObject);
  }
  /** Text of one member over all deltas. */
  text(name: string): string {
    return this.deltas.map((delta) => (typeof delta[name] === 'string' ? delta[name] : '')).join('');
  }
  get usage() {
    return this.events.findLast((event) => event.type === 'usage')?.usage ?? null;
  }
  get finishes() {
    return this.events.flatMap((event) => (event.type === 'finish' ? [event] : []));
  }
  /** Of a whole answer in the caller's own dialect. */
  get body(): JsonObject {
    if (this.whole?.form !== 'native') throw new Error('there is no native answer');
    return this.whole.body;
  }
}

export interface CallOptions {
  readonly body?: JsonObject;
  readonly prompt?: ChatPrompt;
  readonly baseUrl?: string;
  readonly quirks?: QuirkSettings;
  readonly reasoning?: Partial<ReasoningWish>;
  readonly dialect?: ChatCall['dialect'];
  readonly stream?: boolean;
  readonly maxTokens?: number | null;
  readonly apiKey?: string | null;
  readonly without?: readonly string[];
  readonly model?: string;
  /** Of `body`; default: what the caller speaks. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function callOf(options: CallOptions = {}): ChatCall {
  const { baseUrl = 'https://api.example.com/v1', dialect = 'openai-chat', stream = true } = options;
  const body = options.body ?? { messages: [{ role: 'user', content: 'hi' }] };
  const payload: ChatPayload = {
    native: {
      dialect: options.prompt !== undefined ? 'openai-text' : dialect === 'anthropic-messages' ? dialect : 'openai-chat',
      body,
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    },
    reasoning: options.reasoning === undefined ? null : { ...NO_WISH, ...options.reasoning },
    prompt: () => {
      if (options.prompt === undefined) throw new Error('this call has no typed prompt');
      return options.prompt;
    },
  };
  return {
    target: {
      baseUrl,
      apiKey: options.apiKey === undefined ? SECRET : options.apiKey,
      upstreamModel: options.model ?? 'model-x',
      quirks: quirksOf(baseUrl, options.quirks),
    },
    payload,
    dialect,
    withoutParameters: options.without ?? [],
    stream,
    maxTokens: options.maxTokens === undefined ? 100 : options.maxTokens,
    timeouts: { firstByteMs: 1000, answerMs: 5000, idleMs: 2000 },
  };
}

const NO_WISH: ReasoningWish = {
  enabled: null,
  effort: null,
  maxTokens: null,
  exclude: false,
  summary: null,
};

/** Sends one call and plays one answer to it. */
export function played(answer: Answer, options: CallOptions = {}): Told & { upstream: FakeUpstream; exchange: Exchange } {
  return playedBy(openAiCompatible, answer, options);
}

/** The same of Anthropic's format. */
export function playedAnthropic(answer: Answer, options: CallOptions = {}) {
  const prompt = options.dialect === 'anthropic-messages' ? {} : { prompt: promptOf('hi') };
  return playedBy(anthropic, answer, { ...prompt, ...options });
}

/** What a user says, and nothing else. */
export function promptOf(text: string): ChatPrompt {
  const messages: ChatPrompt['messages'] = [{ role: 'user', name: null, parts: [{ type: 'text', text }] }];
  return { messages, tools: [], toolChoice: null, parallelToolCalls: null, format: null, stop: [], parameters: {} };
}

function playedBy(
  adapter: (client: UpstreamClient) => ProviderAdapter,
  answer: Answer,
  options: CallOptions,
): Told & { upstream: FakeUpstream; exchange: Exchange } {
  const upstream = new FakeUpstream();
  const told = new Told();
  const exchange = adapter(upstream).chat(callOf(options), told);
  upstream.play(answer);
  return Object.assign(told, { upstream, exchange });
}

/** One answer, to a stream unless it says otherwise. */
export interface Way {
  readonly status?: number;
  readonly body: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What it fails with. */
export function errorOf({ status = 200, body, stream = true, headers = {} }: Way): ProviderError {
  const { error } = played({ status, body, headers }, { stream });
  if (error === null) throw new Error('there was no error');
  return error;
}

/** Events as a provider writes them, with `[DONE]` behind. */
export function sse(...events: readonly unknown[]): string {
  const texts = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  return [...texts, '[DONE]'].map((text) => `data: ${text}\n\n`).join('');
}

/** One chunk with one choice. */
export function chunk(delta: JsonObject, more: JsonObject = {}, top: JsonObject = {}): JsonObject {
  return {
    id: 'up-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'model-x',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
    ...top,
  };
}

export const STOP = chunk({}, { finish_reason: 'stop' });
