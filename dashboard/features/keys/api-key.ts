/** A key as the gateway describes it, and what follows from that: its state, and what of its limit is spent. */
import { plainName } from '../../shared/components/untrusted.tsx';

export type LimitReset = 'daily' | 'weekly' | 'monthly';

export interface ApiKey {
  readonly hash: string;
  /** The secret, masked. */
  readonly label: string;
  readonly name: string;
  readonly disabled: boolean;
  /** USD; null: no limit. */
  readonly limit: number | null;
  readonly limit_remaining: number | null;
  readonly limit_reset: LimitReset | null;
  readonly include_byok_in_limit: boolean;
  readonly usage: number;
  readonly usage_daily: number;
  readonly usage_weekly: number;
  readonly usage_monthly: number;
  readonly byok_usage: number;
  readonly byok_usage_daily: number;
  readonly byok_usage_weekly: number;
  readonly byok_usage_monthly: number;
  readonly created_at: string;
  readonly updated_at: string | null;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly external_user: string | null;
  readonly creator_user_id: string | null;
  readonly workspace_id: string | null;
  readonly cut_streams_when_revoked: boolean;
  /** When its secret was last replaced; null: never. */
  readonly rotated_at: string | null;
  /** By when its organisation wants it to be replaced; null: it does not say. */
  readonly rotate_by: string | null;
  /** The app that its owner gave it to, as the gateway knows it; null: none, or nobody vouches for who it is. */
  readonly made_for: string | null;
  /** Whether somebody above its creator has set its limit or disabled it. */
  readonly bounded_by_admin: boolean;
}

export type KeyState = 'active' | 'disabled' | 'expired' | 'exhausted';

export function stateOf(key: ApiKey, nowMs: number = Date.now()): KeyState {
  if (key.disabled) return 'disabled';
  if (key.expires_at !== null && Date.parse(key.expires_at) <= nowMs) return 'expired';
  return key.limit_remaining !== null && key.limit_remaining <= 0 ? 'exhausted' : 'active';
}

/** What to call it: a name may be nothing that can be seen. */
export function displayName({ name, label }: Pick<ApiKey, 'name' | 'label'>): string {
  return plainName(name) || label;
}

export const PERIODS: Readonly<Record<LimitReset, string>> = {
  daily: 'today',
  weekly: 'this week',
  monthly: 'this month',
};

export const RESETS: Readonly<Record<LimitReset, string>> = {
  daily: 'every day',
  weekly: 'every week',
  monthly: 'every month',
};

/** Both figures of the limit's own period; null: there is no limit. */
export function limitOf(key: ApiKey): { limit: number; spent: number; share: number } | null {
  if (key.limit === null || key.limit_remaining === null) return null;
  // The difference of two binary fractions: rounded to the nano-USD that the gateway counts in.
  const spent = Math.max(0, Math.round((key.limit - key.limit_remaining) * 1e9) / 1e9);
  return { limit: key.limit, spent, share: key.limit === 0 ? 1 : spent / key.limit };
}

const DAY_MS = 86_400_000;

/** Periods are those of UTC; weeks begin on Monday. */
export function nextResetMs(reset: LimitReset, nowMs: number = Date.now()): number {
  const today = new Date(nowMs);
  const startMs = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate());
  switch (reset) {
    case 'daily':
      return startMs + DAY_MS;
    case 'weekly':
      return startMs + (7 - ((today.getUTCDay() + 6) % 7)) * DAY_MS;
    case 'monthly':
      return Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, 1);
  }
}
