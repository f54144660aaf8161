/** What the gateway says would become of a request, and what becomes of it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Random } from '../../../prove/random.ts';
import type { JsonObject } from '../../../src/json.ts';
import { type MadeKey, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

/** As many as a run of a few seconds takes; `EXPLAIN_REQUESTS=10000` for more. */
const REQUESTS = Number(process.env['EXPLAIN_REQUESTS'] ?? 400);
/** After so many the account's own keys are others. */
const REQUESTS_A_SET_OF_KEYS = 40;

let providers: RoutedProviders;
let gateway: TestGateway;
/** Keys whose budgets pay for next to nothing; of one, own keys count too. */
let poor: MadeKey;
let counting: MadeKey;

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({
    config: {
      ...providers.config,
      providers: (providers.config.providers ?? []).map(pooled),
      byok: { fee_percent: 5, free_requests_per_month: 50 },
      limits: { free_requests_per_minute: 1_000_000, free_requests_per_day: 1_000_000 },
      budgets: {
        on_exhaust: 'downgrade',
        downgrade: [
          { from: 'routed/one', to: 'routed/two' },
          { from: 'routed/t*', to: 'routed/gift:free' },
        ],
      },
    },
  });
  poor = await makeKey(gateway, { name: 'poor', limit: 0.0002 });
  counting = await makeKey(gateway, { name: 'counting', limit: 0.05, include_byok_in_limit: true });
});
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

/** The operator has three keys with one of them, and with another none but for those who bring their own. */
function pooled(provider: object): object {
  const { slug, api_key, ...rest } = provider as { slug: string; api_key: string };
  if (slug === 'd') return { slug, own_keys_only: true, ...rest };
  if (slug !== 'b') return provider;
  const credentials = ['one', 'two', 'three'].map((id) => ({ id, api_key: `${api_key}-${id}` }));
  return { slug, credentials, ...rest };
}

/** Ids by the secret that the provider is shown. */
const ownKeys = new Map<string, string>();

async function manage(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.managementKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as JsonObject;
}

/** None at all now and then. */
async function otherOwnKeys(random: Random): Promise<void> {
  for (const [secret, id] of ownKeys) {
    await manage('DELETE', `/byok/${id}`);
    ownKeys.delete(secret);
  }
  const maybe = <T>(value: () => T): T | null => (random.chance(0.3) ? value() : null);
  for (let left = random.whole(0, 5); left > 0; left -= 1) {
    const secret = `sk-own-${random.whole(1, 1e9)}-${left}`;
    const isFallback = random.chance(0.4);
    const { data } = await manage('POST', '/byok', {
      ...{ provider: random.pick(['a', 'b', 'c', 'd', 'e']), key: secret, is_fallback: isFallback },
      is_required: random.chance(0.2),
      is_byok_only: !isFallback && random.chance(0.2),
      disabled: random.chance(0.1),
      declared_zdr: maybe(() => random.chance(0.5)),
      allowed_models: maybe(() => [random.pick(['routed/one', 'routed/two', 'routed/tiers'])]),
      allowed_api_key_hashes: maybe(() => [random.pick([poor.hash, counting.hash])]),
    });
    ownKeys.set(secret, (data as { id: string }).id);
  }
}

interface Explained {
  readonly router: string | null;
  readonly downgraded_from: string | null;
  readonly endpoints: readonly {
    readonly model: string;
    readonly router: string | null;
    readonly service_tier: string | null;
    readonly provider_name: string;
    readonly chance: number;
    readonly byok_id: string | null;
  }[];
  readonly excluded: readonly { readonly tag: string; readonly reason: string }[];
  readonly error: { readonly status: number; readonly error: { readonly code: unknown } } | null;
}

async function post(
  path: string,
  body: JsonObject,
  key = gateway.apiKey,
): Promise<{ status: number; body: JsonObject }> {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
}

const ask = (body: JsonObject, key?: string) =>
  post('/chat/completions', { messages: [{ role: 'user', content: 'hi' }], ...body }, key);

