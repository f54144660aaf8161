// Answers one request: picks the behaviour, then a fault, a JSON body or a stream. Keeps its record.
import { type Answer, completionBody, errorBody, framesOf } from './completions.ts';
import type { Connection } from './connection.ts';
import { type Behaviour, behaviourFor, type Prompted, type ScriptQueue } from './faults.ts';
import { generate, type Piece } from './generation.ts';
import type { Ending, RequestLog, RequestRecord } from './log.ts';
import type { Pacer } from './pacer.ts';
import { type CompletionRequest, readCompletionRequest } from './request.ts';
import { playStream } from './stream-player.ts';

export interface AnswerTools {
  readonly log: RequestLog;
  readonly scripts: ScriptQueue;
  readonly pacer: Pacer;
  readonly activeStreams: Set<RequestRecord>;
}

type Body = string | Buffer;

function garbageOf(kind: NonNullable<Behaviour['garbage']>, isStream: boolean): { type: string; body: Body } {
  const jsonType = isStream ? 'text/event-stream' : 'application/json';
  switch (kind) {
    case 'html':
      return { type: 'text/html', body: '<!doctype html><html><body><h1>It works!</h1></body></html>' };
    case 'json':
      return {
        type: jsonType,
        body: `${isStream ? 'data: ' : ''}{"id":"chatcmpl-broken","choices":[{"ind${isStream ? '\n\n' : ''}`,
      };
    case 'binary':
      return {
        type: 'application/octet-stream',
        body: Buffer.from(Array.from({ length: 2048 }, (_, n) => (n * 167 + 13) % 256)),
      };
    case 'line':
      return { type: jsonType, body: `${isStream ? 'data: ' : ''}${'x'.repeat(1 << 20)}` };
  }
}

function scriptedErrorBody(status: number, { body, bodyBase64 }: Behaviour): Body {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, 'base64');
  if (typeof body === 'string') return body;
  if (body !== undefined) return JSON.stringify(body);
  const type =
    status === 429 ? 'rate_limit_exceeded' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return errorBody(`The fake provider was told to answer ${status}.`, type, type);
}

/** Collects one request's course so that its record is closed exactly once. */
export class Exchange {
  readonly connection: Connection;
  readonly record: RequestRecord;
  readonly #tools: AnswerTools;
  readonly #behaviour: Behaviour;
  #cancel: (() => void) | undefined;

  constructor(connection: Connection, record: RequestRecord, tools: AnswerTools, behaviour: Behaviour) {
    this.connection = connection;
    this.record = record;
    this.#tools = tools;
    this.#behaviour = behaviour;
    connection.onLeave(() => {
      this.#cancel?.();
      this.close('client-left');
    });
  }

  close(ended: Ending): void {
    this.#tools.activeStreams.delete(this.record);
    this.#tools.log.close(this.record, ended);
  }

  wait(delayMs: number, task: () => void): void {
    if (delayMs > 0) this.#cancel = this.#tools.pacer.at(performance.now() + delayMs, task);
    else task();
  }

  head(status: number, type: string, extra: Record<string, string>): void {
    this.record.status = status;
    const headers = { 'content-type': type, 'x-request-id': `req_${this.record.nonce}`, ...extra };
    this.connection.writeHead(status, { ...headers, ...this.#behaviour.headers });
  }

  /** A body of known length, in one write. */
  send(status: number, type: string, body: Body, ended: Ending, extra: Record<string, string> = {}): void {
    this.head(status, type, { 'content-length': String(Buffer.byteLength(body)), ...extra });
    this.connection.write(body);
    this.connection.whenDrained(() => {
      this.close(ended);
      this.connection.finish();
    });
  }

  sendCompletion(answer: Answer): void {
    const { usage } = answer.generation;
    this.record.usage = usage;
    this.record.chunksSent = usage.completionTokens;
    this.sendWhole(Buffer.from(completionBody(answer)));
  }

  /** A whole JSON body, or the half of it that the fault leaves. */
  sendWhole(body: Buffer): void {
    const behaviour = this.#behaviour;
    const isReset = behaviour.resetAfterChunks !== undefined;
    const isCut = isReset || behaviour.truncateAfterChunks !== undefined;
    if (!isCut && behaviour.hang !== 'mid-stream' && behaviour.onebyte !== true) {
      return this.send(200, 'application/json', body, 'complete');
    }
    this.head(200, 'application/json', { 'content-length': String(body.length) });
    if (behaviour.onebyte === true && !isCut) return this.#sendByBytes(body, 0);
    this.connection.write(body.subarray(0, body.length >> 1));
    if (!isCut) return;
    if (isReset) this.connection.reset();
    else this.connection.end();
    this.close('fault');
  }

  stream(answer: Answer): void {
    const { behaviour, generation } = answer;
    this.#tools.activeStreams.add(this.record);
    this.record.usage = { ...generation.usage, completionTokens: 0, reasoningTokens: 0 };
    this.head(200, 'text/event-stream; charset=utf-8', {
      'cache-control': 'no-cache',
      'transfer-encoding': 'chunked',
    });
    this.#cancel = playStream(this.connection, framesOf(answer), behaviour, this.#tools.pacer, {
      onPiece: (piece) => this.#count(piece),
      onEnd: (ended) => this.close(ended),
    });
  }

