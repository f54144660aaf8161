/** Words and figures as the dashboard shows them, and amounts as people type them. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { feeUsd } from '../../../dashboard/features/credits/fee.ts';
import { formatRelative } from '../../../dashboard/shared/format/time.ts';
import { amountOf, amountProblem } from '../../../dashboard/shared/forms/amount.ts';
import { feeOf } from '../../../src/billing/payment.ts';
import { nanoUsdFromCents, usdFromNanoUsd } from '../../../src/money.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 12);
const at = (seconds: number) => formatRelative(new Date(NOW_MS + seconds * 1000).toISOString(), NOW_MS);

test('a span is told as what it is nearest to: seven days less a moment are seven', () => {
  const day = 86_400;
  expect(at(7 * day - 3)).toBe('in 7 days');
  expect(at(day - 3)).toBe('tomorrow');
  expect(at(-2 * 3600)).toBe('2 hours ago');
  expect(at(40)).toBe('in 1 minute');
  expect(at(20)).toBe('now');
});

test('an amount may have its sign and its thousands, and is told when it is too small or too large', () => {
  expect(['$5', '5 USD', ' US$ 2.50', '1,000.50', '.5', ''].map(amountOf)).toEqual([
    5,
    5,
    2.5,
    1000.5,
    0.5,
    null,
  ]);
  expect(['', '0', '$5', '25', '0.000000001', '999,999,999'].map(amountProblem)).toEqual(Array(6).fill(null));
  expect(amountProblem('0.0000000001')).toContain('at least');
  expect(amountProblem('1000000000')).toContain('at most $');
  expect(amountProblem('1.0000000001')).toContain('9 digits');
  for (const wrong of ['ten', '1,5', '-5', '5e3', '$', '1 000'])
    expect(amountProblem(wrong)).toContain('such as 25');
});

test('the fee that a buyer is shown is the one that is charged, for any amount and any fee', () => {
  const cents = (max: number) => fc.integer({ min: 0, max });
  fc.assert(
    fc.property(cents(500_000), cents(10_000), cents(5000), (amount, hundredthsOfPercent, least) => {
      const charged = feeOf(nanoUsdFromCents(amount), {
        ...{ feeMillionths: BigInt(hundredthsOfPercent) * 100n, feeMinimumNanoUsd: nanoUsdFromCents(least) },
        ...{ minimumNanoUsd: 0n, maximumNanoUsd: 0n },
      });
      const shown = feeUsd(amount / 100, {
        ...{ fee_percent: hundredthsOfPercent / 100, fee_minimum_usd: least / 100 },
      });
      expect(shown).toBe(usdFromNanoUsd(charged));
    }),
  );
});
