import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Endpoint, Model } from '../catalogue/model.ts';
import { invalidRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { endpointOf, modelOf, pricingOf, providerOf } from './__fixtures__/endpoints.ts';
import { refused } from './__fixtures__/scripted.ts';
import { EndpointHealth } from './health.ts';
import { type Candidate, noEndpoints, type PlanRequest, plan } from './plan.ts';
import { parsePreferences } from './preferences.ts';

const NOW_MS = 1_000_000;
const MILLION = 1_000_000n;

function priced(slug: string, prompt: bigint) {
  return endpointOf({ provider: providerOf({ slug }), pricing: pricingOf({ prompt }) });
}

const [A, B, C] = [priced('a', MILLION), priced('b', 2n * MILLION), priced('c', 3n * MILLION)];

/** As the plan knows an endpoint. */
const candidateOf = (endpoint: Endpoint): Candidate => ({ model: modelOf(), endpoint });

type Options = Partial<Omit<PlanRequest, 'models'>> & {
  readonly models?: readonly Model[];
  readonly variant?: string;
};

function order(preferences: object, options: Options = {}): string[] {
  return planned(preferences, options).candidates.map(({ endpoint }) => endpoint.tag);
}

function planned(preferences: object, { models, variant = '', ...options }: Options) {
  return plan({
    models: (models ?? [modelOf({ endpoints: [C, B, A] })]).map((model) => ({
      model,
      variant: variant || null,
    })),
    preferences: parsePreferences(preferences),
    usedParameters: [],
    maxTokens: null,
    mediaKinds: [],
    stickyTag: () => null,
    honours: () => true,
    refusalOf: () => null,
    health: new EndpointHealth(),
    nowMs: NOW_MS,
    random: () => 0,
    ...options,
  });
}

test('the contract’s example: $1 is drawn nine times as often as $3, and the one with an outage comes last', () => {
  const health = new EndpointHealth();
  health.failed(candidateOf(B), refused(500), NOW_MS - 29_999);
  expect(order({}, { health, random: () => 0.899 })).toEqual(['a', 'c', 'b']);
  expect(order({}, { health, random: () => 0.901 })).toEqual(['c', 'a', 'b']);
  expect(order({}, { health, random: () => 0.999_999_999 })).toEqual(['c', 'a', 'b']);
});

test('an endpoint whose provider cannot be told what the request says is left out, and the first one says why', () => {
  const refusal = invalidRequest('no sound here');
  const refusalOf = (endpoint: Endpoint) => (endpoint === A ? refusal : null);
  expect(order({}, { refusalOf })).toEqual(['b', 'c']);
  expect(planned({}, { refusalOf: () => refusal })).toMatchObject({ candidates: [], refusal });
  expect(planned({ only: ['b'] }, { refusalOf })).toMatchObject({ refusal: null });
});

test('an outage is forgotten after half a minute, or with the next success', () => {
  const health = new EndpointHealth();
  health.failed(candidateOf(A), refused(500), NOW_MS - 30_000);
  health.failed(candidateOf(B), refused(500), NOW_MS);
  health.succeeded(candidateOf(B));
  expect(order({}, { health })).toEqual(['a', 'b', 'c']);
});

test('when all had outages, the cheapest still comes first', () => {
  const health = new EndpointHealth();
  for (const endpoint of [A, B, C]) health.failed(candidateOf(endpoint), refused(500), NOW_MS);
  expect(order({}, { health })).toEqual(['a', 'b', 'c']);
});

test('free endpoints are drawn evenly, and before any that costs', () => {
  const models = [modelOf({ endpoints: [A, priced('f', 0n), priced('g', 0n)] })];
  expect(order({}, { models, random: () => 0.49 })).toEqual(['f', 'g', 'a']);
  expect(order({}, { models, random: () => 0.51 })).toEqual(['g', 'f', 'a']);
});

test('whatever is drawn, every eligible endpoint is planned once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(0n, 10n ** 15n), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (prices, draw) => {
        const endpoints = prices.map((prompt, at) => priced(`p${at}`, prompt));
        const tags = order({}, { models: [modelOf({ endpoints })], random: () => draw });
        expect(tags.toSorted()).toEqual(endpoints.map(({ tag }) => tag).toSorted());
      },
    ),
  );
});

