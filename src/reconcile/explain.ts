/**
 * Why a bill says something else than the ledger of a model on a day. Each explanation takes of the difference what it can account for, and no
 * more than the ledger itself says that it can be; what is left is unexplained. No I/O.
 */
import { roundedUpPicoUsd } from '../money.ts';
import type { UnitPrices } from '../pricing/price.ts';
import {
  type Amounts,
  absolute,
  clamp,
  DIMENSIONS,
  type Dimension,
  isNothing,
  PROMPT_PARTS,
} from './amounts.ts';
import type { LedgerCell } from './ledger.ts';

export const EXPLAINED = [
  'own_keys',
  'insured',
  'failed_requests',
  'failed_attempts',
  'day_boundary',
  'cancelled',
  'estimated',
  'cache_split',
  'price_change',
  'rounding',
] as const;
export const UNEXPLAINED = [
  'not_in_ledger',
  'not_on_bill',
  'unknown_model',
  'other_charge',
  'tokens',
  'requests',
  'price',
] as const;
export type FindingKind = (typeof EXPLAINED)[number] | (typeof UNEXPLAINED)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly isExplained: boolean;
  /** Its part of the difference, bill less ledger. */
  readonly amounts: Partial<Amounts>;
}

export interface CellQuestion {
  /** What is told by the bill and can be compared. */
  readonly told: ReadonlySet<Dimension>;
  readonly bill: Amounts;
  readonly ledger: LedgerCell;
  /** Of the same model, what began on the day before and ended on this one. */
  readonly endedHere: Amounts | null;
  readonly slackPicoUsd: bigint;
  /** What it may cost at the provider now. */
  readonly prices: readonly UnitPrices[];
  /** Whether the bill has this model on this day at all. */
  readonly isOnBill: boolean;
}

/** Counts that an estimate may be wrong by its whole size. */
const TOKENS: readonly Dimension[] = DIMENSIONS.filter((name) => name !== 'requests' && name !== 'cost');

/** Together they may account for a difference; more of them would account for any. */
const MOST_CAUSES = 3;

interface Cause {
  readonly kind: FindingKind;
  /** What it accounts for of what is left. */
  readonly take: (left: Partial<Amounts>) => Partial<Amounts>;
  /** Requests that a bill has or has not as a whole: what they came to. */
  readonly whole?: Partial<Amounts>;
}

/**
 * The fewest causes that account for all of the difference, those that are certain before those that only bound it. Where none do, all of
 * it is unexplained, but for requests that the bill has more or less by exactly the number of a cause.
 */
export function explain(question: CellQuestion): Finding[] {
  const { told, bill, ledger } = question;
  const left: Partial<Amounts> = {};
  for (const dimension of told) left[dimension] = bill[dimension] - ledger.total[dimension];
  const rounding = roundingOf(question);
  if (isWithin(left, rounding)) return [];
  const causes = causesOf(question, rounding);
  const all = causes.find(({ whole }) => whole !== undefined && isWithin(less(left, whole), rounding));
  if (all !== undefined) return [{ kind: all.kind, isExplained: true, amounts: withoutZeros(left) }];
  for (let size = 1; size <= MOST_CAUSES; size += 1) {
    for (const some of combinations(causes, size)) {
      const found = takenBy(some, left);
      if (found.findings.length === size && isWithin(found.left, rounding)) return found.findings;
    }
  }
  const whole = causes.filter(
    ({ whole: all }) => (all?.requests ?? 0n) !== 0n && all?.requests === left.requests,
  );
  const found = takenBy(
    whole.slice(0, 1).map(({ kind, whole: all = {} }) => ({ kind, take: (rest) => toldOf(all, rest) })),
    left,
  );
  const kind = remaining(found.left, question);
  return [...found.findings, { kind, isExplained: false, amounts: withoutZeros(found.left) }];
}

function takenBy(causes: readonly Pick<Cause, 'kind' | 'take'>[], difference: Partial<Amounts>) {
  const left = { ...difference };
  const findings: Finding[] = [];
  for (const { kind, take } of causes) {
    const taken = take(left);
    if (isNothing(taken)) continue;
    for (const [dimension, amount] of entriesOf(taken)) left[dimension] = (left[dimension] ?? 0n) - amount;
    findings.push({ kind, isExplained: true, amounts: withoutZeros(taken) });
  }
  return { left, findings };
}

