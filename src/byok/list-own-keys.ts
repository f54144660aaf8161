/** All own keys of an account: for those who read them outside the API. */
import type { Db } from '../storage/database.ts';
import { type OwnKeyRow, readOwnKeys } from './store.ts';

/** In the order in which they are tried, provider by provider. */
export async function allOwnKeys(db: Db, accountId: string): Promise<OwnKeyRow[]> {
  const rows = await readOwnKeys(db, accountId);
  return rows.toSorted((a, b) => a.provider.localeCompare(b.provider));
}
