/** SQL on guardrails and their assignments, for those who manage them. By account first: a foreign id is simply not found. */
import { sql } from 'kysely';
import type { Db, Trx } from '../storage/database.ts';
import type { GuardrailKeyTable, GuardrailMemberTable, GuardrailTable } from '../storage/guardrail-tables.ts';

export type GuardrailRow = GuardrailTable;

export interface Paged {
  readonly offset: number;
  readonly limit: number;
}

export function findGuardrail(db: Db, accountId: string, id: string): Promise<GuardrailRow | undefined> {
  return db
    .selectFrom('guardrail')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Of one workspace, those that are assigned, the newest first. */
export async function listGuardrails(
  db: Db,
  accountId: string,
  workspaceId: string,
  { offset, limit }: Paged,
): Promise<{ rows: GuardrailRow[]; total: number }> {
  const query = db
    .selectFrom('guardrail')
    .where('account_id', '=', accountId)
    .where('workspace_id', '=', workspaceId)
    .where('applies_to', '=', 'assigned');
  const rows =
    limit === 0
      ? []
      : await query
          .selectAll()
          .orderBy('created_at_ms', 'desc')
          .orderBy('id', 'desc')
          .offset(offset)
          .limit(limit)
          .execute();
  const { count } = await query.select(sql<number>`COUNT(*)`.as('count')).executeTakeFirstOrThrow();
  return { rows, total: Number(count) };
}

export async function countGuardrails(db: Db, accountId: string): Promise<number> {
  const { count } = await db
    .selectFrom('guardrail')
    .select(sql<number>`COUNT(*)`.as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Until the transaction ends nobody else changes or assigns it; on SQLite there is one writer anyway. */
export function lockGuardrail(trx: Trx, accountId: string, id: string): Promise<GuardrailRow | undefined> {
  return trx
    .updateTable('guardrail')
    .set((column) => ({ updated_at_ms: column.ref('updated_at_ms') }))
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** False: somebody else was first, with a default guardrail that two configure at once. */
export async function insertGuardrail(trx: Trx, row: GuardrailRow): Promise<boolean> {
  const inserted = await trx
    .insertInto('guardrail')
    .values(row)
    .onConflict((conflict) => conflict.columns(['account_id', 'id']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export function updateGuardrail(
  trx: Trx,
  accountId: string,
  id: string,
  changes: Partial<GuardrailRow>,
): Promise<GuardrailRow> {
  return trx
    .updateTable('guardrail')
    .set(changes)
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** With whom it was assigned to. */
export async function removeGuardrail(trx: Trx, accountId: string, id: string): Promise<void> {
  for (const table of ['guardrail_key', 'guardrail_member'] as const)
    await trx.deleteFrom(table).where('account_id', '=', accountId).where('guardrail_id', '=', id).execute();
  await trx.deleteFrom('guardrail').where('account_id', '=', accountId).where('id', '=', id).execute();
}

export async function idsOfWorkspace(trx: Trx, accountId: string, workspaceId: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('guardrail')
    .select('id')
    .where('account_id', '=', accountId)
    .where('workspace_id', '=', workspaceId)
    .execute();
  return rows.map(({ id }) => id);
}

export type AssignedKeyRow = GuardrailKeyTable & { readonly key_name: string; readonly key_label: string };
export type AssignedMemberRow = GuardrailMemberTable;

/** Living keys. `guardrailId`: null, of every guardrail of the account. */
export async function listAssignedKeys(
  db: Db,
  accountId: string,
  guardrailId: string | null,
  { offset, limit }: Paged,
): Promise<{ rows: AssignedKeyRow[]; total: number }> {
  let query = db
    .selectFrom('guardrail_key as bound')
    .innerJoin('api_key as key', 'key.hash', 'bound.key_hash')
    .where('bound.account_id', '=', accountId)
    .where('key.account_id', '=', accountId)
    .where('key.deleted_at_ms', 'is', null);
  if (guardrailId !== null) query = query.where('bound.guardrail_id', '=', guardrailId);
  const rows = await query
    .selectAll('bound')
    .select(['key.name as key_name', 'key.label as key_label'])
    .orderBy('bound.created_at_ms', 'desc')
    .orderBy('bound.id', 'desc')
    .offset(offset)
    .limit(limit)
    .execute();
  const { count } = await query.select(sql<number>`COUNT(*)`.as('count')).executeTakeFirstOrThrow();
  return { rows, total: Number(count) };
}

/** People who are members now. `guardrailId`: null, of every guardrail of the account. */
export async function listAssignedMembers(
  db: Db,
  accountId: string,
  guardrailId: string | null,
  { offset, limit }: Paged,
): Promise<{ rows: AssignedMemberRow[]; total: number }> {
  let query = db
    .selectFrom('guardrail_member as bound')
    .innerJoin('member', (join) =>
      join.onRef('member.account_id', '=', 'bound.account_id').onRef('member.user_id', '=', 'bound.user_id'),
    )
    .where('bound.account_id', '=', accountId);
  if (guardrailId !== null) query = query.where('bound.guardrail_id', '=', guardrailId);
  const rows = await query
    .selectAll('bound')
    .orderBy('bound.created_at_ms', 'desc')
    .orderBy('bound.id', 'desc')
    .offset(offset)
    .limit(limit)
    .execute();
  const { count } = await query.select(sql<number>`COUNT(*)`.as('count')).executeTakeFirstOrThrow();
  return { rows, total: Number(count) };
}

/** Whom a guardrail of their own is assigned to, each in a table of its own. */
export type HolderKind = 'key' | 'member';

const HOLDERS = {
  key: { table: sql.table('guardrail_key'), column: sql.ref('key_hash') },
  member: { table: sql.table('guardrail_member'), column: sql.ref('user_id') },
} as const;

export interface Assignment {
  readonly account_id: string;
  readonly guardrail_id: string;
  readonly id: string;
  readonly assigned_by: string | null;
  readonly created_at_ms: number;
  /** The key's hash, or the member's id. */
  readonly holder: string;
}

/** In the place of the one that the holder had; the same one again stays as it was. False: it stays. */
export async function assignTo(trx: Trx, kind: HolderKind, row: Assignment): Promise<boolean> {
  const { table, column } = HOLDERS[kind];
  const { account_id, guardrail_id, id, assigned_by, created_at_ms, holder } = row;
  const { rows } = await sql`
    INSERT INTO ${table} AS known (account_id, ${column}, guardrail_id, id, assigned_by, created_at_ms)
    VALUES (${account_id}, ${holder}, ${guardrail_id}, ${id}, ${assigned_by}, ${created_at_ms})
    ON CONFLICT (account_id, ${column}) DO UPDATE SET guardrail_id = excluded.guardrail_id, id = excluded.id,
      assigned_by = excluded.assigned_by, created_at_ms = excluded.created_at_ms
    WHERE known.guardrail_id <> excluded.guardrail_id
    RETURNING id`.execute(trx);
  return rows.length > 0;
}

/** Those of the holders whom it was assigned to. */
export async function unassignFrom(
  trx: Trx,
  kind: HolderKind,
  { account_id, guardrail_id }: Pick<Assignment, 'account_id' | 'guardrail_id'>,
  holders: readonly string[],
): Promise<string[]> {
  const { table, column } = HOLDERS[kind];
  const { rows } = await sql<Pick<Assignment, 'holder'>>`
    DELETE FROM ${table}
    WHERE account_id = ${account_id} AND guardrail_id = ${guardrail_id} AND ${column} IN (${sql.join(holders)})
    RETURNING ${column} AS holder`.execute(trx);
  return rows.map(({ holder }) => holder);
}

/** Of these users, those who are members. */
export async function membersAmong(
  db: Db,
  accountId: string,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('member')
    .select('user_id')
    .where('account_id', '=', accountId)
    .where('user_id', 'in', userIds)
    .execute();
  return new Set(rows.map(({ user_id }) => user_id));
}
