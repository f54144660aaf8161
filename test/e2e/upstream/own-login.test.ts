/** Claude Code's own login beside a key of the gateway: it reaches Anthropic's configured address as it came, and nobody and nothing else. */
import { afterEach, describe, expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import { type ConfigText, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { everythingIn, filesIn } from '../../kept.ts';

const LOGIN = 'sk-ant-oat01-Zq7Tm2Vx9Lr4Wd8Kc3Hb6Nf1Ys5Pj0Ga-canary';
const OPERATORS_KEY = 'sk-ant-api03-operators-own-key';
const AGENT = 'claude-cli/2.1.332 (external, cli)';

interface Seen {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}

type Answer = (seen: Seen) => Response;

const message: Answer = () =>
  Response.json({
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-one', stop_reason: 'end_turn' },
    content: [{ type: 'text', text: 'hello' }],
    stop_sequence: null,
    usage: { input_tokens: 1000, output_tokens: 2000 },
  });

const frames = [
  {
    type: 'message_start',
    message: {
      ...{ id: 'msg_2', type: 'message', role: 'assistant', model: 'claude-one', content: [] },
      ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 1000, output_tokens: 1 } },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 20 },
  },
  { type: 'message_stop' },
];
const streamed: Answer = () =>
  new Response(frames.map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`).join(''), {
    headers: { 'content-type': 'text/event-stream' },
  });

interface Vendor {
  readonly baseUrl: string;
  readonly seen: Seen[];
  answer: Answer;
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

function vendor(): Vendor {
  const seen: Seen[] = [];
  const made = { baseUrl: '', seen, answer: message };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const told = {
        path: new URL(request.url).pathname,
        headers: Object.fromEntries(request.headers),
        body: (await request.json()) as Record<string, unknown>,
      };
      seen.push(told);
      return made.answer(told);
    },
  });
  open.push({ [Symbol.asyncDispose]: () => server.stop(true) });
  made.baseUrl = `http://127.0.0.1:${server.port}/v1`;
  return made;
}

interface Bench {
  readonly gateway: TestGateway;
  readonly anthropic: Vendor;
  /** Another provider that has the same model. */
  readonly other: Vendor;
}

const PRICING = { prompt: '0.000003', completion: '0.000015' };

async function start({
  passes = true,
  apiKey = OPERATORS_KEY,
  engine = 'sqlite',
  config = {},
}: {
  passes?: boolean;
  apiKey?: string | null;
  engine?: 'sqlite' | 'postgres';
  config?: ConfigText;
} = {}): Promise<Bench> {
  const anthropic = vendor();
  const other = vendor();
  const endpoint = (provider: string) => ({ provider, model: 'claude-one', pricing: PRICING });
  const model = (id: string, ...providers: string[]) => ({
    id,
    context_length: 200_000,
    max_completion_tokens: 64_000,
    endpoints: providers.map(endpoint),
  });
  const gateway = await startGateway({
    engine,
    config: {
      ...config,
      providers: [
        {
          ...{ slug: 'anthropic', format: 'anthropic', base_url: anthropic.baseUrl },
          ...(apiKey === null ? {} : { api_key: apiKey }),
          ...(passes ? { pass_through_login: true } : {}),
        },
        { slug: 'other', format: 'anthropic', base_url: other.baseUrl, api_key: 'others-key' },
      ],
      models: [
        model('acme/claude-one', 'other', 'anthropic'),
        model('acme/claude-other', 'other'),
        model('acme/claude-two', 'anthropic'),
      ],
    },
  });
  open.push(gateway);
  return { gateway, anthropic, other };
}

