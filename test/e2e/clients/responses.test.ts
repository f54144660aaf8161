/** The Responses API against the whole gateway: official clients by HTTP, and a WebSocket as Codex uses it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { becomesTrueWithin } from '../../../src/clock.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

type Json = Record<string, unknown>;

let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ config: { limits: { request_body_bytes: 64 * 1024 } } });
  client = new OpenAI({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });
});
afterAll(() => gateway?.stop());
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.provider.clearRequests();
});

const model = 'acme/small';
const sentBody = () => gateway.provider.requests.at(-1)?.body as Json;
const contents = () => (sentBody()['messages'] as Json[]).map(({ content }) => content);

async function generationOf(id: unknown, key = gateway.apiKey): Promise<Json | null> {
  const answer = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return answer.ok ? ((await answer.json()) as { data: Json }).data : null;
}

describe('by HTTP', () => {
  test('a whole response has text, usage and the exact cost, under the name of its generation', async () => {
    const { data, response } = await client.responses
      .create({ model, input: 'one two three', store: false })
      .withResponse();
    expect(data.output_text).toBe('one two three');
    expect(response.headers.get('x-generation-id')).toBe(data.id);
    const { input_tokens: input, output_tokens: output } = data.usage ?? {
      input_tokens: 0,
      output_tokens: 0,
    };
    expect(data.usage).toMatchObject({ cost: (100_000 + input * 150 + output * 600) / 1e9 });
    expect(await generationOf(data.id)).toMatchObject({
      total_cost: (data.usage as unknown as Json)['cost'],
    });
  });

  test('a stream is put together by the helper of the official client', async () => {
    const stream = client.responses.stream({
      model,
      input: [{ role: 'user', content: 'one two three' }],
      store: false,
    });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const final = await stream.finalResponse();
    expect([text, final.output_text, final.status]).toEqual(['one two three', 'one two three', 'completed']);
  });

  test('instructions, a cap and a format are told to a provider of chat completions', async () => {
    const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
    await client.responses.create({
      ...{ model, input: 'hi', store: false, instructions: 'Be brief', max_output_tokens: 50, top_p: 0.5 },
      text: { format: { type: 'json_schema', name: 'city', schema, strict: true } },
    });
    expect(sentBody()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'hi' },
      ],
      max_tokens: 50,
      top_p: 0.5,
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema, strict: true } },
    });
  });

  test('an answer at its cap is incomplete', async () => {
    const response = await client.responses.create({
      model,
      input: 'one two three',
      store: false,
      max_output_tokens: 1,
    });
    expect([response.status, response.incomplete_details]).toEqual([
      'incomplete',
      { reason: 'max_output_tokens' },
    ]);
  });

  test('refusals come in the envelope that all doors have', async () => {
    const { key } = await makeKey(gateway, { limit: 0.0000001 });
    const poor = new OpenAI({ apiKey: key, baseURL: gateway.baseUrl, maxRetries: 0 });
    const statusOf = (work: Promise<unknown>) =>
      work.then(
        () => 200,
        ({ status, error }) => [status, error.code],
      );
    expect(await statusOf(poor.responses.create({ model, input: 'hi' }))).toEqual([402, 402]);
    expect(await statusOf(poor.responses.create({ model, input: 'hi', stream: true }))).toEqual([402, 402]);
    expect(await statusOf(client.responses.create({ model, input: 'hi', store: true }))).toEqual([400, 400]);
    expect(
      await statusOf(client.responses.create({ model, input: 'hi', previous_response_id: 'r' })),
    ).toEqual([400, 400]);
  });

  test('Codex, which repeats a refused status for seconds, reads the reason once, from a stream that fails', async () => {
    const { key } = await makeKey(gateway, { limit: 0 });
    const ask = async (body: object, headers: Record<string, string>) => {
      const answer = await fetch(`${gateway.baseUrl}/responses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model, input: 'hi', stream: true, ...body }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const codex = { originator: 'codex_exec' };
    const spent = await ask({}, codex);
    expect(spent.status).toBe(200);
    const failed = /^data: (\{"type":"response\.failed".*)$/m.exec(spent.text)?.[1] ?? '{}';
    expect(JSON.parse(failed)).toMatchObject({
      response: {
        status: 'failed',
        error: { code: 'invalid_prompt', message: expect.stringContaining('limit') },
      },
    });
    const unknown = await ask({ model: 'acme/none' }, codex);
    expect(unknown.text).not.toContain('response.completed');
    // Everybody else reads the status, and Codex reads it of what is its own mistake, and of what passes.
    expect((await ask({}, {})).status).toBe(402);
    expect((await ask({}, { originator: 'opencode' })).status).toBe(402);
    expect((await ask({ stream: false }, codex)).status).toBe(402);
    expect((await ask({ input: 5 }, codex)).status).toBe(400);
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('Codex reads from a stream, too, that its conversation is too long, and then compacts it', async () => {
    const error = {
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.",
      ...{ type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
    };
    const ask = async (headers: Record<string, string>) => {
      gateway.provider.script({ behaviour: { status: 400, body: { error } } });
      return await fetch(`${gateway.baseUrl}/responses`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${gateway.apiKey}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify({ model, input: 'hi', stream: true }),
      });
    };
    const told = await ask({ originator: 'codex_cli_rs' });
    expect([told.status, await told.text()]).toEqual([
      200,
      expect.stringMatching(/"type":"response\.failed".*"code":"context_length_exceeded"/),
    ]);
    expect((await ask({})).status).toBe(400);
  });

  test('whoever does not ask for a WebSocket is told at once that this is one', async () => {
    const answer = await fetch(`${gateway.baseUrl}/responses`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await answer.json()).toMatchObject({ error: { code: 426 } });
  });
});

/** A client that keeps what it hears. */
class Talk implements AsyncDisposable {
  readonly events: Json[] = [];
  closed: number | null = null;
  readonly #socket: WebSocket;
  readonly opened: Promise<void>;

