/**
 * Every preference, suffix and tier alone and in pairs, against the rules written down as plainly as they can be: one filter after the
 * other over a small world, and one comparison for the order.
 */
import { expect, test } from 'bun:test';
import { Random } from '../../prove/random.ts';
import type { Endpoint, Model } from '../catalogue/model.ts';
import { endpointOf, modelOf, pricingOf, providerOf } from './__fixtures__/endpoints.ts';
import { EndpointHealth } from './health.ts';
import { type PlanRequest, plan } from './plan.ts';
import { parseRouting } from './preferences.ts';
import { parseTierWish } from './tiers.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

interface Facts {
  readonly slug: string;
  readonly tag: string;
  readonly tier: string | null;
  /** USD a million prompt tokens; a completion costs nothing. */
  readonly price: number;
  readonly image: number | null;
  readonly request: number | null;
  readonly quantization: string | null;
  readonly trains: boolean;
  readonly keeps: boolean;
  readonly parameters: readonly string[];
  readonly most: number | null;
  readonly tokensPerSecond: number | null;
  readonly latencySeconds: number | null;
  readonly failedOf100: number;
}

interface ModelFacts {
  readonly id: string;
  readonly distillable: boolean;
  readonly endpoints: readonly Facts[];
}

/** Prices all differ, so that there is one order; what was measured is known by fractions, so that figures differ by halves. */
function worldOf(random: Random): readonly ModelFacts[] {
  let price = 0;
  const endpoint = (slug: string, suffix: string, tier: string | null): Facts => {
    price += random.whole(1, 3);
    const isMeasured = random.chance(0.7);
    return {
      slug,
      tag: suffix === '' ? slug : `${slug}/${suffix}`,
      tier,
      price,
      image: random.chance(0.3) ? random.whole(1, 3) : null,
      request: random.chance(0.3) ? random.whole(1, 3) : null,
      quantization: random.pick([null, 'fp8', 'mxfp8', 'fp4', 'nvfp4', 'bf16']),
      trains: random.chance(0.3),
      keeps: random.chance(0.4),
      parameters: random.chance(0.2) ? [] : ['temperature', ...(random.chance(0.6) ? ['tools'] : [])],
      most: random.pick([null, 100, 5000]),
      tokensPerSecond: isMeasured ? random.pick([10, 20, 40, 80, 160]) : null,
      latencySeconds: isMeasured ? random.pick([0.2, 0.4, 0.8, 1.6, 3.2, 6.4]) : null,
      failedOf100: isMeasured ? random.pick([0, 0, 3, 10, 40]) : 0,
    };
  };
  return ['x/one', 'x/two'].map((id) => ({
    id,
    distillable: random.chance(0.5),
    endpoints: ['a', 'b', 'c'].flatMap((slug) => [
      ...(random.chance(0.85) ? [endpoint(slug, '', null)] : []),
      ...(random.chance(0.3) ? [endpoint(slug, 'turbo', null)] : []),
      ...(random.chance(0.3) ? [endpoint(slug, 'flex', 'flex')] : []),
      ...(random.chance(0.3) ? [endpoint(slug, 'priority', 'priority')] : []),
    ]),
  }));
}

interface Built {
  readonly models: readonly Model[];
  readonly health: EndpointHealth;
}

function built(world: readonly ModelFacts[]): Built {
  const health = new EndpointHealth();
  const models = world.map(({ id, distillable, endpoints }) => {
    const model = modelOf({ id, distillable, endpoints: endpoints.map(endpointFrom) });
    for (const [at, facts] of endpoints.entries()) {
      if (facts.tokensPerSecond === null) continue;
      for (let request = 0; request < 100; request += 1)
        health.settled(
          {
            candidate: { model, endpoint: model.endpoints[at]! },
            outcome: request < facts.failedOf100 ? 'failed' : 'complete',
            firstByteMs: (facts.latencySeconds ?? 0) * 1000,
            tokensPerSecond: facts.tokensPerSecond,
          },
          NOW_MS,
        );
    }
    return model;
  });
  return { models, health };
}

