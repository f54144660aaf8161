import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Endpoint } from '../catalogue/model.ts';
import { endpointOf, modelOf, pricingOf, providerOf } from './__fixtures__/endpoints.ts';
import { refused } from './__fixtures__/scripted.ts';
import { EndpointHealth } from './health.ts';
import { type Candidate, plan } from './plan.ts';
import { parsePreferences } from './preferences.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const MODEL = modelOf();

interface Measured {
  readonly price?: number;
  readonly tokensPerSecond?: number;
  readonly latencySeconds?: number;
  readonly failedOf100?: number;
  readonly tools?: boolean;
  readonly most?: number;
}

/** Endpoints a, b, c, … of one model that were measured so, and how they are ordered. */
function bench(measured: readonly Measured[]) {
  const health = new EndpointHealth();
  const endpoints = measured.map(({ price = 1, tools, most = null }, at): Endpoint => {
    const slug = String.fromCharCode(97 + at);
    return endpointOf({
      provider: providerOf({ slug }),
      pricing: pricingOf({ prompt: BigInt(price) }),
      supportedParameters: tools === undefined ? [] : tools ? ['tools', 'temperature'] : ['temperature'],
      maxCompletionTokens: most,
    });
  });
  const model = { ...MODEL, endpoints };
  for (const [at, { tokensPerSecond, latencySeconds, failedOf100 = 0 }] of measured.entries()) {
    const candidate = { model, endpoint: endpoints[at]! };
    const facts = { candidate, firstByteMs: (latencySeconds ?? 0.001) * 1000 };
    const asked =
      tokensPerSecond === undefined && latencySeconds === undefined && failedOf100 === 0 ? 0 : 100;
    for (let request = 0; request < asked; request += 1)
      health.settled(
        {
          ...facts,
          tokensPerSecond: tokensPerSecond ?? null,
          outcome: request < failedOf100 ? 'failed' : 'complete',
        },
        NOW_MS,
      );
  }
  return {
    health,
    model,
    order(
      preferences: object,
      more: { variant?: string; used?: string[]; maxTokens?: number; sticky?: string } = {},
    ) {
      return plan({
        models: [{ model, variant: more.variant ?? null }],
        preferences: parsePreferences(preferences),
        usedParameters: more.used ?? [],
        maxTokens: more.maxTokens ?? null,
        mediaKinds: [],
        honours: () => true,
        refusalOf: () => null,
        stickyTag: () => more.sticky ?? null,
        health,
        nowMs: NOW_MS,
        random: () => 0,
      })
        .candidates.map(({ endpoint }) => endpoint.tag)
        .join('');
    },
  };
}

test('by throughput the fastest comes first, by latency the soonest; what was never measured comes last', () => {
  const { order } = bench([
    { price: 1 },
    { price: 2, tokensPerSecond: 50, latencySeconds: 0.2 },
    { price: 3, tokensPerSecond: 100, latencySeconds: 0.8 },
  ]);
  expect(order({ sort: 'throughput' })).toBe('cba');
  expect(order({ sort: 'latency' })).toBe('bca');
  expect(order({ sort: { by: 'throughput' } })).toBe('cba');
  expect(order({ sort: 'price' })).toBe('abc');
});

test('a suffix of the model sorts, unless the preferences say how', () => {
  const { order } = bench([
    { price: 1, tokensPerSecond: 50 },
    { price: 2, tokensPerSecond: 100 },
  ]);
  expect(order({}, { variant: 'nitro' })).toBe('ba');
  expect(order({}, { variant: 'floor' })).toBe('ab');
  expect(order({ sort: 'price' }, { variant: 'nitro' })).toBe('ab');
  expect(order({ order: ['a'] }, { variant: 'nitro' })).toBe('ab');
});

