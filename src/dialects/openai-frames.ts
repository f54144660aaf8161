/** What the streams of OpenAI's two dialects have in common: the head of each chunk, and how an answer ends. */

import { errorMember } from '../error-body.ts';
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Bill } from '../pricing/cost.ts';
import { type AnswerHead, routingMembers } from './dialect.ts';
import { usageJson } from './openai-chat/usage-json.ts';

const DONE_FRAME = 'data: [DONE]\n\n';

/** The words are OpenRouter's: some clients look for them. */
export const KEEP_ALIVE_FRAME = ': OPENROUTER PROCESSING\n\n';

export class OpenAiFrames {
  /** Of each chunk's JSON, up to and with a comma. */
  readonly #head: string;
  /** What a choice holds where nothing is said. */
  readonly #emptyChoice: JsonObject;
  /** By choice, once it has begun. Nearly every answer has one, and a list of one takes the least of memory. */
  readonly #states: ('open' | 'ended')[] = [];

  /** Of the last frame. */
  readonly #lastMembers: JsonObject;

  constructor(answer: AnswerHead, object: string, emptyChoice: JsonObject) {
    const { id, created, model, provider, notes } = answer;
    this.#lastMembers = routingMembers(answer);
    const head = { id, object, created, model, ...(provider === null ? {} : { provider }), ...notes };
    this.#head = `data: ${JSON.stringify(head).slice(0, -1)},`;
    this.#emptyChoice = emptyChoice;
  }

  /** One frame with these members behind the head. At least one member. */
  frame(members: JsonObject): string {
    return `${this.#head}${JSON.stringify(members).slice(1)}\n\n`;
  }

  /** What a frame begins with whose members are the text of a JSON object that begins with `json`. */
  beginning(json: string): string {
    return this.#head + json.slice(1);
  }

  /** Something was written of this choice. What some providers send of one that has ended does not open it again. */
  wrote(choice: number): void {
    this.#states[choice] ??= 'open';
  }

  ended(choice: number): void {
    this.#states[choice] = 'ended';
  }

  /** Nothing where every choice that began has ended by itself: no choice ends twice. */
  cutOff(): string {
    if (this.#states.length > 0 && !this.#states.includes('open')) return '';
    const choices = this.#lastChoices('length');
    for (const { index } of choices) this.#states[index] = 'ended';
    return this.frame({ choices });
  }

  finish(bill: Bill): string {
    return this.frame({ choices: [], usage: usageJson(bill), ...this.#lastMembers }) + DONE_FRAME;
  }

  fail(error: TurnpikeError): string {
    return (
      this.frame({
        error: errorMember(error),
        choices: this.#lastChoices('error'),
        ...this.#lastMembers,
      }) + DONE_FRAME
    );
  }

  /** One for each choice that has not ended; clients expect one at least. */
  #lastChoices(reason: 'length' | 'error') {
    const open = Object.keys(this.#states).map(Number);
    const left = open.filter((index) => this.#states[index] === 'open');
    return (left.length === 0 ? [0] : left).map((index) => ({
      index,
      ...this.#emptyChoice,
      finish_reason: reason,
      native_finish_reason: null,
    }));
  }
}
