/**
 * What the ledger has of one provider, by day and model: the database adds up an hour at a time, so that memory holds days and models,
 * however many generations there are, and nothing else waits for long.
 */

import { picoUsdFromNano } from '../money.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Db } from '../storage/database.ts';
import { beginningOf, instantOf } from '../time-zone.ts';
import { type Amounts, addAmounts, noAmounts } from './amounts.ts';
import { attemptsOfSlice, type LedgerKind, type LedgerSum, sumSlice } from './store.ts';

const HOUR_MS = 3_600_000;
const PAGE_ROWS = 1000;

/** Of a model on a day. */
export interface LedgerCell {
  /** All that the operator's own keys were used for. */
  readonly total: Amounts;
  readonly byKind: Readonly<Record<Exclude<LedgerKind, 'plain'>, Amounts>>;
  /** Of the total, what ended on the day after: a bill may count it there. */
  readonly endsLater: Amounts;
  /** Calls that failed before another one answered the request. */
  failedAttempts: bigint;
}

export type LedgerDay = Map<string, LedgerCell>;

export interface LedgerQuestion {
  readonly accountId: string;
  readonly provider: { readonly slug: string; readonly name: string };
  /** In order, without gaps. */
  readonly days: readonly string[];
  readonly zone: string;
  /** Told after each day. */
  readonly onProgress?: (daysRead: number, generations: number) => void;
  readonly signal?: AbortSignal;
}

/** By day, the one before the first included. `db`: of a snapshot. */
export async function readLedger(db: Db, question: LedgerQuestion): Promise<Map<string, LedgerDay>> {
  const { days, zone, onProgress, signal } = question;
  const [first] = days;
  const all = first === undefined ? [] : [dayBefore(first), ...days];
  const found = new Map<string, LedgerDay>();
  let generations = 0;
  for (const [at, day] of all.entries()) {
    signal?.throwIfAborted();
    const read = await readDay(db, question, spanOf(day, zone));
    found.set(day, read.cells);
    generations += at === 0 ? 0 : read.generations;
    if (at > 0) onProgress?.(at, generations);
  }
  return found;
}

async function readDay(
  db: Db,
  { accountId, provider }: LedgerQuestion,
  { startMs: dayStartMs, endMs: dayEndMs }: { startMs: number; endMs: number },
): Promise<{ cells: LedgerDay; generations: number }> {
  const cells: LedgerDay = new Map();
  let generations = 0;
  const cellOf = (model: string) => {
    const cell = cells.get(model) ?? noCell();
    cells.set(model, cell);
    return cell;
  };
  for (let startMs = dayStartMs; startMs < dayEndMs; startMs += HOUR_MS) {
    const slice = { accountId, startMs, endMs: Math.min(startMs + HOUR_MS, dayEndMs) };
    for (const sum of await sumSlice(db, { ...slice, providerSlug: provider.slug, dayEndMs })) {
      addSum(cellOf(sum.model), sum);
      generations += sum.requests;
    }
    for (let afterId = ''; ; ) {
      const page = await attemptsOfSlice(db, slice, afterId, PAGE_ROWS);
      for (const { model, attempts } of page)
        for (const [name, failed] of failedAt(provider, model, attempts))
          cellOf(name).failedAttempts += failed;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) break;
      afterId = last.id;
    }
  }
  return { cells, generations };
}

function addSum(cell: LedgerCell, sum: LedgerSum): void {
  const written = BigInt(sum.cache_write_tokens);
  const amounts: Amounts = {
    requests: BigInt(sum.requests),
    prompt: BigInt(sum.prompt_tokens),
    input: BigInt(sum.prompt_tokens - sum.cached_tokens) - written,
    cached_read: BigInt(sum.cached_tokens),
    cache_write: written,
    cache_write_5m: written - BigInt(sum.cache_write_1h_tokens),
    cache_write_1h: BigInt(sum.cache_write_1h_tokens),
    output: BigInt(sum.completion_tokens),
    reasoning: BigInt(sum.reasoning_tokens),
    cost: picoUsdFromNano(sum.upstream_cost_nano_usd),
  };
  if (sum.kind !== 'own_key') {
    addAmounts(cell.total, amounts);
    if (sum.ends_later === 1) addAmounts(cell.endsLater, amounts);
  }
  if (sum.kind !== 'plain') addAmounts(cell.byKind[sum.kind], amounts);
}

/** The last one is the generation's own, and counted as such. */
function failedAt(
  provider: LedgerQuestion['provider'],
  model: string,
  attempts: string,
): Map<string, bigint> {
  const failed = new Map<string, bigint>();
  const records: AttemptRecord[] = JSON.parse(attempts);
  for (const attempt of records.slice(0, -1)) {
    if (attempt.provider !== provider.name || attempt.is_byok === true) continue;
    const name = attempt.model || model;
    failed.set(name, (failed.get(name) ?? 0n) + 1n);
  }
  return failed;
}

export function noCell(): LedgerCell {
  return {
    total: noAmounts(),
    byKind: {
      ...{ own_key: noAmounts(), failed: noAmounts(), insured: noAmounts() },
      ...{ cancelled: noAmounts(), estimated: noAmounts() },
    },
    endsLater: noAmounts(),
    failedAttempts: 0n,
  };
}

const DAY_MS = 24 * HOUR_MS;
const localMsOf = (day: string) => Date.parse(`${day}T00:00:00Z`);
const dayOfLocal = (localMs: number) => new Date(localMs).toISOString().slice(0, 10);

export const dayBefore = (day: string) => dayOfLocal(localMsOf(day) - DAY_MS);
export const dayAfter = (day: string) => dayOfLocal(localMsOf(day) + DAY_MS);

/** When a day begins and ends on the clocks of a zone: 23 hours apart, or 25, when these are set. */
export function spanOf(day: string, zone: string): { startMs: number; endMs: number } {
  const startMs = instantOf(zone, localMsOf(day));
  return { startMs, endMs: beginningOf(zone, 'day', startMs, 1) };
}

/** Both included. */
export function daysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = dayAfter(day)) days.push(day);
  return days;
}