function endpointFrom(facts: Facts): Endpoint {
  return endpointOf({
    tag: facts.tag,
    provider: providerOf({ slug: facts.slug, training: facts.trains, retainsPrompts: facts.keeps }),
    pricing: pricingOf({
      prompt: BigInt(facts.price) * 1_000_000n,
      ...(facts.image === null ? {} : { image: BigInt(facts.image) * 10n ** 12n }),
      ...(facts.request === null ? {} : { request: BigInt(facts.request) * 10n ** 12n }),
    }),
    quantization: facts.quantization,
    supportedParameters: facts.parameters,
    maxCompletionTokens: facts.most,
  });
}

interface Asked {
  readonly body: Record<string, unknown>;
  readonly variants: readonly [string | null, string | null];
  readonly used: readonly string[];
  readonly maxTokens: number | null;
}

const ALONE: Asked = { body: {}, variants: [null, null], used: [], maxTokens: null };
const provider = (members: Record<string, unknown>): Partial<Asked> => ({ body: { provider: members } });

/** Each way to ask for something, alone; two that say the same member differently are no pair. */
const WISHES: readonly Partial<Asked>[] = [
  ...[['b'], ['c', 'a'], ['b/turbo', 'b'], ['a/flex'], ['nobody'], []].map((order) => provider({ order })),
  ...[['a'], ['b', 'c'], ['b/turbo'], ['a/flex', 'b'], ['nobody']].map((only) => provider({ only })),
  ...[['a'], ['b/turbo', 'c'], ['a/priority']].map((ignore) => provider({ ignore })),
  provider({ allow_fallbacks: false }),
  provider({ require_parameters: true }),
  provider({ data_collection: 'deny' }),
  provider({ zdr: true }),
  provider({ zdr: false, data_collection: 'allow' }),
  provider({ enforce_distillable_text: true }),
  ...[['fp8'], ['fp4', 'bf16'], ['unknown']].map((quantizations) => provider({ quantizations })),
  ...['price', 'throughput', 'latency', 'exacto'].map((sort) => provider({ sort })),
  provider({ sort: { by: 'latency', partition: 'none' } }),
  provider({ sort: { partition: 'none' } }),
  provider({ preferred_min_throughput: 60 }),
  provider({ preferred_min_throughput: { p50: 30, p99: 90 } }),
  provider({ preferred_max_latency: 2 }),
  provider({ preferred_max_latency: { p90: 1 } }),
  provider({ max_price: { prompt: 6 } }),
  provider({ max_price: { prompt: '0', completion: 1 } }),
  provider({ max_price: { image: 1 } }),
  provider({ max_price: { request: 2 } }),
  ...['fallback', 'sort'].map((route) => ({ body: { route } })),
  ...['flex', 'priority', 'fast', 'default', 'auto'].map((service_tier) => ({ body: { service_tier } })),
  { body: { speed: 'fast' } },
  ...['nitro', 'floor', 'exacto', 'nitro:floor', 'floor:nitro'].map((variant) => ({
    variants: [variant, null] as const,
  })),
  { variants: [null, 'floor'] },
  { used: ['tools'] },
  { used: ['temperature'] },
  { maxTokens: 1000 },
];

/** Null: the second says something else of what the first says. */
function together(one: Partial<Asked>, other: Partial<Asked>): Asked | null {
  for (const name of ['variants', 'used', 'maxTokens'] as const)
    if (one[name] !== undefined && other[name] !== undefined) return null;
  const bodies = [one.body ?? {}, other.body ?? {}];
  const members = bodies.map(({ provider: own }) => (own ?? {}) as Record<string, unknown>);
  if (Object.keys(members[0]!).some((name) => name in members[1]!)) return null;
  const [first, second] = bodies.map(({ provider: _, ...rest }) => rest);
  if (Object.keys(first!).some((name) => name in second!)) return null;
  const joined = { ...members[0], ...members[1] };
  const body = { ...first, ...second, ...(Object.keys(joined).length === 0 ? {} : { provider: joined }) };
  return { ...ALONE, ...one, ...other, body };
}