describe('a model that is known not to read what a request has', () => {
  const KINDS = [
    ['image', 'image input'],
    ['audio', 'input audio'],
    ['video', 'input video'],
    ['file', 'file input'],
  ] as const;
  test.each(KINDS)('is sent no %s; one of which nothing is known may be', (kind, words) => {
    const models = (['text', kind, 'unknown'] as const).map((takes) =>
      modelOf({
        id: `x/${takes}`,
        endpoints: [priced(takes, MILLION)],
        inputModalities: takes === kind ? ['text', kind] : ['text'],
        inputsAreKnown: takes !== 'unknown',
      }),
    );
    expect(order({}, { models })).toEqual(['text', kind, 'unknown']);
    expect(order({}, { models, mediaKinds: [kind] })).toEqual([kind, 'unknown']);
    const { excluded } = planned({}, { models: models.slice(0, 1), mediaKinds: [kind] });
    const error = noEndpoints(models.slice(0, 1), excluded, DOCS_URL);
    expect([error.status, error.message]).toEqual([404, `No endpoints found that support ${words}`]);
    expect(error.extra['availability']).toMatchObject({
      code: 'constraint_filtered',
      constraint: { field: 'messages' },
    });
  });

  test('is told by the first kind that it cannot read', () => {
    const model = modelOf({
      endpoints: [priced('a', MILLION)],
      inputModalities: ['text', 'image'],
      inputsAreKnown: true,
    });
    const { excluded } = planned({}, { models: [model], mediaKinds: ['video', 'image', 'audio'] });
    expect(excluded.map(({ reason }) => reason)).toEqual(['input_modality:audio']);
  });

  test('may be sent a file where it reads pictures, as lists leave files out there', () => {
    const model = modelOf({
      endpoints: [priced('a', MILLION)],
      inputModalities: ['text', 'image'],
      inputsAreKnown: true,
    });
    expect(order({}, { models: [model], mediaKinds: ['file'] })).toEqual(['a']);
  });
});

test('an order or a sort switches the draw off', () => {
  const random = () => 0.999;
  expect(order({ sort: 'price' }, { random })).toEqual(['a', 'b', 'c']);
  expect(order({ order: ['c', 'nobody', 'b'] }, { random })).toEqual(['c', 'b', 'a']);
});

test('without fallbacks only the first is tried, or only those that are named', () => {
  expect(order({ allow_fallbacks: false })).toEqual(['a']);
  expect(order({ allow_fallbacks: false, order: ['c', 'b'] })).toEqual(['c', 'b']);
  expect(order({ allow_fallbacks: false, order: ['nobody'] })).toEqual([]);
  expect(order({ order: ['nobody'] })).toEqual(['a', 'b', 'c']);
});

test('only and ignore leave out before anything is ordered', () => {
  expect(order({ only: ['b', 'c'] })).toEqual(['b', 'c']);
  expect(order({ ignore: ['a'] })).toEqual(['b', 'c']);
  expect(order({ only: ['a'], ignore: ['a'] })).toEqual([]);
});

test('models are exhausted in the caller’s order', () => {
  const models = [modelOf({ id: 'x/dear', endpoints: [C] }), modelOf({ id: 'x/cheap', endpoints: [A, B] })];
  expect(order({}, { models })).toEqual(['c', 'a', 'b']);
});

