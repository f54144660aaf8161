/** What the key answers need to know about spend and accounts, told by whoever counts them. */
import type { Principal } from '../auth/principal.ts';
import type { Trx } from '../storage/database.ts';
import type { LimitReset, Role } from '../storage/schema.ts';

/** Nano-USD: gateway credit, and beside it what went through the caller's own provider keys. */
export interface KeyUsage {
  readonly total: bigint;
  readonly daily: bigint;
  readonly weekly: bigint;
  readonly monthly: bigint;
  readonly byokTotal: bigint;
  readonly byokDaily: bigint;
  readonly byokWeekly: bigint;
  readonly byokMonthly: bigint;
  /** Null: never. */
  readonly lastUsedAtMs: number | null;
}

export const NO_USAGE: KeyUsage = {
  total: 0n,
  daily: 0n,
  weekly: 0n,
  monthly: 0n,
  byokTotal: 0n,
  byokDaily: 0n,
  byokWeekly: 0n,
  byokMonthly: 0n,
  lastUsedAtMs: null,
};

export interface KeyUsageReader {
  /** In the windows of this moment; a key that was never used may be missing. */
  ofKeys(hashes: string[]): Promise<Map<string, KeyUsage>>;
}

/** One of what requests of a key are limited by. */
export interface BudgetLayer {
  readonly scope: string;
  /** Of a workspace's budget. */
  readonly budget_id: string | null;
  /** Of a guardrail's. */
  readonly guardrail_id: string | null;
  readonly limit_usd: number;
  readonly spend_usd: number;
  readonly remaining_usd: number;
  /** Null: never. */
  readonly reset_interval: string | null;
  readonly resets_at: string | null;
  readonly include_byok: boolean;
}

export interface BudgetReader {
  /** In the order in which they refuse, the key's own limit last. */
  layersOf(principal: Principal): Promise<readonly BudgetLayer[]>;
}

export interface FreeRequestReader {
  /** The account's `:free` requests of this UTC day, and how many it may make. */
  ofAccount(accountId: string): Promise<{ limit: number; used: number }> | { limit: number; used: number };
}

export interface AccountReader {
  hasPurchasedCredits(accountId: string): Promise<boolean>;
  isMember(accountId: string, userId: string): Promise<boolean>;
  /** Their role, which stays so until the transaction has committed; undefined: they are none. */
  staysMember(trx: Trx, accountId: string, userId: string): Promise<Role | undefined>;
}

/** What a limit leaves: both figures of the same window, so that `limit - remaining` is what was spent in it. */
export function limitRemainingNanoUsd(
  rule: { limitNanoUsd: bigint | null; limitReset: LimitReset | null; includeByokInLimit: boolean },
  usage: KeyUsage,
): bigint | null {
  if (rule.limitNanoUsd === null) return null;
  const [credit, byok] = spentInWindow(rule.limitReset, usage);
  return rule.limitNanoUsd - credit - (rule.includeByokInLimit ? byok : 0n);
}

function spentInWindow(limitReset: LimitReset | null, usage: KeyUsage): [credit: bigint, byok: bigint] {
  switch (limitReset) {
    case null:
      return [usage.total, usage.byokTotal];
    case 'daily':
      return [usage.daily, usage.byokDaily];
    case 'weekly':
      return [usage.weekly, usage.byokWeekly];
    case 'monthly':
      return [usage.monthly, usage.byokMonthly];
  }
}
