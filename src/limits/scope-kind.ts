/**
 * What a kind of scope is: a limit that requests count against. One file a kind, in scope-kinds/; the composition root lists
 * them, in the order in which they refuse.
 */
import type { Principal } from '../auth/principal.ts';
import type { CreditTotals } from '../credits/credits.ts';
import type { ErrorCode } from '../errors.ts';
import type { NanoUsd } from '../money.ts';
import type { Db } from '../storage/database.ts';
import type { WindowKind } from '../window.ts';

export interface ScopeLimit {
  /** Null: no limit; what is spent is counted all the same. */
  readonly limitNanoUsd: NanoUsd | null;
  readonly windowKind: WindowKind;
  /** Whether what went through the caller's own provider keys counts too. */
  readonly countsByok: boolean;
}

export interface ScopeRule extends ScopeLimit {
  readonly id: string;
}

/** How a kind says no. */
export interface Refusal {
  readonly code: ErrorCode;
  /** `metadata.limit_source`, on which programs branch. */
  readonly limitSource: string;
  /** `metadata.scope`. */
  readonly scope: string;
  /** The phrase that people and old clients look for; `window` is total, daily, weekly or monthly. */
  readonly headline: (window: string) => string;
  readonly remedy: string;
  /** Whether being below zero refuses even what costs nothing. */
  readonly blocksFreeWhenNegative: boolean;
}

export interface ScopeKind {
  /** As in `usage_window.scope_kind`. */
  readonly kind: string;
  readonly refusal: Refusal;
  /** The scope of this kind that this caller's requests count against; null: none. From memory alone. */
  ruleFor(principal: Principal, credits: CreditTotals): ScopeRule | null;
  /** The limit as the database has it now: a node that takes a lease must not go by what it remembers. Null: gone. */
  readLimit(db: Db, id: string): Promise<ScopeLimit | null>;
}
