/** `turnpike/echo`: answers with the last user message, word by word. Free and deterministic, so a fresh install answers at once. */
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import type { ChatMessage, ChatPrompt } from '../../chat/prompt.ts';
import { NO_USAGE, type TokenUsage } from '../../chat/usage.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';

export const echo: ProviderAdapter = {
  format: 'echo',
  native: [],
  chat: (call, reader) => {
    const spoken = answerTo(call.payload.prompt(), call.maxTokens);
    const exchange = new Speech(spoken, reader, call.stream);
    queueMicrotask(() => exchange.begin());
    return exchange;
  },
  refusal: () => null,
  honoursReasoning: () => true,
  promptOverheadTokens: () => 0,
  requestBody: (call: ChatCall) => ({ ...call.payload.native.body }),
};

interface Spoken {
  readonly words: readonly string[];
  readonly finish: FinishReason;
  readonly usage: TokenUsage;
}

function answerTo({ messages }: ChatPrompt, maxTokens: number | null): Spoken {
  const all = wordsOf(textOf(messages.findLast(({ role }) => role === 'user')));
  const words = maxTokens === null ? all : all.slice(0, maxTokens);
  const promptTokens = messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0);
  return {
    words,
    finish: words.length < all.length ? 'length' : 'stop',
    usage: { ...NO_USAGE, inputTokens: promptTokens, outputTokens: words.length },
  };
}

/** Tells the answer, an event a word, and waits while it is paused. */
class Speech implements Exchange {
  readonly #spoken: Spoken;
  readonly #reader: ChatReader;
  readonly #isStream: boolean;
  #at = 0;
  #state: 'waiting' | 'telling' | 'paused' | 'over' = 'waiting';

  constructor(spoken: Spoken, reader: ChatReader, isStream: boolean) {
    this.#spoken = spoken;
    this.#reader = reader;
    this.#isStream = isStream;
  }

  begin(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'telling';
    this.#reader.onAnswered();
    if (this.#isStream) {
      this.#reader.onEvents([{ type: 'block-start', choice: 0, block: 0, part: { type: 'text' } }]);
      this.#tell();
    } else {
      this.#state = 'over';
      this.#reader.onWhole(whole(this.#spoken));
    }
  }

  pause(): void {
    if (this.#state === 'telling') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'telling';
    queueMicrotask(() => this.#tell());
  }

  cancel(): void {
    this.#state = 'over';
  }

  #tell(): void {
    while (this.#state === 'telling') {
      const text = this.#spoken.words[this.#at];
      if (text === undefined) {
        this.#state = 'over';
        this.#reader.onEvents(lastEvents(this.#spoken));
        this.#reader.onEnd();
        return;
      }
      this.#at += 1;
      this.#reader.onEvents([{ type: 'delta', choice: 0, block: 0, text }]);
    }
  }
}

function lastEvents({ finish, usage }: Spoken): readonly ChatEvent[] {
  return [
    { type: 'block-end', choice: 0, block: 0 },
    { type: 'finish', choice: 0, reason: finish, native: finish },
    { type: 'usage', usage },
  ];
}

function whole({ words, finish, usage }: Spoken): ChatAnswer {
  const text = words.join('');
  return {
    form: 'typed',
    choices: [
      {
        index: 0,
        parts: [{ type: 'text', text }],
        finishReason: finish,
        nativeFinishReason: finish,
        logprobs: null,
      },
    ],
    writtenBytes: Buffer.byteLength(text),
    finishReason: finish,
    nativeFinishReason: finish,
    usage,
    upstreamId: null,
    serviceTier: null,
    systemFingerprint: null,
  };
}

/** A word with the white space before it is one token. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function textOf(message: ChatMessage | undefined): string {
  return (message?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(' ');
}
