/** What a batch of settled requests adds up to: for the counters of scopes, and for the ledger. */
import { windowsOf } from '../limits/scope-kinds/all.ts';
import type { UsageWindowTable } from '../storage/schema.ts';
import type { ScopeRef } from './generation.ts';

/** Requests that count against the same scopes and began on the same UTC day. */
export interface Spent {
  readonly scopes: readonly ScopeRef[];
  /** When one of them began. */
  readonly atMs: number;
  costNanoUsd: bigint;
  /** Over keys of the caller's own at a provider: counted apart, and not debited. */
  byokNanoUsd: bigint;
  requests: number;
}

/** What they add to each counter, one row a counter, in a fixed order. */
export function usageOf(spent: readonly Spent[]): UsageWindowTable[] {
  const rows = new Map<string, UsageWindowTable>();
  for (const sums of spent) {
    for (const scope of sums.scopes) {
      for (const windowId of windowsOf(...scope, sums.atMs)) addTo(rows, scope, windowId, sums);
    }
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function addTo(
  rows: Map<string, UsageWindowTable>,
  [scope_kind, scope_id]: ScopeRef,
  window_id: string,
  { costNanoUsd, byokNanoUsd, requests }: Spent,
): void {
  const name = `${scope_kind} ${scope_id} ${window_id}`;
  const row = rows.get(name);
  if (row === undefined) {
    const sums = { cost_nano_usd: costNanoUsd, byok_nano_usd: byokNanoUsd, requests };
    rows.set(name, { scope_kind, scope_id, window_id, ...sums });
    return;
  }
  row.cost_nano_usd += costNanoUsd;
  row.byok_nano_usd += byokNanoUsd;
  row.requests += requests;
}
