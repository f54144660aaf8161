/**
 * The clients of a soak: each sends one numbered request after another over a kept connection, from prepared bytes, reads the whole
 * answer, and holds it against what the number says must come. They leave early, lose their gateway and come back.
 */
import type { Socket } from 'bun';
import { newKeySecret } from '../../src/auth/key-secret.ts';
import type { Random } from '../random.ts';
import { fitsLimit, type Keyring, mayRefuse, mayServe, type SoakKey } from './keys.ts';
import { CROWDED_MODEL, FALLBACK_MODEL, type Kind, MAX_TOKENS, MODEL, type Orders, tagOf } from './orders.ts';
import type { Outcome, Tally } from './tally.ts';

const RECONNECT_MS = 20;
/** Less than is asked of clients, and enough that a gateway that stops is not asked in vain all the time. */
const UNAVAILABLE_MS = 100;
/** An answer that takes longer is a fault; nothing here is slow by itself. */
const PATIENCE_MS = 60_000;
/** What a client left is over by then. */
const RECENT_SECONDS = 5;
const LONG_PROMPT_BYTES = 16_384;
/** A whole answer that is left is asked for this long, and a little more. */
const LEFT_AFTER_MS = 2;
const LEFT_SPREAD_MS = 16;
const KEY_LENGTH = 73;

interface Client {
  socket: Socket<Client> | null;
  /** Null: none is under way. */
  number: number | null;
  kind: Kind;
  key: SoakKey | null;
  beganAtMs: number;
  received: string;
  unsent: Buffer | null;
  leaves: Timer | null;
}

/** One request as bytes, with room for its key and its number. */
class Template {
  readonly #bytes: Buffer;
  readonly #keyAt: number;
  readonly #tagsAt: readonly number[];

