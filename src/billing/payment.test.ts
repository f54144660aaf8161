import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { DisputeState, RefundState } from '../storage/billing-tables.ts';
import { feeOf, laterDispute, laterRefund, takenOf } from './payment.ts';

const USD = 1_000_000_000n;
const CENT = 10_000_000n;
const rules = { minimumNanoUsd: 5n * USD, maximumNanoUsd: 5000n * USD };

test.each([
  [5n * USD, 80n * CENT],
  [20n * USD, 110n * CENT],
  // 5.5 % of $14.55 are 80.025 cents: up to whole ones.
  [1455n * CENT, 81n * CENT],
  [1454n * CENT, 80n * CENT],
  [5000n * USD, 275n * USD],
])('the fee of %p nano-USD is %p: a part in whole cents, and the least', (amount, fee) => {
  expect(feeOf(amount, { ...rules, feeMillionths: 55_000n, feeMinimumNanoUsd: 80n * CENT })).toBe(fee);
});

test('where no fee is set there is none', () => {
  expect(feeOf(20n * USD, { ...rules, feeMillionths: 0n, feeMinimumNanoUsd: 0n })).toBe(0n);
});

const paid = { amount_nano_usd: 20n * USD, refunded_nano_usd: 0n };
const refund = (usd: bigint, state: RefundState) => ({ amount_nano_usd: usd * USD, state });
const dispute = (usd: bigint, state: DisputeState) => ({ amount_nano_usd: usd * USD, state });

test.each([
  ['nothing', [], [], 0n, 0n],
  [
    'what was refunded, also before it has arrived',
    [refund(3n, 'succeeded'), refund(4n, 'pending')],
    [],
    7n,
    0n,
  ],
  ['nothing of a refund that failed', [refund(3n, 'undone'), refund(4n, 'succeeded')], [], 4n, 0n],
  ['no more than was credited, though the fee was refunded too', [refund(21n, 'succeeded')], [], 20n, 0n],
  ['what is disputed or lost', [], [dispute(5n, 'held'), dispute(6n, 'lost')], 0n, 11n],
  [
    'nothing of an inquiry or a dispute that was won',
    [],
    [dispute(5n, 'asked'), dispute(6n, 'returned')],
    0n,
    0n,
  ],
  ['of both no more than there was', [refund(15n, 'succeeded')], [dispute(21n, 'held')], 15n, 5n],
] as const)('taken back is %s', (_, refunds, disputes, forRefunds, forDisputes) => {
  expect(takenOf(paid, refunds, disputes)).toEqual({
    ...{ forRefunds: forRefunds * USD, forDisputes: forDisputes * USD },
  });
});

test('what a charge says of all its refunds holds where they are not known, less those that failed', () => {
  const told = { ...paid, refunded_nano_usd: 8n * USD };
  expect(takenOf(told, [], []).forRefunds).toBe(8n * USD);
  expect(takenOf(told, [refund(5n, 'undone')], []).forRefunds).toBe(3n * USD);
  expect(takenOf(told, [refund(5n, 'undone'), refund(9n, 'succeeded')], []).forRefunds).toBe(9n * USD);
});

test('whatever order the news of a refund or a dispute come in, they end alike', () => {
  const orders = <T extends string>(states: readonly T[], later: (one: T, other: T) => T) =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { minLength: 1 }), fc.integer(), (news, turn) => {
        const at = Math.abs(turn) % news.length;
        const turned = [...news.slice(at), ...news.slice(0, at)].toReversed();
        expect([...turned, ...news].reduce(later)).toBe(news.reduce(later));
      }),
    );
  orders<RefundState>(['pending', 'succeeded', 'undone'], laterRefund);
  orders<DisputeState>(['asked', 'held', 'lost', 'returned'], laterDispute);
});
