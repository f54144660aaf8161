import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { completionTokensOf, NO_USAGE, promptTokensOf } from '../chat/usage.ts';
import { pricingOf } from '../routing/__fixtures__/endpoints.ts';
import { pricesAt } from './conditions.ts';
import { type BillableUsage, costOf, FREE, highestCostOf, isFree } from './cost.ts';
import type { PriceOverride, Pricing, UnitPrices } from './price.ts';

const NOON_MS = Date.parse('2026-11-20T12:00:00Z'); // a Friday

const NONE: BillableUsage = { ...NO_USAGE, imageCount: 0 };

/** An exact fraction of USD. */
type Fraction = readonly [numerator: bigint, denominator: bigint];

const USD_PER_PICO: Fraction = [1n, 1_000_000_000_000n];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const nanoUsdUp = ([a, b]: Fraction): bigint => {
  const scaled = a * 1_000_000_000n;
  return scaled / b + (scaled % b === 0n ? 0n : 1n);
};

/** The charge for a truthful mix, worked out part by part as a price list reads. */
function expected(parts: readonly (readonly [count: number, picoUsd: bigint | undefined])[]): bigint {
  let sum: Fraction = [0n, 1n];
  for (const [count, picoUsd = 0n] of parts) {
    sum = plus(sum, times([BigInt(count), 1n], times([picoUsd, 1n], USD_PER_PICO)));
  }
  return nanoUsdUp(sum);
}

const price = fc.bigInt(0n, 200_000_000n);
const optionalPrices = {
  request: price,
  image: price,
  audio: price,
  audioOutput: price,
  imageOutput: price,
  inputCacheRead: price,
  inputCacheWrite: price,
  inputCacheWrite1h: price,
  internalReasoning: price,
  webSearch: price,
  // Of these no usage has a count.
  imageToken: price,
  inputAudioCache: price,
};
const basePrices = fc.record(
  { prompt: price, completion: price, ...optionalPrices },
  { requiredKeys: ['prompt', 'completion'] },
) as fc.Arbitrary<UnitPrices>;
const hhmm = fc.tuple(fc.nat(23), fc.nat(59)).map(([hours, minutes]) => hours * 100 + minutes);
const override: fc.Arbitrary<PriceOverride> = fc
  .record({
    minPromptTokens: fc.option(fc.nat(3000)),
    window: fc.option(fc.tuple(hhmm, hhmm)),
    days: fc.option(fc.constant(['friday', 'sunday'] as const)),
    prices: fc.record({ prompt: price, completion: price, ...optionalPrices }, { requiredKeys: [] }),
  })
  .map(({ minPromptTokens, window, days, prices }) => ({
    ...(minPromptTokens === null ? {} : { minPromptTokens }),
    ...(window === null ? {} : { utcStart: window[0], utcEnd: window[1] }),
    ...(days === null ? {} : { utcDays: days }),
    prices: prices as Partial<UnitPrices>,
  }));
const pricing: fc.Arbitrary<Pricing> = fc.record({
  base: basePrices,
  overrides: fc.array(override, { maxLength: 3 }),
});
const count = fc.nat(2000);
const instant = fc.integer({ min: 0, max: 7 * 24 * 60 }).map((minutes) => NOON_MS + minutes * 60_000);

/** Every bucket with its count. */
const buckets = {
  inputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  cacheWrite1hTokens: count,
  inputAudioTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  outputAudioTokens: count,
  outputImageTokens: count,
};

test('the charge is the exact sum of every bucket at its own price, rounded up once', () => {
  const usages: fc.Arbitrary<BillableUsage> = fc.record({
    ...buckets,
    searches: fc.nat(5),
    imageCount: fc.nat(5),
  });
  fc.assert(
    fc.property(pricing, usages, instant, (prices, usage, atMs) => {
      const p = pricesAt(prices, promptTokensOf(usage), atMs);
      const written = p.inputCacheWrite ?? p.prompt;
      const input: (readonly [number, bigint | undefined])[] = [
        [usage.inputTokens, p.prompt],
        [usage.cacheReadTokens, p.inputCacheRead ?? p.prompt],
        [usage.cacheWriteTokens, written],
        [usage.cacheWrite1hTokens, p.inputCacheWrite1h ?? written],
        [usage.inputAudioTokens, p.audio ?? p.prompt],
        [usage.imageCount, p.image],
        [usage.searches, p.webSearch],
        [1, p.request],
      ];
      const output: typeof input = [
        [usage.outputTokens, p.completion],
        [usage.reasoningTokens, p.internalReasoning ?? p.completion],
        [usage.outputAudioTokens, p.audioOutput ?? p.completion],
        [usage.outputImageTokens, p.imageOutput ?? p.completion],
      ];
      const cost = costOf(usage, prices, atMs);
      expect(cost.totalNanoUsd).toBe(expected([...input, ...output]));
      expect(expected([[1, cost.promptPicoUsd]])).toBe(expected(input));
      expect(expected([[1, cost.completionPicoUsd]])).toBe(expected(output));
    }),
  );
});

