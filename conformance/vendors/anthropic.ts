/** Anthropic's API as far as its clients use it: messages, streamed or whole, counts of tokens, and the list of models. */
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import {
  failure,
  messageEvents,
  newSignature,
  refusal,
  type Said,
  wholeMessage,
} from './anthropic-answer.ts';
import { blocksOf, PromptCache, problemOf } from './anthropic-rules.ts';
import { keyOf, type Received, streamOf, type Turn, VENDOR_KEY, type Vendor } from './vendor.ts';

export function startAnthropic(): Vendor {
  return new Anthropic();
}

const ASIDE = /aside/;
const THINKS = new Set(['enabled', 'adaptive']);

class Anthropic implements Vendor {
  received: Received[] = [];
  counted = 0;
  #words = '';
  #turns: Turn[] = [];
  #cache = new PromptCache();
  #signed = new Map<string, string>();
  readonly #server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0, idleTimeout: 0 },
    // Otherwise each cut is reported as a fault of ours.
    error: () => new Response(null, { status: 500 }),
    fetch: (request) => this.#answer(request),
  });
  readonly url = `http://127.0.0.1:${this.#server.port}`;

  begin(words: string, turns: readonly Turn[]): void {
    this.#words = words;
    this.#turns = [...turns];
    this.received = [];
    this.counted = 0;
    this.#cache = new PromptCache();
    this.#signed = new Map();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    if (request.method !== 'POST') {
      return pathname.endsWith('/v1/models')
        ? Response.json({ data: [], has_more: false, first_id: null, last_id: null })
        : new Response(null, { status: 200 });
    }
    if (keyOf(request.headers) !== VENDOR_KEY) return refusal('wrong key');
    const body = (await request.json()) as unknown;
    if (!isJsonObject(body)) return failure(400, 'invalid_request_error', 'The body is no object');
    if (pathname.endsWith('/v1/messages/count_tokens')) {
      this.counted += 1;
      const bytes = blocksOf(body).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      return Response.json({ input_tokens: Math.ceil(bytes / 4) });
    }
    if (!pathname.endsWith('/v1/messages')) return failure(404, 'not_found_error', 'Not Found');
    if (ASIDE.test(String(body['model']))) return said(body, { ...ASIDE_SAID, model: String(body['model']) });
    return this.#turn(`${pathname}${search}`, request.headers, body);
  }

  #turn(path: string, headers: Headers, body: JsonObject): Response {
    const problem = problemOf(body, headers, this.#signed);
    const turn: Turn = this.#turns.shift() ?? { kind: 'text' };
    const isRefused = problem !== null || turn.kind === 'refusal';
    const usage = isRefused ? { fresh: 0, written: 0, read: 0 } : this.#cache.use(body);
    this.received.push({ path, headers, body, usage, problem });
    if (problem !== null) return failure(400, 'invalid_request_error', problem);
    if (turn.kind === 'refusal') return refusal(turn.why);
    const isCall = turn.kind === 'call';
    const thought = this.#thoughtFor(body);
    return said(
      body,
      {
        ...{ model: String(body['model']), usage, thought },
        text: isCall ? null : this.#words,
        call: isCall ? { name: turn.tool, input: turn.input } : null,
      },
      turn.kind === 'cut' ? turn.afterEvents : null,
    );
  }

  #thoughtFor({ thinking }: JsonObject): Said['thought'] {
    if (!isJsonObject(thinking) || !THINKS.has(String(thinking['type']))) return null;
    const thought = { thinking: 'I think about what was asked.', signature: newSignature() };
    this.#signed.set(thought.signature, thought.thinking);
    return thought;
  }
}

const ASIDE_SAID: Omit<Said, 'model'> = {
  usage: { fresh: 40, written: 0, read: 0 },
  ...{ thought: null, call: null, text: '{"title": "Nine words"}' },
};

function said(body: JsonObject, what: Said, cutAfter: number | null = null): Response {
  if (body['stream'] !== true && cutAfter === null) return Response.json(wholeMessage(what));
  return new Response(streamOf(messageEvents(what), cutAfter), {
    headers: { 'content-type': 'text/event-stream' },
  });
}