  constructor(key = gateway.apiKey, headers: Record<string, string> = {}) {
    const url = `${gateway.baseUrl.replace('http', 'ws')}/responses`;
    const sent = {
      authorization: `Bearer ${key}`,
      'openai-beta': 'responses_websockets=2026-02-06',
      ...headers,
    };
    this.#socket = new WebSocket(url, { headers: sent } as unknown as string[]);
    this.#socket.addEventListener('message', ({ data }) => void this.events.push(JSON.parse(String(data))));
    this.#socket.addEventListener('close', ({ code }) => {
      this.closed = code;
    });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => resolve());
      this.#socket.addEventListener('error', () => reject(new Error('no connection')));
    });
  }

  async send(message: unknown): Promise<void> {
    await this.opened;
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends and waits for what ends the answer. */
  async ask(message: Json | string): Promise<Json> {
    const from = this.events.length;
    await this.send(message);
    const last = () => this.events.slice(from).find(({ type }) => ENDS.has(type));
    expect(await becomesTrueWithin(() => last() !== undefined, 5000)).toBe(true);
    return last() ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await becomesTrueWithin(() => this.closed !== null, 1000);
  }
}

const ENDS = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed', 'error']);
const said = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const create = (members: Json): Json => ({ type: 'response.create', model, store: false, ...members });
const responseOf = (event: Json) => event['response'] as Json;
const idOf = (event: Json) => responseOf(event)['id'];

