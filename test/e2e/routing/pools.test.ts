/** Several keys with one provider, a backend that takes so much at once, and what callers and the operator are told of both. */
import { afterEach, describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../../src/json.ts';
import { recordedBytes } from '../../../src/providers/ai-sdk/__fixtures__/loopback.ts';
import { signUpOwner } from '../../accounts.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Answer = (key: string, number: number) => Response | Promise<Response>;

const fine = (cachedTokens = 0) =>
  Response.json({
    id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
    object: 'chat.completion',
    created: 1741569952,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
    usage: {
      ...{ prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
      prompt_tokens_details: { cached_tokens: cachedTokens },
    },
  });

const error = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ error: { message: `no: ${status}`, type: 'x' } }, { status, headers });

interface World {
  readonly gateway: TestGateway;
  /** The keys that the provider was shown, in order. */
  readonly shown: string[];
  ask(
    body?: JsonObject,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<{ status: number; body: JsonObject; retryAfter: string | null }>;
}

async function world(
  answer: Answer,
  provider: JsonObject,
  { clock, billing }: { clock?: { nowMs(): number }; billing?: 'prepaid' } = {},
): Promise<World> {
  const shown: string[] = [];
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0, idleTimeout: 0 },
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/health') return new Response(null, { status: 404 });
      if (pathname === '/v1/models') return Response.json({ data: [{ id: 'other:latest' }] });
      const key = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
      shown.push(key);
      return await answer(key, shown.length);
    },
  });
  stops.push(() => server.stop(true));
  const gateway = await startGateway({
    ...(clock === undefined ? {} : { clock }),
    config: {
      ...(billing === undefined ? {} : { billing: { mode: billing } }),
      providers: [
        { slug: 'pooled', name: 'Pooled', base_url: `http://127.0.0.1:${server.port}/v1`, ...provider },
      ],
      models: ['pool/small', 'pool/large'].map((id) => ({
        id,
        context_length: 10_000,
        endpoints: [
          {
            ...{ provider: 'pooled', model: 'm' },
            pricing: { prompt: '0.000001', completion: '0.000002', input_cache_read: '0.0000001' },
          },
        ],
      })),
    },
  });
  stops.push(() => gateway.stop());
  return {
    ...{ gateway, shown },
    ask: async (body = {}, headers = {}, signal) => {
      const answered = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${gateway.apiKey}`,
          ...headers,
        },
        body: JSON.stringify({ model: 'pool/small', messages: [{ role: 'user', content: 'hi' }], ...body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return {
        status: answered.status,
        body: (await answered.json()) as JsonObject,
        retryAfter: answered.headers.get('retry-after'),
      };
    },
  };
}

const credentials = [
  { id: 'team-a', api_key: 'secret-aaaa-1111' },
  { id: 'team-b', api_key: 'secret-bbbb-2222' },
];

/** The key of each is drawn by its name and an account's random id: of so many, some fall on either of two keys. */
const CONVERSATIONS = 24;

describe('several keys', () => {
  test('share the requests; one that is refused sits out everywhere, and nobody notices', async () => {
    const { ask, shown, gateway } = await world((key) => (key.includes('aaaa') ? error(401) : fine()), {
      credentials,
    });
    for (let at = 0; at < CONVERSATIONS; at += 1) {
      const messages = [{ role: 'user', content: `conversation ${at}` }];
      const model = at % 2 === 0 ? 'pool/small' : 'pool/large';
      expect((await ask({ model, messages })).status).toBe(200);
    }
    expect(shown.filter((key) => key.includes('aaaa'))).toHaveLength(1);
    const line = gateway.logLines.find((one) => one.includes('credential_benched')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      ...{ provider: 'pooled', credential_id: 'team-a', model: 'all', reason: 'refused', status: 401 },
      ...{ seconds: 15, decided_by: 'gateway', level: 'warn' },
    });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(
      'turnpike_benches_total{provider="pooled",credential="team-a",reason="refused"} 1',
    );
    expect(metrics).toContain('turnpike_sitting_out 1');
    expect([metrics, ...gateway.logLines].join('\n')).not.toMatch(/secret-|aaaa|bbbb/);
  });

  test('of a provider behind an AI SDK package serve as of any other, each as itself', async () => {
    const answered = recordedBytes('cohere-text.json');
    const { ask, shown, gateway } = await world(
      (key) =>
        key.includes('aaaa')
          ? error(429, { 'retry-after': '60' })
          : new Response(answered, { headers: { 'content-type': 'application/json' } }),
      { credentials, format: 'ai-sdk:@ai-sdk/cohere' },
    );
    const texts: unknown[] = [];
    for (let at = 0; at < CONVERSATIONS; at += 1) {
      const { status, body } = await ask({ messages: [{ role: 'user', content: `conversation ${at}` }] });
      texts.push([status, (body['choices'] as { message: { content: string } }[])[0]?.message.content]);
    }
    expect(texts).toEqual(texts.map(() => [200, 'The capital of France is Paris.']));
    expect(shown.filter((key) => key === 'secret-aaaa-1111')).toHaveLength(1);
    expect(shown.filter((key) => key === 'secret-bbbb-2222')).toHaveLength(CONVERSATIONS);
    expect(gateway.logLines.join('\n')).not.toMatch(/secret-|aaaa|bbbb/);
  });

  test('a 429 is passed to the next key in the same request, and the record says which keys were tried', async () => {
    const { ask, gateway } = await world(
      (_, number) => (number === 1 ? error(429, { 'retry-after': '60' }) : fine()),
      { credentials },
    );
    const { status, body } = await ask();
    expect(status).toBe(200);
    await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${gateway.apiKey}` } });
    const row = await gateway.database.db
      .selectFrom('generations')
      .select(['attempts'])
      .where('id', '=', String(body['id']))
      .executeTakeFirstOrThrow();
    const attempts = JSON.parse(row.attempts) as { status: number; credential: string }[];
    expect(attempts.map((one) => one.status)).toEqual([429, 200]);
    expect(attempts.map((one) => one.credential).sort()).toEqual(['team-a', 'team-b']);
    // Callers read what was tried, and not the operator's names of keys.
    const shownTo = await fetch(`${gateway.baseUrl}/generation?id=${body['id']}`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect(await shownTo.text()).not.toContain('team-');
  });

  test('a session stays with the key that has its prompt in the cache', async () => {
    const { ask, shown } = await world(() => fine(900), { credentials });
    for (let session = 0; session < 8; session += 1) {
      const before = shown.length;
      for (let turn = 0; turn < 4; turn += 1) await ask({ session_id: `session ${session}` });
      expect(new Set(shown.slice(before)).size).toBe(1);
    }
    expect(new Set(shown).size).toBe(2);
  });

  test('when all have had enough, callers are told the shortest wait at once, and nobody is asked', async () => {
    let nowMs = Date.now();
    const { ask, shown } = await world(
      (key) => error(429, { 'retry-after': key.includes('aaaa') ? '40' : '90' }),
      { credentials },
      { clock: { nowMs: () => nowMs } },
    );
    expect(await ask()).toMatchObject({ status: 429, retryAfter: '40' });
    expect(shown).toHaveLength(2);
    nowMs += 10_000;
    const told = await ask();
    expect(told).toMatchObject({ status: 429, retryAfter: '30' });
    expect(told.body['error']).toMatchObject({
      code: 429,
      message:
        'Every provider of this model has had as many requests as it takes for now; repeat this request in 30 s',
      metadata: { error_type: 'rate_limit_exceeded', error_code: 'provider_rate_limited' },
      availability: {
        ...{ code: 'capacity_exhausted', retryable: true, retry_after: 30 },
        ...{ requested_models: ['pool/small'], affected_providers: ['pooled'] },
      },
    });
    expect(shown).toHaveLength(2);
  });

  test('when all are refused it is 503, and never taken for a spent key of the caller', async () => {
    const { ask, gateway } = await world(() => error(402), { credentials });
    expect((await ask()).status).toBe(502);
    // A guess is tried again by one request at a time where nobody else can serve: 20 at once are one or two calls more.
    const all = await Promise.all(Array.from({ length: 20 }, () => ask()));
    const refused = all.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(15);
    expect(Number(refused[0]?.retryAfter)).toBeGreaterThanOrEqual(1);
    expect(refused[0]?.body['error']).toMatchObject({
      code: 503,
      metadata: { error_code: 'provider_unavailable' },
      availability: { code: 'temporarily_unavailable', retryable: true },
    });
    const spent = await makeKey(gateway, { name: 'spent', limit: 0 });
    const own = await ask({}, { authorization: `Bearer ${spent.key}` });
    expect(own).toMatchObject({ status: 402, retryAfter: null });
    expect(own.body['error']).toMatchObject({ metadata: { error_code: 'key_limit_exceeded' } });
  });

  test('a limit of each keeps it from more at once', async () => {
    const gates: (() => void)[] = [];
    const { ask, shown } = await world(
      async () => {
        await new Promise<void>((resolve) => gates.push(resolve));
        return fine();
      },
      { credentials: credentials.map((one) => ({ ...one, max_concurrent: 1 })) },
    );
    const running = [ask(), ask()];
    while (gates.length < 2) await Bun.sleep(1);
    expect(await ask()).toMatchObject({ status: 429, retryAfter: '1' });
    expect(new Set(shown).size).toBe(2);
    for (const open of gates.splice(0)) open();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    const after = ask();
    while (gates.length < 1) await Bun.sleep(1);
    gates[0]?.();
    expect((await after).status).toBe(200);
  });
});

