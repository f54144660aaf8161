/** A streamed answer of OpenAI's dialect as canonical chunks, pulled read by read. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import { type ChatChunk, type ChunkChoice, type ChunkSource, ProviderError } from '../provider.ts';
import { SseDecoder } from '../sse-decoder.ts';
import { connectionError, IdleWatch } from '../transport.ts';
import { streamError } from './error.ts';
import { canonicalMessage } from './message.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage } from './usage.ts';

interface BodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/** How long a provider may take to end a body after it said `[DONE]`. */
const READ_OUT_MS = 1000;

export class OpenAiStream implements ChunkSource {
  readonly #reader: BodyReader;
  readonly #abort: AbortController;
  readonly #idle: IdleWatch;
  readonly #decoder = new SseDecoder();
  /** The upstream said that it is done: by `[DONE]`, or by a finish reason on a choice. */
  #finished = false;
  #closed = false;
  /** Met behind chunks of the same read, which go out first. */
  #failure: ProviderError | undefined;

  constructor(body: ReadableStream<Uint8Array>, abort: AbortController, idleMs: number) {
    this.#reader = body.getReader();
    this.#abort = abort;
    this.#idle = new IdleWatch(abort, idleMs);
  }

  async next(): Promise<ChatChunk[] | null> {
    if (this.#failure !== undefined) throw this.#failure;
    while (!this.#closed) {
      const bytes = await this.#read();
      if (bytes === null) {
        this.#close();
        // Without a finish reason the end of the body is a cut, however politely the connection was closed.
        if (!this.#finished) throw cutShort();
        return null;
      }
      const chunks = this.#decode(bytes);
      if (chunks.length > 0) return chunks;
    }
    return null;
  }

  cancel(): void {
    this.#close();
    this.#abort.abort();
  }

  async #read(): Promise<Uint8Array | null> {
    try {
      const { done, value } = await this.#reader.read();
      this.#idle.touch();
      return done ? null : (value ?? new Uint8Array());
    } catch (cause) {
      this.#close();
      throw connectionError(cause, {
        signal: this.#abort.signal,
        timedOut: this.#idle.timedOut,
        hasAnswered: true,
      });
    }
  }

  #decode(bytes: Uint8Array): ChatChunk[] {
    const chunks: ChatChunk[] = [];
    try {
      for (const data of this.#decoder.push(bytes)) {
        if (data === '[DONE]') {
          this.#finished = true;
          this.#readOut();
          break;
        }
        const chunk = convertEvent(data);
        if (chunk === null) continue;
        if (chunk.choices.some((choice) => choice.finish_reason !== null)) this.#finished = true;
        chunks.push(chunk);
      }
    } catch (cause) {
      this.cancel();
      this.#failure =
        cause instanceof ProviderError
          ? cause
          : new ProviderError('garbage', { message: 'Provider sent an event that is not JSON', cause });
      if (chunks.length === 0) throw this.#failure;
    }
    return chunks;
  }

  /** What follows `[DONE]` is of no interest, but reading it to its end gives the connection back to the pool. */
  #readOut(): void {
    this.#close();
    const tooLong = setTimeout(() => this.#abort.abort(), READ_OUT_MS);
    void drain(this.#reader).then(() => clearTimeout(tooLong));
  }

  #close(): void {
    this.#closed = true;
    this.#idle.stop();
  }
}

async function drain(reader: BodyReader): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer was complete: how its connection ends does not matter.
  }
}

function convertEvent(data: string): ChatChunk | null {
  const event: unknown = JSON.parse(data);
  if (!isJsonObject(event)) return null;
  if (event['error'] !== undefined && event['error'] !== null) throw streamError(event);
  const chunk: ChatChunk = { choices: [] };
  const choices = event['choices'];
  if (Array.isArray(choices)) {
    for (const choice of choices) if (isJsonObject(choice)) chunk.choices.push(convertChoice(choice));
  }
  const usage = convertUsage(event['usage']);
  if (usage !== null) chunk.usage = usage;
  if (typeof event['id'] === 'string') chunk.upstreamId = event['id'];
  if (typeof event['system_fingerprint'] === 'string') chunk.systemFingerprint = event['system_fingerprint'];
  if (typeof event['service_tier'] === 'string') chunk.serviceTier = event['service_tier'];
  return chunk;
}

function convertChoice(choice: JsonObject): ChunkChoice {
  const native = choice['finish_reason'];
  const delta = choice['delta'];
  const result: ChunkChoice = {
    index: typeof choice['index'] === 'number' ? choice['index'] : 0,
    delta: isJsonObject(delta) ? canonicalMessage(delta) : {},
    finish_reason: mapStopReason(native),
    native_finish_reason: typeof native === 'string' ? native : null,
  };
  if (isJsonObject(choice['logprobs'])) result.logprobs = choice['logprobs'];
  return result;
}

function cutShort(): ProviderError {
  return new ProviderError('unreachable', { message: 'Provider closed the stream before it was finished' });
}
