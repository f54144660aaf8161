import { expect, test } from 'bun:test';
import { changesWithTime, pricingJson } from './json.ts';
import type { Pricing } from './price.ts';

const overnight: Pricing = {
  base: { prompt: 2n, completion: 4n },
  overrides: [{ utcStart: 2200, utcEnd: 600, prices: { prompt: 1n } }],
};

test('the top-level price is what applies now, across midnight and up to the end', () => {
  const promptAt = (hour: number) => pricingJson(overnight, Date.UTC(2026, 0, 5, hour))['prompt'];
  expect(promptAt(21)).toBe('0.000000000002');
  expect(promptAt(22)).toBe('0.000000000001');
  expect(promptAt(5)).toBe('0.000000000001');
  expect(promptAt(6)).toBe('0.000000000002');
});

test('windows tile the day: the base price stands first for every day', () => {
  const { overrides } = pricingJson(overnight, 0);
  expect(overrides?.[0]).toMatchObject({
    prompt: '0.000000000002',
    utc_days: expect.arrayContaining(['monday', 'saturday', 'sunday']),
  });
  expect(overrides?.[1]).toEqual({ utc_start: 2200, utc_end: 600, prompt: '0.000000000001' });
});

test('a long-context rate does not change the top-level price', () => {
  const pricing: Pricing = {
    base: { prompt: 2n, completion: 4n },
    overrides: [{ minPromptTokens: 200_000, prices: { prompt: 9n } }],
  };
  expect(changesWithTime(pricing)).toBe(false);
  expect(pricingJson(pricing, 0)).toEqual({
    prompt: '0.000000000002',
    completion: '0.000000000004',
    overrides: [{ min_prompt_tokens: 200_000, prompt: '0.000000000009' }],
  });
});
