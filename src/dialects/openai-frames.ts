/** What the streams of OpenAI's two dialects have in common: the head of each chunk, and how an answer ends. */

import { errorMember } from '../error-body.ts';
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Bill } from '../pricing/cost.ts';
import type { AnswerHead } from './dialect.ts';
import { usageJson } from './openai-chat/usage-json.ts';

const DONE_FRAME = 'data: [DONE]\n\n';

/** The words are OpenRouter's: some clients look for them. */
export const KEEP_ALIVE_FRAME = ': OPENROUTER PROCESSING\n\n';

export class OpenAiFrames {
  /** Of each chunk's JSON, up to and with a comma. */
  readonly #head: string;
  /** What a choice holds where nothing is said. */
  readonly #emptyChoice: JsonObject;
  /** Choices that have begun and not ended. */
  readonly #open = new Set<number>();
  readonly #ended = new Set<number>();
  #latest = -1;

  constructor({ id, created, model, provider }: AnswerHead, object: string, emptyChoice: JsonObject) {
    const head = { id, object, created, model, ...(provider === null ? {} : { provider }) };
    this.#head = `data: ${JSON.stringify(head).slice(0, -1)},`;
    this.#emptyChoice = emptyChoice;
  }

  /** One frame with these members behind the head. At least one member. */
  frame(members: JsonObject): string {
    return `${this.#head}${JSON.stringify(members).slice(1)}\n\n`;
  }

  /** Something was written of this choice. What some providers send of one that has ended does not open it again. */
  wrote(choice: number): void {
    if (choice === this.#latest) return;
    this.#latest = choice;
    if (!this.#ended.has(choice)) this.#open.add(choice);
  }

  ended(choice: number): void {
    this.#open.delete(choice);
    this.#ended.add(choice);
  }

  /** Nothing where every choice that began has ended by itself: no choice ends twice. */
  cutOff(): string {
    if (this.#open.size === 0 && this.#ended.size > 0) return '';
    const choices = this.#lastChoices('length');
    this.#open.clear();
    return this.frame({ choices });
  }

  finish(bill: Bill): string {
    return this.frame({ choices: [], usage: usageJson(bill) }) + DONE_FRAME;
  }

  fail(error: TurnpikeError): string {
    return this.frame({ error: errorMember(error), choices: this.#lastChoices('error') }) + DONE_FRAME;
  }

  /** One for each choice that has not ended; clients expect one at least. */
  #lastChoices(reason: 'length' | 'error'): JsonObject[] {
    const open = this.#open.size === 0 ? [0] : [...this.#open].sort((a, b) => a - b);
    return open.map((index) => ({
      index,
      ...this.#emptyChoice,
      finish_reason: reason,
      native_finish_reason: null,
    }));
  }
}
