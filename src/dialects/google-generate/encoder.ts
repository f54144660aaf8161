/** A streamed answer as chunks of `GenerateContentResponse`: SSE frames, or one JSON list that grows. */
import type { BlockHead, ChatEvent, FinishReason } from '../../chat/event.ts';
import type { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerEncoder, AnswerHead } from '../dialect.ts';
import { callJson, finishReasonOf, logprobsJson, MALFORMED_CALL, opaqueJson } from './answer-json.ts';
import { errorBody } from './error-json.ts';
import { signatureOf } from './signature.ts';
import { usageJson } from './usage-json.ts';

/** How chunks follow each other: `?alt=sse` asks for events, and without it they are the items of a list. */
export interface Framing {
  chunk(json: string, isFirst: boolean): string;
  /** Behind the last chunk. */
  readonly end: string;
}

export const EVENTS: Framing = { chunk: (json) => `data: ${json}\n\n`, end: '' };

export const LIST: Framing = {
  chunk: (json, isFirst) => (isFirst ? `[${json}` : `,\n${json}`),
  end: ']',
};

interface Block {
  readonly part: BlockHead;
  /** Of a call, whose arguments are shown when all of them are here. */
  argumentsJson: string;
}

export class GoogleEncoder implements AnswerEncoder {
  readonly #framing: Framing;
  readonly #head: JsonObject;
  readonly #hidesThoughts: boolean;
  readonly #blocks = new Map<string, Block>();
  /** Choices that have begun, and whether they have ended. */
  readonly #ended = new Map<number, boolean>();
  /** Choices that called something that cannot be shown. */
  readonly #malformed = new Set<number>();
  /** The latest chunk with a reason to end, which waits for its usage: some clients read no further than that. */
  #held: JsonObject | null = null;
  #isFirst = true;
  #isRelayed = false;

  constructor({ id, model, remembered }: AnswerHead, framing: Framing) {
    this.#framing = framing;
    this.#head = { ...(model === '' ? {} : { modelVersion: model }), responseId: id };
    this.#hidesThoughts = remembered?.['includesThoughts'] !== true;
  }

  upstreamBody(): string {
    return '';
  }

