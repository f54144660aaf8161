/** All SQL on `content_logging`, `content_key` and `content_record`. */
import { insertRows } from '../storage/bulk.ts';
import type { ContentKeyTable, ContentLoggingTable, ContentRecordTable } from '../storage/content-tables.ts';
import type { Database, Db, Trx } from '../storage/database.ts';

/** Few enough that no transaction holds others up. */
const ROWS_PER_DELETE = 1000;

export function findSetting(
  db: Db,
  accountId: string,
  workspaceId: string,
): Promise<ContentLoggingTable | undefined> {
  return db
    .selectFrom('content_logging')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
}

export function listSettings(db: Db): Promise<ContentLoggingTable[]> {
  return db.selectFrom('content_logging').selectAll().execute();
}

export async function putSetting(trx: Trx, row: ContentLoggingTable): Promise<void> {
  const { workspace_id: _, account_id: __, ...changed } = row;
  await trx
    .insertInto('content_logging')
    .values(row)
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet(changed))
    .execute();
}

export async function deleteSetting(trx: Trx, workspaceId: string): Promise<void> {
  await trx.deleteFrom('content_logging').where('workspace_id', '=', workspaceId).execute();
}

export async function insertKey(db: Db, row: ContentKeyTable): Promise<void> {
  await db.insertInto('content_key').values(row).execute();
}

/** Fails where a key is gone. */
export function insertRecords(database: Database, rows: readonly ContentRecordTable[]): Promise<void> {
  return database.transaction((trx) =>
    insertRows(trx, 'content_record', rows, 'ON CONFLICT (generation_id) DO NOTHING'),
  );
}

export interface SealedContent {
  readonly key_id: string;
  readonly sealed_key: string;
  readonly sealed_content: string;
}

/** By account first: a foreign id is simply not found. What is about to go is not found either. */
export function findContent(
  db: Db,
  accountId: string,
  generationId: string,
): Promise<SealedContent | undefined> {
  return db
    .selectFrom('content_record')
    .innerJoin('content_key', 'content_key.id', 'content_record.key_id')
    .select(['content_record.key_id', 'content_key.sealed_key', 'content_record.sealed_content'])
    .where('content_record.generation_id', '=', generationId)
    .where('content_record.account_id', '=', accountId)
    .where('content_key.sealed_key', '<>', '')
    .executeTakeFirst();
}

/** One statement, after which nothing that they sealed can be read: those of a workspace before this day; null: all of them. */
export async function emptyKeys(db: Db, workspaceId: string, beforeDay: string | null): Promise<void> {
  let update = db
    .updateTable('content_key')
    .set({ sealed_key: '' })
    .where('workspace_id', '=', workspaceId)
    .where('sealed_key', '<>', '');
  if (beforeDay !== null) update = update.where('day', '<', beforeDay);
  await update.execute();
}

/** Takes away what emptied keys have sealed, and the keys. Goes on where it was interrupted. */
export async function dropUnreadable(db: Db): Promise<void> {
  const keys = await db.selectFrom('content_key').select('id').where('sealed_key', '=', '').execute();
  for (const { id } of keys) {
    let deleted: bigint;
    do {
      const some = db
        .selectFrom('content_record')
        .select('generation_id')
        .where('key_id', '=', id)
        .limit(ROWS_PER_DELETE);
      const { numDeletedRows } = await db
        .deleteFrom('content_record')
        .where('generation_id', 'in', some)
        .executeTakeFirst();
      deleted = numDeletedRows;
    } while (deleted > 0n);
    await db.deleteFrom('content_key').where('id', '=', id).execute();
  }
}