  #count(piece: Piece): void {
    const { usage } = this.record;
    this.record.chunksSent += 1;
    this.record.usage = {
      ...usage,
      completionTokens: usage.completionTokens + 1,
      reasoningTokens: usage.reasoningTokens + (piece.kind === 'reasoning' ? 1 : 0),
    };
  }

  #sendByBytes(body: Buffer, at: number): void {
    if (this.connection.isClosed) return;
    if (at < body.length) {
      this.connection.write(body.subarray(at, at + 1));
      this.connection.whenDrained(() => setImmediate(() => this.#sendByBytes(body, at + 1)));
      return;
    }
    this.close('complete');
    this.connection.finish();
  }
}

/** False: the behaviour leaves the answer to be a proper one. */
function playFault(exchange: Exchange, behaviour: Behaviour): boolean {
  const { status, body, bodyBase64, garbage, redirect } = behaviour;
  if (redirect !== undefined) {
    exchange.send(status ?? 302, 'text/plain', '', 'fault', { location: redirect });
  } else if (garbage !== undefined) {
    const wrong = garbageOf(garbage, exchange.record.isStream);
    exchange.send(status ?? 200, wrong.type, wrong.body, 'fault');
  } else if (status !== undefined || body !== undefined || bodyBase64 !== undefined) {
    const given = scriptedErrorBody(status ?? 200, behaviour);
    exchange.send(status ?? 200, 'application/json', given, 'fault');
  } else return false;
  return true;
}

function play(exchange: Exchange, request: CompletionRequest, behaviour: Behaviour, text: string): void {
  const { record } = exchange;
  const id = `${request.kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${record.nonce}`;
  const generation = generate(request, behaviour, text, record.nonce);
  record.wasMaxTokensIgnored = generation.wasMaxTokensIgnored;
  const made = {
    id,
    createdAtSeconds: Math.floor(record.receivedAt / 1000),
    request,
    behaviour,
    generation,
  };
  if (request.isStream) exchange.stream(made);
  else exchange.sendCompletion(made);
}

export function answerCompletion(
  connection: Connection,
  kind: 'chat' | 'text',
  record: RequestRecord,
  tools: AnswerTools,
): void {
  answer(connection, record, tools, readCompletionRequest(kind, record.body), play);
}

/** `request`: a text is the sentence of its refusal. `proper` answers it when no fault does. */
export function answer<R extends Prompted>(
  connection: Connection,
  record: RequestRecord,
  tools: AnswerTools,
  request: R | string,
  proper: (exchange: Exchange, request: R, behaviour: Behaviour, text: string) => void,
): void {
  const refuse = (status: number, message: string, code: string | null) =>
    new Exchange(connection, record, tools, {}).send(
      status,
      'application/json',
      errorBody(message, 'invalid_request_error', code),
      'complete',
    );
  if (!/^bearer \S/iu.test(record.authorization ?? '')) {
    return refuse(401, "You didn't provide an API key.", 'invalid_api_key');
  }
  if (typeof request === 'string') return refuse(400, request, null);
  const chosen = behaviourFor(request, tools.scripts);
  if (typeof chosen === 'string') return refuse(400, chosen, null);

  const { behaviour, text } = chosen;
  const exchange = new Exchange(connection, record, tools, behaviour);
  if (behaviour.hang === 'before-headers') return;
  const start = () =>
    exchange.wait(behaviour.delayMs ?? 0, () => {
      if (!playFault(exchange, behaviour)) proper(exchange, request, behaviour, text);
    });
  if (behaviour.holdUntil === undefined || behaviour.holdAfterChunks !== undefined) return start();
  void behaviour.holdUntil.then(() => {
    if (!connection.isClosed) start();
  });
}
