/** A streamed answer as `text_completion` chunks: its text, and its reasoning beside it. */
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerEncoder, AnswerHead } from '../dialect.ts';
import { OpenAiFrames } from '../openai-frames.ts';
import { legacyLogprobs, lengthOf } from './logprobs.ts';

export class CompletionEncoder implements AnswerEncoder {
  readonly #frames: OpenAiFrames;
  readonly #excludesReasoning: boolean;
  /** What kind each block is, by `choice block`. */
  readonly #kinds = new Map<string, BlockHead['type']>();
  /** Where in its text the next token of each choice stands. */
  readonly #offsets = new Map<number, number>();
  #facts: JsonObject = {};

  constructor(head: AnswerHead) {
    this.#frames = new OpenAiFrames(head, 'text_completion', { text: '', logprobs: null });
    this.#excludesReasoning = head.excludesReasoning;
  }

  upstreamBody(body: JsonObject): string {
    return this.#frames.frame({ choices: [], debug: { echo_upstream_body: body } });
  }

  events(events: readonly ChatEvent[]): string {
    let frames = '';
    for (const event of events) frames += this.#told(event);
    return frames;
  }

  cutOff(): string {
    return this.#frames.cutOff();
  }

  finish(bill: Bill): string {
    return this.#frames.finish(bill);
  }

  fail(error: TurnpikeError): string {
    return this.#frames.fail(error);
  }

  #told(event: ChatEvent): string {
    switch (event.type) {
      case 'block-start':
        this.#kinds.set(`${event.choice} ${event.block}`, event.part.type);
        return '';
      case 'delta':
        return this.#delta(event.text, event.choice, this.#kinds.get(`${event.choice} ${event.block}`));
      case 'logprobs':
        return this.#logprobs(event.choice, event.value);
      case 'finish':
        return this.#finish(event.choice, {
          finish_reason: event.reason,
          native_finish_reason: event.native,
        });
      case 'meta':
        if (event.systemFingerprint !== undefined)
          this.#facts['system_fingerprint'] = event.systemFingerprint;
        if (event.serviceTier !== undefined) this.#facts['service_tier'] = event.serviceTier;
        return '';
      default:
        return '';
    }
  }

  /** Calls of tools have no place in this dialect; a request of it names none. */
  #delta(text: string, choice: number, kind: BlockHead['type'] | undefined): string {
    if (kind === 'text' || kind === 'refusal') return this.#chunk(choice, { text, logprobs: null });
    if (kind !== 'reasoning' || this.#excludesReasoning) return '';
    return this.#chunk(choice, { text: '', reasoning: text, logprobs: null });
  }

  #logprobs(choice: number, value: JsonObject): string {
    const offset = this.#offsets.get(choice) ?? 0;
    this.#offsets.set(choice, offset + lengthOf(value));
    return this.#chunk(choice, { text: '', logprobs: legacyLogprobs(value, offset) });
  }

  #finish(choice: number, reasons: JsonObject): string {
    this.#frames.ended(choice);
    return this.#frames.frame({
      choices: [{ index: choice, text: '', ...reasons, logprobs: null }],
      ...this.#facts,
    });
  }

  #chunk(choice: number, members: JsonObject): string {
    this.#frames.wrote(choice);
    return this.#frames.frame({
      choices: [{ index: choice, ...members, finish_reason: null, native_finish_reason: null }],
      ...this.#facts,
    });
  }
}
