/**
 * Recomputes what the ledger and the counters should say from the generations, those that are there and what was carried of those that were
 * dropped, and names the first row that is off.
 */

import { FREE_COUNTER } from '../limits/free-requests.ts';
import { TOLD_BY_ROW, windowsOf } from '../limits/scope-kinds/all.ts';
import type { Db } from '../storage/database.ts';
import {
  carriedScopeSpendByDay,
  carriedSpendByDay,
  carriedWithoutDebit,
  counterOpenings,
  countUsageDebits,
  firstWrongDebit,
  type ScopeSpendOfDay,
  type SpendOfDay,
  scopeSpendByDay,
  spendByDay,
  storedCounters,
  unbalancedTransactions,
  unchargedGenerations,
} from './verify-store.ts';

export interface Verification {
  /** What was compared. */
  readonly generations: number;
  /** Of generations that were dropped: what they came to is compared with the rest. */
  readonly dropped: number;
  readonly transactions: number;
  readonly counters: number;
  /** The first disagreement; null: everything agrees. */
  readonly fault: string | null;
}

/** Beside a gateway that works, `db` must be a `snapshot`: what is brought in between two of the sums is in the later one alone. */
export async function verifyLedger(db: Db): Promise<Verification> {
  const days = await spendByDay(db);
  const carried = await carriedSpendByDay(db);
  const counters = await storedCounters(db);
  const scopeDays = [...(await scopeSpendByDay(db)), ...(await carriedScopeSpendByDay(db))];
  const fault =
    (await unbalanced(db)) ??
    (await uncharged(db)) ??
    (await wrongDebit(db)) ??
    wrongCounter(expectedCounters([...days, ...carried], scopeDays, await counterOpenings(db)), counters);
  return {
    generations: requestsOf(days),
    dropped: requestsOf(carried),
    transactions: await countUsageDebits(db),
    counters: counters.length,
    fault,
  };
}

async function unbalanced(db: Db): Promise<string | null> {
  const [first] = await unbalancedTransactions(db);
  return first === undefined ? null : `ledger_entry: the entries of transaction ${first} do not sum to zero`;
}

async function uncharged(db: Db): Promise<string | null> {
  const [first] = await unchargedGenerations(db);
  return first === undefined ? null : `generation: ${first} is in no usage transaction of its account`;
}

function requestsOf(days: readonly SpendOfDay[]): number {
  return days.reduce((sum, day) => sum + day.requests, 0);
}

async function wrongDebit(db: Db): Promise<string | null> {
  const without = await carriedWithoutDebit(db);
  if (without !== null) return `carried_debit: ${without} is in no usage transaction of the ledger`;
  const wrong = await firstWrongDebit(db);
  if (wrong === null) return null;
  const { transactionId, accountId, debitNanoUsd, generationsNanoUsd } = wrong;
  const [what, its] =
    transactionId === ''
      ? ['the transactions of dropped generations debit', 'these']
      : [`transaction ${transactionId} debits`, 'its generations'];
  return `ledger_entry: ${what} ${accountId} ${debitNanoUsd} nano-USD, ${its} cost ${generationsNanoUsd}`;
}

interface Sums {
  cost: bigint;
  byok: bigint;
  requests: number;
}

function expectedCounters(
  days: readonly SpendOfDay[],
  scopeDays: readonly ScopeSpendOfDay[],
  openings: Awaited<ReturnType<typeof counterOpenings>>,
): Map<string, Sums> {
  const counters = new Map<string, Sums>();
  const addAt = (kind: string, id: string, spent: Spent & { readonly dayStartMs: number }) => {
    for (const windowId of windowsOf(kind, id, spent.dayStartMs))
      add(counters, `${kind} ${id} ${windowId}`, spent);
  };
  for (const day of days) {
    for (const [kind, scopesOfRow] of TOLD_BY_ROW) for (const id of scopesOfRow(day)) addAt(kind, id, day);
    if (day.isFree) addAt(FREE_COUNTER.kind, day.accountId, day);
  }
  for (const day of scopeDays) addAt(day.scopeKind, day.scopeId, day);
  for (const { scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests } of openings)
    add(counters, `${scope_kind} ${scope_id} ${window_id}`, {
      costNanoUsd: cost_nano_usd,
      byokNanoUsd: byok_nano_usd,
      requests,
    });
  return counters;
}

type Spent = Pick<SpendOfDay, 'costNanoUsd' | 'byokNanoUsd' | 'requests'>;

function add(counters: Map<string, Sums>, name: string, day: Spent): void {
  const sums = counters.get(name) ?? { cost: 0n, byok: 0n, requests: 0 };
  sums.cost += day.costNanoUsd;
  sums.byok += day.byokNanoUsd;
  sums.requests += day.requests;
  counters.set(name, sums);
}

const NOTHING: Sums = { cost: 0n, byok: 0n, requests: 0 };

function wrongCounter(
  expected: Map<string, Sums>,
  stored: Awaited<ReturnType<typeof storedCounters>>,
): string | null {
  for (const row of stored) {
    const name = `${row.scope_kind} ${row.scope_id} ${row.window_id}`;
    const sums = expected.get(name) ?? NOTHING;
    expected.delete(name);
    const agrees =
      row.cost_nano_usd === sums.cost && row.byok_nano_usd === sums.byok && row.requests === sums.requests;
    if (agrees) continue;
    return (
      `usage_window: ${name} says ${row.cost_nano_usd} nano-USD in ${row.requests} requests, ` +
      `its generations say ${sums.cost} in ${sums.requests}`
    );
  }
  const [missing] = [...expected].filter(([, sums]) => sums.requests > 0);
  return missing === undefined ? null : `usage_window: ${missing[0]} is missing`;
}
