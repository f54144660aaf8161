/** All SQL on `oauth_device`. Both of its codes are stored as hashes. */
import type { Db, Trx } from '../../storage/database.ts';
import type { OauthDeviceTable } from '../../storage/schema.ts';

export type DeviceRow = OauthDeviceTable;

/** False: somebody has this user code already. */
export async function insertDevice(db: Db, row: DeviceRow): Promise<boolean> {
  const inserted = await db
    .insertInto('oauth_device')
    .values(row)
    .onConflict((conflict) => conflict.column('user_code_hash').doNothing())
    .returning('device_code_hash')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function findDevice(db: Db, deviceCodeHash: string): Promise<DeviceRow | undefined> {
  return db
    .selectFrom('oauth_device')
    .selectAll()
    .where('device_code_hash', '=', deviceCodeHash)
    .executeTakeFirst();
}

/** One that still waits for its user. */
export function findWaitingDevice(
  db: Db,
  userCodeHash: string,
  nowMs: number,
): Promise<DeviceRow | undefined> {
  return db
    .selectFrom('oauth_device')
    .selectAll()
    .where('user_code_hash', '=', userCodeHash)
    .where('decision', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
}

/** False: somebody else has decided, or it is too late. */
export async function decideDevice(
  db: Db,
  userCodeHash: string,
  nowMs: number,
  decided: Partial<DeviceRow> & Pick<DeviceRow, 'decision' | 'account_id' | 'user_id'>,
): Promise<boolean> {
  const updated = await db
    .updateTable('oauth_device')
    .set(decided)
    .where('user_code_hash', '=', userCodeHash)
    .where('decision', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .returning('user_code_hash')
    .executeTakeFirst();
  return updated !== undefined;
}

/** False: it came too soon, and from now on has to wait longer between two polls. */
export async function countPoll(
  db: Db,
  row: Pick<DeviceRow, 'device_code_hash' | 'poll_interval_ms'>,
  { nowMs, toleranceMs, slowDownMs }: { nowMs: number; toleranceMs: number; slowDownMs: number },
): Promise<boolean> {
  const latestMs = nowMs - row.poll_interval_ms + toleranceMs;
  const polled = await db
    .updateTable('oauth_device')
    .set({ last_polled_at_ms: nowMs })
    .where('device_code_hash', '=', row.device_code_hash)
    .where((where) =>
      where.or([where('last_polled_at_ms', 'is', null), where('last_polled_at_ms', '<=', latestMs)]),
    )
    .returning('device_code_hash')
    .executeTakeFirst();
  if (polled !== undefined) return true;
  await db
    .updateTable('oauth_device')
    .set((column) => ({
      last_polled_at_ms: nowMs,
      poll_interval_ms: column('poll_interval_ms', '+', slowDownMs),
    }))
    .where('device_code_hash', '=', row.device_code_hash)
    .execute();
  return false;
}

/** False: it has its key already. PostgreSQL waits here for a twin that has not committed yet. */
export async function markDeviceUsed(trx: Trx, deviceCodeHash: string, atMs: number): Promise<boolean> {
  const claimed = await trx
    .updateTable('oauth_device')
    .set({ used_at_ms: atMs })
    .where('device_code_hash', '=', deviceCodeHash)
    .where('used_at_ms', 'is', null)
    .returning('device_code_hash')
    .executeTakeFirst();
  return claimed !== undefined;
}

/** Served by `oauth_device_age`. */
export async function deleteDevicesUntil(db: Db, createdUntilMs: number): Promise<void> {
  await db.deleteFrom('oauth_device').where('created_at_ms', '<=', createdUntilMs).execute();
}