async function explain(body: JsonObject, key?: string): Promise<Explained> {
  const asked = { messages: [{ role: 'user', content: 'hi' }], ...body };
  const { status, body: said } = await post('/routing/explain', asked, key);
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
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const tags = ['a', 'b', 'c', 'd', 'e', 'nobody', 'a/flex', 'b/priority'];
  const some = () => tags.filter(() => random.chance(0.3));
  const maybe = <T>(value: () => T): T | null => (random.chance(0.3) ? value() : null);
  for (let request = 0; request < REQUESTS; request += 1) {
    const model = random.pick([
      'routed/one',
      'routed/one:floor',
      'routed/one:nitro',
      'routed/two',
      'routed/ONE',
      ...['routed/tiers', 'routed/tiers:floor', 'routed/tiers:nitro', 'routed/tiers:nitro:floor'],
      ...['routed/eyes', 'routed/gift:free', 'routed/one:exacto', 'routed/one:free'],
      ...['openrouter/auto', 'openrouter/auto:floor', 'openrouter/auto-beta', 'openrouter/free'],
      ...['openrouter/pareto-code', 'openrouter/pareto-code:nitro'],
    ]);
    if (request % REQUESTS_A_SET_OF_KEYS === 0) await otherOwnKeys(random);
    const key = random.chance(0.4) ? random.pick([poor, counting]).key : undefined;
    const body = {
      model,
      ...(random.chance(0.3)
        ? { models: [random.pick(['routed/two', 'routed/one', 'routed/gone', 'openrouter/auto'])] }
        : {}),
      ...(random.chance(0.3)
        ? { service_tier: random.pick(['flex', 'priority', 'fast', 'default', 'auto']) }
        : {}),
      ...(random.chance(0.1) ? { route: random.pick(['fallback', 'sort']) } : {}),
      ...(random.chance(0.3)
        ? {
            plugins: [
              {
                id: random.pick(['auto-router', 'auto-beta-router', 'pareto-router']),
                ...(random.chance(0.4)
                  ? { allowed_models: [random.pick(['routed/*', '*/one', 'x/*'])] }
                  : {}),
                ...(random.chance(0.4) ? { excluded_models: [random.pick(['routed/t*', '*/one'])] } : {}),
                ...(random.chance(0.3) ? { cost_tier: random.pick(['low', 'high', 'max']) } : {}),
                ...(random.chance(0.3) ? { min_coding_score: random.next() } : {}),
              },
            ],
          }
        : {}),
      ...(random.chance(0.3) ? { session_id: `session ${random.whole(0, 5)}` } : {}),
      ...(random.chance(0.2)
        ? { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }
        : {}),
      ...(random.chance(0.2) ? { max_tokens: random.pick([10, 1000, 100_000]) } : {}),
      provider: {
        order: maybe(some),
        only: maybe(some),
        ignore: maybe(some),
        // Of one endpoint alone, drawn by lot, the money is a matter of the draw.
        allow_fallbacks: key !== undefined ? null : maybe(() => random.chance(0.5)),
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
    const before = await explain(body, key);
    const { status, body: answer } = await ask(body, key);
    // What was measured may have changed with this very request.
    const after = await explain(body, key);
    const first = [...before.endpoints, ...after.endpoints].filter(({ chance }) => chance > 0);
    const told = `request ${request} of SEED=${seed}: ${JSON.stringify(body)}`;
    if (status === 200) {
      const named = first.map(({ model: id, provider_name: provider, service_tier: tier, router, byok_id }) =>
        [id, provider, tier ?? 'default', router, byok_id].join(' '),
      );
      // Nothing was asked of a vendor of the usual tier, but what is a word of its own.
      const tier = answer['service_tier'] === 'auto' ? 'default' : answer['service_tier'];
      const own = ownKeys.get(providers.asked.at(-1)?.key ?? '') ?? null;
      const got = [answer['model'], answer['provider'], tier, answer['router'] ?? null, own].join(' ');
      expect(named, told).toContain(got);
      if (answer['downgraded_from'] !== undefined) count('downgraded');
      expect((answer['usage'] as JsonObject)['is_byok'], told).toBe(own !== null);
      count(own === null ? 'shared' : 'own');
      expect([before.error, answer['downgraded_from'] ?? null], told).toEqual([null, before.downgraded_from]);
    } else {
      count(`${status}`);
      expect([status, (answer['error'] as JsonObject)['code']], told).toEqual([
        before.error?.status,
        before.error?.error.code,
      ]);
    }
  }
  console.info(
    `explain: ${REQUESTS} requests as explained, SEED=${seed}: ${JSON.stringify(Object.fromEntries(outcomes))}`,
  );
  expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['own', 'shared', 'downgraded', '402', '404']));
}, 3_600_000);
