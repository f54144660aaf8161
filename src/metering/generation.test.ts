import { expect, test } from 'bun:test';
import { generationOf } from '../../test/generations.ts';
import { MAX_REQUEST_NANO_USD } from '../money.ts';
import { bounded } from './generation.ts';

test('whatever a provider said is within what its column takes, each by itself', () => {
  const long = 'x'.repeat(10_000);
  const absurd = 10n ** 30n;
  const cut = 'x'.repeat(256);
  for (const [name, value, kept] of [
    ['upstream_id', long, cut],
    ['native_finish_reason', long, cut],
    ['service_tier', long, cut],
    ['cost_nano_usd', absurd, MAX_REQUEST_NANO_USD],
    ['upstream_cost_nano_usd', absurd, MAX_REQUEST_NANO_USD],
    ['cache_discount_nano_usd', -absurd, -MAX_REQUEST_NANO_USD],
    ['overshoot_nano_usd', absurd, MAX_REQUEST_NANO_USD],
  ] as const) {
    const row = generationOf();
    expect(bounded({ ...row, [name]: value })).toEqual({ ...row, [name]: kept });
  }
});
