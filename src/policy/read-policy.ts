/** The policy of a key as it stands in the database, for whoever reads the key. */
import type { Db } from '../storage/database.ts';
import type { GuardrailTable } from '../storage/guardrail-tables.ts';
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

/** What a guardrail that is still being written would come to, below those that bind every key of its workspace already. */
export async function policyOfDraft(
  db: Db,
  { accountId, workspaceId }: { readonly accountId: string; readonly workspaceId: string | null },
  draft: GuardrailTable,
): Promise<Policy | null> {
  const place = { accountId, workspaceId, creatorUserId: null, keyHash: '' };
  const above = (await guardrailsOver(db, place)).filter(({ id }) => id !== draft.id);
  const via = draft.applies_to === 'assigned' ? 'key' : draft.applies_to;
  return foldPolicy([...above, { ...draft, via } as const].map((row) => ({ row, place })));
}
