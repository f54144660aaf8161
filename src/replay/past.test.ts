import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Model } from '../catalogue/model.ts';
import type { Policy } from '../policy/policy.ts';
import { windowId } from '../window.ts';
import { type DraftBudget, type PastRequest, Replay } from './past.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-11-18T00:00:00Z');

/** Only lists of models matter here. */
function policy(allowed: readonly string[] | null, providers: readonly string[] | null = null): Policy {
  const rules = {
    ...{ allowedModels: allowed, ignoredModels: null, allowedProviders: providers, ignoredProviders: null },
    ...{ regions: null, zdr: {}, paidTraining: null, freeTraining: null, freePublication: null },
  };
  return {
    layers: [{ scope: 'workspace', guardrailId: 'draft', name: 'draft', rules }],
    models: { allowed: allowed === null ? null : new Set(allowed), ignored: new Set() },
    providers: { allowed: providers === null ? null : new Set(providers), ignored: new Set() },
    zdr: { anthropic: false, openai: false, google: false, xai: false, other: false },
    ...{
      paidTraining: true,
      freeTraining: true,
      freePublication: true,
      regions: null,
      filters: [],
      answerFilters: [],
      budgets: [],
    },
  };
}

const endpoint = (slug: string) => ({
  tag: slug,
  provider: { slug, training: false, retainsPrompts: false },
});
const MODELS = ['a/one', 'a/two'].map(
  (canonicalSlug) =>
    ({ canonicalSlug, endpoints: [endpoint('first'), endpoint('second')] }) as unknown as Model,
);
const findModel = (slug: string) => MODELS.find((model) => model.canonicalSlug === slug) ?? null;

function request(members: Partial<PastRequest> = {}): PastRequest {
  return {
    ...{ createdAtMs: START_MS, keyHash: 'key', model: 'a/one', endpointTag: 'first', isByok: false },
    ...{ costNanoUsd: 10n, upstreamCostNanoUsd: 10n, ...members },
  };
}

const options = { budget: null, findModel, creatorOf: () => null, startMs: START_MS };

test('a request whose endpoint may not serve is refused only where no other of its model may', () => {
  const replay = new Replay({ ...options, policy: policy(['a/one'], ['second']) });
  replay.add(request());
  replay.add(request({ model: 'a/two' }));
  replay.add(request({ endpointTag: 'second' }));
  replay.add(request({ model: 'gone/model' }));
  expect(Object.values(replay.outcomes).map(({ requests }) => requests)).toEqual([1, 1, 1, 1]);
  expect([...replay.byRule].map(([rule, { requests }]) => [rule, requests])).toEqual([
    ['allowed_providers', 2],
    ['allowed_models', 1],
  ]);
});

test('what went through a caller’s own key counts at the catalogue’s price where the budget includes it', () => {
  for (const [includesByok, spent] of [
    [true, 50n],
    [false, 1n],
  ] as const) {
    const budget = { limitNanoUsd: 1n, window: 'daily', includesByok, holders: ['key'] } as const;
    const replay = new Replay({ ...options, policy: policy(null), budget });
    replay.add(request({ isByok: true, costNanoUsd: 1n, upstreamCostNanoUsd: 50n }));
    replay.add(request());
    expect(replay.reached).toMatchObject([{ spentNanoUsd: spent, refused: { requests: 1 } }]);
  }
});

test('budgets refuse as somebody with a list of all requests would, whoever holds them and whatever the window', () => {
  const kinds = ['daily', 'weekly', 'monthly', 'all'] as const;
  const past = fc.record({
    createdAtMs: fc.integer({ min: START_MS - 20 * DAY_MS, max: START_MS + 20 * DAY_MS }),
    keyHash: fc.constantFrom('k1', 'k2', 'k3'),
    costNanoUsd: fc.bigInt({ min: 0n, max: 30n }),
    model: fc.constantFrom('a/one', 'a/two'),
  });
  const creators: Record<string, string | null> = { k1: 'max', k2: 'max', k3: null };
  fc.assert(
    fc.property(
      fc.array(past, { maxLength: 60 }),
      fc.bigInt({ min: 1n, max: 100n }),
      fc.constantFrom(...kinds),
      fc.constantFrom<DraftBudget['holders']>(['key'], ['member'], ['member', 'key']),
      (members, limitNanoUsd, window, holders) => {
        const requests = members
          .map((one) => request({ ...one, upstreamCostNanoUsd: one.costNanoUsd }))
          .sort((one, other) => one.createdAtMs - other.createdAtMs);
        const replay = new Replay({
          ...{ ...options, policy: policy(['a/one']), creatorOf: (hash) => creators[hash] ?? null },
          budget: { limitNanoUsd, window, includesByok: false, holders },
        });
        for (const one of requests) replay.add(one);

        const served: PastRequest[] = [];
        let refused = 0;
        for (const one of requests) {
          const isOver = holders.some((holder) => {
            const holderOf = ({ keyHash }: PastRequest) =>
              holder === 'key' ? keyHash : (creators[keyHash] ?? null);
            const mine = served.filter(
              (other) =>
                holderOf(other) === holderOf(one) &&
                windowId(window, other.createdAtMs) === windowId(window, one.createdAtMs),
            );
            const spent = mine.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n);
            return holderOf(one) !== null && spent >= limitNanoUsd;
          });
          const isServed = one.model === 'a/one' && !isOver;
          if (isServed) served.push(one);
          else if (one.createdAtMs >= START_MS) refused += 1;
        }
        const inPeriod = requests.filter(({ createdAtMs }) => createdAtMs >= START_MS).length;
        expect(replay.outcomes.refused.requests).toBe(refused);
        expect(replay.all.requests).toBe(inPeriod);
      },
    ),
  );
});
