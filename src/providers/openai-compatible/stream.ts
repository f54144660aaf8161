/**
 * A streamed answer of OpenAI's dialect: bytes in, events out, in the call in which the bytes came. Each chunk is made canonical in
 * place, so that one for a caller of the same dialect is parsed once and written once. The hottest code of the gateway.
 */
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { StreamReader } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import type { ProviderError } from '../provider-error.ts';
import { SseDecoder, type SseSink } from '../sse-decoder.ts';
import { canonicalLogprobs } from './logprobs.ts';
import { canonicalDelta } from './message.ts';
import { type Finish, finishOf } from './stop-reason.ts';
import { TextTemplate } from './text-template.ts';
import { StreamedCalls } from './tool-calls.ts';
import { convertUsage, findUsage } from './usage.ts';

/** What is remembered of one choice between its chunks. */
interface ChoiceState {
  readonly calls: StreamedCalls;
  /** It has said why it ended. */
  isFinished: boolean;
  /** Why it ended, said beside words of its and not told yet: some say `stop` with each of their chunks. */
  held: Finish | null;
  isFinishTold: boolean;
  /** It finished because something broke. */
  hasFailed: boolean;
  hasSaid: boolean;
}

/** Members of a chunk that are told by other events, or that only the vendor's own clients read. */
const REPORTED = new Set([
  'choices',
  'id',
  'object',
  'created',
  'model',
  'provider',
  'usage',
  'x_groq',
  'usageMetadata',
  'usage_metadata',
  'error',
  'obfuscation',
  'openrouter_metadata',
]);

/** Then it is not worth another try. */
const MOST_USELESS_TEMPLATES = 8;

export class OpenAiStreamReader implements StreamReader, SseSink {
  /** What the bytes so far told; whoever hands them on empties it. */
  events: ChatEvent[] = [];
  /** Met behind `events`; nothing is read after it. */
  failure: ProviderError | null = null;
  /** The vendor said `[DONE]`. */
  isDone = false;
  readonly #decoder = new SseDecoder();
  readonly #secret: string | null;
  readonly #origin: string | undefined;
  readonly #relays: boolean;
  /** Of the latest chunk, while all that comes is text. */
  #template: TextTemplate | null = null;
  /** Templates in a row that fitted no chunk: some vendors put something new into each. */
  #uselessTemplates = 0;
  readonly #choices = new Map<number, ChoiceState>();
  #upstreamId: string | undefined;
  #serviceTier: string | undefined;
  #systemFingerprint: string | undefined;

  /** `relays`: what is told goes to a caller of this dialect, who takes chunks as they are written. */
  constructor(secret: string | null, relays = false, origin?: string) {
    this.#secret = secret;
    this.#origin = origin;
    this.#relays = relays;
  }

  push(bytes: Uint8Array): void {
    try {
      this.#decoder.push(bytes, this);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.failure ??= garbage('Provider sent an event that is too large', cause.message, this.#secret);
    }
  }

  /** The bytes are at their end, however that came about: what lacks only its last line ends is read. */
  end(): void {
    const before = this.failure;
    this.#decoder.end(this);
    // Half an event at a cut is no failure of its own.
    if (this.failure?.failure === 'garbage') this.failure = before;
    if (this.failure === null && !this.isDone) this.#tellHeldFinishes();
  }

  /** Nothing is missing of an answer without `[DONE]`: every choice has said why it ended. */
  get isComplete(): boolean {
    for (const { isFinished } of this.#choices.values()) if (!isFinished) return false;
    return this.#choices.size > 0;
  }

  /** No choice ever began. A count alone answers nobody. */
  get isEmpty(): boolean {
    return this.#choices.size === 0;
  }

  get #hasSaid(): boolean {
    for (const { hasSaid } of this.#choices.values()) if (hasSaid) return true;
    return false;
  }

  /** Something was said, and whoever reads it was told that it ended well. */
  get #isAnswered(): boolean {
    for (const { isFinished, hasFailed } of this.#choices.values())
      if (!isFinished || hasFailed) return false;
    return this.#hasSaid;
  }

  onEvent(data: string, name: string): void {
    if (this.isDone || this.failure !== null) return;
    if (this.#template !== null && this.#relayText(this.#template, data, name)) return;
    if (name === 'error') {
      this.#fail(parsed(data), data);
      return;
    }
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      this.#readWord(data, name);
      return;
    }
    if (isJsonObject(event)) this.#readChunk(event, data);
    else if (isError(event)) this.#fail(event, data);
    else if (event !== null && event !== '') this.#notUnderstood(data);
  }

  #makeTemplate(data: string, chunk: JsonObject): void {
    if (!this.#relays || this.#uselessTemplates >= MOST_USELESS_TEMPLATES) return;
    this.#template = TextTemplate.of(data, chunk);
    if (this.#template !== null) this.#uselessTemplates += 1;
  }

  #relayText(template: TextTemplate, data: string, name: string): boolean {
    const text = name === '' ? template.textOf(data) : null;
    if (text === null) {
      this.#template = null;
      return false;
    }
    this.#uselessTemplates = 0;
    this.events.push({
      type: 'native-text',
      choice: template.choice,
      before: template.canonicalBefore,
      text,
      behind: template.canonicalBehind,
      writtenBytes: Buffer.byteLength(text),
    });
    return true;
  }

  /** What is not JSON: the end, a sign of life, or nonsense. */
  #readWord(data: string, name: string): void {
    const word = data.trim();
    if (word.startsWith('data:')) {
      // A proxy put its own name of the field before that of the vendor.
      this.onEvent(word.replace(/^(?:data:\s*)+/, ''), name);
      return;
    }
    if (word === '[DONE]') this.#finishOpenChoices();
    // Some routers put the comments of another one behind `data:`.
    else if (word !== '' && !/^(?::.*|ping|keep-?alive|heartbeat|processing)$/i.test(word)) {
      this.#notUnderstood(data);
    }
  }