function* combinations<T>(all: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) yield [];
  else
    for (let at = from; at <= all.length - size; at += 1)
      for (const others of combinations(all, size - 1, at + 1)) yield [all[at] as T, ...others];
}

/** Those that are certain first, for one of them is as good as one that is not. */
function causesOf(question: CellQuestion, rounding: Rounding): Cause[] {
  const { ledger, endedHere, isOnBill } = question;
  const { own_key, insured, failed, cancelled, estimated } = ledger.byKind;
  const attempts = { requests: ledger.failedAttempts };
  const guessed = uncounted(estimated);
  const left = uncounted(cancelled);
  const more = (kind: FindingKind, most: Partial<Amounts>): Cause => ({
    ...{ kind, whole: most, take: (rest) => coherent(within(rest, {}, most), rest, most) },
  });
  const fewer = (kind: FindingKind, most: Partial<Amounts>): Cause => ({
    ...{
      kind,
      whole: negative(most),
      take: (rest) => coherent(within(rest, negative(most), {}), rest, most),
    },
  });
  return [
    more('own_keys', own_key),
    fewer('insured', insured),
    fewer('failed_requests', { requests: failed.requests }),
    more('failed_attempts', attempts),
    more('day_boundary', endedHere ?? {}),
    fewer('day_boundary', ledger.endsLater),
    { kind: 'cache_split', take: (rest) => splitOf(rest, question, rounding) },
    { kind: 'price_change', take: (rest) => priceChangeOf(rest, question, rounding) },
    {
      kind: 'estimated',
      take: (rest) => (isOnBill ? within(rest, negative(guessed), guessed) : {}),
    },
    {
      // Of what its client left early the provider may have counted nothing.
      kind: 'cancelled',
      take: (rest) => within(rest, negative({ ...left, requests: cancelled.requests }), left),
      whole: negative(cancelled),
    },
  ];
}

function within(left: Partial<Amounts>, least: Partial<Amounts>, most: Partial<Amounts>): Partial<Amounts> {
  const taken: Partial<Amounts> = {};
  for (const [dimension, amount] of entriesOf(left))
    taken[dimension] = clamp(amount, least[dimension] ?? 0n, most[dimension] ?? 0n);
  return taken;
}

/** Requests come with their tokens, and tokens with their requests: half of it is something else. */
function coherent(taken: Partial<Amounts>, left: Partial<Amounts>, most: Partial<Amounts>): Partial<Amounts> {
  if (left.requests === undefined || !TOKENS.some((dimension) => (most[dimension] ?? 0n) !== 0n))
    return taken;
  const hasTokens = TOKENS.some((dimension) => (taken[dimension] ?? 0n) !== 0n);
  const tellsTokens = TOKENS.some((dimension) => left[dimension] !== undefined);
  return tellsTokens && hasTokens !== ((taken.requests ?? 0n) !== 0n) ? {} : taken;
}

function less(left: Partial<Amounts>, amounts: Partial<Amounts>): Partial<Amounts> {
  return Object.fromEntries(
    entriesOf(left).map(([dimension, amount]) => [dimension, amount - (amounts[dimension] ?? 0n)]),
  );
}

function toldOf(amounts: Partial<Amounts>, left: Partial<Amounts>): Partial<Amounts> {
  return Object.fromEntries(entriesOf(left).map(([dimension]) => [dimension, amounts[dimension] ?? 0n]));
}

/** What is off by no more than what was rounded away. */
function isWithin(left: Partial<Amounts>, { least, most }: Rounding): boolean {
  return entriesOf(left).every(([dimension, amount]) =>
    dimension === 'cost' ? amount >= least && amount <= most : amount === 0n,
  );
}

interface Rounding {
  readonly least: bigint;
  readonly most: bigint;
}

/** Here each charge is rounded up; a bill's lines may be rounded to the next cent. */
function roundingOf({ ledger, slackPicoUsd }: CellQuestion): Rounding {
  return { least: -roundedUpPicoUsd(ledger.total.requests) - slackPicoUsd - 1n, most: slackPicoUsd + 1n };
}

/** Nobody has counted them: the provider may have read nothing from its caches, or all of the prompt, and written as much. */
function uncounted(counted: Amounts): Partial<Amounts> {
  const amounts: Partial<Amounts> = { cost: counted.cost };
  for (const dimension of TOKENS)
    amounts[dimension] =
      dimension === 'output' || dimension === 'reasoning' ? counted.output : counted.prompt;
  return amounts;
}

