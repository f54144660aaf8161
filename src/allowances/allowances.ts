/** What a workspace lets its keys spend, and how fast it lets them ask: read with the key, and told to the limits. No I/O. */
import type { NanoUsd } from '../money.ts';
import type { BudgetInterval, RateSubject } from '../storage/limit-tables.ts';
import type { WindowKind } from '../window.ts';

export function windowKindOfInterval(interval: BudgetInterval): WindowKind {
  return interval === 'lifetime' ? 'all' : interval;
}

export interface IntervalBudget {
  readonly id: string;
  readonly limitNanoUsd: NanoUsd;
}

/** A sum that requests of one tag may cost. */
export interface TagBudget {
  readonly id: string;
  readonly name: string;
  /** Null: each value that the tag has may cost that much. */
  readonly value: string | null;
  readonly windowKind: WindowKind;
  readonly limitNanoUsd: NanoUsd;
}

/** How often, and with how many tokens, somebody may ask in a minute; null: as they like. */
export interface RateLimit {
  readonly id: string;
  readonly subject: RateSubject;
  /** Which member, key or model; null: each of them, by itself. */
  readonly target: string | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

export interface Allowances {
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly includesByok: boolean;
  /** By interval; null: it has no such budget. */
  readonly budgets: Readonly<Record<BudgetInterval, IntervalBudget | null>>;
  readonly tagBudgets: readonly TagBudget[];
  readonly rateLimits: readonly RateLimit[];
}

export const DEFAULT_ALERT_PERCENTS: readonly number[] = [50, 80, 100];