  /** `[DONE]`: a choice that never said why it ended gets a reason, because clients wait for one. */
  #finishOpenChoices(): void {
    this.isDone = true;
    for (const [index, { calls, isFinished }] of this.#choices) {
      if (isFinished) continue;
      const reason = calls.count > 0 ? 'tool_calls' : 'stop';
      this.#tellFinish(index, withUnnamedCalls({}, calls), reason, null);
    }
    this.#tellHeldFinishes();
  }

  /** At the end, behind which nothing is read. */
  #tellHeldFinishes(): void {
    for (const [index, { held }] of this.#choices) {
      if (held === null || held.reason === null) continue;
      this.#tellFinish(index, {}, held.reason, held.native);
    }
  }

  #tellFinish(index: number, delta: JsonObject, reason: FinishReason, native: string | null): void {
    const choice = { index, delta, finish_reason: reason, native_finish_reason: native };
    this.events.push({
      type: 'native',
      dialect: 'openai-chat',
      event: { choices: [choice] },
      writtenBytes: 0,
      saysSomething: false,
    });
    this.events.push({ type: 'finish', choice: index, reason, native });
  }

  #readChunk(event: JsonObject, data: string): void {
    if ((event['error'] !== undefined || event['x_groq'] !== undefined) && isError(event)) {
      this.#fail(event, data);
      if (this.failure === null) this.#readUsage(event);
      return;
    }
    const choices = event['choices'];
    if (Array.isArray(choices)) this.#readChoices(event, choices, data);
    else if (isError(event)) this.#fail(event, data);
    else if (this.#isQuiet(event)) this.#readMeta(event);
    else this.#notUnderstood(data);
    if (this.failure === null) this.#readUsage(event);
  }

  /** A chunk without choices that is not a failure: a count, the id alone, or a sign of life. */
  #isQuiet(event: JsonObject): boolean {
    const { error } = event;
    // What kind of error it would be is not said, but it says no more than that there was one.
    if (error !== undefined && error !== null) return findUsage(event) !== null;
    if (event['type'] === 'ping' || isQuietObject(event['object'])) return true;
    for (const name in event) {
      if (!REPORTED.has(name)) return findUsage(event) !== null;
    }
    return true;
  }

  #readChoices(event: JsonObject, choices: unknown[], data: string): void {
    let writtenBytes = 0;
    let saysSomething = false;
    let isAfterEnd = true;
    const finishes: ChatEvent[] = [];
    for (let at = 0; at < choices.length; at++) {
      const choice: unknown = choices[at];
      // Some vendors leave the place of a choice empty that has nothing to say.
      if (choice === null) {
        choices.splice(at--, 1);
        continue;
      }
      if (!isJsonObject(choice)) {
        this.#notUnderstood(data);
        return;
      }
      if (choice['error'] !== undefined && isError({ error: choice['error'] })) {
        this.#fail({ error: choice['error'] }, data);
        return;
      }
      const index = typeof choice['index'] === 'number' ? choice['index'] : at;
      const state = this.#state(index);
      const said = canonicalDelta(deltaOf(choice, state), state.calls, this.#origin);
      const finish = finishOf(choice, state.calls.count > 0);
      const isLast = finish.reason !== null && !state.isFinishTold;
      const isTold = isLast && !said.anything;
      choice['index'] = index;
      choice['delta'] = isLast ? withUnnamedCalls(said.message, state.calls) : said.message;
      choice['finish_reason'] = isTold ? finish.reason : null;
      choice['native_finish_reason'] = isTold ? finish.native : null;
      if (choice['logprobs'] !== undefined && choice['logprobs'] !== null) setLogprobs(choice);
      if (choice['usage'] !== undefined) this.#takeUsageOf(choice);
      isAfterEnd &&= state.isFinished && !said.anything;
      writtenBytes += said.bytes;
      saysSomething ||= said.anything;
      state.hasSaid ||= said.anything;
      const { reason, native } = finish;
      if (reason === 'error' && !this.#hasSaid) {
        this.#fail({}, data);
        return;
      }
      if (reason === null || state.isFinishTold) continue;
      state.isFinished = true;
      state.hasFailed = reason === 'error';
      state.held = isTold ? null : finish;
      state.isFinishTold = isTold;
      if (isTold) finishes.push({ type: 'finish', choice: index, reason, native });
    }
    this.#readMeta(event);
    // OpenRouter, as it was for long, counts beside a choice that has ended and says nothing more.
    const chunk = isAfterEnd && choices.length > 0 && isCount(event) ? null : canonicalChunk(event, choices);
    if (chunk !== null) {
      this.events.push({ type: 'native', dialect: 'openai-chat', event: chunk, writtenBytes, saysSomething });
      // Before whoever reads the events changes them.
      if (saysSomething && !isCount(event)) this.#makeTemplate(data, chunk);
    }
    for (const finish of finishes) this.events.push(finish);
  }

  #state(index: number): ChoiceState {
    let state = this.#choices.get(index);
    if (state === undefined) {
      state = {
        calls: new StreamedCalls(),
        isFinished: false,
        held: null,
        isFinishTold: false,
        hasFailed: false,
        hasSaid: false,
      };
      this.#choices.set(index, state);
    }
    return state;
  }

  /** Moonshot counts on the last choice. */
  #takeUsageOf(choice: JsonObject): void {
    const usage = convertUsage(choice['usage']);
    delete choice['usage'];
    if (usage === null) return;
    this.events.push({ type: 'usage', usage });
  }

  #readUsage(event: JsonObject): void {
    if (event['usage'] === undefined && event['x_groq'] === undefined && !hasGeminiUsage(event)) return;
    const usage = findUsage(event);
    if (usage === null) return;
    this.events.push({ type: 'usage', usage });
  }

  /** Told once, and again when it changes: vendors repeat it on every chunk. */
  #readMeta(event: JsonObject): void {
    const id = event['id'];
    const tier = event['service_tier'];
    const fingerprint = event['system_fingerprint'];
    const isNewId = this.#upstreamId === undefined && typeof id === 'string' && id !== '';
    const isNewTier = typeof tier === 'string' && tier !== this.#serviceTier;
    const isNewFingerprint = typeof fingerprint === 'string' && fingerprint !== this.#systemFingerprint;
    if (!isNewId && !isNewTier && !isNewFingerprint) return;
    if (isNewId) this.#upstreamId = id;
    if (isNewTier) this.#serviceTier = tier;
    if (isNewFingerprint) this.#systemFingerprint = fingerprint;
    this.events.push({
      type: 'meta',
      ...(isNewId ? { upstreamId: id } : {}),
      ...(isNewTier ? { serviceTier: tier } : {}),
      ...(isNewFingerprint ? { systemFingerprint: fingerprint } : {}),
    });
  }

  /** OpenRouter tells of an error behind an answer that it has ended; that answer is whole. */
  #fail(value: unknown, text: string): void {
    if (this.#isAnswered) return;
    this.failure = toldError({ status: null, value, text }, this.#secret);
  }

  #notUnderstood(data: string): void {
    if (this.#isAnswered) return;
    this.failure = garbage('Provider sent an event that is not understood', data, this.#secret);
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function isQuietObject(object: unknown): boolean {
  return object === 'ping' || (typeof object === 'string' && object.startsWith('chat.completion'));
}

function isCount(event: JsonObject): boolean {
  return event['usage'] !== undefined && event['usage'] !== null;
}

function hasGeminiUsage(event: JsonObject): boolean {
  return event['usageMetadata'] !== undefined || event['usage_metadata'] !== undefined;
}

/** Some send whole messages or legacy text in their chunks, beside a delta (Perplexity, Together) or in its place. */
function deltaOf(choice: JsonObject, state: ChoiceState): JsonObject {
  const { delta, message, text } = choice;
  if (message !== undefined) delete choice['message'];
  if (text !== undefined) delete choice['text'];
  if (isJsonObject(delta)) return delta;
  if (typeof text === 'string') return { content: text };
  return isJsonObject(message) && !state.hasSaid ? message : {};
}

function withUnnamedCalls(delta: JsonObject, calls: StreamedCalls): JsonObject {
  const unnamed = calls.count === 0 ? [] : calls.unnamed();
  if (unnamed.length === 0) return delta;
  const told = Array.isArray(delta['tool_calls']) ? delta['tool_calls'] : [];
  return { ...delta, tool_calls: [...told, ...unnamed] };
}

function setLogprobs(choice: JsonObject): void {
  const logprobs = canonicalLogprobs(choice['logprobs']);
  if (logprobs === undefined) delete choice['logprobs'];
  else choice['logprobs'] = logprobs;
}

/** Null: there is nothing to show. Nulls at the top are refused by official clients. */
function canonicalChunk(event: JsonObject, choices: unknown[]): JsonObject | null {
  const chunk: JsonObject = { choices };
  let isBare = choices.length === 0;
  for (const name in event) {
    if (REPORTED.has(name)) continue;
    const value = event[name];
    if (value === null || name === '__proto__') continue;
    chunk[name] = value;
    if (name !== 'system_fingerprint' && name !== 'service_tier') isBare = false;
  }
  return isBare ? null : chunk;
}
