/** All SQL on `federation_issuer` and `federation_policy`. But for an exchange, every read names the account: a foreign id is not found. */
import type { Db, Trx } from '../storage/database.ts';
import type { FederationIssuerTable, FederationPolicyTable } from '../storage/federation-tables.ts';

export type IssuerRow = FederationIssuerTable;
export type PolicyRow = FederationPolicyTable;
export type IssuerChanges = Partial<Pick<IssuerRow, 'name' | 'issuer_url' | 'jwks_url' | 'pinned_jwks'>>;
export type PolicyChanges = Partial<Omit<PolicyRow, 'id' | 'account_id' | 'created_at_ms' | 'updated_at_ms'>>;

/** What an exchange is judged by: one look-up by primary key, and one by its reference. */
export async function findPolicyAndIssuer(
  db: Db,
  policyId: string,
): Promise<{ policy: PolicyRow; issuer: IssuerRow } | undefined> {
  const policy = await db
    .selectFrom('federation_policy')
    .selectAll()
    .where('id', '=', policyId)
    .executeTakeFirst();
  if (policy === undefined) return undefined;
  const issuer = await findIssuer(db, policy.account_id, policy.issuer_id);
  return issuer === undefined ? undefined : { policy, issuer };
}

export function findIssuer(db: Db, accountId: string, id: string): Promise<IssuerRow | undefined> {
  return db
    .selectFrom('federation_issuer')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Oldest first. Served by `federation_issuer_listing`. */
export function listIssuers(db: Db, accountId: string): Promise<IssuerRow[]> {
  return db
    .selectFrom('federation_issuer')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute();
}

export async function insertIssuer(db: Db, row: IssuerRow): Promise<void> {
  await db.insertInto('federation_issuer').values(row).execute();
}

/** In a transaction, so that what the row comes to can still be refused. */
export function updateIssuer(
  trx: Trx,
  accountId: string,
  id: string,
  changes: IssuerChanges,
  nowMs: number,
): Promise<IssuerRow | undefined> {
  return trx
    .updateTable('federation_issuer')
    .set({ ...changes, updated_at_ms: nowMs })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** With its policies. False: there was nothing to delete. */
export async function deleteIssuer(db: Db, accountId: string, id: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('federation_issuer')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** Oldest first. Served by `federation_policy_listing`. */
export function listPolicies(db: Db, accountId: string): Promise<PolicyRow[]> {
  return db
    .selectFrom('federation_policy')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute();
}

export async function insertPolicy(db: Db, row: PolicyRow): Promise<void> {
  await db.insertInto('federation_policy').values(row).execute();
}

export function updatePolicy(
  db: Db,
  accountId: string,
  id: string,
  changes: PolicyChanges,
  nowMs: number,
): Promise<PolicyRow | undefined> {
  return db
    .updateTable('federation_policy')
    .set({ ...changes, updated_at_ms: nowMs })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** False: there was nothing to delete. */
export async function deletePolicy(db: Db, accountId: string, id: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('federation_policy')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}
