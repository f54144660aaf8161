import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import { endpointOf, pricingOf, providerOf } from './__fixtures__/endpoints.ts';
import { exclusionOf, matchesSlug, NO_PREFERENCES, parsePreferences } from './preferences.ts';

test('without preferences everything is allowed; nulls and empty lists are the same as absent', () => {
  expect(parsePreferences(undefined)).toBe(NO_PREFERENCES);
  expect(parsePreferences(null)).toBe(NO_PREFERENCES);
  expect(parsePreferences({})).toEqual(NO_PREFERENCES);
  const nulls = {
    order: null,
    only: null,
    ignore: [],
    allow_fallbacks: null,
    zdr: null,
    sort: null,
    max_price: null,
  };
  expect(parsePreferences(nulls)).toEqual(NO_PREFERENCES);
});

test('every preference is read', () => {
  expect(
    parsePreferences({
      order: ['a'],
      only: ['b'],
      ignore: ['c'],
      allow_fallbacks: false,
      require_parameters: true,
      data_collection: 'deny',
      zdr: true,
      quantizations: ['fp4', 'fp8', 'int8'],
      sort: { by: 'price', partition: 'model' },
      max_price: { prompt: 1, completion: '2.5', request: 0.01, image: '1e-3', audio: 0 },
      preferred_min_throughput: 50,
      preferred_max_latency: { p90: 2 },
    }),
  ).toEqual({
    order: ['a'],
    only: ['b'],
    ignore: ['c'],
    allowFallbacks: false,
    requireParameters: true,
    denyDataCollection: true,
    zeroDataRetention: true,
    quantizations: ['fp4', 'mxfp4', 'nvfp4', 'fp8', 'mxfp8', 'int8'],
    sort: 'price',
    acrossModels: false,
    minThroughput: { p50: 50 },
    maxLatency: { p90: 2 },
    distillable: false,
    maxPrice: {
      prompt: 1_000_000n,
      completion: 2_500_000n,
      request: 10_000_000_000n,
      image: 1_000_000_000n,
      audio: 0n,
    },
  });
  expect(parsePreferences({ sort: { partition: 'model' } }).sort).toBeNull();
});