test('health is known by model and tag: a catalogue that is built anew finds it, another model does not', () => {
  const health = new EndpointHealth();
  health.failed(candidateOf(A), refused(500), NOW_MS);
  const rebuilt = ['a', 'b'].map((slug) => priced(slug, MILLION));
  expect(order({}, { health, models: [modelOf({ endpoints: rebuilt })] })).toEqual(['b', 'a']);
  const other = modelOf({ id: 'acme/large', endpoints: rebuilt });
  expect(order({}, { health, models: [other] })).toEqual(['a', 'b']);
  health.succeeded({ model: modelOf(), endpoint: rebuilt[0]! });
  expect(health.isUnstable(candidateOf(A), NOW_MS)).toBe(false);
});

const leftOutBy = (...reasons: string[]) => reasons.map((reason) => ({ reason }));
const DOCS_URL = 'https://gateway.example/docs/availability';

test('when none is left, a 404 names who serves the model and why they were left out', () => {
  const models = [modelOf({ endpoints: [A, B] })];
  const error = noEndpoints(models, leftOutBy('data_policy:zdr', 'max_price'), DOCS_URL);
  expect(error.status).toBe(404);
  expect(error.message).toContain('No allowed providers are available for the selected model');
  expect(error.message).toContain('a, b');
  expect(error.extra['availability']).toEqual({
    code: 'privacy_restricted',
    retryable: false,
    requested_models: ['acme/small'],
    docs_url: `${DOCS_URL}#privacy_restricted`,
    excluded_by: ['data_policy:zdr', 'max_price'],
    constraint: { field: 'provider.zdr', detail: expect.stringContaining('data_policy:zdr') },
  });
  const availabilityOf = (...words: string[]) =>
    noEndpoints(models, leftOutBy(...words), DOCS_URL).extra['availability'] as JsonObject;
  expect([availabilityOf()['code'], availabilityOf('max_price')['code']]).toEqual([
    'no_endpoints',
    'constraint_filtered',
  ]);
  expect(Object.keys(availabilityOf())).toEqual(['code', 'retryable', 'requested_models', 'docs_url']);
});

test('the first thing to change is named as the caller writes it', () => {
  const fieldOf = (word: string) => {
    const { availability } = noEndpoints([modelOf()], leftOutBy(word), DOCS_URL).extra as {
      availability: { constraint: { field: string } };
    };
    return availability.constraint.field;
  };
  expect(
    ['max_price', 'data_policy:training', 'data_policy:zdr', 'allowed_providers', 'quantization'].map(
      fieldOf,
    ),
  ).toEqual([
    'provider.max_price',
    'provider.data_collection',
    'provider.zdr',
    'provider.only',
    'provider.quantizations',
  ]);
});

test('nobody serves a model without endpoints, and the message says so', () => {
  const error = noEndpoints([modelOf({ endpoints: [] })], [], DOCS_URL);
  expect(error.message).toEndWith('Providers that serve it: none.');
});

test('an endpoint that cannot be told all of a wish is left out by require_parameters alone', () => {
  const honours = (endpoint: Endpoint) => endpoint === B;
  expect(order({ require_parameters: true }, { honours })).toEqual(['b']);
  expect(order({}, { honours })).toHaveLength(3);
});

test('who has no room for the prompt and its answer comes last, unless the caller’s own order has it', () => {
  const roomy = (endpoint: Endpoint, contextLength: number) => ({ ...endpoint, contextLength });
  const models = [modelOf({ endpoints: [roomy(A, 1000), roomy(B, 8000), roomy(C, 4000)] })];
  const sort = { sort: 'price' };
  expect(order(sort, { models, promptTokens: 900 })).toEqual(['a', 'b', 'c']);
  expect(order(sort, { models, promptTokens: 900, maxTokens: 101 })).toEqual(['b', 'c', 'a']);
  expect(order(sort, { models, promptTokens: 5000 })).toEqual(['b', 'a', 'c']);
  expect(order({ order: ['a'] }, { models, promptTokens: 5000 })).toEqual(['a', 'b', 'c']);
  expect(order({ ...sort, allow_fallbacks: false }, { models, promptTokens: 5000 })).toEqual(['b']);
});