  constructor(host: string, path: string, body: string) {
    const text =
      `POST /api/v1/${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${'k'.repeat(KEY_LENGTH)}\r\n` +
      `content-type: application/json\r\nx-session-id: ${tagOf(0)}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    this.#bytes = Buffer.from(text, 'latin1');
    this.#keyAt = text.indexOf('k'.repeat(KEY_LENGTH));
    this.#tagsAt = [...text.matchAll(new RegExp(tagOf(0), 'g'))].map(({ index }) => index);
  }

  /** Good until it is asked for the next time. */
  with(key: string, number: number): Buffer {
    this.#bytes.write(key, this.#keyAt, 'latin1');
    const tag = tagOf(number);
    for (const at of this.#tagsAt) this.#bytes.write(tag, at, 'latin1');
    return this.#bytes;
  }
}

function chatBody(changes: Record<string, unknown> = {}, content = `${tagOf(0)} go on`): string {
  return JSON.stringify({
    ...{ model: `acme/${MODEL}`, max_tokens: MAX_TOKENS, stream: false },
    messages: [{ role: 'user', content }],
    ...changes,
  });
}

function templatesFor(host: string): Record<Kind, readonly Template[]> {
  const chat = (body: string) => [new Template(host, 'chat/completions', body)];
  const text = (stream: boolean) => {
    const { messages: _, ...rest } = JSON.parse(chatBody({ stream })) as Record<string, unknown>;
    return [new Template(host, 'completions', JSON.stringify({ ...rest, prompt: `${tagOf(0)} go on` }))];
  };
  const whole = chat(chatBody());
  const stream = chat(chatBody({ stream: true }));
  return {
    whole,
    long: chat(chatBody({}, `${tagOf(0)} ${'and so on '.repeat(LONG_PROMPT_BYTES / 10)}`)),
    text: text(false),
    textStream: text(true),
    stream,
    fallback: chat(chatBody({ model: `acme/${FALLBACK_MODEL}` })),
    error500: whole,
    error429: chat(chatBody({ model: `acme/${CROWDED_MODEL}` })),
    garbage: whole,
    reset: whole,
    truncatedStream: stream,
    streamError: stream,
    leftStream: stream,
    leftWhole: whole,
    unknownKey: whole,
    badBody: [
      ...chat('{"model": "acme/steady", "messages": ['),
      ...chat(chatBody({ messages: [] })),
      ...chat(chatBody({ max_tokens: -1 })),
      ...chat(chatBody({ messages: [{ role: 'nobody', content: tagOf(0) }] })),
    ],
    revoked: whole,
    limited: whole,
  };
}

export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  readonly orders: Orders;
  readonly keyring: Keyring;
  readonly tally: Tally;
  readonly random: Random;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #templates: Record<Kind, readonly Template[]>;
  readonly #clients: readonly Client[];
  readonly #watch: Timer;
  /** The number of the next request. */
  #next = 0;
  /** None from this number on is sent for now. */
  #end = 0;
  /** The number that was next at each of the last seconds, oldest first. */
  readonly #marks: number[] = [];
  #drained: PromiseWithResolvers<void> | null = null;
  #issued: { readonly number: number; readonly resolve: () => void } | null = null;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#templates = templatesFor(`127.0.0.1:${options.port}`);
    this.#clients = Array.from({ length: options.clients }, () => ({
      ...{ socket: null, number: null, kind: 'whole' as const, key: null, beganAtMs: 0 },
      ...{ received: '', unsent: null, leaves: null },
    }));
    this.#watch = setInterval(() => {
      this.#marks.push(this.#next);
      if (this.#marks.length > RECENT_SECONDS) this.#marks.shift();
      this.#findHanging();
    }, 1000);
  }

  /** How many were sent. */
  get sent(): number {
    return this.#next;
  }

  /** The oldest request that is under way, or that may still be at work without its client. */
  get oldest(): number {
    const recent = this.#marks[0] ?? 0;
    return this.#clients.reduce((oldest, { number }) => Math.min(oldest, number ?? oldest), recent);
  }

  /** Sends all requests before this number; resolves when all were answered and every connection is closed. */
  async runTo(end: number): Promise<void> {
    this.#end = end;
    this.#drained = Promise.withResolvers();
    for (const client of this.#clients) void this.#connect(client);
    await this.#drained.promise;
  }

  /** Resolves when this number is the next one. */
  async until(number: number): Promise<void> {
    if (this.#next >= number) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#issued = { number, resolve };
    await promise;
  }

  stop(): void {
    clearInterval(this.#watch);
  }

  async #connect(client: Client): Promise<void> {
    while (this.#next < this.#end) {
      try {
        const { port } = this.#options;
        await Bun.connect<Client>({
          ...{ hostname: '127.0.0.1', port, data: client, socket: this.#handlers },
        });
        return;
      } catch {
        await Bun.sleep(RECONNECT_MS);
      }
    }
    this.#rest(client);
  }

  /** Has nothing more to do. */
  #rest(client: Client): void {
    client.socket?.end();
    client.socket = null;
    if (this.#clients.every(({ socket, number }) => socket === null && number === null))
      this.#drained?.resolve();
  }

  readonly #handlers = {
    open: (socket: Socket<Client>) => {
      socket.data.socket = socket;
      this.#send(socket.data);
    },
    data: (socket: Socket<Client>, bytes: Buffer) => this.#onData(socket, bytes),
    drain: (socket: Socket<Client>) => {
      const { unsent } = socket.data;
      if (socket.data.socket !== socket || unsent === null) return;
      const written = socket.write(unsent);
      socket.data.unsent = written < unsent.length ? unsent.subarray(Math.max(0, written)) : null;
    },
    close: (socket: Socket<Client>) => this.#onClose(socket),
    error: () => {},
  };

  #send(client: Client): void {
    const { socket } = client;
    if (socket === null || client.number !== null) return;
    if (this.#next >= this.#end) return this.#rest(client);
    const number = this.#next;
    this.#next += 1;
    const { orders, tally } = this.#options;
    client.number = number;
    client.kind = orders.kindOf(number);
    client.key = this.#keyFor(client.kind);
    client.received = '';
    client.beganAtMs = performance.now();
    tally.sent(number, client.key?.index ?? 0);
    const templates = this.#templates[client.kind];
    const template = templates[number % templates.length] as Template;
    const bytes = template.with(client.key?.key ?? unknownKey(number), number);
    const written = socket.write(bytes);
    if (written < bytes.length) client.unsent = Buffer.from(bytes.subarray(Math.max(0, written)));
    if (client.kind === 'leftWhole')
      client.leaves = setTimeout(() => this.#leave(client), LEFT_AFTER_MS + (number % LEFT_SPREAD_MS));
    if (this.#issued !== null && this.#next >= this.#issued.number) {
      this.#issued.resolve();
      this.#issued = null;
    }
  }

  #keyFor(kind: Kind): SoakKey | null {
    const { keyring, random } = this.#options;
    if (kind === 'unknownKey') return null;
    if (kind === 'limited') return random.pick(keyring.limited);
    if (kind === 'revoked' && keyring.revoked.length > 0) return random.pick(keyring.revoked);
    return random.pick(keyring.open);
  }

  #onData(socket: Socket<Client>, bytes: Buffer): void {
    const client = socket.data;
    if (client.socket !== socket) return;
    const received = client.received + bytes.toString('latin1');
    client.received = received;
    if (client.number === null) {
      // Bytes that nobody asked for.
      this.#options.tally.findings.add('wrong', `unasked: ${received.slice(0, 200)}`);
      return this.#leave(client);
    }
    if (client.kind === 'leftStream' && received.includes('data: ')) return this.#leave(client);
    const end = endOf(received);
    if (end === -1) return;
    if (end !== received.length) this.#options.tally.wrong(client.number, 'bytes behind its end');
    const outcome = this.#outcomeOf(client, client.number, received);
    this.#finish(client, outcome);
    if (outcome === 'unavailable') setTimeout(() => this.#sendAgain(client, socket), UNAVAILABLE_MS);
    else this.#send(client);
  }

  /** Unless its connection was lost meanwhile, and another one is on its way. */
  #sendAgain(client: Client, socket: Socket<Client>): void {
    if (client.socket === socket) this.#send(client);
  }

  #finish(client: Client, outcome: Outcome): void {
    if (client.number !== null) this.#options.tally.ended(client.number, outcome);
    if (client.leaves !== null) clearTimeout(client.leaves);
    client.leaves = null;
    client.number = null;
    client.unsent = null;
    client.received = '';
  }

  #leave(client: Client): void {
    const { socket, number } = client;
    this.#finish(client, 'left');
    client.socket = null;
    // Half of them say goodbye.
    if ((number ?? 0) % 2 === 0) socket?.terminate();
    else socket?.end();
    void this.#connect(client);
  }

  #onClose(socket: Socket<Client>): void {
    const client = socket.data;
    if (client.socket !== socket) return;
    client.socket = null;
    if (client.number !== null) this.#finish(client, 'broken');
    void this.#connect(client);
  }

  #outcomeOf(client: Client, number: number, answer: string): Outcome {
    const { tally } = this.#options;
    const status = Number(answer.slice(9, 12));
    tally.status(status);
    const what = this.#whatIsWrong(client, number, status, answer);
    if (what !== null) {
      tally.wrong(
        number,
        `${what}: ${answer.slice(0, 12)} ${answer.slice(answer.indexOf('\r\n\r\n') + 4).slice(0, 300)}`,
      );
      return 'wrong';
    }
    if (status === 503) return 'unavailable';
    if (FAILS.has(client.kind) && status !== 401 && status !== 403) return 'failed';
    return status === 200 ? 'complete' : 'refused';
  }

  /** Null: nothing. */
  #whatIsWrong(client: Client, number: number, status: number, answer: string): string | null {
    const { kind, key, beganAtMs } = client;
    const { keyring, orders } = this.#options;
    if (status === 503) return null;
    if (kind === 'unknownKey') return status === 401 ? null : 'an unknown key was not refused';
    if (key === null) return null;
    if (status === 401 || status === 403) return mayRefuse(key, beganAtMs) ? null : 'a good key was refused';
    if (!mayServe(key, beganAtMs)) return 'a revoked key was served';
    if (kind === 'badBody') return status === 400 ? null : 'a bad body was not refused';
    if (status === 402) return key.mostNanoUsd === null ? 'refused for a limit that is not there' : null;
    const failure = FAILS.get(kind);
    if (failure !== undefined)
      return status === failure && answer.includes('"error"') ? null : 'another end than the provider made';
    if (status !== 200) return 'no answer';
    if (!answer.includes(tagOf(number))) return 'the answer to another request';
    if (IS_STREAM.has(kind) && !answer.includes('data: [DONE]')) return 'a stream without its end';
    const costNanoUsd = costIn(answer);
    if (costNanoUsd !== orders.costNanoUsdOf(number))
      return `told ${costNanoUsd} nano-USD instead of ${orders.costNanoUsdOf(number)}`;
    if (!fitsLimit(key, beganAtMs)) return 'served beyond a limit that was reached';
    keyring.served(key, beganAtMs, costNanoUsd);
    return null;
  }

  #findHanging(): void {
    const nowMs = performance.now();
    for (const client of this.#clients) {
      if (client.number === null || nowMs - client.beganAtMs < PATIENCE_MS) continue;
      this.#options.tally.wrong(
        client.number,
        `no end after ${PATIENCE_MS} ms: ${client.received.slice(0, 200)}`,
      );
      client.socket?.terminate();
    }
  }
}

/** Which status a provider's failure has for the client. */
const FAILS: ReadonlyMap<Kind, number> = new Map<Kind, number>([
  ['error500', 502],
  ['error429', 429],
  ['garbage', 502],
  ['reset', 502],
  ['truncatedStream', 200],
  ['streamError', 200],
]);
const IS_STREAM: ReadonlySet<Kind> = new Set<Kind>(['stream', 'textStream']);

/** Where an answer ends; -1 while it has not. */
function endOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return -1;
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length);
    return text.length < end ? -1 : end;
  }
  return text.endsWith('\r\n0\r\n\r\n') ? text.length : -1;
}

/** -1 without one. */
function costIn(answer: string): number {
  const at = answer.lastIndexOf('"cost":');
  return at === -1 ? -1 : Math.round(Number.parseFloat(answer.slice(at + 7, at + 40)) * 1e9);
}

/** Half of them are well-formed, and have to be looked for. */
function unknownKey(number: number): string {
  return number % 2 === 0 ? newKeySecret().key : `sk-or-v1-${'0'.repeat(KEY_LENGTH - 9)}`;
}
