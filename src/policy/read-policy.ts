/** The policy of a key as it stands in the database, for whoever reads the key. */
import type { Db } from '../storage/database.ts';
import { type BoundRow, foldPolicy } from './fold.ts';
import type { Policy } from './policy.ts';
import { guardrailsOver, type KeyPlace } from './store.ts';

export type { KeyPlace } from './store.ts';

/** @param places the key, and then those that authorised it: what binds them binds it too. Null: no guardrail does. */
export async function readPolicy(db: Db, places: readonly KeyPlace[]): Promise<Policy | null> {
  const bound: BoundRow[] = [];
  for (const place of places) for (const row of await guardrailsOver(db, place)) bound.push({ row, place });
  return foldPolicy(bound);
}
