/** `turnpike/echo`: answers with the last user message, word by word. Free and deterministic, so a fresh install answers at once. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type {
  ChatAnswer,
  ChatCall,
  ChatChunk,
  ChunkSource,
  FinishReason,
  ProviderAdapter,
  TokenUsage,
} from '../provider.ts';

export const echo: ProviderAdapter = { chat };

async function chat(call: ChatCall): Promise<ChatAnswer> {
  const messages = Array.isArray(call.body['messages']) ? call.body['messages'].filter(isJsonObject) : [];
  const spoken = wordsOf(textOf(messages.findLast((message) => message['role'] === 'user')));
  const words = call.maxTokens === null ? spoken : spoken.slice(0, call.maxTokens);
  const finish = words.length < spoken.length ? 'length' : 'stop';
  const promptTokens = messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0);
  const usage = usageOf(promptTokens, words.length);
  if (call.stream) return { kind: 'stream', source: new EchoStream(words, finish, usage) };
  return {
    kind: 'completion',
    completion: {
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: words.join('') },
          finish_reason: finish,
          native_finish_reason: finish,
        },
      ],
      usage,
      upstreamId: null,
      systemFingerprint: null,
      serviceTier: null,
    },
  };
}

class EchoStream implements ChunkSource {
  readonly #words: string[];
  readonly #finish: FinishReason;
  readonly #usage: TokenUsage;
  #at = 0;
  #ended = false;

  constructor(words: string[], finish: FinishReason, usage: TokenUsage) {
    this.#words = words;
    this.#finish = finish;
    this.#usage = usage;
  }

  async next(): Promise<ChatChunk[] | null> {
    if (this.#ended) return null;
    const word = this.#words[this.#at];
    if (word === undefined) {
      this.#ended = true;
      return [
        {
          choices: [{ index: 0, delta: {}, finish_reason: this.#finish, native_finish_reason: this.#finish }],
        },
        { choices: [], usage: this.#usage },
      ];
    }
    const delta: JsonObject = this.#at === 0 ? { role: 'assistant', content: word } : { content: word };
    this.#at += 1;
    return [{ choices: [{ index: 0, delta, finish_reason: null, native_finish_reason: null }] }];
  }

  cancel(): void {
    this.#ended = true;
  }
}

/** A word with the white space before it is one token. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function textOf(message: JsonObject | undefined): string {
  const content = message?.['content'];
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join(' ');
}

function usageOf(promptTokens: number, completionTokens: number): TokenUsage {
  return {
    promptTokens,
    completionTokens,
    reasoningTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    audioTokens: 0,
    audioOutputTokens: 0,
    imageOutputTokens: 0,
  };
}
