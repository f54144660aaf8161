/** All SQL on scope_lease: what a node takes, keeps, uses up and gives back. PostgreSQL only; times are the database's own. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../storage/database.ts';
import {
  type JournalProcess,
  lockJournalPosition,
  readJournalPosition,
} from '../../storage/journal-position.ts';
import { listenTo, notify } from '../../storage/notices.ts';
import type { Listener } from '../../storage/postgres.ts';
import type { Tables, UsageWindowTable } from '../../storage/schema.ts';
import type { ScopeKind, ScopeLimit } from '../scope-kind.ts';
import type { Spent } from '../store.ts';

const RECALL_CHANNEL = 'turnpike_lease_recall';

/** One node's lease of one scope in one window. */
export interface LeaseKey {
  readonly scopeKind: string;
  readonly scopeId: string;
  readonly windowId: string;
  readonly nodeId: string;
}

/** How a scope stands in the database while its window is locked. */
export interface Room {
  /** Null: the scope is gone. */
  readonly limit: ScopeLimit | null;
  readonly settled: Spent;
  /** Of it, what the limit counts. */
  readonly settledNanoUsd: bigint;
  /** Leased by this node, before the grant. */
  readonly ownNanoUsd: bigint;
  readonly othersNanoUsd: bigint;
  /** How many other nodes have leased something. */
  readonly others: number;
}

export interface Granted extends Room {
  readonly grantedNanoUsd: bigint;
  /** Leased by this node now. */
  readonly amountNanoUsd: bigint;
  /** How far this node's journal is in `settledNanoUsd` and in the leases. */
  readonly journalSeq: number;
}

export interface OwnLease {
  readonly scope_kind: string;
  readonly scope_id: string;
  readonly window_id: string;
  readonly grant_id: string;
  /** Renewed; false: it had expired, and stays so until it is restated or dropped. */
  readonly is_alive: boolean;
}

/** What a grant is asked for with. */
export interface LeaseOrder {
  readonly key: LeaseKey;
  readonly grantId: string;
  readonly ttlMs: number;
  /** Locked after the window of the key, by whoever leases of this scope in whichever window. */
  readonly commonWindowId: string;
  /** Whether what others have leased in a window is to be paid out of the key's too. */
  readonly countsLeasesOf: (windowId: string) => boolean;
  readonly readLimit: (db: Db) => Promise<ScopeLimit | null>;
  readonly sizeOf: (room: Room) => bigint;
}

/** What an expired lease is to become. */
export interface Restatement {
  readonly key: LeaseKey;
  readonly grantId: string;
  readonly ttlMs: number;
  readonly idleNanoUsd: bigint;
  readonly owedNanoUsd: bigint;
}

/**
 * What keeper and queue ask of the database; each is one transaction of its own, and may fail with or without effect. What makes
 * a lease larger is refused with `JournalTakenOver` once another process has the node's journal: late, or from a machine that was
 * asleep, it would take what the other one has given back, or may give out itself.
 */
export interface LeaseStore {
  acquire(order: LeaseOrder): Promise<Granted>;
  drop(key: LeaseKey, grantId: string): Promise<void>;
  shrink(key: LeaseKey, grantId: string, byNanoUsd: bigint): Promise<void>;
  restate(order: Restatement): Promise<void>;
  renew(nodeId: string, ttlMs: number): Promise<OwnLease[]>;
  deleteAllOf(nodeId: string): Promise<void>;
  journalSeq(): Promise<number>;
  limitOf(kind: Pick<ScopeKind, 'readLimit'>, scopeId: string): Promise<ScopeLimit | null>;
  recall(payload: string, nowMs: number): Promise<void>;
  /** Calls back with what another node asked for; without it, when something may have been missed. */
  listenForRecalls(onRecall: (payload?: string) => void, onError: (error: Error) => void): Listener;
}

export function postgresLeases(database: Database, process: JournalProcess): LeaseStore {
  return {
    acquire: (order) => acquireLease(database, process, order),
    drop: async (key, grantId) => await dropLease(database.db, key, grantId),
    shrink: async (key, grantId, byNanoUsd) => await shrinkLease(database.db, key, grantId, byNanoUsd),
    restate: (order) => restateLease(database, process, order),
    renew: async (nodeId, ttlMs) => await renewLeases(database.db, nodeId, ttlMs),
    deleteAllOf: async (nodeId) => await deleteLeasesOf(database.db, nodeId),
    journalSeq: async () => await readJournalPosition(database.db, process),
    limitOf: async (kind, scopeId) => await kind.readLimit(database.db, scopeId),
    recall: async (payload, nowMs) => await recallLeases(database, payload, nowMs),
    listenForRecalls: (onRecall, onError) => listenTo(database, RECALL_CHANNEL, onRecall, onError),
  };
}