  events(events: readonly ChatEvent[]): string {
    let frames = '';
    for (const event of events) {
      if (event.type === 'native') frames += this.#relayed(event.event);
      else if (!this.#isRelayed) frames += this.#told(event);
    }
    return frames;
  }

  /** Nothing of a call that is not complete. */
  cutOff(): string {
    const open = [...this.#ended].filter(([, hasEnded]) => !hasEnded).map(([choice]) => choice);
    const choices = this.#ended.size === 0 ? [0] : open;
    return choices.map((choice) => this.#end(choice, 'MAX_TOKENS')).join('');
  }

  finish(bill: Bill): string {
    const last = this.#held ?? {};
    this.#held = null;
    return this.#chunk({ ...last, usageMetadata: usageJson(bill) }) + this.#framing.end;
  }

  fail(error: TurnpikeError): string {
    return this.#release() + this.#json(JSON.stringify(errorBody(error))) + this.#framing.end;
  }

  /** The provider's chunk with our name of it. Its counts come with the last one, from the bill. */
  #relayed(event: JsonObject): string {
    this.#isRelayed = true;
    const { usageMetadata: _, modelVersion: __, responseId: ___, ...chunk } = event;
    const candidates = Array.isArray(chunk['candidates']) ? chunk['candidates'].filter(isJsonObject) : [];
    for (const candidate of candidates) {
      const choice = typeof candidate['index'] === 'number' ? candidate['index'] : 0;
      this.#ended.set(choice, this.#ended.get(choice) === true || isEnd(candidate['finishReason']));
    }
    const isLast = isBlocked(chunk['promptFeedback']) || candidates.some((c) => isEnd(c['finishReason']));
    if (isLast) return this.#hold(chunk);
    return Object.keys(chunk).length === 0 ? '' : this.#release() + this.#chunk(chunk);
  }

  #told(event: Exclude<ChatEvent, { type: 'native' }>): string {
    switch (event.type) {
      case 'block-start':
        return this.#blockStart(event.choice, event.block, event.part);
      case 'delta':
        return this.#delta(event.choice, event.block, event.text);
      case 'block-end':
        return this.#blockEnd(event.choice, event.block, event.signature);
      case 'logprobs':
        return this.#candidate(event.choice, [], { logprobsResult: logprobsJson(event.value) });
      case 'finish':
        return this.#finished(event.choice, event.reason);
      case 'usage':
      case 'meta':
        return '';
      case 'native-text':
        throw new Error("no other dialect's chunk is one of Google's");
    }
  }

  #blockStart(choice: number, block: number, part: BlockHead): string {
    if (!this.#ended.has(choice)) this.#ended.set(choice, false);
    this.#blocks.set(`${choice} ${block}`, { part, argumentsJson: '' });
    if (part.type === 'opaque') return this.#parts(choice, opaqueJson(part));
    if (part.type !== 'reasoning' || part.redacted === undefined || this.#hidesThoughts) return '';
    return this.#parts(choice, [{ text: '', thought: true, thoughtSignature: signatureOf(part) }]);
  }

  #delta(choice: number, block: number, text: string): string {
    const known = this.#blocks.get(`${choice} ${block}`);
    switch (known?.part.type) {
      case 'tool-call':
        known.argumentsJson += text;
        return '';
      case 'reasoning':
        return this.#hidesThoughts || text === '' ? '' : this.#parts(choice, [{ text, thought: true }]);
      default:
        return text === '' ? '' : this.#parts(choice, [{ text }]);
    }
  }

  #blockEnd(choice: number, block: number, signature: string | undefined): string {
    const key = `${choice} ${block}`;
    const known = this.#blocks.get(key);
    this.#blocks.delete(key);
    if (known?.part.type === 'tool-call') return this.#call(choice, known);
    if (known?.part.type !== 'reasoning' || signature === undefined || this.#hidesThoughts) return '';
    const thoughtSignature = signatureOf({ ...known.part, signature });
    return this.#parts(choice, [{ text: '', thought: true, thoughtSignature }]);
  }

  #call(choice: number, { part, argumentsJson }: Block): string {
    if (part.type !== 'tool-call') return '';
    const call = callJson({ ...part, argumentsJson });
    if (call !== null) return this.#parts(choice, [call]);
    this.#malformed.add(choice);
    return '';
  }

  /** Calls that nobody ended are complete with their choice. */
  #finished(choice: number, reason: FinishReason): string {
    let frames = '';
    for (const [key, block] of this.#blocks) {
      if (!key.startsWith(`${choice} `)) continue;
      this.#blocks.delete(key);
      if (reason !== 'length') frames += this.#call(choice, block);
    }
    const isMalformed = this.#malformed.has(choice) && (reason === 'stop' || reason === 'tool_calls');
    return frames + this.#end(choice, isMalformed ? MALFORMED_CALL : finishReasonOf(reason));
  }

  #end(choice: number, finishReason: string): string {
    this.#ended.set(choice, true);
    // Google ends an answer with an empty text too; a candidate without parts makes some clients fail.
    const content = { parts: [{ text: '' }], role: 'model' };
    return this.#hold({ candidates: [{ content, finishReason, index: choice }] });
  }

  #parts(choice: number, parts: readonly JsonObject[]): string {
    return parts.length === 0 ? '' : this.#candidate(choice, parts, {});
  }

  #candidate(choice: number, parts: readonly JsonObject[], members: JsonObject): string {
    const content = { parts, role: 'model' };
    return this.#release() + this.#chunk({ candidates: [{ content, index: choice, ...members }] });
  }

  #hold(chunk: JsonObject): string {
    const frames = this.#release();
    this.#held = chunk;
    return frames;
  }

  #release(): string {
    if (this.#held === null) return '';
    const held = this.#held;
    this.#held = null;
    return this.#chunk(held);
  }

  #chunk(chunk: JsonObject): string {
    return this.#json(JSON.stringify({ ...chunk, ...this.#head }));
  }

  #json(json: string): string {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return this.#framing.chunk(json, isFirst);
  }
}

/** The prompt was refused: nothing else comes. */
function isBlocked(feedback: unknown): boolean {
  return isJsonObject(feedback) && feedback['blockReason'] !== undefined;
}

function isEnd(finishReason: unknown): boolean {
  return (
    typeof finishReason === 'string' && finishReason !== '' && finishReason !== 'FINISH_REASON_UNSPECIFIED'
  );
}
