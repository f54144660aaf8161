/** Of a key's limit, from which part on it counts as nearly used up. */
import type { Db } from '../storage/database.ts';
import { readLimitPercent } from './store.ts';

/** Unless an account says otherwise. */
const LIMIT_PERCENT = 80;

/** Whole percent, from 1 to 99. */
export async function limitPercentOf(db: Db, accountId: string): Promise<number> {
  return (await readLimitPercent(db, accountId)) ?? LIMIT_PERCENT;
}
