/** All keys of an account, page by page: for those who read them outside the API. */
import type { Db } from '../storage/database.ts';
import type { ApiKeyTable, KeyKind } from '../storage/schema.ts';
import { listKeys } from './store.ts';

const PAGE_KEYS = 100;

/** Of every workspace, newest first. */
export async function listAllKeys(
  db: Db,
  which: { accountId: string; kind: KeyKind; includeDisabled: boolean },
): Promise<ApiKeyTable[]> {
  const keys: ApiKeyTable[] = [];
  for (;;) {
    const page = await listKeys(db, { ...which, workspaceId: null, limit: PAGE_KEYS, offset: keys.length });
    keys.push(...page);
    if (page.length < PAGE_KEYS) return keys;
  }
}
