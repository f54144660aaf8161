/**
 * `GET /responses` as a WebSocket, as Codex speaks it: each `response.create` is a request of its own, with its own look at the key, its
 * own hold and its own record. What was said before is kept for as long as the connection lives, and nowhere else: that is all of
 * the state that `previous_response_id` can name.
 */
import type { Principal } from '../auth/principal.ts';
import type { FrameSource, Watched } from '../chat/frames.ts';
import type { Socket, SocketHandler } from '../chat/socket.ts';
import { NO_USAGE } from '../chat/usage.ts';
import type { Dialect, InferenceRequest } from '../dialects/dialect.ts';
import { invalidRequest, TurnpikeError, toTurnpikeError } from '../errors.ts';
import type { FilterReport } from '../filters/outcome.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Bill } from '../pricing/cost.ts';
import type { FilteredBody } from './content-filters.ts';
import { type Room, SocketMemory } from './socket-memory.ts';
import { SocketStream } from './socket-stream.ts';

/** An answer that has been asked for, under the name that its generation has. */
export interface Asked {
  readonly id: string;
  readonly source: FrameSource;
}

export interface SocketServices {
  readonly dialect: Dialect;
  /** Throws as soon as the key may no longer call. */
  readonly gate: () => Principal | Promise<Principal>;
  /** Throws while the gateway stops, or can take no more. */
  readonly mustAccept: () => void;
  readonly readMessage: (text: string) => Promise<{ value: JsonObject; bytes: number }>;
  /** As `filterBody`. */
  readonly filter: (
    principal: Principal,
    body: JsonObject,
    bytes: number,
  ) => null | FilteredBody | Promise<FilteredBody>;
  readonly parse: (body: JsonObject, bytes: number) => InferenceRequest;
  /** `body`: what the request was parsed from. */
  readonly ask: (
    request: InferenceRequest,
    principal: Principal,
    signal: AbortSignal,
    body: JsonObject,
    filters: FilterReport | null,
  ) => Asked;
  /** Told of a message that was refused before it became a request. */
  readonly onRefused: (error: TurnpikeError) => void;
  readonly newId: () => { readonly id: string; readonly created: number };
  /** Counts an answer as running until what it gives is called. */
  readonly watch: (answer: Watched) => () => void;
  /** Shared by all connections. */
  readonly room: Room;
  /** Of one conversation. */
  readonly maxBytes: number;
  /** So long a connection may do nothing. */
  readonly idleMs: number;
}

/** Bun's codes are those of RFC 6455, 7.4. */
const DONE = 1000;
const GOING_AWAY = 1001;
const UNSUPPORTED = 1003;

const FREE: Bill = {
  usage: { ...NO_USAGE, imageCount: 0 },
  cost: { totalNanoUsd: 0n, promptPicoUsd: 0n, completionPicoUsd: 0n, cacheDiscountPicoUsd: 0n },
};