const databaseNowMs = sql<number>`(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint`;

/**
 * One node at a time for each scope and window: the row of its counter is locked, which a flush into it waits for too.
 * `sizeOf` says what to grant, and is trusted to stay within what the limit leaves.
 */
export async function acquireLease(
  database: Database,
  process: JournalProcess,
  order: LeaseOrder,
): Promise<Granted> {
  const { key, grantId, ttlMs } = order;
  return await database.transaction(async (trx) => {
    const counter = await lockWindow(trx, key);
    // Where the limit's windows have just become of another kind, two nodes lock two counters: this one they have in common. It
    // comes last, as in a flush, which takes the rows in the order of their names.
    const { commonWindowId } = order;
    if (key.windowId !== commonWindowId) await lockWindow(trx, { ...key, windowId: commonWindowId });
    const leases = await readLeases(trx, key, order.countsLeasesOf);
    const limit = await order.readLimit(trx);
    const settled = { costNanoUsd: counter.cost_nano_usd, byokNanoUsd: counter.byok_nano_usd };
    const settledNanoUsd = settled.costNanoUsd + (limit?.countsByok ? settled.byokNanoUsd : 0n);
    const room = { limit, settled, settledNanoUsd, ...leases };
    const grantedNanoUsd = order.sizeOf(room);
    // What this node has already gets the new name too: the answer of the grant before may never have come.
    const isNamed = grantedNanoUsd + room.ownNanoUsd > 0n;
    const amountNanoUsd = isNamed ? await addToLease(trx, key, grantedNanoUsd, grantId, ttlMs) : 0n;
    // Last, so that no more than the commit is between this look and its effect. Flushes into this window wait meanwhile.
    const journalSeq = await readJournalPosition(trx, process);
    return { ...room, grantedNanoUsd, amountNanoUsd, journalSeq };
  });
}