interface Asking {
  readonly path?: string;
  readonly key?: string | null;
  readonly keyHeader?: string;
  readonly login?: string;
  readonly body?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

function ask({ gateway }: Bench, asking: Asking = {}): Promise<Response> {
  const { path = '/messages', key = gateway.apiKey, keyHeader = 'x-turnpike-key', login = LOGIN } = asking;
  return fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${login}`,
      'user-agent': AGENT,
      'anthropic-beta': 'claude-code-20250219,oauth-2025-04-20',
      'anthropic-version': '2023-06-01',
      ...(key === null ? {} : { [keyHeader]: key }),
      ...asking.headers,
    },
    body: JSON.stringify({
      model: 'acme/claude-one',
      max_tokens: 5000,
      messages: [{ role: 'user', content: 'hi' }],
      ...asking.body,
    }),
    keepalive: false,
  });
}

async function own(
  gateway: TestGateway,
  path: string,
  key = gateway.apiKey,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  const { data } = (await answer.json()) as { data: Record<string, unknown> };
  return data;
}

describe('a login that is let through', () => {
  test.each([['x-turnpike-key'], ['x-api-key']])(
    'goes to Anthropic as it came, the key in %s to nobody, and costs nothing',
    async (keyHeader) => {
      const bench = await start();
      const answer = await ask(bench, { keyHeader });
      expect(answer.status).toBe(200);
      const { usage } = (await answer.json()) as { usage: { cost: number; output_tokens: number } };
      expect(usage).toMatchObject({ cost: 0, output_tokens: 2000 });
      expect(bench.other.seen).toEqual([]);
      const [seen] = bench.anthropic.seen;
      expect(seen?.headers).toMatchObject({
        authorization: `Bearer ${LOGIN}`,
        'user-agent': AGENT,
        'anthropic-beta': 'claude-code-20250219,oauth-2025-04-20',
      });
      expect(seen?.headers['x-api-key']).toBeUndefined();
      expect(seen?.headers['x-turnpike-key']).toBeUndefined();
      expect(JSON.stringify(seen)).not.toContain(bench.gateway.apiKey);
      expect(JSON.stringify(seen)).not.toContain(OPERATORS_KEY);
    },
  );

  test('is recorded with its key, its agent, its tokens, no cost and that a subscription paid', async () => {
    const bench = await start();
    bench.anthropic.answer = streamed;
    const answer = await ask(bench, {
      body: { stream: true },
      headers: { 'x-claude-code-session-id': 'session-7', 'x-claude-code-agent-id': 'agent-7' },
    });
    expect(await answer.text()).toContain('message_stop');
    const id = answer.headers.get('x-generation-id');
    const record = await own(bench.gateway, `/generation?id=${id}`);
    expect(record).toMatchObject({
      ...{
        total_cost: 0,
        usage: 0,
        provider_name: 'anthropic',
        agent_id: 'agent-7',
        session_id: 'session-7',
      },
      ...{ tokens_prompt: 1000, tokens_completion: 20, billed_to: 'subscription', is_byok: false },
    });
    expect(await own(bench.gateway, '/key')).toMatchObject({ usage: 0 });
  });

  test('works where the operator has no key of Anthropic', async () => {
    const bench = await start({ apiKey: null });
    expect((await ask(bench)).status).toBe(200);
    expect(bench.anthropic.seen.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${LOGIN}`]);
  });

  test('is not stopped by a money limit that is spent, nor is its output cap lowered', async () => {
    const bench = await start();
    const { key } = await makeKey(bench.gateway, { limit: 0 });
    const paid = await ask(bench, { login: key, key: null, body: { model: 'acme/claude-two' } });
    expect(paid.status).toBe(402);
    const answer = await ask(bench, {
      key,
      body: { max_tokens: 60_000, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    });
    expect(answer.status).toBe(200);
    expect(bench.anthropic.seen.map(({ body }) => body['max_tokens'])).toEqual([60_000]);
  });

  test('counts tokens at Anthropic, for nothing', async () => {
    const bench = await start();
    bench.anthropic.answer = () => Response.json({ input_tokens: 4242 });
    const answer = await ask(bench, { path: '/messages/count_tokens' });
    expect(await answer.json()).toEqual({ input_tokens: 4242 });
    const [seen] = bench.anthropic.seen;
    expect(seen?.path).toBe('/v1/messages/count_tokens');
    expect(seen?.headers['authorization']).toBe(`Bearer ${LOGIN}`);
    expect(seen?.body).toEqual({ model: 'claude-one', messages: [{ role: 'user', content: 'hi' }] });
  });

  test('sees the list of models beside its key', async () => {
    const { gateway } = await start();
    const answer = await fetch(`${gateway.baseUrl}/models?limit=1000`, {
      headers: { authorization: `Bearer ${LOGIN}`, 'x-turnpike-key': gateway.apiKey },
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('acme/claude-one');
  });

  test('follows its key: one that is disabled is refused, and Anthropic hears nothing', async () => {
    const bench = await start();
    const { key, hash } = await makeKey(bench.gateway);
    expect((await ask(bench, { key })).status).toBe(200);
    const changed = await fetch(`${bench.gateway.baseUrl}/keys/${hash}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${bench.gateway.managementKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ disabled: true }),
    });
    expect(changed.status).toBe(200);
    expect((await ask(bench, { key })).status).toBe(403);
    expect(bench.anthropic.seen).toHaveLength(1);
  });
});

describe('nobody but Anthropic', () => {
  test('sees a login: not the next endpoint when Anthropic fails, nor with the key of the operator', async () => {
    const bench = await start();
    bench.anthropic.answer = () =>
      Response.json({ type: 'error', error: { type: 'overloaded_error' } }, { status: 529 });
    expect((await ask(bench)).status).toBe(529);
    expect(bench.other.seen).toEqual([]);
    expect(bench.anthropic.seen.map(({ headers }) => headers['x-api-key'])).toEqual([undefined]);
  });

  test('is asked for a model of another provider, also as a fallback', async () => {
    const bench = await start();
    const answer = await ask(bench, { body: { model: 'acme/claude-other' } });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('A Claude login pays for models of Anthropic alone');
    bench.anthropic.answer = () => new Response('', { status: 500 });
    const body = { model: 'acme/claude-two', fallbacks: [{ model: 'acme/claude-other' }] };
    expect((await ask(bench, { body })).status).toBe(502);
    expect(bench.other.seen).toEqual([]);
  });

  test.each([
    ['/chat/completions'],
    ['/responses'],
    ['/embeddings'],
    ['/models/acme/claude-one:generateContent'],
  ])('is reached from %s', async (path) => {
    const bench = await start();
    const headers = { 'x-goog-api-key': bench.gateway.apiKey, 'x-api-key': bench.gateway.apiKey };
    expect((await ask(bench, { path, headers })).status).toBe(401);
    expect(bench.anthropic.seen).toEqual([]);
  });
});

describe('refusals', () => {
  test('of Anthropic reach the caller as 401 and 403 with its words, and bench the endpoint for nobody else', async () => {
    const bench = await start();
    const said = {
      type: 'authentication_error',
      message: `OAuth token ${LOGIN} has expired. Please refresh it.`,
    };
    for (const status of [401, 403]) {
      bench.anthropic.answer = () => Response.json({ type: 'error', error: said }, { status });
      const answer = await ask(bench);
      expect(answer.status).toBe(status);
      const text = await answer.text();
      expect(text).toContain('sign in again with /login');
      expect(text).toContain('has expired');
      expect(text).toContain('authentication_error');
      expect(text).not.toContain('canary');
    }
    bench.anthropic.answer = message;
    await ask(bench, { login: bench.gateway.apiKey, key: null, body: { provider: { only: ['anthropic'] } } });
    expect(bench.anthropic.seen.at(-1)?.headers).toMatchObject({ 'x-api-key': OPERATORS_KEY });
  });

  test('name the header for the key where a login comes alone, or with a key that is none', async () => {
    const bench = await start();
    const alone = await ask(bench, { key: null });
    expect(alone.status).toBe(401);
    expect(alone.headers.get('x-should-retry')).toBe('false');
    expect(await alone.text()).toContain('x-turnpike-key');
    expect((await ask(bench, { key: 'sk-or-v1-nonsense' })).status).toBe(401);
    expect((await ask(bench, { key: bench.gateway.managementKey })).status).toBe(403);
    expect(bench.anthropic.seen).toEqual([]);
  });

  test('name ANTHROPIC_AUTH_TOKEN where the operator has not switched it on', async () => {
    const bench = await start({ passes: false });
    for (const keyHeader of ['x-turnpike-key', 'x-api-key']) {
      const answer = await ask(bench, { keyHeader });
      expect(answer.status).toBe(401);
      expect(await answer.text()).toContain('ANTHROPIC_AUTH_TOKEN');
    }
    expect(bench.anthropic.seen).toEqual([]);
  });

  test('a key in Authorization is charged as ever, whatever else is sent', async () => {
    const bench = await start();
    const answer = await ask(bench, {
      login: bench.gateway.apiKey,
      body: { provider: { only: ['anthropic'] } },
    });
    const { usage } = (await answer.json()) as { usage: { cost: number } };
    expect(usage.cost).toBeCloseTo(0.033, 9);
    expect(bench.anthropic.seen[0]?.headers['x-api-key']).toBe(OPERATORS_KEY);
    expect(bench.anthropic.seen[0]?.headers['authorization']).toBeUndefined();
  });
});

const RUN = 8;

function runsIn(text: string): string[] {
  const secret = LOGIN.slice('sk-ant-oat01-'.length);
  const runs = Array.from({ length: secret.length - RUN + 1 }, (_, at) => secret.slice(at, at + RUN));
  return runs.filter((run) => text.includes(run));
}

const sayingIt: readonly Answer[] = [
  message,
  streamed,
  ...[400, 401, 403, 404, 429, 500, 529].map(
    (status): Answer =>
      ({ headers }) =>
        Response.json(
          { type: 'error', error: { type: 'x', message: `not ${headers['authorization']}` } },
          { status, headers: { 'request-id': LOGIN } },
        ),
  ),
  ({ headers }) => new Response(`<html>${headers['authorization']}</html>`, { status: 502 }),
  () => Response.json({ nonsense: LOGIN }),
];

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no answer, log line, row, file or metric holds a run of a login, whatever Anthropic says of it',
  async (engine) => {
    const bench = await start({ engine });
    const { gateway } = bench;
    const seen: string[] = [];
    for (const answer of sayingIt) {
      bench.anthropic.answer = answer;
      for (const stream of [false, true]) {
        for (const path of ['/messages', '/messages/count_tokens']) {
          const response = await ask(bench, { path, body: { stream } });
          seen.push(JSON.stringify([...response.headers]), await response.text());
        }
      }
    }
    for (const path of ['/chat/completions', '/keys', '/nowhere']) {
      const response = await ask(bench, { path });
      seen.push(await response.text());
    }
    expect(bench.anthropic.seen.every(({ headers }) => headers['authorization'] === `Bearer ${LOGIN}`)).toBe(
      true,
    );
    expect(runsIn(seen.join('\n'))).toEqual([]);
    expect(runsIn(gateway.logLines.join('\n'))).toEqual([]);
    expect(runsIn(await (await fetch(`${gateway.url}/metrics`)).text())).toEqual([]);
    await own(gateway, '/key');
    const rows = await everythingIn(gateway);
    expect(rows).toContain('subscription');
    expect(runsIn(rows)).toEqual([]);
    expect(runsIn(filesIn(gateway.dataDir))).toEqual([]);
  },
);
