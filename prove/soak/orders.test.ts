import { describe, expect, test } from 'bun:test';
import { costNanoUsd } from '../prices.ts';
import { boundNanoUsd, type Kind, MODEL, numberIn, Orders, PRICES, tagOf } from './orders.ts';

const NUMBERS = Array.from({ length: 100_000 }, (_, number) => number);

describe('the orders of a soak', () => {
  test('are the same for a seed, and others for another one', () => {
    const kindsOf = (seed: number) => NUMBERS.slice(0, 100).map((number) => new Orders(seed).kindOf(number));
    expect(kindsOf(7)).toEqual(kindsOf(7));
    expect(kindsOf(7)).not.toEqual(kindsOf(8));
  });

  test('hold at least one stream in twenty, and every kind', () => {
    const orders = new Orders(7);
    const counts = new Map<Kind, number>();
    for (const number of NUMBERS) {
      const kind = orders.kindOf(number);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    expect(counts.get('stream') ?? 0).toBeGreaterThan(NUMBERS.length / 20);
    expect(Math.min(...counts.values())).toBeGreaterThan(NUMBERS.length / 1024);
  });

  test('cost what the prices of the run say, and never more than their bound', () => {
    const orders = new Orders(7);
    const price = PRICES.get(MODEL);
    if (price === undefined) throw new Error('no price');
    for (const number of NUMBERS.slice(0, 1000)) {
      const usage = {
        promptTokens: orders.promptTokensOf(number),
        completionTokens: orders.completionTokensOf(number),
      };
      expect(orders.costNanoUsdOf(number)).toBe(Number(costNanoUsd(price, usage)));
      expect(orders.costNanoUsdOf(number)).toBeLessThanOrEqual(boundNanoUsd(120));
    }
  });

  test('are found by their tag in any text', () => {
    expect(numberIn(`{"content":"${tagOf(1234)} go on"}`)).toBe(1234);
    expect(numberIn('nothing of the kind')).toBeNull();
    expect(numberIn('soak-without')).toBeNull();
  });
});
