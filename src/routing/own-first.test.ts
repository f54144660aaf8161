import { expect, test } from 'bun:test';
import { endpointOf, modelOf, pricingOf, providerOf } from './__fixtures__/endpoints.ts';
import type { OwnCredential } from './credential.ts';
import { EndpointHealth } from './health.ts';
import { plan } from './plan.ts';
import { parsePreferences } from './preferences.ts';

const MILLION = 1_000_000n;

const endpoint = (slug: string, price: bigint, more: Partial<ReturnType<typeof providerOf>> = {}) =>
  endpointOf({ provider: providerOf({ slug, ...more }), pricing: pricingOf({ prompt: price * MILLION }) });

const ownKey = (provider: string, more: Partial<OwnCredential> = {}): OwnCredential => ({
  ...{ kind: 'byok', id: `own-${provider}`, version: 1, provider, section: 'prioritised', isRequired: false },
  ...{ declaredZdr: null, models: null, apply: (target) => target },
  ...more,
});

interface Own {
  readonly keys?: readonly OwnCredential[];
  readonly withoutShared?: readonly string[];
}

function asked(
  preferences: object,
  { keys = [], withoutShared = [] }: Own,
  endpoints = [endpoint('a', 1n), endpoint('b', 2n), endpoint('c', 3n)],
  random = 0,
): string[] {
  const { candidates } = plan({
    models: [{ model: modelOf({ endpoints }), variant: null }],
    preferences: parsePreferences(preferences),
    ...{ usedParameters: [], maxTokens: null, mediaKinds: [], stickyTag: () => null },
    ...{ honours: () => true, refusalOf: () => null, health: new EndpointHealth(), nowMs: 0 },
    own: { all: keys, withoutShared: new Set(withoutShared) },
    random: () => random,
  });
  return candidates.map(({ endpoint: { tag }, credential }) =>
    credential === undefined ? tag : `own ${tag}`,
  );
}

const ONE_TRY = { allow_fallbacks: false };

test('without fallbacks the endpoint that leads without own keys is tried, with the key that is its own', () => {
  expect(asked(ONE_TRY, { keys: [ownKey('c'), ownKey('a')] })).toEqual(['own a']);
  expect(asked(ONE_TRY, { keys: [ownKey('b')] })).toEqual(['a']);
  expect(asked(ONE_TRY, { keys: [ownKey('a', { section: 'fallback' })] })).toEqual(['a']);
});

test('without fallbacks a provider that is there for own keys alone is passed over by who has none for it', () => {
  expect(asked(ONE_TRY, { keys: [ownKey('c')], withoutShared: ['a'] })).toEqual(['b']);
  expect(asked(ONE_TRY, { withoutShared: ['a', 'b', 'c'] })).toEqual([]);
});

test('without fallbacks no lot refuses a request: what own keys alone lead to is tried where nothing else is', () => {
  const endpoints = [endpoint('a', 1n, { ownKeysOnly: true }), endpoint('b', 1n, { retainsPrompts: true })];
  const keys = [ownKey('a', { section: 'fallback', declaredZdr: true }), ownKey('b', { declaredZdr: true })];
  for (const random of [0, 0.49, 0.51, 0.99]) {
    expect(asked(ONE_TRY, { keys: keys.slice(0, 1) }, endpoints, random)).toEqual(['b']);
    expect(asked({ ...ONE_TRY, zdr: true }, { keys: keys.slice(0, 1) }, endpoints, random)).toEqual([
      'own a',
    ]);
    expect(asked({ ...ONE_TRY, zdr: true }, { keys }, endpoints, random)).toHaveLength(1);
    // A statement does not lead around a key without one that must be used: nothing is left of b, and a serves.
    const strict = [
      ownKey('b', { isRequired: true }),
      ownKey('b', { section: 'fallback', declaredZdr: true }),
    ];
    const free = [endpoint('a', 1n), endpoint('b', 1n, { retainsPrompts: true })];
    expect(asked({ ...ONE_TRY, zdr: true }, { keys: strict }, free, random)).toEqual(['a']);
  }
});