describe('by WebSocket', () => {
  test('after a warm-up that costs nothing, each turn tells only what is new, and the model hears everything', async () => {
    await using talk = new Talk();
    const warm = await talk.ask(create({ input: [said('Rules')], generate: false }));
    expect(responseOf(warm)).toMatchObject({
      status: 'completed',
      output: [],
      usage: { cost: 0, total_tokens: 0 },
    });
    expect(gateway.provider.requests).toHaveLength(0);
    const first = await talk.ask(create({ input: [said('one two')], previous_response_id: idOf(warm) }));
    expect(responseOf(first)).toMatchObject({ status: 'completed', output_text: 'one two' });
    expect(contents()).toEqual(['Rules', 'one two']);
    const second = await talk.ask(create({ input: [said('three')], previous_response_id: idOf(first) }));
    expect(contents()).toEqual(['Rules', 'one two', 'one two', 'three']);
    expect(responseOf(second)).toMatchObject({ status: 'completed', output_text: 'three' });
    expect(talk.events.filter(({ type }) => type === 'response.created')).toHaveLength(3);
    for (const turn of [first, second]) {
      const generation = await generationOf(idOf(turn));
      expect(generation).toMatchObject({
        streamed: true,
        total_cost: (responseOf(turn)['usage'] as Json)['cost'],
      });
    }
    expect(await generationOf(idOf(warm))).toBeNull();
  });

  test('what another connection was told is not known', async () => {
    await using one = new Talk();
    const first = await one.ask(create({ input: 'hi' }));
    await using other = new Talk();
    const refused = await other.ask(create({ input: 'hi', previous_response_id: idOf(first) }));
    expect(refused).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'previous_response_not_found' },
    });
    // The connection goes on.
    expect(responseOf(await other.ask(create({ input: 'hi' })))).toMatchObject({ status: 'completed' });
  });

  test('one response at a time', async () => {
    const held = Promise.withResolvers<void>();
    gateway.provider.script({ behaviour: { holdUntil: held.promise, holdAfterChunks: 1 } });
    await using talk = new Talk();
    await talk.send(create({ input: 'one two three' }));
    expect(await becomesTrueWithin(() => talk.events.some(({ delta }) => delta !== undefined), 5000)).toBe(
      true,
    );
    expect(await talk.ask(create({ input: 'hi' }))).toMatchObject({
      type: 'error',
      error: { code: 'invalid_request' },
    });
    held.resolve();
    const isOver = () => talk.events.at(-1)?.['type'] === 'response.completed';
    expect(await becomesTrueWithin(isOver, 5000)).toBe(true);
  });

  test.each<[string, string | Json]>([
    ['no JSON', 'hello'],
    ['no object', '[1]'],
    ['another message', { type: 'session.update' }],
    ['no model', { type: 'response.create', input: 'hi' }],
    ['no input', { type: 'response.create', model: 'acme/small' }],
    ['an unknown model', { type: 'response.create', model: 'acme/none', input: 'hi' }],
    ['to be stored', { type: 'response.create', model: 'acme/small', input: 'hi', store: true }],
  ])('%s is refused in words that end a try of Codex', async (_, message) => {
    await using talk = new Talk();
    const failed = await talk.ask(message);
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'invalid_prompt' } },
    });
    expect(talk.events.map((event) => event['sequence_number'])).toEqual([...talk.events.keys()]);
    expect(responseOf(await talk.ask(create({ input: 'hi' })))).toMatchObject({ status: 'completed' });
  });

  test('a spent key is told so, and each turn counts', async () => {
    const { key } = await makeKey(gateway, { limit: 0.00015 });
    await using talk = new Talk(key);
    expect(await talk.ask(create({ input: 'hi', max_output_tokens: 20 }))).toMatchObject({
      type: 'response.completed',
    });
    expect(await talk.ask(create({ input: 'hi', max_output_tokens: 20 }))).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'invalid_prompt' }, error_type: 'payment_required' },
    });
  });

  test('a key that was revoked meanwhile says nothing more', async () => {
    const { key, hash } = await makeKey(gateway);
    await using talk = new Talk(key);
    expect(await talk.ask(create({ input: 'hi' }))).toMatchObject({ type: 'response.completed' });
    await fetch(`${gateway.baseUrl}/keys/${hash}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    gateway.provider.clearRequests();
    expect(await talk.ask(create({ input: 'hi' }))).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'invalid_prompt' }, error_type: 'authentication' },
    });
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('a key that is none opens no connection', async () => {
    const talk = new Talk('sk-or-v1-none');
    expect(
      await talk.opened.then(
        () => 'opened',
        () => 'refused',
      ),
    ).toBe('refused');
  });

  test('a provider that fails is told in words', async () => {
    gateway.provider.script({ times: 'always', behaviour: { status: 500 } });
    await using talk = new Talk();
    expect(await talk.ask(create({ input: 'hi' }))).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'server_error' } },
    });
  });

  test('whoever leaves in the middle has cancelled, and pays for what came', async () => {
    const held = Promise.withResolvers<void>();
    gateway.provider.script({ behaviour: { chunks: 50, holdUntil: held.promise, holdAfterChunks: 3 } });
    let id: unknown;
    {
      await using talk = new Talk();
      await talk.send(create({ input: 'one two three' }));
      expect(await becomesTrueWithin(() => talk.events.some(({ delta }) => delta !== undefined), 5000)).toBe(
        true,
      );
      id = idOf(talk.events[0] ?? {});
    }
    let generation: Json | null = null;
    for (let tries = 0; generation === null && tries < 100; tries++) {
      await Bun.sleep(20);
      generation = await generationOf(id);
    }
    held.resolve();
    expect(generation).toMatchObject({ cancelled: true });
    expect(generation?.['total_cost']).toBeGreaterThan(0);
  });

  test('a message that is longer than any body ends the connection', async () => {
    await using talk = new Talk();
    await talk.send('x'.repeat(65 * 1024));
    expect(await becomesTrueWithin(() => talk.closed !== null, 5000)).toBe(true);
    expect(talk.closed).toBe(1009);
  });

  test('a conversation that grows longer than any body is refused', async () => {
    await using talk = new Talk();
    const long = await talk.ask(create({ input: 'x '.repeat(20 * 1024), max_output_tokens: 1 }));
    const next = await talk.ask(create({ input: 'y'.repeat(40 * 1024), previous_response_id: idOf(long) }));
    expect(next).toMatchObject({ type: 'response.failed', response: { error_type: 'payload_too_large' } });
  });
});
