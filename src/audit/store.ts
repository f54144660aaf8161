/** SQL on `audit_event`, which is only ever added to, and on the chain that says so. */

import type { AuditEventTable, AuditHeadTable, AuditLinkTable } from '../storage/audit-tables.ts';
import type { Db, Trx } from '../storage/database.ts';

export type AuditEvent = AuditEventTable;
export type AuditHead = Omit<AuditHeadTable, 'id'>;

const HEAD_ID = 1;

/** In a transaction: the event is there if and only if the change is. */
export async function insertEvent(db: Db, row: AuditEvent): Promise<void> {
  await db.insertInto('audit_event').values(row).execute();
}

export async function readHead(db: Db): Promise<AuditHead> {
  return await db
    .selectFrom('audit_head')
    .select(['seq', 'hash', 'at_ms'])
    .where('id', '=', HEAD_ID)
    .executeTakeFirstOrThrow();
}

/** The newest link, which nobody else adds to until the transaction is over. */
export async function lockHead(trx: Trx): Promise<AuditHead> {
  return await trx
    .updateTable('audit_head')
    .set((row) => ({ seq: row.ref('seq') }))
    .where('id', '=', HEAD_ID)
    .returning(['seq', 'hash', 'at_ms'])
    .executeTakeFirstOrThrow();
}

export async function moveHead(trx: Trx, head: AuditHead): Promise<void> {
  await trx.updateTable('audit_head').set(head).where('id', '=', HEAD_ID).execute();
}

export async function insertLinks(trx: Trx, links: readonly AuditLinkTable[]): Promise<void> {
  await trx
    .insertInto('audit_link')
    .values([...links])
    .execute();
}

/** Events of this time or later that are in no link, oldest first. */
export async function unlinkedEvents(db: Db, sinceMs: number, limit: number): Promise<AuditEvent[]> {
  return await db
    .selectFrom('audit_event')
    .leftJoin('audit_link', 'audit_link.event_id', 'audit_event.id')
    .selectAll('audit_event')
    .where('audit_link.event_id', 'is', null)
    .where('audit_event.at_ms', '>=', sinceMs)
    .orderBy('audit_event.at_ms')
    .orderBy('audit_event.id')
    .limit(limit)
    .execute();
}

/** Links behind a number in their order, each with its event; where that is gone, its members are null. */
export async function linkedEvents(db: Db, afterSeq: number, limit: number) {
  return await db
    .selectFrom('audit_link')
    .leftJoin('audit_event', 'audit_event.id', 'audit_link.event_id')
    .selectAll('audit_event')
    .select(['audit_link.seq', 'audit_link.event_id', 'audit_link.hash'])
    .where('audit_link.seq', '>', afterSeq)
    .orderBy('audit_link.seq')
    .limit(limit)
    .execute();
}

export interface EventFilter {
  readonly accountId: string;
  /** Whole, or up to its first dot: `key` for all that happens to keys. */
  readonly action: string | null;
  readonly actor: string | null;
  readonly target: string | null;
  readonly outcome: string | null;
  readonly fromMs: number | null;
  /** Exclusive. */
  readonly toMs: number | null;
  /** The last one of the page before. */
  readonly after: { readonly atMs: number; readonly id: string } | null;
  readonly limit: number;
}

/** With its link, once it has one, and who acted. */
export interface ListedEvent extends AuditEvent {
  readonly seq: number | null;
  readonly hash: string | null;
  /** Of the user or the key that acted, as it is called today; null: it has none, or is gone. */
  readonly actor_name: string | null;
}

/** Newest first. */
export async function listEvents(db: Db, filter: EventFilter): Promise<ListedEvent[]> {
  const { accountId, action, actor, target, outcome, fromMs, toMs, after, limit } = filter;
  let query = db
    .selectFrom('audit_event')
    .leftJoin('audit_link', 'audit_link.event_id', 'audit_event.id')
    .leftJoin('user', 'user.id', 'audit_event.actor')
    .leftJoin('api_key', 'api_key.hash', 'audit_event.actor')
    .selectAll('audit_event')
    .select(['audit_link.seq', 'audit_link.hash'])
    .select((row) => row.fn.coalesce('user.name', 'api_key.name').as('actor_name'))
    .where('audit_event.account_id', '=', accountId);
  if (action !== null)
    query = query.where((row) =>
      row.or([
        row('audit_event.action', '=', action),
        // The letter behind the dot: an index may serve it, and nobody's text becomes a pattern.
        row.and([row('audit_event.action', '>', `${action}.`), row('audit_event.action', '<', `${action}/`)]),
      ]),
    );
  if (actor !== null) query = query.where('audit_event.actor', '=', actor);
  if (target !== null) query = query.where('audit_event.target', '=', target);
  if (outcome !== null) query = query.where('audit_event.outcome', '=', outcome);
  if (fromMs !== null) query = query.where('audit_event.at_ms', '>=', fromMs);
  if (toMs !== null) query = query.where('audit_event.at_ms', '<', toMs);
  if (after !== null)
    query = query.where((row) =>
      row.or([
        row('audit_event.at_ms', '<', after.atMs),
        row.and([row('audit_event.at_ms', '=', after.atMs), row('audit_event.id', '<', after.id)]),
      ]),
    );
  return await query
    .orderBy('audit_event.at_ms', 'desc')
    .orderBy('audit_event.id', 'desc')
    .limit(limit)
    .execute();
}