test('exacto puts those first that fail least, and of these the fastest', () => {
  const { order } = bench([
    { tokensPerSecond: 200, failedOf100: 10 },
    { tokensPerSecond: 50 },
    { tokensPerSecond: 100 },
    { tokensPerSecond: 300, failedOf100: 30 },
  ]);
  expect(order({}, { variant: 'exacto' })).toBe('cbad');
  expect(order({ sort: 'exacto' })).toBe('cbad');
});

test('an endpoint below 95 % of a hundred requests comes later, one below 80 % last; fewer requests say nothing', () => {
  const { order } = bench([{ failedOf100: 21 }, { price: 3, failedOf100: 6 }, { price: 4, failedOf100: 5 }]);
  expect(order({})).toBe('cba');
  const { order: few, health, model } = bench([{}, { price: 2 }]);
  for (let failed = 0; failed < 99; failed += 1)
    health.settled(
      {
        candidate: { model, endpoint: model.endpoints[0]! },
        outcome: 'failed',
        firstByteMs: 1,
        tokensPerSecond: null,
      },
      NOW_MS,
    );
  expect(few({})).toBe('ab');
});

test('what misses a wish for speed comes last, is never left out, and an order of names is kept to', () => {
  const { order } = bench([
    { price: 1, tokensPerSecond: 10, latencySeconds: 5 },
    { price: 2, tokensPerSecond: 100, latencySeconds: 1 },
    { price: 3 },
  ]);
  expect(order({ preferred_min_throughput: 50 })).toBe('bac');
  expect(order({ preferred_max_latency: { p90: 2 } })).toBe('bac');
  expect(order({ preferred_min_throughput: { p50: 5, p99: 50 }, sort: 'price' })).toBe('bac');
  expect(order({ preferred_min_throughput: 1e9 })).toBe('abc');
  expect(order({ preferred_min_throughput: 50, order: ['a'] })).toBe('abc');
});

test('those that take tools are preferred for them, and those that answer at the length asked for', () => {
  const { order } = bench([
    { price: 1, tools: false, most: 1000 },
    { price: 2, tools: true, most: 1000 },
    { price: 3, most: 9000 },
  ]);
  expect(order({}, { used: ['tools'] })).toBe('bc');
  expect(order({}, { used: ['temperature'] })).toBe('abc');
  expect(order({}, { maxTokens: 5000 })).toBe('c');
  // Nobody does: then all stay.
  expect(order({}, { maxTokens: 10_000 })).toBe('abc');
  expect(bench([{ tools: false }, { tools: false }]).order({}, { used: ['tools'] })).toBe('ab');
});

test('a conversation goes on where its prompt is cached, unless the caller orders or that endpoint is down', () => {
  const { order, health, model } = bench([{ price: 1 }, { price: 2 }, { price: 3 }]);
  expect(order({}, { sticky: 'c' })).toBe('cab');
  expect(order({ ignore: ['c'] }, { sticky: 'c' })).toBe('ab');
  expect(order({ order: ['b'] }, { sticky: 'c' })).toBe('bac');
  expect(order({ sort: 'price' }, { sticky: 'c' })).toBe('abc');
  health.failed({ model, endpoint: model.endpoints[2]! }, refused(500), NOW_MS);
  expect(order({}, { sticky: 'c' })).toBe('abc');
});

test('with partition none all models’ endpoints are ranked together, else each model is exhausted', () => {
  const model = (id: string, ...prices: number[]) =>
    modelOf({
      id,
      endpoints: prices.map((price) =>
        endpointOf({
          provider: providerOf({ slug: `p${price}` }),
          pricing: pricingOf({ prompt: BigInt(price) }),
        }),
      ),
    });
  const order = (preferences: object) =>
    plan({
      models: [
        { model: model('x/one', 2, 4), variant: null },
        { model: model('x/two', 1, 3), variant: null },
      ],
      preferences: parsePreferences(preferences),
      usedParameters: [],
      maxTokens: null,
      mediaKinds: [],
      honours: () => true,
      refusalOf: () => null,
      stickyTag: () => null,
      health: new EndpointHealth(),
      nowMs: NOW_MS,
      random: () => 0,
    }).candidates.map(({ model, endpoint }: Candidate) => `${model.id} ${endpoint.tag}`);
  const [one, two] = [
    ['x/one p2', 'x/one p4'],
    ['x/two p1', 'x/two p3'],
  ];
  expect(order({ sort: 'price' })).toEqual([...one, ...two]);
  expect(order({ sort: { by: 'price', partition: 'model' } })).toEqual([...one, ...two]);
  expect(order({ sort: { by: 'price', partition: 'none' } })).toEqual([two[0]!, one[0]!, two[1]!, one[1]!]);
  expect(order({ sort: { partition: 'none' }, allow_fallbacks: false })).toEqual([two[0]!]);
});

