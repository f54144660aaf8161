/** A key as the gateway describes it, and what follows from that: its state, and what of its limit is spent. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { plainName } from '../../shared/components/untrusted.tsx';

export type LimitReset = NonNullable<PageKey['limit_reset']>;

export type KeyState = 'quarantined' | 'active' | 'disabled' | 'expired' | 'exhausted';

export function stateOf(key: PageKey, nowMs: number = Date.now()): KeyState {
  if (key.disabled) return key.leak?.is_quarantined === true ? 'quarantined' : 'disabled';
  if (key.expires_at !== null && Date.parse(key.expires_at) <= nowMs) return 'expired';
  return key.limit_remaining !== null && key.limit_remaining <= 0 ? 'exhausted' : 'active';
}

/** What to call it: a name may be nothing that can be seen. */
export function displayName({ name, label }: Pick<PageKey, 'name' | 'label'>): string {
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
export function limitOf(key: PageKey): { limit: number; spent: number; share: number } | null {
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
