// A fake OpenAI on loopback that misbehaves on command. Start here: routes, control API, start and stop.
import { type AnswerTools, answerCompletion } from './answer.ts';
import { errorBody } from './completions.ts';
import { Connection } from './connection.ts';
import { answerEmbeddings } from './embeddings.ts';
import { readScript, type Script, ScriptQueue } from './faults.ts';
import type { HttpRequest } from './http-parser.ts';
import { asObject, asString, parseJson } from './json.ts';
import { RequestLog, type RequestRecord } from './log.ts';
import { createPacer } from './pacer.ts';

export interface FakeProviderOptions {
  /** 0 (any free port) unless told. */
  readonly port?: number;
  /** What GET /v1/models lists; any model name is answered. */
  readonly models?: readonly string[];
  /** Each finished request is appended to this file as a JSON line. */
  readonly logFile?: string;
  /** The log keeps at least this many of the newest requests in memory; 10,000 unless told. */
  readonly keepRequests?: number;
}

export interface FakeProviderStats {
  readonly openConnections: number;
  readonly activeStreams: number;
  readonly totalRequests: number;
}

export interface FakeProvider {
  readonly port: number;
  /** For `base_url`: `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:<port>`, under which `/control/…` is. */
  readonly origin: string;
  readonly requests: readonly RequestRecord[];
  readonly stats: FakeProviderStats;
  /** Queues a behaviour; the oldest one that matches a request is used. */
  script(script: Script): void;
  clearScripts(): void;
  clearRequests(): void;
  /** Closes all connections at once and stops listening. */
  stop(): void;
}

const HOST = '127.0.0.1';
const DEFAULT_MODELS = ['fake-small', 'fake-large', 'fake-reason'];

function sendJson(connection: Connection, status: number, body: string): void {
  connection.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  });
  connection.write(body);
  connection.finish();
}

function modelList(models: readonly string[]): string {
  const data = models.map((id) => ({
    id,
    object: 'model',
    created: 1_767_225_600,
    owned_by: 'fake-provider',
  }));
  return JSON.stringify({ object: 'list', data });
}

export function startFakeProvider(options: FakeProviderOptions = {}): FakeProvider {
  const log = new RequestLog(options.keepRequests ?? 10_000, options.logFile);
  const scripts = new ScriptQueue();
  const pacer = createPacer();
  const activeStreams = new Set<RequestRecord>();
  const tools: AnswerTools = { log, scripts, pacer, activeStreams };
  const models = modelList(options.models ?? DEFAULT_MODELS);
  const connections = new Set<Connection>();

  const stats = (): FakeProviderStats => ({
    openConnections: connections.size,
    activeStreams: activeStreams.size,
    totalRequests: log.total,
  });

  const recordOf = (request: HttpRequest): RequestRecord => {
    const body = parseJson(request.body.toString());
    const { model, stream } = asObject(body);
    return log.open({
      method: request.method,
      path: request.path,
      headers: request.headers,
      body,
      model: asString(model),
      isStream: stream === true,
    });
  };

  const complete = (kind: 'chat' | 'text', connection: Connection, request: HttpRequest) =>
    answerCompletion(connection, kind, recordOf(request), tools);

  const queue = (connection: Connection, request: HttpRequest) => {
    const script = readScript(parseJson(request.body.toString()));
    if (typeof script === 'string') {
      sendJson(connection, 400, errorBody(script, 'invalid_request_error'));
      return;
    }
    scripts.add(script);
    sendJson(connection, 200, '{"queued":true}');
  };

  const route = (connection: Connection, request: HttpRequest): void => {
    const path = request.path.split('?', 1)[0] ?? '';
    switch (`${request.method} ${path}`) {
      case 'POST /v1/chat/completions':
        return complete('chat', connection, request);
      case 'POST /v1/completions':
        return complete('text', connection, request);
      case 'POST /v1/embeddings':
        return answerEmbeddings(connection, recordOf(request), tools);
      case 'GET /v1/models':
        return sendJson(connection, 200, models);
      case 'POST /control/script':
        return queue(connection, request);
      case 'DELETE /control/script':
        scripts.clear();
        return sendJson(connection, 200, '{"cleared":true}');
      case 'GET /control/requests':
        return sendJson(connection, 200, JSON.stringify(log.records));
      case 'DELETE /control/requests':
        log.clear();
        return sendJson(connection, 200, '{"cleared":true}');
      case 'GET /control/stats':
        return sendJson(connection, 200, JSON.stringify(stats()));
      default:
        return sendJson(
          connection,
          404,
          errorBody(`Invalid URL (${request.method} ${path})`, 'invalid_request_error'),
        );
    }
  };

  const listener = Bun.listen<{ connection?: Connection }>({
    hostname: HOST,
    port: options.port ?? 0,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        const connection = new Connection(socket, route);
        socket.data = { connection };
        connections.add(connection);
      },
      data(socket, bytes) {
        socket.data.connection?.receive(bytes);
      },
      drain(socket) {
        socket.data.connection?.drained();
      },
      close(socket) {
        const { connection } = socket.data;
        if (connection === undefined) return;
        connections.delete(connection);
        connection.closed();
      },
      error() {
        // The close that follows tells all there is to know.
      },
    },
  });

  const origin = `http://${HOST}:${listener.port}`;
  return {
    port: listener.port,
    origin,
    baseUrl: `${origin}/v1`,
    get requests() {
      return log.records;
    },
    get stats() {
      return stats();
    },
    script: (script) => scripts.add(script),
    clearScripts: () => scripts.clear(),
    clearRequests: () => log.clear(),
    stop() {
      pacer.stop();
      listener.stop(true);
    },
  };
}