const EXPANDED: Record<string, readonly string[]> = {
  fp4: ['fp4', 'mxfp4', 'nvfp4'],
  fp8: ['fp8', 'mxfp8'],
};

/** What the rules say, as `model tag`, in order; the draw takes the cheapest. */
function expected(world: readonly ModelFacts[], { body, variants, used, maxTokens }: Asked): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: the members as a caller writes them
  const asked = (body['provider'] ?? {}) as any;
  const said = (
    { fast: 'priority', flex: 'flex', priority: 'priority', default: 'default' } as Record<string, string>
  )[String(body['service_tier'])];
  const wish = said ?? (body['speed'] === 'fast' ? 'priority' : undefined);
  const order: string[] = asked.order ?? [];
  const sorted = typeof asked.sort === 'object' ? asked.sort.by : asked.sort;
  const partition = (typeof asked.sort === 'object' ? asked.sort.partition : undefined) ?? null;
  const isAcross = partition === 'none' || (partition === null && body['route'] === 'sort');
  const suffixSort = (variant: string | null) => {
    const last = (variant ?? '').split(':').at(-1);
    return { nitro: 'throughput', floor: 'price', exacto: 'exacto' }[last ?? ''];
  };
  const optedFor = (variant: string | null) => {
    if (wish !== undefined) return wish === 'default' ? null : wish;
    if (order.length > 0) return null;
    return { throughput: 'priority', price: 'flex' }[suffixSort(variant) ?? ''] ?? null;
  };

  type Row = Facts & { readonly model: ModelFacts; readonly variant: string | null };
  const names = (row: Row, slug: string) =>
    row.tag === slug || (row.slug === slug && (row.tier === null || row.tier === optedFor(row.variant)));
  const filters: ((row: Row) => boolean)[] = [
    ({ model }) => asked.enforce_distillable_text !== true || model.distillable,
    (row) => !(asked.only?.length > 0) || asked.only.some((slug: string) => names(row, slug)),
    (row) => !(asked.ignore ?? []).some((slug: string) => names(row, slug)),
    ({ trains, keeps }) => !(asked.zdr === true || asked.data_collection === 'deny') || !(trains || keeps),
    ({ quantization }) =>
      !(asked.quantizations?.length > 0) ||
      asked.quantizations
        .flatMap((name: string) => EXPANDED[name] ?? [name])
        .includes(quantization ?? 'unknown'),
    ({ price }) => asked.max_price?.prompt === undefined || price <= Number(asked.max_price.prompt),
    ({ image }) => asked.max_price?.image === undefined || image === null || image <= asked.max_price.image,
    ({ request }) =>
      asked.max_price?.request === undefined || request === null || request <= asked.max_price.request,
    ({ parameters }) =>
      asked.require_parameters !== true || used.every((parameter) => parameters.includes(parameter)),
    (row) =>
      row.tier === null ||
      row.tier === optedFor(row.variant) ||
      [...order, ...(asked.only ?? [])].includes(row.tag),
  ];
  const byModel = world.map((model, at) => {
    const variant = variants[at] ?? null;
    let rows: Row[] = model.endpoints.map((facts) => ({ ...facts, model, variant }));
    for (const filter of filters) rows = rows.filter(filter);
    for (const able of [
      ({ parameters }: Row) =>
        !used.includes('tools') || parameters.length === 0 || parameters.includes('tools'),
      ({ most }: Row) => maxTokens === null || most === null || most >= maxTokens,
    ])
      if (rows.some(able)) rows = rows.filter(able);
    return rows;
  });

  const standing = ({ failedOf100 }: Row) => (failedOf100 <= 5 ? 0 : failedOf100 <= 20 ? 1 : 2);
  const speed = ({ tokensPerSecond }: Row) => -(tokensPerSecond ?? Number.NEGATIVE_INFINITY);
  const wait = ({ latencySeconds }: Row) => latencySeconds ?? Number.POSITIVE_INFINITY;
  const difference = (one: number, other: number) => (one === other ? 0 : one - other);
  const orders: Record<string, (one: Row, other: Row) => number> = {
    price: () => 0,
    throughput: (one, other) => difference(speed(one), speed(other)),
    latency: (one, other) => difference(wait(one), wait(other)),
    exacto: (one, other) => standing(one) - standing(other) || difference(speed(one), speed(other)),
    // The draw takes the cheapest of those that are well.
    default: (one, other) => standing(one) - standing(other),
  };
  const keepsSpeed = (row: Row) => {
    const minima = [asked.preferred_min_throughput ?? {}].flatMap((wished) =>
      typeof wished === 'number' ? [wished] : Object.values<number>(wished),
    );
    const maxima = [asked.preferred_max_latency ?? {}].flatMap((wished) =>
      typeof wished === 'number' ? [wished] : Object.values<number>(wished),
    );
    return (
      minima.every((least) => (row.tokensPerSecond ?? -1) >= least) &&
      maxima.every((most) => (row.latencySeconds ?? Number.POSITIVE_INFINITY) <= most)
    );
  };
  const ranked = (all: readonly Row[], variant: string | null): Row[] => {
    const flex = all.filter(({ tier }) => tier === 'flex');
    const rows = wish === 'flex' && flex.length > 0 ? flex : all;
    const byPrice = rows.toSorted((one, other) => one.price - other.price);
    let result: Row[];
    if (order.length > 0) {
      const named = order.flatMap((slug) => byPrice.filter((row) => names(row, slug)));
      result = [...new Set([...named, ...byPrice])];
    } else {
      const ofTier = wish === 'priority' ? 'throughput' : wish === 'flex' && flex.length > 0 ? 'price' : null;
      const sort = sorted ?? suffixSort(variant) ?? ofTier ?? 'default';
      const inOrder = byPrice.toSorted(orders[sort]);
      result = [...inOrder.filter(keepsSpeed), ...inOrder.filter((row) => !keepsSpeed(row))];
      if (wish === 'priority')
        result = [
          ...result.filter(({ tier }) => tier === 'priority'),
          ...result.filter(({ tier }) => tier !== 'priority'),
        ];
    }
    if (asked.allow_fallbacks !== false) return result;
    return order.length === 0
      ? result.slice(0, 1)
      : result.filter((row) => order.some((slug) => names(row, slug)));
  };
  const rows = isAcross
    ? ranked(byModel.flat(), variants[0])
    : byModel.flatMap((each, at) => ranked(each, variants[at] ?? null));
  return rows.map(({ model, tag }) => `${model.id} ${tag}`);
}

