/** The events of a streamed answer of OpenAI's dialect, one after another, as events in the middle. */
import type { ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { ProviderError } from '../provider-error.ts';
import type { SecretGuard } from '../secret-guard.ts';
import { ChoiceBlocks } from './blocks.ts';
import { type CanonicalChoice, StreamedChoice } from './choice.ts';
import { errorOf, isErrorShape } from './error.ts';
import { writtenBytes } from './message.ts';
import { usageOf } from './usage.ts';

/** Top-level members of a chunk that are ours to write, or are told beside it. */
const OWN_MEMBERS = new Set([
  'id',
  'object',
  'created',
  'model',
  'provider',
  'choices',
  'usage',
  'x_groq',
  'error',
]);
/** What some send to keep a connection open, by `type` or `object`. */
const HEART_BEATS = new Set<unknown>(['ping', 'heartbeat', 'keepalive', 'keep-alive']);

export class ChunkReader {
  /** The caller reads this dialect: chunks are relayed, and else told by blocks. */
  readonly #isNative: boolean;
  readonly #guard: SecretGuard;
  readonly #choices = new Map<number, StreamedChoice>();
  #blocks: Map<number, ChoiceBlocks> | undefined;
  #upstreamId: string | undefined;
  #serviceTier: string | undefined;
  #fingerprint: string | undefined;
  #open = 0;
  #hasFinished = false;

  constructor(isNative: boolean, guard: SecretGuard) {
    this.#isNative = isNative;
    this.#guard = guard;
  }

  /** Every choice that began has said why it ended. */
  get isComplete(): boolean {
    return this.#hasFinished && this.#open === 0;
  }

  /** Adds what one event says. Throws a ProviderError for an error, and for what is no event of this dialect. */
  read(data: string, name: string, events: ChatEvent[]): void {
    const chunk = parsed(data);
    if (isErrorShape(chunk, name)) {
      throw errorOf(chunk, { guard: this.#guard, status: null, text: data, retryAfterSeconds: null });
    }
    if (!isJsonObject(chunk)) throw notAnEvent();
    this.readChunk(chunk, events);
  }

  readChunk(chunk: JsonObject, events: ChatEvent[]): void {
    this.#meta(chunk, events);
    const usage = usageOf(chunk);
    const given = chunk['choices'];
    if (Array.isArray(given)) {
      if (given.length > 0) this.#choicesOf(chunk, given, events);
    } else if (usage === null && chunk['usage'] === undefined && !isHeartBeat(chunk)) throw notAnEvent();
    if (usage !== null) events.push({ type: 'usage', usage });
  }

  #choicesOf(chunk: JsonObject, given: readonly unknown[], events: ChatEvent[]): void {
    const choices: CanonicalChoice[] = [];
    for (const [position, each] of given.entries()) {
      if (!isJsonObject(each)) continue;
      const index = Number.isInteger(each['index']) ? Number(each['index']) : position;
      choices.push(this.#choiceOf(index).canonical(each));
    }
    if (this.#isNative) this.#relay(chunk, choices, events);
    else for (const choice of choices) this.#blocksOf(choice.index).add(choice, events);
    for (const choice of choices) {
      if (choice.finish_reason === null) continue;
      this.#open -= 1;
      this.#hasFinished = true;
      if (!this.#isNative) continue;
      const { index, finish_reason: reason, native_finish_reason: native } = choice;
      events.push({ type: 'finish', choice: index, reason, native });
    }
  }

  #relay(chunk: JsonObject, choices: readonly CanonicalChoice[], events: ChatEvent[]): void {
    const event: JsonObject = { choices };
    for (const name in chunk) {
      const value = chunk[name];
      if (value !== null && !OWN_MEMBERS.has(name)) event[name] = value;
    }
    let bytes = 0;
    let says = false;
    for (const { delta, finish_reason } of choices) {
      bytes += writtenBytes(delta);
      says ||= finish_reason !== null || hasContent(delta);
    }
    events.push({ type: 'native', dialect: 'openai-chat', event, writtenBytes: bytes, saysSomething: says });
  }

  /** Told when it is new: most vendors repeat it with each chunk. */
  #meta(chunk: JsonObject, events: ChatEvent[]): void {
    const { id, service_tier: tier, system_fingerprint: fingerprint } = chunk;
    if (typeof id === 'string' && this.#upstreamId === undefined) {
      this.#upstreamId = id;
      events.push({ type: 'meta', upstreamId: id });
    }
    if (typeof tier === 'string' && tier !== this.#serviceTier) {
      this.#serviceTier = tier;
      events.push({ type: 'meta', serviceTier: tier });
    }
    if (typeof fingerprint === 'string' && fingerprint !== this.#fingerprint) {
      this.#fingerprint = fingerprint;
      events.push({ type: 'meta', systemFingerprint: fingerprint });
    }
  }

  #choiceOf(index: number): StreamedChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = new StreamedChoice(index);
      this.#choices.set(index, choice);
      this.#open += 1;
    }
    return choice;
  }

  #blocksOf(index: number): ChoiceBlocks {
    this.#blocks ??= new Map();
    let blocks = this.#blocks.get(index);
    if (blocks === undefined) {
      blocks = new ChoiceBlocks(index);
      this.#blocks.set(index, blocks);
    }
    return blocks;
  }
}

function hasContent(delta: JsonObject): boolean {
  for (const name in delta) {
    const value = delta[name];
    if (name !== 'role' && value !== '' && value !== null) return true;
  }
  return false;
}

function isHeartBeat(chunk: JsonObject): boolean {
  if (Object.keys(chunk).length === 0) return true;
  return (
    HEART_BEATS.has(chunk['type']) || HEART_BEATS.has(chunk['object']) || HEART_BEATS.has(chunk['event'])
  );
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new ProviderError('garbage', {
      fault: 'provider',
      message: 'Provider sent an event that is not JSON',
      hasAnswered: true,
      cause,
    });
  }
}

function notAnEvent(): ProviderError {
  return new ProviderError('garbage', {
    fault: 'provider',
    message: 'Provider sent an event that is no part of a chat completion',
    hasAnswered: true,
  });
}