describe('a backend that takes one at a time', () => {
  const backend = (limits: JsonObject = {}) => {
    const gates: (() => void)[] = [];
    const answer: Answer = async () => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return fine();
    };
    return { gates, answer, provider: { queue: { max_concurrent: 1, ...limits } } };
  };
  const until = async (holds: () => boolean) => {
    while (!holds()) await Bun.sleep(1);
  };

  test('has the others wait for their turn, those that can wait last', async () => {
    const { gates, answer, provider } = backend();
    const { ask, shown, gateway } = await world(answer, provider);
    const order: string[] = [];
    const asked = (name: string, headers: Record<string, string> = {}) =>
      ask({}, headers).then(({ status }) => order.push(`${name} ${status}`));
    const all = [asked('first')];
    await until(() => gates.length === 1);
    const owner = await signUpOwner(gateway);
    const waiting = async () => {
      const { list } = (await owner.get('/api/dashboard/providers')).body as {
        list: { slug: string; queue: { waiting: number } | null }[];
      };
      return list.find(({ slug }) => slug === 'pooled')?.queue?.waiting;
    };
    all.push(asked('low', { 'x-turnpike-priority': 'low' }));
    while ((await waiting()) !== 1) await Bun.sleep(1);
    all.push(asked('normal'));
    while ((await waiting()) !== 2) await Bun.sleep(1);
    expect(shown).toHaveLength(1);
    for (let turn = 1; turn <= 3; turn += 1) {
      await until(() => gates.length === turn);
      gates[turn - 1]?.();
    }
    await Promise.all(all);
    expect(order).toEqual(['first 200', 'normal 200', 'low 200']);
  });

  test('refuses what is too much for its queue, and what has waited too long, each in words of its own', async () => {
    const { gates, answer, provider } = backend({ max_waiting: 1, max_wait_ms: 50 });
    const { ask } = await world(answer, provider);
    const first = ask();
    await until(() => gates.length === 1);
    const told = await Promise.all([ask(), ask()]);
    const messages = told.map(({ body }) => (body['error'] as JsonObject)['message']).sort();
    expect(told.map(({ status, retryAfter }) => [status, retryAfter])).toEqual([
      [429, '1'],
      [429, '1'],
    ]);
    expect(messages).toEqual([
      'Pooled has no room, and 1 requests wait for it already',
      'Waited 50 ms in the queue of Pooled without coming to its turn',
    ]);
    gates[0]?.();
    expect((await first).status).toBe(200);
  });

  test('does not see what left the queue', async () => {
    const { gates, answer, provider } = backend();
    const { ask, shown } = await world(answer, provider);
    const first = ask();
    await until(() => gates.length === 1);
    const leaving = new AbortController();
    const left = ask({ stream: true }, {}, leaving.signal).catch((thrown: unknown) => thrown);
    const last = ask();
    await Bun.sleep(50);
    leaving.abort();
    await left;
    gates[0]?.();
    await until(() => gates.length === 2);
    gates[1]?.();
    expect([(await first).status, (await last).status, shown.length]).toEqual([200, 200, 2]);
  });
});