function actual({ models, health }: Built, { body, variants, used, maxTokens }: Asked): string[] {
  const request: PlanRequest = {
    models: models.map((model, at) => ({ model, variant: variants[at] ?? null })),
    preferences: parseRouting(body),
    tierWish: parseTierWish(body),
    usedParameters: used,
    mediaKinds: [],
    maxTokens,
    honours: () => true,
    refusalOf: () => null,
    stickyTag: () => null,
    health,
    nowMs: NOW_MS,
    random: () => 0,
  };
  return plan(request).candidates.map(({ model, endpoint }) => `${model.id} ${endpoint.tag}`);
}

test('every wish alone, and every two that can be said at once, are planned as the rules say', () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`reference: SEED=${seed}`);
  const random = new Random(seed);
  const asked = [ALONE];
  for (const [at, one] of WISHES.entries()) {
    asked.push({ ...ALONE, ...one });
    for (const other of WISHES.slice(at + 1)) {
      const both = together(one, other);
      if (both !== null) asked.push(both);
    }
  }
  let isEmpty = 0;
  for (let world = 0; world < 40; world += 1) {
    const facts = worldOf(random);
    const made = built(facts);
    for (const each of asked) {
      const want = expected(facts, each);
      if (want.length === 0) isEmpty += 1;
      expect(actual(made, each), `SEED=${seed}: ${JSON.stringify(each)} of ${JSON.stringify(facts)}`).toEqual(
        want,
      );
    }
  }
  console.info(`reference: ${asked.length} ways to ask, in 40 worlds; ${isEmpty} leave nobody`);
  expect(asked.length).toBeGreaterThan(1000);
}, 120_000);
