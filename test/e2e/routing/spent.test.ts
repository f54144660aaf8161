/** A spent budget: what costs nothing goes on, another model takes over where the operator says so, and nothing is ever overspent. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type ConfigText, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askerOf, type JsonObject } from './asking.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

/** A prompt that costs a tenth of a cent at the cheapest: more than a key of a hundredth of a cent can pay. */
const LONG = [{ role: 'user', content: 'word '.repeat(1000) }];

function gatewayWith(changes: ConfigText) {
  let providers: RoutedProviders;
  let gateway: TestGateway;
  let key = '';
  let hash = '';
  beforeAll(async () => {
    providers = startRoutedProviders();
    gateway = await startGateway({ config: { ...providers.config, ...changes } });
  });
  beforeEach(async () => {
    const made = await makeKey(gateway, { name: 'spent', limit: 0.0001 });
    key = made.key;
    hash = made.hash;
  });
  afterAll(async () => {
    await gateway?.stop();
    await providers?.stop();
  });
  const asker = askerOf(() => gateway);
  return {
    ...asker,
    ask: (body: JsonObject) => asker.ask({ messages: LONG, ...body }, key),
    explain: (body: JsonObject) => asker.explain({ messages: LONG, ...body }, key),
    generation: (id: unknown) => asker.generation(id, key),
    async usage(): Promise<number> {
      const answer = await fetch(`${gateway.baseUrl}/keys/${hash}`, {
        headers: { authorization: `Bearer ${gateway.managementKey}` },
      });
      return ((await answer.json()) as JsonObject)['data'].usage;
    },
    async limit(usd: number): Promise<void> {
      const answer = await fetch(`${gateway.baseUrl}/keys/${hash}`, {
        method: 'PATCH',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${gateway.managementKey}`,
        },
        body: JSON.stringify({ limit: usd }),
      });
      expect(answer.status).toBe(200);
    },
    get url() {
      return gateway.baseUrl;
    },
    get key() {
      return key;
    },
  };
}

describe('by default', () => {
  const spent = gatewayWith({});

  test('a budget that does not pay for a model refuses it, and a model that costs nothing goes on', async () => {
    expect((await spent.ask({ model: 'routed/one' })).status).toBe(402);
    const free = await spent.ask({ model: 'routed/gift:free' });
    expect([free.status, free.body['usage'].cost]).toEqual([200, 0]);
    expect((await spent.ask({ model: 'openrouter/free' })).status).toBe(200);
    expect(await spent.usage()).toBe(0);
  });

  test('of several models those are left that cost nothing, and a paid one never takes over from them', async () => {
    for (const models of [
      ['routed/one', 'routed/gift:free'],
      ['routed/gift:free', 'routed/one'],
    ]) {
      const { endpoints, error } = await spent.explain({ models });
      expect(new Set(endpoints.map(({ model }: JsonObject) => model))).toEqual(new Set(['routed/gift:free']));
      expect(error).toBeNull();
      const answer = await spent.ask({ models });
      expect([answer.status, answer.body['model']]).toEqual([200, 'routed/gift:free']);
      expect(answer.body).not.toHaveProperty('downgraded_from');
    }
    expect(await spent.usage()).toBe(0);
  });
});

describe('where a spent budget stops everything', () => {
  const spent = gatewayWith({ budgets: { free_when_spent: false } });

  test('what costs nothing is served while something is left, and refused then', async () => {
    const free = { model: 'routed/gift:free', messages: [{ role: 'user', content: 'x' }] };
    await spent.limit(1);
    expect((await spent.ask({ model: 'routed/one', provider: { only: ['a'] } })).status).toBe(200);
    expect((await spent.ask(free)).status).toBe(200);
    await spent.limit(await spent.usage());
    expect((await spent.explain(free)).error.status).toBe(402);
    const refused = await spent.ask(free);
    expect([refused.status, refused.body['error'].metadata.limit_source]).toEqual([
      402,
      'openrouter_key_limit',
    ]);
  });
});

describe('where another model takes over', () => {
  const spent = gatewayWith({
    budgets: {
      on_exhaust: 'downgrade',
      downgrade: [
        { from: 'routed/one', to: 'routed/two' },
        { from: 'routed/*', to: 'routed/gift:free' },
      ],
    },
  });

  test('the answer, its head, its record and explain say in whose place', async () => {
    const told = await spent.explain({ model: 'routed/one' });
    expect(told).toMatchObject({ downgraded_from: 'routed/one', error: null });
    expect(told.endpoints.map(({ model }: JsonObject) => model)).toEqual([
      'routed/gift:free',
      'routed/gift:free',
    ]);
    const answer = await spent.ask({ model: 'routed/one' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ model: 'routed/gift:free', downgraded_from: 'routed/one' });
    expect(answer.headers.get('x-turnpike-downgraded-from')).toBe('routed/one');
    expect(answer.body['usage'].cost).toBe(0);
    const record = await spent.generation(answer.body['id']);
    expect(record).toMatchObject({
      model: 'routed/gift:free',
      downgraded_from: 'routed/one',
      total_cost: 0,
      error: null,
    });
    expect(record['provider_responses']).toHaveLength(1);
    expect(await spent.usage()).toBe(0);
  });

  test('a stream says it too, by each door', async () => {
    for (const [path, body] of [
      ['/chat/completions', { messages: LONG }],
      ['/messages', { messages: LONG, max_tokens: 10 }],
      ['/responses', { input: LONG[0]?.content }],
    ] as const) {
      const answer = await fetch(`${spent.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${spent.key}` },
        body: JSON.stringify({ ...body, model: 'routed/one' }),
      });
      expect([path, answer.headers.get('x-turnpike-downgraded-from')]).toEqual([path, 'routed/one']);
      expect((await answer.json()) as JsonObject).toMatchObject({ downgraded_from: 'routed/one' });
    }
  });

  test('the preferences of the caller hold for whoever takes over', async () => {
    const refused = await spent.ask({ model: 'routed/one', provider: { only: ['b', 'c'] } });
    expect(refused.status).toBe(402);
    expect(refused.body['error'].metadata.limit_source).toBe('openrouter_key_limit');
    expect((await spent.explain({ model: 'routed/one', provider: { only: ['b', 'c'] } })).error.status).toBe(
      402,
    );
    const kept = await spent.ask({ model: 'routed/one', provider: { zdr: true } });
    expect([kept.status, kept.body['provider']]).toEqual([200, 'A']);
  });

  test('with enough money nothing is downgraded', async () => {
    const small = await spent.ask({
      model: 'routed/one',
      messages: [{ role: 'user', content: 'x' }],
      provider: { only: ['a'] },
    });
    expect(small.body['model']).toBe('routed/one');
  });

  test('a hundred requests at once never spend more than the limit', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        spent.ask({ model: 'routed/one', messages: [{ role: 'user', content: `x${at}` }] }),
      ),
    );
    // Beyond twenty free ones a minute the free limit refuses.
    for (const { status } of answers) expect([200, 402, 429]).toContain(status);
    expect(await spent.usage()).toBeLessThanOrEqual(0.0001);
    const paid = answers.reduce((sum, { body }) => sum + (body['usage']?.cost ?? 0), 0);
    expect(await spent.usage()).toBeCloseTo(paid, 9);
  });
});

test('settings that cannot be are refused at the start, each with its place', async () => {
  const providers = startRoutedProviders();
  const startWith = async (budgets: Record<string, unknown>, routers: Record<string, unknown> = {}) => {
    try {
      const gateway = await startGateway({ config: { ...providers.config, budgets, routers } });
      await gateway.stop();
      return 'it started';
    } catch (error) {
      return String(error);
    }
  };
  const rules = (...downgrade: object[]) => ({ on_exhaust: 'downgrade', downgrade });
  expect(await startWith(rules({ to: 'routed/none' }))).toContain(
    "budgets.downgrade[0].to: no model 'routed/none'",
  );
  expect(
    await startWith(
      rules({ from: 'routed/one', to: 'routed/two' }, { from: 'routed/two', to: 'routed/one' }),
    ),
  ).toContain('goes round in a circle');
  expect(await startWith(rules({ from: 'routed/one', to: 'routed/one' }))).toContain(
    'cannot take over from itself',
  );
  expect(await startWith({ on_exhaust: 'downgrade' })).toContain('budgets.downgrade');
  expect(await startWith({ downgrade: [{ to: 'routed/two' }] })).toContain('on_exhaust');
  expect(await startWith({}, { auto: { models: ['routed/none'] } })).toContain(
    "routers.auto.models[0]: no chat model 'routed/none'",
  );
  expect(await startWith({}, { free: { models: ['routed/one'] } })).toContain('routed/one costs something');
  expect(await startWith({}, { auto: { rules: [{ when: {}, models: ['*'] }] } })).toContain(
    'has no condition',
  );
  expect(await startWith(rules({ from: 'routed/*', to: 'routed/gift:free' }))).toBe('it started');
  await providers.stop();
}, 60_000);
