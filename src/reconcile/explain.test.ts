/** Differences that people have reported of their gateways, each as a cell of a bill. */
import { expect, test } from 'bun:test';
import { type Amounts, noAmounts } from './amounts.ts';
import { explain } from './explain.ts';
import { noCell } from './ledger.ts';

const PRICES = {
  prompt: 5_000_000n,
  completion: 30_000_000n,
  inputCacheRead: 500_000n,
  inputCacheWrite: 6_250_000n,
  inputCacheWrite1h: 10_000_000n,
};

function compared(
  bill: Partial<Amounts>,
  ledger: Partial<Amounts>,
  more: { [kind in 'own_key' | 'insured' | 'failed' | 'cancelled' | 'estimated']?: Partial<Amounts> } = {},
) {
  const cell = noCell();
  Object.assign(cell.total, ledger);
  for (const [kind, amounts] of Object.entries(more)) Object.assign(cell.byKind[kind as 'insured'], amounts);
  return explain({
    told: new Set(Object.keys(bill) as (keyof Amounts)[]),
    bill: { ...noAmounts(), ...bill },
    ledger: cell,
    ...{ endedHere: null, slackPicoUsd: 0n, prices: [PRICES], isOnBill: true },
  });
}

test('cached reads that the gateway counted too few of (BerriAI/litellm#34801) are a split of the same prompt, with its cost', () => {
  // 40 requests, 73,550 prompt tokens and 20,480 output tokens on both sides; 65,304 of the prompt cached there, 49,563 here.
  const cost = (cached: bigint) =>
    (73_550n - cached) * PRICES.prompt + cached * PRICES.inputCacheRead + 20_480n * PRICES.completion;
  const counts = { requests: 40n, prompt: 73_550n, output: 20_480n };
  const found = compared(
    { ...counts, cached_read: 65_304n, cost: cost(65_304n) },
    { ...counts, cached_read: 49_563n, input: 23_987n, cost: cost(49_563n) },
  );
  expect(found).toEqual([
    {
      kind: 'cache_split',
      isExplained: true,
      amounts: { cached_read: 15_741n, cost: -15_741n * 4_500_000n },
    },
  ]);
});

test('an hour’s cache writes that were charged as five minutes’ (BerriAI/litellm#36762) are the same tokens with another cost', () => {
  const counts = { requests: 1n, prompt: 9634n, input: 0n, cached_read: 0n, cache_write: 9634n, output: 0n };
  const found = compared(
    { ...counts, cache_write_5m: 0n, cache_write_1h: 9634n, cost: 9634n * PRICES.inputCacheWrite1h },
    { ...counts, cache_write_5m: 9634n, cache_write_1h: 0n, cost: 9634n * PRICES.inputCacheWrite },
  );
  expect(found).toEqual([
    {
      ...{ kind: 'cache_split', isExplained: true },
      amounts: { cache_write_5m: -9634n, cache_write_1h: 9634n, cost: 9634n * 3_750_000n },
    },
  ]);
});

test('cache writes that cost nothing here (BerriAI/litellm#33772) are no split, and stay unexplained', () => {
  const counts = { requests: 1n, prompt: 3541n, output: 5n };
  const found = compared({ ...counts, cost: 4_456_250_000n }, { ...counts, cost: 3_571_000_000n });
  expect(found.map(({ kind, isExplained }) => [kind, isExplained])).toEqual([['price', false]]);
});

test('charges that are rounded up are no difference, and one nano-USD more than that is', () => {
  const counts = { requests: 10n, output: 10n };
  const cost = 10n * PRICES.completion;
  expect(compared({ ...counts, cost: cost - 9_999n }, { ...counts, cost })).toEqual([]);
  for (const bill of [cost - 10_002n, cost + 1_000n])
    expect(compared({ ...counts, cost: bill }, { ...counts, cost })).toMatchObject([
      { kind: 'price', isExplained: false },
    ]);
});

test('of two causes that bound a difference together both are told', () => {
  const found = compared(
    { requests: 12n, output: 1300n },
    { requests: 10n, output: 1000n },
    { own_key: { requests: 2n, output: 200n }, estimated: { requests: 1n, output: 150n } },
  );
  expect(found.map(({ kind, amounts }) => [kind, amounts])).toEqual([
    ['own_keys', { requests: 2n, output: 200n }],
    ['estimated', { output: 100n }],
  ]);
});

test('requests of own keys are told also where more than they is on the bill', () => {
  const found = compared(
    { requests: 12n, output: 9_000_000n },
    { requests: 10n, output: 1000n },
    { own_key: { requests: 2n, output: 200n } },
  );
  expect(found.map(({ kind, isExplained }) => [kind, isExplained])).toEqual([
    ['own_keys', true],
    ['tokens', false],
  ]);
});

test('an estimate explains no more than its own size', () => {
  const estimated = { requests: 1n, prompt: 10n, output: 100n };
  expect(compared({ output: 1100n }, { output: 1000n }, { estimated })).toMatchObject([
    { kind: 'estimated' },
  ]);
  expect(compared({ output: 1101n }, { output: 1000n }, { estimated })).toMatchObject([
    { kind: 'tokens', isExplained: false, amounts: { output: 101n } },
  ]);
});