test('what is wrong is refused by its name', () => {
  const cases: [unknown, string][] = [
    ['acme', 'provider must'],
    [[], 'provider must'],
    [{ zdR: true }, 'provider.zdR'],
    [{ order: 'acme' }, 'provider.order'],
    [{ only: [1] }, 'provider.only'],
    [{ ignore: {} }, 'provider.ignore'],
    [{ allow_fallbacks: 'no' }, 'provider.allow_fallbacks'],
    [{ require_parameters: 1 }, 'provider.require_parameters'],
    [{ zdr: 'true' }, 'provider.zdr'],
    [{ data_collection: 'never' }, 'provider.data_collection'],
    [{ quantizations: 'fp8' }, 'provider.quantizations'],
    [{ sort: 'cheap' }, 'provider.sort'],
    [{ sort: { by: 1 } }, 'provider.sort'],
    [{ max_price: 1 }, 'provider.max_price'],
    [{ max_price: { prompts: 1 } }, 'provider.max_price.prompts'],
    [{ max_price: { prompt: -1 } }, 'provider.max_price.prompt'],
    [{ max_price: { completion: 'free' } }, 'provider.max_price.completion'],
    [{ max_price: { image: true } }, 'provider.max_price.image'],
  ];
  for (const [value, name] of cases) {
    let thrown: unknown;
    try {
      parsePreferences(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TurnpikeError);
    const { status, message } = thrown as TurnpikeError;
    expect([status, message.startsWith(name), message]).toEqual([400, true, message]);
  }
});

test('a base slug names every variant of a provider but its tiers; a full slug names one endpoint', () => {
  const provider = providerOf({ slug: 'deepinfra' });
  const tagged = (tag: string) => endpointOf({ provider, tag });
  expect(matchesSlug(tagged('deepinfra'), 'deepinfra')).toBe(true);
  expect(matchesSlug(tagged('deepinfra/turbo'), 'deepinfra')).toBe(true);
  expect(matchesSlug(tagged('deepinfra/turbo'), 'deepinfra/turbo')).toBe(true);
  expect(matchesSlug(tagged('deepinfra'), 'deepinfra/turbo')).toBe(false);
  expect(matchesSlug(tagged('deepinfra/turbo'), 'deepinf')).toBe(false);
  for (const tier of ['flex', 'priority']) {
    expect(matchesSlug(tagged(`deepinfra/${tier}`), 'deepinfra')).toBe(false);
    expect(matchesSlug(tagged(`deepinfra/${tier}`), `deepinfra/${tier}`)).toBe(true);
  }
});

test('an endpoint that may not serve is left out with OpenRouter’s word for it', () => {
  const endpoint = endpointOf({
    provider: providerOf({ training: true }),
    pricing: pricingOf({ prompt: 10n, audio: 5n }),
    quantization: 'fp8',
    supportedParameters: ['tools'],
  });
  const word = (value: object, used: string[] = []) => exclusionOf(endpoint, parsePreferences(value), used);
  expect(word({})).toBeNull();
  expect(word({ only: ['other'] })).toBe('allowed_providers');
  expect(word({ only: ['other', 'acme'] })).toBeNull();
  expect(word({ only: ['acme'], ignore: ['acme'] })).toBe('allowed_providers');
  expect(word({ zdr: true })).toBe('data_policy:zdr');
  expect(word({ data_collection: 'deny' })).toBe('data_policy:training');
  expect(word({ quantizations: ['fp4'] })).toBe('quantization');
  expect(word({ quantizations: ['fp8'] })).toBeNull();
  expect(word({ max_price: { prompt: '0.00001' } })).toBeNull();
  expect(word({ max_price: { prompt: '0.000009' } })).toBe('max_price');
  expect(word({ max_price: { prompt: 0 } })).toBe('max_price');
  expect(word({ max_price: { audio: '0.000000000004' } })).toBe('max_price');
  expect(word({ require_parameters: true }, ['tools'])).toBeNull();
  expect(word({ require_parameters: true }, ['tools', 'seed'])).toBe('require_parameters');
  expect(word({}, ['seed'])).toBeNull();
  const unknown = endpointOf();
  expect(exclusionOf(unknown, parsePreferences({ quantizations: ['unknown'] }), [])).toBeNull();
});

describe('a provider that is named as pages show it', () => {
  const google = endpointOf({
    tag: 'google-ai-studio',
    provider: providerOf({ slug: 'google-ai-studio', name: 'Google AI Studio' }),
  });
  const cheap = endpointOf({ tag: 'cheap/fp8', provider: providerOf({ slug: 'cheap', name: 'Cheap & Co' }) });

  test.each(['Google AI Studio', 'GOOGLE-AI-STUDIO', ' google-ai-studio '])('%j is left out', (word) => {
    const preferences = parsePreferences({ ignore: [word] });
    expect(exclusionOf(google, preferences, [])).toBe('allowed_providers');
    expect(exclusionOf(cheap, preferences, [])).toBeNull();
  });

  test('or a tag, or by a name that is no slug in capitals', () => {
    for (const word of ['Cheap & Co', 'Cheap/FP8', 'Cheap'])
      expect([word, exclusionOf(cheap, parsePreferences({ only: [word] }), [])]).toEqual([word, null]);
  });
});

test('a precision is meant in whatever case, and a price that was reckoned with as the decimal beside it', () => {
  expect(parsePreferences({ quantizations: ['FP8'] }).quantizations).toEqual(['fp8', 'mxfp8']);
  expect(parsePreferences({ max_price: { prompt: 3 * 1.1, completion: 0.1 + 0.2 } }).maxPrice).toMatchObject({
    prompt: 3_300_000n,
    completion: 300_000n,
  });
  for (const wrong of [-1, '', 'x', true])
    expect(() => parsePreferences({ max_price: { prompt: wrong } })).toThrow('must be a price in USD');
});
