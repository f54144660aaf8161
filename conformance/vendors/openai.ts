/** OpenAI's API as far as Codex uses it: responses by HTTP and by WebSocket. */
import type { Server, ServerWebSocket } from 'bun';
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import { failedResponse, invalid, newId, type Replied, refusalOf, responseEvents } from './openai-answer.ts';
import { keyOf, type Received, streamOf, type Turn, VENDOR_KEY, type Vendor } from './vendor.ts';

export function startOpenAi(): Vendor {
  return new OpenAi();
}

interface Connection {
  readonly path: string;
  readonly headers: Headers;
  /** What was said on it so far, by the id of the last response. */
  said: { readonly id: string; readonly input: readonly unknown[] } | null;
}

type Answer =
  | { readonly failed: ReturnType<typeof invalid> }
  | { readonly events: readonly JsonObject[]; readonly cutAfter: number | null };

class OpenAi implements Vendor {
  received: Received[] = [];
  readonly counted = 0;
  #words = '';
  #turns: Turn[] = [];
  #encrypted = new Map<string, string>();
  readonly #server: Server<Connection> = Bun.serve<Connection>({
    ...{ hostname: '127.0.0.1', port: 0, idleTimeout: 0 },
    // Otherwise each cut is reported as a fault of ours.
    error: () => new Response(null, { status: 500 }),
    fetch: (request, server) => this.#fetch(request, server),
    websocket: { message: (socket, text) => this.#message(socket, String(text)) },
  });
  readonly url = `http://127.0.0.1:${this.#server.port}`;

  begin(words: string, turns: readonly Turn[]): void {
    this.#words = words;
    this.#turns = [...turns];
    this.received = [];
    this.#encrypted = new Map();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #fetch(request: Request, server: Server<Connection>): Promise<Response | undefined> {
    const { pathname } = new URL(request.url);
    const { headers, method } = request;
    if (keyOf(headers) !== VENDOR_KEY) return failedResponse(refusalOf('wrong key'));
    // OpenAI's list, in which Codex finds nothing that it could read.
    if (pathname.endsWith('/models')) return Response.json({ object: 'list', data: [] });
    if (!pathname.endsWith('/responses')) return failedResponse({ ...invalid('Not Found'), status: 404 });
    if (method === 'GET') {
      const data = { path: pathname, headers: new Headers(headers), said: null };
      return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 426 });
    }
    const body = (await request.json()) as JsonObject;
    const answer = this.#turn(pathname, headers, body);
    if ('failed' in answer) return failedResponse(answer.failed);
    const frames = answer.events.map(
      (event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    return new Response(streamOf(frames, answer.cutAfter), {
      headers: { 'content-type': 'text/event-stream' },
    });
  }

  #message(socket: ServerWebSocket<Connection>, text: string): void {
    const { type, generate, previous_response_id: previous, ...body } = JSON.parse(text) as JsonObject;
    const { data } = socket;
    if (type !== 'response.create') return fail(socket, invalid(`unknown type ${type}`));
    const before = (previous ?? null) === null ? null : data.said;
    if ((previous ?? null) !== null && before?.id !== previous)
      return fail(socket, invalid(`Previous response with id '${previous}' not found.`));
    const input = [...(before?.input ?? []), ...((body['input'] as readonly unknown[]) ?? [])];
    const answer: Answer =
      generate === false
        ? { events: responseEvents(NOTHING(body)), cutAfter: null }
        : this.#turn(data.path, data.headers, { ...body, input });
    if ('failed' in answer) return fail(socket, answer.failed);
    const sent = answer.cutAfter === null ? answer.events : answer.events.slice(0, answer.cutAfter);
    for (const event of sent) socket.send(JSON.stringify(event));
    if (answer.cutAfter !== null) return socket.terminate();
    const response = answer.events.at(-1)?.['response'] as JsonObject;
    data.said = { id: String(response['id']), input: [...input, ...(response['output'] as unknown[])] };
  }

  #turn(path: string, headers: Headers, body: JsonObject): Answer {
    const turn: Turn = this.#turns.shift() ?? { kind: 'text' };
    const problem = this.#problemOf(body);
    const inputBytes = Buffer.byteLength(JSON.stringify(body['input'] ?? ''));
    this.received.push({
      ...{ path, headers, body, problem },
      usage: { fresh: inputBytes, written: 0, read: 0 },
    });
    if (problem !== null) return { failed: invalid(problem) };
    if (turn.kind === 'refusal') return { failed: refusalOf(turn.why) };
    const isCall = turn.kind === 'call';
    const replied: Replied = {
      ...{ model: String(body['model']), inputBytes, reasoning: this.#reasoningFor(body) },
      text: isCall ? null : this.#words,
      call: isCall ? { name: turn.tool, arguments: JSON.stringify(turn.input) } : null,
    };
    return { events: responseEvents(replied), cutAfter: turn.kind === 'cut' ? turn.afterEvents : null };
  }

  /** What was encrypted comes back as it was, and each call has an output. */
  #problemOf({ input, stream }: JsonObject): string | null {
    if (!Array.isArray(input) || input.length === 0) return "Missing required parameter: 'input'.";
    if (stream !== true) return 'Only streams are recorded of Codex.';
    const items = input.filter(isJsonObject);
    for (const { type, id, encrypted_content: encrypted } of items) {
      if (type !== 'reasoning') continue;
      const isKnown = id === undefined || id === null || this.#encrypted.get(String(encrypted)) === id;
      if (!this.#encrypted.has(String(encrypted)) || !isKnown)
        return 'The encrypted content could not be verified.';
    }
    const outputs = items.filter(({ type }) => /_output$/.test(String(type))).map((item) => item['call_id']);
    const open = items.find((item) => item['type'] === 'function_call' && !outputs.includes(item['call_id']));
    return open === undefined ? null : `No tool output found for function call ${open['call_id']}.`;
  }

  #reasoningFor({ reasoning, include }: JsonObject): Replied['reasoning'] {
    if (!isJsonObject(reasoning) || !Array.isArray(include)) return null;
    if (!include.includes('reasoning.encrypted_content')) return null;
    const encrypted = `gAAAAAB${Buffer.from(crypto.getRandomValues(new Uint8Array(300))).toString('base64url')}`;
    const id = newId('rs');
    this.#encrypted.set(encrypted, id);
    return { id, encrypted };
  }
}

/** A warm-up: nothing is generated. */
const NOTHING = (body: JsonObject): Replied => ({
  ...{ model: String(body['model']), inputBytes: 0, reasoning: null, text: null, call: null },
});

function fail(socket: ServerWebSocket<Connection>, { status, error }: ReturnType<typeof invalid>): void {
  socket.send(JSON.stringify({ type: 'error', status, error }));
}
