/** Outages of providers as they were told: numbered by who is out of use, each with its end where that was told too. */
import type { Db } from '../storage/database.ts';
import { lastToldOnce, toldOnceOf, wasToldOnce } from './store.ts';

export interface Outage {
  /** From 1. */
  readonly number: number;
  readonly sinceMs: number;
  /** Its end was told. */
  readonly isOver: boolean;
}

const DIGITS = 9;
const BEGUN = 'provider.benched ';
const ENDED = 'provider.back ';

/** What makes the news of one outage the same on every node, for its beginning and for its end. */
export const outageKey = (name: string, number: number): string =>
  `${name} #${String(number).padStart(DIGITS, '0')}`;

/** Null: none was told. */
export async function lastOutage(db: Db, accountId: string, name: string): Promise<Outage | null> {
  const row = await lastToldOnce(db, accountId, `${BEGUN}${name} #`);
  if (row === undefined || row.once_key === null) return null;
  const key = row.once_key.slice(BEGUN.length);
  return {
    number: Number(key.slice(-DIGITS)),
    sinceMs: row.created_at_ms,
    isOver: await wasToldOnce(db, accountId, `${ENDED}${key}`),
  };
}

/** The names of those that are out of use as far as was told. */
export async function openOutages(db: Db, accountId: string): Promise<string[]> {
  const told = new Set(await toldOnceOf(db, accountId, ['provider.benched', 'provider.back']));
  return [...told].flatMap((key) => {
    const end = key.startsWith(BEGUN) ? `${ENDED}${key.slice(BEGUN.length)}` : null;
    return end === null || told.has(end) ? [] : [key.slice(BEGUN.length, -(DIGITS + 2))];
  });
}