/** The same prompt, counted into other parts of it: the cost follows from their prices. */
function splitOf(left: Partial<Amounts>, { prices }: CellQuestion, rounding: Rounding): Partial<Amounts> {
  const parts = PROMPT_PARTS.filter((part) => left[part] !== undefined);
  const sum = left.prompt ?? parts.reduce((total, part) => total + (left[part] ?? 0n), 0n);
  if (sum !== 0n || (left.prompt === undefined && parts.length < PROMPT_PARTS.length)) return {};
  const moved: Partial<Amounts> = {};
  for (const part of [...parts, 'cache_write_5m', 'cache_write_1h'] as const)
    if ((left[part] ?? 0n) !== 0n) moved[part] = left[part] ?? 0n;
  if (isNothing(moved) || left.cost === undefined) return moved;
  // What is only not told apart here was charged as what it is.
  const costs = [...prices.map((price) => costOfSplit(moved, price)), 0n];
  const isExact = costs.some((cost) => isCost((left.cost ?? 0n) - cost, rounding));
  return { ...moved, cost: isExact ? left.cost : (costs[0] ?? 0n) };
}

/** What is not told to be in a part was in the plain one. */
function costOfSplit(moved: Partial<Amounts>, prices: UnitPrices): bigint {
  const written = prices.inputCacheWrite ?? prices.prompt;
  const longer = prices.inputCacheWrite1h ?? written;
  const read = moved.cached_read ?? 0n;
  const write = moved.cache_write ?? 0n;
  const write1h = moved.cache_write_1h ?? 0n;
  const plain = moved.input ?? -(read + write);
  return (
    plain * prices.prompt +
    read * (prices.inputCacheRead ?? prices.prompt) +
    (write - write1h) * written +
    write1h * longer
  );
}

const isCost = (amount: bigint, { least, most }: Rounding) => amount >= least && amount <= most;

/** Where every count agrees by now, the prices do not: those of the catalogue may have come after the requests, or before. */
function priceChangeOf(
  left: Partial<Amounts>,
  { prices, ledger, bill }: CellQuestion,
  rounding: Rounding,
): Partial<Amounts> {
  const { cost } = left;
  if (cost === undefined || isCost(cost, rounding) || bill.cost === 0n) return {};
  if (entriesOf(left).some(([dimension, amount]) => dimension !== 'cost' && amount !== 0n)) return {};
  const isOne = prices.some((price) => {
    const change = costAt(ledger.total, price) - ledger.total.cost;
    if (absolute(change) <= absolute(rounding.least)) return false;
    const [least, most] = change < 0n ? [change, 0n] : [0n, change];
    return cost >= least + rounding.least && cost <= most + absolute(rounding.least);
  });
  return isOne ? { cost } : {};
}

/** Of so many tokens, as far as text has it: what is priced by the image or the search is not in it. */
export function costAt(amounts: Amounts, prices: UnitPrices): bigint {
  const written = prices.inputCacheWrite ?? prices.prompt;
  const reasoning = prices.internalReasoning ?? prices.completion;
  return (
    amounts.input * prices.prompt +
    amounts.cached_read * (prices.inputCacheRead ?? prices.prompt) +
    (amounts.cache_write - amounts.cache_write_1h) * written +
    amounts.cache_write_1h * (prices.inputCacheWrite1h ?? written) +
    (amounts.output - amounts.reasoning) * prices.completion +
    amounts.reasoning * reasoning +
    amounts.requests * (prices.request ?? 0n)
  );
}

function remaining(left: Partial<Amounts>, { ledger, isOnBill }: CellQuestion): FindingKind {
  if (!isOnBill) return 'not_on_bill';
  if (isNothing(ledger.total)) return 'not_in_ledger';
  if (TOKENS.some((dimension) => (left[dimension] ?? 0n) !== 0n)) return 'tokens';
  return (left.requests ?? 0n) !== 0n ? 'requests' : 'price';
}

function negative(amounts: Partial<Amounts>): Partial<Amounts> {
  return Object.fromEntries(entriesOf(amounts).map(([dimension, amount]) => [dimension, -amount]));
}

function withoutZeros(amounts: Partial<Amounts>): Partial<Amounts> {
  return Object.fromEntries(entriesOf(amounts).filter(([, amount]) => amount !== 0n));
}

function entriesOf(amounts: Partial<Amounts>): [Dimension, bigint][] {
  return Object.entries(amounts) as [Dimension, bigint][];
}