/** The contract's rules once more, each as plainly as can be, over small numbers: what the plan must agree with. */
function reference(
  measured: readonly Measured[],
  wishes: { sort: string | null; min: number | null; order: string[]; only: string[]; fallbacks: boolean },
): string {
  const all = measured.map((facts, at) => ({
    ...facts,
    price: facts.price ?? 1,
    tag: String.fromCharCode(97 + at),
  }));
  let left = all.filter(({ tag }) => wishes.only.length === 0 || wishes.only.includes(tag));
  left.sort((a, b) => a.price - b.price);
  if (wishes.order.length > 0) {
    const place = (tag: string) => (wishes.order.indexOf(tag) + 1 || 99) - 1;
    left.sort((a, b) => place(a.tag) - place(b.tag));
    if (!wishes.fallbacks) left = left.filter(({ tag }) => wishes.order.includes(tag));
    return left.map(({ tag }) => tag).join('');
  }
  const failedShare = ({ failedOf100 = 0 }: Measured) => (failedOf100 <= 5 ? 0 : failedOf100 <= 20 ? 1 : 2);
  // Drawn with the least number, so that the cheapest of the best comes first.
  if (wishes.sort === null) left.sort((a, b) => failedShare(a) - failedShare(b));
  if (wishes.sort === 'throughput')
    left.sort((a, b) => (b.tokensPerSecond ?? -1) - (a.tokensPerSecond ?? -1));
  const { min } = wishes;
  if (min !== null)
    left = [
      ...left.filter(({ tokensPerSecond = -1 }) => tokensPerSecond >= min),
      ...left.filter(({ tokensPerSecond = -1 }) => tokensPerSecond < min),
    ];
  if (!wishes.fallbacks) left = left.slice(0, 1);
  return left.map(({ tag }) => tag).join('');
}

test('preferences, alone and together, order as a plain reading of the rules does', () => {
  const tags = ['a', 'b', 'c', 'd', 'e'];
  const measured = fc.array(
    fc.record(
      {
        price: fc.constantFrom(1, 2, 3, 4, 5),
        tokensPerSecond: fc.constantFrom(10, 40, 160),
        failedOf100: fc.constantFrom(0, 5, 6, 20, 21, 60),
      },
      { requiredKeys: ['price'] },
    ),
    { minLength: 1, maxLength: 5 },
  );
  const wishes = fc.record({
    sort: fc.constantFrom(null, 'price', 'throughput'),
    min: fc.constantFrom(null, 5, 20, 80),
    order: fc.oneof(fc.constant<string[]>([]), fc.subarray(tags)),
    only: fc.oneof(fc.constant<string[]>([]), fc.subarray(tags, { minLength: 1 })),
    fallbacks: fc.boolean(),
  });
  fc.assert(
    fc.property(measured, wishes, (endpoints, wish) => {
      const order = bench(endpoints).order({
        sort: wish.sort,
        preferred_min_throughput: wish.min,
        order: wish.order,
        only: wish.only,
        allow_fallbacks: wish.fallbacks,
      });
      expect(order).toBe(reference(endpoints, wish));
    }),
    { numRuns: 2000 },
  );
});
