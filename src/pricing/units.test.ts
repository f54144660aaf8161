import { expect, test } from 'bun:test';
import { priceFromUsdPerMillion, publicPrices } from './units.ts';

test('a price a million becomes exact pico-USD without float noise', () => {
  expect(priceFromUsdPerMillion(0.1)).toBe(100_000n);
  expect(priceFromUsdPerMillion(0.075)).toBe(75_000n);
  expect(priceFromUsdPerMillion(0.296176)).toBe(296_176n);
  expect(priceFromUsdPerMillion(2.5e-6)).toBeNull();
  expect(priceFromUsdPerMillion(1e-6)).toBe(1n);
  expect(priceFromUsdPerMillion(-1)).toBeNull();
  expect(priceFromUsdPerMillion(Number.NaN)).toBeNull();
});

test('prices are shown as plain decimals, never in scientific notation', () => {
  expect(publicPrices({ prompt: 150_000n, completion: 1n, inputCacheWrite1h: 0n })).toEqual({
    prompt: '0.00000015',
    completion: '0.000000000001',
    input_cache_write_1h: '0',
  });
});
