/** A streamed response of OpenAI's: its events as they are, and beside them what money and limits read. */
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import { markSeals } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { StreamReader } from '../answer-body.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import type { ProviderError } from '../provider-error.ts';
import { SseDecoder, type SseSink } from '../sse-decoder.ts';
import { convertUsage } from './usage.ts';

const ENDINGS = new Set<unknown>(['response.completed', 'response.incomplete']);

export class ResponsesStreamReader implements StreamReader, SseSink {
  events: ChatEvent[] = [];
  failure: ProviderError | null = null;
  isDone = false;
  isEmpty = true;
  readonly #decoder = new SseDecoder();
  readonly #secret: string | null;
  readonly #origin: string | undefined;

  constructor(secret: string | null, origin?: string) {
    this.#secret = secret;
    this.#origin = origin;
  }

  get isComplete(): boolean {
    return this.isDone;
  }

  push(bytes: Uint8Array): void {
    try {
      this.#decoder.push(bytes, this);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.failure ??= garbage('Provider sent an event that is too large', cause.message, this.#secret);
    }
  }

  end(): void {
    const before = this.failure;
    this.#decoder.end(this);
    // Half an event at a cut is no failure of its own.
    if (this.failure?.failure === 'garbage') this.failure = before;
  }

  onEvent(data: string): void {
    if (this.isDone || this.failure !== null || data.trim() === '[DONE]') return;
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      this.failure = garbage('Provider sent an event that is not JSON', data, this.#secret);
      return;
    }
    if (isJsonObject(event) && typeof event['type'] === 'string') this.#read(event, event['type'], data);
    else if (isError(event)) this.#fail(event, data);
  }

  #read(event: JsonObject, type: string, data: string): void {
    const response = isJsonObject(event['response']) ? event['response'] : null;
    if (type === 'error') {
      this.#fail(event, data);
      return;
    }
    if (type === 'response.failed') {
      this.#readUsage(response);
      this.#fail({ error: response?.['error'] ?? { code: 'server_error' } }, data);
      return;
    }
    this.isEmpty = false;
    if (this.#origin !== undefined) {
      if (event['item'] !== undefined) markSeals([event['item']], this.#origin);
      if (Array.isArray(response?.['output'])) markSeals(response['output'], this.#origin);
    }
    if (type === 'response.created') this.#readMeta(response);
    this.events.push({
      type: 'native',
      dialect: 'openai-responses',
      event,
      writtenBytes: writtenBytes(event, type),
      saysSomething: saysSomething(event, type),
    });
    if (!ENDINGS.has(type) || response === null) return;
    this.#readMeta(response);
    const { reason, native } = finishOfResponse(response);
    this.events.push({ type: 'finish', choice: 0, reason, native });
    this.#readUsage(response);
    this.isDone = true;
  }

  #readMeta(response: JsonObject | null): void {
    const upstreamId = textOrNull(response?.['id']);
    const serviceTier = textOrNull(response?.['service_tier']);
    this.events.push({
      type: 'meta',
      ...(upstreamId === null ? {} : { upstreamId }),
      ...(serviceTier === null ? {} : { serviceTier }),
    });
  }

  #readUsage(response: JsonObject | null): void {
    const usage = convertUsage(response?.['usage']);
    if (usage !== null) this.events.push({ type: 'usage', usage });
  }

  #fail(value: unknown, data: string): void {
    this.failure = toldError({ status: null, value, text: data }, this.#secret);
  }
}

/** UTF-8 bytes of what the model wrote: every kind of text grows by deltas, and calls have names. */
function writtenBytes(event: JsonObject, type: string): number {
  const { delta, item } = event;
  if (typeof delta === 'string') return Buffer.byteLength(delta);
  const name = type === 'response.output_item.added' && isJsonObject(item) ? item['name'] : null;
  return typeof name === 'string' ? Buffer.byteLength(name) : 0;
}

function saysSomething({ delta, item }: JsonObject, type: string): boolean {
  if (typeof delta === 'string') return delta !== '';
  if (ENDINGS.has(type)) return true;
  if (!type.startsWith('response.output_item.')) return false;
  const kind = isJsonObject(item) ? item['type'] : null;
  return type.endsWith('.done') || (kind !== 'message' && kind !== 'reasoning');
}

const CALLS = /_call$/;

/** Why a response ended. */
export function finishOfResponse(response: JsonObject): { reason: FinishReason; native: string | null } {
  const { status, incomplete_details: details, output } = response;
  const native = (isJsonObject(details) ? textOrNull(details['reason']) : null) ?? textOrNull(status);
  if (status === 'incomplete')
    return { reason: native === 'content_filter' ? 'content_filter' : 'length', native };
  const items = Array.isArray(output) ? output.filter(isJsonObject) : [];
  const calls = items.some(({ type, call_id: id }) => CALLS.test(String(type)) && typeof id === 'string');
  return { reason: calls ? 'tool_calls' : 'stop', native };
}