export class ResponsesSocket implements SocketHandler {
  readonly #services: SocketServices;
  readonly #memory: SocketMemory;
  #socket: Socket | undefined;
  /** From a message until all of its answer is written. */
  #isBusy = false;
  #isClosed = false;
  #stream: SocketStream | undefined;
  #leaving: AbortController | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(services: SocketServices) {
    this.#services = services;
    this.#memory = new SocketMemory(services.room, services.maxBytes);
  }

  onOpen(socket: Socket): void {
    this.#socket = socket;
    this.#rest();
  }

  onText(text: string): void {
    if (this.#isBusy) {
      this.#tellError(
        invalidRequest('The last response on this connection is not over yet'),
        'invalid_request',
      );
      return;
    }
    this.#isBusy = true;
    clearTimeout(this.#idle);
    void this.#answer(text);
  }

  onBytes(): void {
    this.#socket?.close(UNSUPPORTED, 'text only');
  }

  onDrain(): void {
    this.#stream?.onDrain();
  }

  onClose(): void {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    this.#memory.forget();
    this.#leaving?.abort();
    void this.#stream?.leave();
  }

  async #answer(text: string): Promise<void> {
    try {
      const { dialect, filter, gate, mustAccept, readMessage, parse } = this.#services;
      mustAccept();
      const { value, bytes } = await readMessage(text);
      const { type, generate, previous_response_id: previous = null, stream: _, ...body } = value;
      if (type !== 'response.create') throw invalidRequest('type must be "response.create"');
      const principal = await gate();
      const before = this.#memory.recall(previous);
      if (before === null) {
        this.#tellError(notFound(previous), 'previous_response_not_found');
        this.#rest();
        return;
      }
      const input = [...before.items, ...itemsOf(body['input'])];
      const said = { items: input, bytes: before.bytes + bytes };
      if (said.bytes > this.#services.maxBytes) throw new TurnpikeError('payload_too_large');
      const asked = { ...body, input, stream: true };
      // Rewritten where it stands, so that what is remembered is what was sent.
      const filtered = await filter(principal, asked, said.bytes);
      const request = parse(asked, filtered?.bytes ?? said.bytes);
      if (this.#isClosed) return;
      if (generate === false) {
        const head = { ...this.#services.newId(), ...NOBODY, remembered: request.remembered };
        const encoder = dialect.encoder({ ...head, model: request.modelIds[0] ?? '' });
        this.#memory.keep(head.id, said, []);
        this.#tellAtOnce(encoder.events([]) + encoder.finish(FREE));
      } else this.#run(request, principal, said, asked, filtered?.report ?? null);
    } catch (thrown) {
      this.#memory.forget();
      const error = toTurnpikeError(thrown);
      this.#services.onRefused(error);
      const head = { ...this.#services.newId(), ...NOBODY, remembered: null, model: '' };
      this.#tellAtOnce(this.#services.dialect.encoder(head).fail(error));
      // Whoever connects again reaches a node that serves.
      if (error.code === 'unavailable') this.#socket?.close(GOING_AWAY, 'unavailable');
    }
  }

  #run(
    request: InferenceRequest,
    principal: Principal,
    said: { readonly items: readonly unknown[]; readonly bytes: number },
    body: JsonObject,
    filters: FilterReport | null,
  ): void {
    this.#leaving = new AbortController();
    const { id, source } = this.#services.ask(request, principal, this.#leaving.signal, body, filters);
    let output: readonly unknown[] | null = null;
    const stream = this.#newStream(
      source,
      (json) => {
        output = outputOf(json) ?? output;
      },
      () => {
        if (output === null) this.#memory.forget();
        else this.#memory.keep(id, said, output);
      },
    );
    stream.start();
  }

  /** What was not asked of any provider. */
  #tellAtOnce(frames: string): void {
    const source: FrameSource = {
      keepAliveFrame: '',
      start: (sink) => {
        sink.write(frames);
        sink.end();
      },
      resume: () => {},
      onTick: () => {},
      cancel: async () => {},
    };
    this.#newStream(
      source,
      () => {},
      () => {},
    ).start();
  }

  #newStream(source: FrameSource, onEvent: (json: string) => void, onEnd: () => void): SocketStream {
    const socket = this.#socket as Socket;
    const { keepAliveFrame } = this.#services.dialect;
    const stream: SocketStream = new SocketStream({
      ...{ source, socket, keepAliveFrame, onEvent },
      onEnd: () => {
        unwatch();
        this.#leaving = undefined;
        if (this.#isClosed) return;
        onEnd();
        this.#rest();
      },
    });
    const unwatch = this.#services.watch(stream);
    this.#stream = stream;
    // It left while nobody listened for it.
    if (this.#isClosed) void stream.leave();
    return stream;
  }

  /** Nothing runs: the next message may come, for a while. */
  #rest(): void {
    this.#isBusy = false;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#socket?.close(DONE, 'idle'), this.#services.idleMs).unref();
  }

  /** The code is a word: a number keeps Codex waiting until its time is over. */
  #tellError({ status, message }: TurnpikeError, code: string): void {
    const error = { type: 'invalid_request_error', code, message, param: null };
    this.#socket?.send(JSON.stringify({ type: 'error', status, error }));
  }
}

/** No model answered. */
const NOBODY = { provider: null, excludesReasoning: false };

function notFound(previous: unknown): TurnpikeError {
  return invalidRequest(
    `previous_response_id: this connection does not know the response "${String(previous)}"; send the whole conversation`,
  );
}

function itemsOf(input: unknown): readonly unknown[] {
  if (Array.isArray(input)) return input;
  if (typeof input !== 'string') throw invalidRequest('input must be text or a list of items');
  return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
}

/** What the model said, once all of it is told; null: this event does not hold it. */
function outputOf(json: string): readonly unknown[] | null {
  if (!/^\{"type":"response\.(?:completed|incomplete)"/.test(json)) return null;
  const { response } = JSON.parse(json) as JsonObject;
  return isJsonObject(response) && Array.isArray(response['output']) ? response['output'] : [];
}