/** What is missing is made first: a row that does not exist cannot be locked. */
async function lockWindow(
  trx: Transaction<Tables>,
  { scopeKind, scopeId, windowId }: LeaseKey,
): Promise<Pick<UsageWindowTable, 'cost_nano_usd' | 'byok_nano_usd'>> {
  const locked = () =>
    trx
      .selectFrom('usage_window')
      .select(['cost_nano_usd', 'byok_nano_usd'])
      .where('scope_kind', '=', scopeKind)
      .where('scope_id', '=', scopeId)
      .where('window_id', '=', windowId)
      .forUpdate()
      .executeTakeFirst();
  const found = await locked();
  if (found !== undefined) return found;
  await trx
    .insertInto('usage_window')
    .values({
      scope_kind: scopeKind,
      scope_id: scopeId,
      window_id: windowId,
      cost_nano_usd: 0n,
      byok_nano_usd: 0n,
      requests: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const made = await locked();
  if (made === undefined) throw new Error('the counter that was just made is gone');
  return made;
}

/** Sums up what is leased. An expired lease counts like any other: what its node still has to settle is known to it alone. */
async function readLeases(
  trx: Transaction<Tables>,
  key: LeaseKey,
  countsLeasesOf: (windowId: string) => boolean,
): Promise<Pick<Room, 'ownNanoUsd' | 'othersNanoUsd' | 'others'>> {
  const rows = await trx
    .selectFrom('scope_lease')
    .select(['node_id', 'window_id', 'amount_nano_usd'])
    .where('scope_kind', '=', key.scopeKind)
    .where('scope_id', '=', key.scopeId)
    .execute();
  const leased = { ownNanoUsd: 0n, othersNanoUsd: 0n, others: 0 };
  for (const row of rows) {
    if (row.node_id === key.nodeId) {
      if (row.window_id === key.windowId) leased.ownNanoUsd = row.amount_nano_usd;
    } else if (row.amount_nano_usd > 0n && countsLeasesOf(row.window_id)) {
      leased.othersNanoUsd += row.amount_nano_usd;
      leased.others += 1;
    }
  }
  return leased;
}

async function addToLease(
  trx: Transaction<Tables>,
  key: LeaseKey,
  amountNanoUsd: bigint,
  grantId: string,
  ttlMs: number,
): Promise<bigint> {
  const expiresAtMs = sql<number>`${databaseNowMs} + ${ttlMs}::bigint`;
  const row = await trx
    .insertInto('scope_lease')
    .values({
      scope_kind: key.scopeKind,
      scope_id: key.scopeId,
      window_id: key.windowId,
      node_id: key.nodeId,
      amount_nano_usd: amountNanoUsd,
      expires_at_ms: expiresAtMs,
      grant_id: grantId,
    })
    .onConflict((conflict) =>
      conflict.columns(['scope_kind', 'scope_id', 'window_id', 'node_id']).doUpdateSet({
        amount_nano_usd: sql<bigint>`scope_lease.amount_nano_usd + excluded.amount_nano_usd`,
        expires_at_ms: sql<number>`excluded.expires_at_ms`,
        grant_id: sql<string>`excluded.grant_id`,
      }),
    )
    .returning('amount_nano_usd')
    .executeTakeFirstOrThrow();
  return row.amount_nano_usd;
}

/** Gives it all back, unless it has been granted anew. */
export async function dropLease(db: Db, key: LeaseKey, grantId: string): Promise<void> {
  await db
    .deleteFrom('scope_lease')
    .where('scope_kind', '=', key.scopeKind)
    .where('scope_id', '=', key.scopeId)
    .where('window_id', '=', key.windowId)
    .where('node_id', '=', key.nodeId)
    .where('grant_id', '=', grantId)
    .execute();
}

/** Gives a part back, unless it has been granted anew. */
export async function shrinkLease(db: Db, key: LeaseKey, grantId: string, byNanoUsd: bigint): Promise<void> {
  await db
    .updateTable('scope_lease')
    .set({ amount_nano_usd: sql<bigint>`GREATEST(0, amount_nano_usd - ${byNanoUsd}::bigint)` })
    .where('scope_kind', '=', key.scopeKind)
    .where('scope_id', '=', key.scopeId)
    .where('window_id', '=', key.windowId)
    .where('node_id', '=', key.nodeId)
    .where('grant_id', '=', grantId)
    .execute();
}

/**
 * Makes an expired lease good again: less what its node no longer owes, or, where it was taken back meanwhile, as what it
 * still owes, which is spent or may be, whatever the limit says now.
 */
export async function restateLease(
  database: Database,
  process: JournalProcess,
  order: Restatement,
): Promise<void> {
  const { key, grantId, ttlMs } = order;
  await database.transaction(async (trx) => {
    // It may lease what no limit leaves: so whoever takes the journal over waits for it, and gives it back.
    await lockJournalPosition(trx, process);
    await lockWindow(trx, key);
    const { numUpdatedRows } = await trx
      .updateTable('scope_lease')
      .set({
        amount_nano_usd: sql<bigint>`GREATEST(0, amount_nano_usd - ${order.idleNanoUsd}::bigint)`,
        expires_at_ms: sql<number>`${databaseNowMs} + ${ttlMs}::bigint`,
        grant_id: grantId,
      })
      .where('scope_kind', '=', key.scopeKind)
      .where('scope_id', '=', key.scopeId)
      .where('window_id', '=', key.windowId)
      .where('node_id', '=', key.nodeId)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n && order.owedNanoUsd > 0n)
      await addToLease(trx, key, order.owedNanoUsd, grantId, ttlMs);
  });
}

/**
 * Renews a node's leases that have not expired, and tells of all of them. In the order of their key, as in `consumeLeases`: two
 * statements of one node that lock several of its leases must not wait for each other.
 */
export async function renewLeases(db: Db, nodeId: string, ttlMs: number): Promise<OwnLease[]> {
  const { rows } = await sql<OwnLease>`
    WITH own AS (
      SELECT scope_kind, scope_id, window_id, node_id, grant_id, expires_at_ms > ${databaseNowMs} AS is_alive
      FROM scope_lease WHERE node_id = ${nodeId}
      ORDER BY scope_kind, scope_id, window_id FOR UPDATE
    ), renewed AS (
      UPDATE scope_lease AS lease SET expires_at_ms = ${databaseNowMs} + ${ttlMs}::bigint
      FROM own
      WHERE own.is_alive AND lease.scope_kind = own.scope_kind AND lease.scope_id = own.scope_id
        AND lease.window_id = own.window_id AND lease.node_id = own.node_id
    )
    SELECT scope_kind, scope_id, window_id, grant_id, is_alive FROM own
  `.execute(db);
  return rows;
}

/** For a node that owes nothing: when it starts, with its journal replayed, and when it ends. */
export async function deleteLeasesOf(db: Db, nodeId: string): Promise<void> {
  await deleteGrants(db, nodeId, await readGrants(db, nodeId));
}

export async function readGrants(db: Db, nodeId: string): Promise<string[]> {
  const rows = await db.selectFrom('scope_lease').select('grant_id').where('node_id', '=', nodeId).execute();
  return rows.map(({ grant_id }) => grant_id);
}

/** These alone: arriving late, out of a connection that was cut, it takes nothing from the process that came after. */
export async function deleteGrants(db: Db, nodeId: string, grantIds: readonly string[]): Promise<void> {
  if (grantIds.length === 0) return;
  await sql`
    WITH own AS (
      SELECT scope_kind, scope_id, window_id, node_id FROM scope_lease
      WHERE node_id = ${nodeId} AND grant_id = ANY(${sql.val(grantIds)}::text[])
      ORDER BY scope_kind, scope_id, window_id FOR UPDATE
    )
    DELETE FROM scope_lease AS lease USING own
    WHERE lease.scope_kind = own.scope_kind AND lease.scope_id = own.scope_id
      AND lease.window_id = own.window_id AND lease.node_id = own.node_id
  `.execute(db);
}

export interface LeasingNode {
  readonly nodeId: string;
  readonly leasedNanoUsd: bigint;
  /** When the last of its leases expires, or expired. */
  readonly expiresAtMs: number;
  readonly isExpired: boolean;
}

/** Who has leased something, those that have been away for longest first. */
export async function listLeasingNodes(db: Db): Promise<LeasingNode[]> {
  const { rows } = await sql<{ node_id: string; leased: bigint; expires_at_ms: number; is_expired: boolean }>`
    SELECT node_id, SUM(amount_nano_usd)::bigint AS leased, MAX(expires_at_ms) AS expires_at_ms,
      MAX(expires_at_ms) < ${databaseNowMs} AS is_expired
    FROM scope_lease GROUP BY node_id HAVING SUM(amount_nano_usd) > 0 ORDER BY MAX(expires_at_ms)
  `.execute(db);
  return rows.map((row) => ({
    nodeId: row.node_id,
    leasedNanoUsd: row.leased,
    expiresAtMs: Number(row.expires_at_ms),
    isExpired: row.is_expired,
  }));
}

/**
 * Gives everybody what a node leased that never comes back, and tells how much that was. Leases that are good are not touched. Were
 * it to come back all the same, with a journal that has charges in it, these would be spent twice over: so a person decides it.
 */
export async function forgetLeases(db: Db, nodeId: string): Promise<bigint> {
  const rows = await db
    .deleteFrom('scope_lease')
    .where('node_id', '=', nodeId)
    .where('expires_at_ms', '<', databaseNowMs)
    .returning('amount_nano_usd')
    .execute();
  return rows.reduce((sum, row) => sum + row.amount_nano_usd, 0n);
}

/** Asks the other nodes for what they do not use. */
export async function recallLeases(database: Database, payload: string, nowMs: number): Promise<void> {
  await notify(database, RECALL_CHANNEL, payload, nowMs);
}

/**
 * Settled costs leave the lease they were held against, in the transaction that adds them to the counters: so settled plus
 * leased never counts them twice. A lease that is smaller, or gone, gives what it has. What went through the caller's own
 * provider keys leaves it too, whether or not the limit counts it now: too small a lease overspends nothing.
 */
export async function consumeLeases(
  trx: Transaction<Tables>,
  nodeId: string,
  usage: readonly UsageWindowTable[],
): Promise<void> {
  const costly = usage.filter((row) => row.cost_nano_usd + row.byok_nano_usd > 0n);
  if (costly.length === 0) return;
  const column = (read: (row: UsageWindowTable) => string) => sql.val(costly.map(read));
  await sql`
    WITH used AS (
      SELECT * FROM unnest(
        ${column((row) => row.scope_kind)}::text[],
        ${column((row) => row.scope_id)}::text[],
        ${column((row) => row.window_id)}::text[],
        ${column((row) => (row.cost_nano_usd + row.byok_nano_usd).toString())}::bigint[]
      ) AS used (scope_kind, scope_id, window_id, cost_nano_usd)
    ), own AS (
      SELECT lease.scope_kind, lease.scope_id, lease.window_id, lease.node_id, used.cost_nano_usd
      FROM scope_lease AS lease JOIN used USING (scope_kind, scope_id, window_id)
      WHERE lease.node_id = ${nodeId}
      ORDER BY lease.scope_kind, lease.scope_id, lease.window_id FOR UPDATE OF lease
    )
    UPDATE scope_lease AS lease
    SET amount_nano_usd = GREATEST(0, lease.amount_nano_usd - own.cost_nano_usd)
    FROM own
    WHERE lease.scope_kind = own.scope_kind AND lease.scope_id = own.scope_id
      AND lease.window_id = own.window_id AND lease.node_id = own.node_id
  `.execute(trx);
}
