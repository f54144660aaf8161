/** What the gateway says would become of a request, and what becomes of it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Random } from '../../../prove/random.ts';
import type { JsonObject } from '../../../src/json.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

/** As many as a run of a few seconds takes; `EXPLAIN_REQUESTS=10000` for more. */
const REQUESTS = Number(process.env['EXPLAIN_REQUESTS'] ?? 400);

let providers: RoutedProviders;
let gateway: TestGateway;

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({ config: providers.config });
});
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

interface Explained {
  readonly router: string | null;
  readonly endpoints: readonly {
    readonly model: string;
    readonly provider_name: string;
    readonly chance: number;
  }[];
  readonly excluded: readonly { readonly tag: string; readonly reason: string }[];
  readonly error: { readonly status: number; readonly error: { readonly code: unknown } } | null;
}

async function post(path: string, body: JsonObject): Promise<{ status: number; body: JsonObject }> {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
}

const ask = (body: JsonObject) =>
  post('/chat/completions', { messages: [{ role: 'user', content: 'hi' }], ...body });

async function explain(body: JsonObject): Promise<Explained> {
  const { status, body: said } = await post('/routing/explain', {
    messages: [{ role: 'user', content: 'hi' }],
    ...body,
  });
  expect(status).toBe(200);
  return said['data'] as unknown as Explained;
}

test('says who may serve, how likely each is first, and why the others may not', async () => {
  const said = await explain({
    model: 'routed/one',
    provider: { ignore: ['e'], max_price: { prompt: 4 }, zdr: true },
  });
  expect(said.endpoints.map(({ provider_name, chance }) => [provider_name, chance])).toEqual([
    // Weights 1, 1/4 and 1/9.
    ['A', 0.735],
    ['B', 0.183],
    ['C', 0.082],
  ]);
  expect(said.excluded.map(({ tag, reason }) => [tag, reason])).toEqual([
    ['d', 'data_policy:zdr'],
    ['e', 'allowed_providers'],
  ]);
  expect(said.error).toBeNull();
  const { body } = await post('/routing/explain', { model: 'routed/one', messages: [] });
  expect(body).toMatchObject({ error: { code: 400 } });
});

test('says the error that the request would meet, and sends and charges nothing', async () => {
  const { requests } = providers;
  const before = requests();
  const noOne = await explain({ model: 'routed/one', provider: { only: ['nobody'] } });
  expect(noOne).toMatchObject({ endpoints: [], error: { status: 404 } });
  expect(await explain({ model: 'routed/none' })).toMatchObject({ error: { status: 400 } });
  expect(await explain({ model: 'routed/one' })).toMatchObject({ error: null });
  expect(requests()).toBe(before);
});

test('random requests are served by whom it named, or refused as it said', async () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`explain: SEED=${seed}`);
  const random = new Random(seed);
  const tags = ['a', 'b', 'c', 'd', 'e', 'nobody'];
  const some = () => tags.filter(() => random.chance(0.3));
  const maybe = <T>(value: () => T): T | null => (random.chance(0.3) ? value() : null);
  for (let request = 0; request < REQUESTS; request += 1) {
    const model = random.pick([
      'routed/one',
      'routed/one:floor',
      'routed/one:nitro',
      'routed/two',
      'routed/ONE',
    ]);
    const body = {
      model,
      ...(random.chance(0.3) ? { models: [random.pick(['routed/two', 'routed/one', 'routed/gone'])] } : {}),
      ...(random.chance(0.3) ? { session_id: `session ${random.whole(0, 5)}` } : {}),
      ...(random.chance(0.2)
        ? { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }
        : {}),
      ...(random.chance(0.2) ? { max_tokens: random.pick([10, 1000, 100_000]) } : {}),
      provider: {
        order: maybe(some),
        only: maybe(some),
        ignore: maybe(some),
        allow_fallbacks: maybe(() => random.chance(0.5)),
        require_parameters: maybe(() => random.chance(0.5)),
        data_collection: maybe(() => random.pick(['allow', 'deny'])),
        zdr: maybe(() => random.chance(0.5)),
        enforce_distillable_text: maybe(() => random.chance(0.3)),
        quantizations: maybe(() => [random.pick(['fp8', 'fp16', 'unknown'])]),
        sort: maybe(() =>
          random.pick(['price', 'throughput', 'latency', { by: 'price', partition: 'none' }]),
        ),
        preferred_min_throughput: maybe(() => random.pick([1, 1e6])),
        ...(random.chance(0.3) ? { max_price: { prompt: random.whole(0, 6) } } : {}),
      },
    };
    const before = await explain(body);
    const { status, body: answer } = await ask(body);
    // What was measured may have changed with this very request.
    const after = await explain(body);
    const first = [...before.endpoints, ...after.endpoints].filter(({ chance }) => chance > 0);
    const told = `request ${request} of SEED=${seed}: ${JSON.stringify(body)}`;
    if (status === 200) {
      const named = first.map((endpoint) => `${endpoint.model} ${endpoint.provider_name}`);
      expect(named, told).toContain(`${answer['model']} ${answer['provider']}`);
      expect(before.error, told).toBeNull();
    } else {
      expect([status, (answer['error'] as JsonObject)['code']], told).toEqual([
        before.error?.status,
        before.error?.error.code,
      ]);
    }
  }
}, 600_000);
