/** Prompt caches of providers, each its own: a prompt is served from one as far as an earlier one there began with the same text. */
import type { JsonObject } from './asking.ts';

export interface CacheCounts {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly writtenTokens: number;
}

const BYTES_PER_TOKEN = 4;

export class PromptCaches {
  /** By provider. */
  readonly #prompts = new Map<string, string[]>();
  readonly #tellsWrites: boolean;
  promptTokens = 0;
  cachedTokens = 0;
  /** Who was asked, in order. */
  readonly by: string[] = [];

  /** `tellsWrites`: they report what they store, as Anthropic does; else only what they had. */
  constructor(options: { readonly tellsWrites: boolean }) {
    this.#tellsWrites = options.tellsWrites;
  }

  get hitRate(): number {
    return this.cachedTokens / this.promptTokens;
  }

  counts(provider: string, { messages }: JsonObject): CacheCounts {
    const text = JSON.stringify(messages).slice(0, -1);
    const known = this.#prompts.get(provider) ?? [];
    const longest = known
      .filter((prompt) => text.startsWith(prompt))
      .reduce((a, b) => Math.max(a, b.length), 0);
    this.#prompts.set(provider, [...known, text]);
    const promptTokens = Math.ceil(text.length / BYTES_PER_TOKEN);
    const cachedTokens = Math.floor(longest / BYTES_PER_TOKEN);
    this.promptTokens += promptTokens;
    this.cachedTokens += cachedTokens;
    this.by.push(provider);
    return { promptTokens, cachedTokens, writtenTokens: this.#tellsWrites ? promptTokens - cachedTokens : 0 };
  }
}