test('whatever mix a provider counts, the cost is never negative and never beyond the most that its bound can cost', () => {
  // Searches are bounded otherwise: what may lead to one is refused where a limit is in play.
  const usages: fc.Arbitrary<BillableUsage> = fc.record({
    ...buckets,
    searches: fc.constant(0),
    imageCount: fc.nat(5),
  });
  fc.assert(
    fc.property(pricing, usages, instant, fc.tuple(count, count, fc.nat(3)), (prices, used, atMs, slack) => {
      const bound = {
        promptTokens: promptTokensOf(used) + slack[0],
        completionTokens: completionTokensOf(used) + slack[1],
        imageCount: used.imageCount + slack[2],
      };
      const cost = costOf(used, prices, atMs);
      expect(cost.promptPicoUsd >= 0n && cost.completionPicoUsd >= 0n).toBe(true);
      expect(cost.totalNanoUsd <= highestCostOf(bound, prices)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['prompt', { inputTokens: 1000 }],
  ['inputCacheRead', { cacheReadTokens: 1000 }],
  ['inputCacheWrite', { cacheWriteTokens: 1000 }],
  ['inputCacheWrite1h', { cacheWrite1hTokens: 1000 }],
  ['audio', { inputAudioTokens: 1000 }],
  ['completion', { outputTokens: 1000 }],
  ['internalReasoning', { reasoningTokens: 1000 }],
  ['audioOutput', { outputAudioTokens: 1000 }],
  ['imageOutput', { outputImageTokens: 1000 }],
  ['image', { imageCount: 2 }],
  ['request', {}],
] as const)(
  'the most that a request can cost covers it at the price of %s, were that the dearest',
  (name, used) => {
    const prices = pricingOf({ [name]: 7000n });
    const bound = { promptTokens: 1000, completionTokens: 1000, imageCount: 2 };
    const cost = costOf({ ...NONE, ...used }, prices, NOON_MS);
    expect(cost.totalNanoUsd).toBeGreaterThan(0n);
    expect(highestCostOf(bound, prices)).toBe(cost.totalNanoUsd);
    // A price that holds only at times may hold when it is charged.
    const atTimes = pricingOf({}, [{ utcDays: ['friday'], prices: { [name]: 7000n } }]);
    expect(highestCostOf(bound, atTimes)).toBe(cost.totalNanoUsd);
  },
);

test('searches and images without a price are free', () => {
  const used = { ...NONE, searches: 1_000_000, imageCount: 1_000_000 };
  expect(costOf(used, pricingOf(), NOON_MS).totalNanoUsd).toBe(0n);
  expect(FREE).toEqual(costOf(NONE, pricingOf(), NOON_MS));
});

test('a fraction of a nano-USD is charged as a whole one, and only one for all fractions together', () => {
  const prices = pricingOf({ prompt: 1n, completion: 1n, request: 1n });
  expect(costOf(NONE, pricingOf(), NOON_MS).totalNanoUsd).toBe(0n);
  expect(costOf({ ...NONE, inputTokens: 1, outputTokens: 1 }, prices, NOON_MS).totalNanoUsd).toBe(1n);
  expect(costOf({ ...NONE, inputTokens: 999 }, prices, NOON_MS).totalNanoUsd).toBe(1n);
  expect(costOf({ ...NONE, inputTokens: 1000 }, prices, NOON_MS).totalNanoUsd).toBe(2n);
});

test('the cache discount is what reads saved, less what writes cost extra', () => {
  const prices = pricingOf({
    prompt: 1000n,
    inputCacheRead: 100n,
    inputCacheWrite: 1250n,
    inputCacheWrite1h: 2000n,
  });
  const read = costOf({ ...NONE, inputTokens: 10, cacheReadTokens: 10 }, prices, NOON_MS);
  expect([read.totalNanoUsd, read.cacheDiscountPicoUsd]).toEqual([11n, 9000n]);
  const discount = (used: Partial<BillableUsage>) =>
    costOf({ ...NONE, inputTokens: 10, ...used }, prices, NOON_MS).cacheDiscountPicoUsd;
  expect(discount({ cacheWriteTokens: 10 })).toBe(-2500n);
  expect(discount({ cacheWrite1hTokens: 10 })).toBe(-10_000n);
  expect(discount({ cacheReadTokens: 10, cacheWriteTokens: 10, cacheWrite1hTokens: 10 })).toBe(-3500n);
  expect(discount({ inputAudioTokens: 10 })).toBe(0n);
});

test('a cache bucket without a price of its own costs what the next dearer thing that it is costs', () => {
  const costNanoUsd = (prices: Partial<UnitPrices>, used: Partial<BillableUsage>) =>
    costOf({ ...NONE, ...used }, pricingOf(prices), NOON_MS).totalNanoUsd;
  const hour = { cacheWrite1hTokens: 1000 };
  expect(costNanoUsd({ prompt: 4n, inputCacheWrite: 5n, inputCacheWrite1h: 8n }, hour)).toBe(8n);
  expect(costNanoUsd({ prompt: 4n, inputCacheWrite: 5n }, hour)).toBe(5n);
  expect(costNanoUsd({ prompt: 4n }, hour)).toBe(4n);
  expect(costNanoUsd({ prompt: 4n }, { cacheWriteTokens: 1000 })).toBe(4n);
  expect(costNanoUsd({ prompt: 4n }, { cacheReadTokens: 1000 })).toBe(4n);
});

test('a tier is chosen by the whole prompt, whichever buckets it is in', () => {
  const prices = pricingOf({ prompt: 1000n }, [{ minPromptTokens: 9, prices: { prompt: 2000n } }]);
  const oneInEach = { inputTokens: 2, cacheReadTokens: 2, cacheWriteTokens: 2, cacheWrite1hTokens: 2 };
  expect(costOf({ ...NONE, ...oneInEach, inputAudioTokens: 1 }, prices, NOON_MS).totalNanoUsd).toBe(9n);
  expect(costOf({ ...NONE, ...oneInEach, inputAudioTokens: 2 }, prices, NOON_MS).totalNanoUsd).toBe(20n);
});

test('a tier begins one token above its threshold, replaces only the prices it names, and a later one wins', () => {
  const prices = pricingOf({ prompt: 1n, completion: 10n }, [
    { minPromptTokens: 100, prices: { prompt: 2n } },
    { minPromptTokens: 200, prices: { prompt: 3n, completion: 30n } },
  ]);
  expect(pricesAt(prices, 100, NOON_MS)).toEqual({ prompt: 1n, completion: 10n });
  expect(pricesAt(prices, 101, NOON_MS)).toEqual({ prompt: 2n, completion: 10n });
  expect(pricesAt(prices, 201, NOON_MS)).toEqual({ prompt: 3n, completion: 30n });
});

test('a time of day holds from its first minute to before its last, also over midnight, on its days only', () => {
  const day = pricingOf({ prompt: 2n }, [{ utcStart: 1630, utcEnd: 1700, prices: { prompt: 1n } }]);
  const night = pricingOf({ prompt: 2n }, [
    { utcStart: 2300, utcEnd: 30, utcDays: ['friday'], prices: { prompt: 1n } },
  ]);
  const at = (prices: Pricing, iso: string) => Number(pricesAt(prices, 0, Date.parse(iso)).prompt);
  expect(at(day, '2026-11-20T16:29:59Z')).toBe(2);
  expect(at(day, '2026-11-20T16:30:00Z')).toBe(1);
  expect(at(day, '2026-11-20T16:59:59Z')).toBe(1);
  expect(at(day, '2026-11-20T17:00:00Z')).toBe(2);
  expect(at(night, '2026-11-20T23:00:00Z')).toBe(1);
  expect(at(night, '2026-11-20T00:29:59Z')).toBe(1);
  expect(at(night, '2026-11-20T00:30:00Z')).toBe(2);
  expect(at(night, '2026-11-21T00:10:00Z')).toBe(2);
});

test.each([
  'prompt',
  'audio',
  'inputCacheRead',
  'inputCacheWrite',
  'inputCacheWrite1h',
  'completion',
  'internalReasoning',
  'audioOutput',
  'imageOutput',
  'image',
  'request',
  'webSearch',
] as const)('what costs something for %s is not free, whenever that is', (name) => {
  const free = pricingOf({ prompt: 0n, completion: 0n });
  expect(isFree(free)).toBe(true);
  expect(isFree({ ...free, base: { ...free.base, [name]: 1n } })).toBe(false);
  expect(isFree({ ...free, overrides: [{ utcStart: 100, utcEnd: 200, prices: { [name]: 1n } }] })).toBe(
    false,
  );
});
