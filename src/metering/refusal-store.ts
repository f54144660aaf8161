/** All SQL on refusal_hour. Every read is by account first. */
import type { Transaction } from 'kysely';
import { insertRows } from '../storage/bulk.ts';
import type { Db } from '../storage/database.ts';
import type { RefusalHourTable } from '../storage/figure-tables.ts';
import type { Tables } from '../storage/schema.ts';

/** Adds to the counts. The caller sorts the rows. */
export async function addRefusals(
  trx: Transaction<Tables>,
  rows: readonly RefusalHourTable[],
): Promise<void> {
  const last = ['workspace_id', 'status', 'message', 'path', 'request_id'];
  await insertRows(
    trx,
    'refusal_hour',
    rows,
    `ON CONFLICT (account_id, hour_ms, key_hash, reason) DO UPDATE SET
      requests = refusal_hour.requests + excluded.requests,
      first_at_ms = CASE WHEN excluded.first_at_ms < refusal_hour.first_at_ms
        THEN excluded.first_at_ms ELSE refusal_hour.first_at_ms END,
      last_at_ms = CASE WHEN excluded.last_at_ms > refusal_hour.last_at_ms
        THEN excluded.last_at_ms ELSE refusal_hour.last_at_ms END,
      ${last.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
}

export interface RefusalFilter {
  readonly accountId: string;
  /** Of these keys alone; null: of all. */
  readonly keyHashes: readonly string[] | null;
  /** Rows of which at least one refusal can have been in that time. */
  readonly range: { readonly startMs: number | null; readonly endMs: number | null };
  /** Null: whichever the last request was. */
  readonly requestId: string | null;
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  /** Only what comes after this one in the listing. */
  readonly after: Pick<RefusalHourTable, 'hour_ms' | 'key_hash' | 'reason'> | null;
  readonly limit: number;
}

/** The newest hour first; key and reason decide within an hour. */
export async function listRefusals(db: Db, filter: RefusalFilter): Promise<RefusalHourTable[]> {
  const { accountId, keyHashes, range, requestId, workspaceId, after, limit } = filter;
  if (keyHashes?.length === 0) return [];
  let query = db.selectFrom('refusal_hour').selectAll().where('account_id', '=', accountId);
  if (keyHashes !== null) query = query.where('key_hash', 'in', keyHashes);
  if (range.startMs !== null) query = query.where('last_at_ms', '>=', range.startMs);
  if (range.endMs !== null) query = query.where('first_at_ms', '<', range.endMs);
  if (requestId !== null) query = query.where('request_id', '=', requestId);
  if (workspaceId !== null) query = query.where('workspace_id', '=', workspaceId);
  if (after !== null) {
    query = query.where((where) =>
      where.or([
        where('hour_ms', '<', after.hour_ms),
        where.and([where('hour_ms', '=', after.hour_ms), where('key_hash', '<', after.key_hash)]),
        where.and([
          where('hour_ms', '=', after.hour_ms),
          where('key_hash', '=', after.key_hash),
          where('reason', '<', after.reason),
        ]),
      ]),
    );
  }
  return await query
    .orderBy('hour_ms', 'desc')
    .orderBy('key_hash', 'desc')
    .orderBy('reason', 'desc')
    .limit(limit)
    .execute();
}

export async function forgetRefusals(db: Db, beforeMs: number): Promise<void> {
  await db.deleteFrom('refusal_hour').where('hour_ms', '<', beforeMs).execute();
}