test('the operator’s page is told of keys that sit out and of models that a backend does not have, and of no key', async () => {
  const { ask, gateway } = await world((key) => (key.includes('aaaa') ? error(401) : fine()), {
    credentials,
    probe: { every_ms: 60_000 },
  });
  for (let at = 0; at < 10; at += 1) await ask({ messages: [{ role: 'user', content: `${at}` }] });
  const owner = await signUpOwner(gateway);
  const listed = await owner.get('/api/dashboard/providers');
  expect(listed.status).toBe(200);
  const { list } = listed.body as { list: JsonObject[] };
  expect(list.find(({ slug }) => slug === 'pooled')).toMatchObject({
    ...{ name: 'Pooled', endpoints: 2, requests_last_30m: 11 },
    credentials: [
      {
        ...{ id: 'team-a', kind: 'key', in_flight: 0 },
        bench: { reason: 'refused', decided_by: 'gateway' },
      },
      { id: 'team-b', kind: 'key', in_flight: 0, bench: null },
    ],
    probe: { is_up: true, model_count: 1, missing_models: ['m'] },
  });
  expect(listed.text).not.toMatch(/secret-|aaaa|bbbb|fake-provider-key/);
  expect(gateway.logLines.some((line) => line.includes('backend_lacks_models'))).toBe(true);
});
