/** Issuers and policies as admins keep them: whom an account trusts, and for which key. */
import { type Facts, recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { findWorkloadKey } from '../keys/workload-keys.ts';
import type { Database } from '../storage/database.ts';
import { type IssuerFields, mustHaveOneKeySource, type PolicyFields } from './fields.ts';
import {
  deleteIssuer,
  deletePolicy,
  findIssuer,
  type IssuerChanges,
  type IssuerRow,
  insertIssuer,
  insertPolicy,
  type PolicyChanges,
  type PolicyRow,
  updateIssuer,
  updatePolicy,
} from './store.ts';

export interface TrustServices {
  readonly database: Database;
  readonly clock: Clock;
}

export async function createIssuer(
  { database, clock }: TrustServices,
  accountId: string,
  fields: IssuerFields,
): Promise<IssuerRow> {
  mustHaveOneKeySource(fields);
  const row = {
    id: newId(),
    account_id: accountId,
    ...fields,
    created_at_ms: clock.nowMs(),
    updated_at_ms: null,
  };
  await database.transaction(async (trx) => {
    await insertIssuer(trx, row);
    await recordAudit(trx, {
      ...eventOf('issuer.created', row),
      after: issuerFacts(row),
      nowMs: row.created_at_ms,
    });
  });
  return row;
}

export async function changeIssuer(
  { database, clock }: TrustServices,
  accountId: string,
  id: string,
  changes: IssuerChanges,
): Promise<IssuerRow> {
  return await database.transaction(async (trx) => {
    const nowMs = clock.nowMs();
    const before = mustExist(await findIssuer(trx, accountId, id));
    const row = mustExist(await updateIssuer(trx, accountId, id, changes, nowMs));
    mustHaveOneKeySource(row);
    const facts = { before: issuerFacts(before), after: issuerFacts(row) };
    await recordAudit(trx, { ...eventOf('issuer.changed', row), ...facts, nowMs });
    return row;
  });
}

export async function createPolicy(
  services: TrustServices,
  accountId: string,
  fields: PolicyFields,
): Promise<PolicyRow> {
  const own = await mustBeOwn(services, accountId, fields);
  const row = {
    id: newId(),
    account_id: accountId,
    ...fields,
    ...own,
    created_at_ms: services.clock.nowMs(),
    updated_at_ms: null,
  };
  await services.database.transaction(async (trx) => {
    await insertPolicy(trx, row);
    await recordAudit(trx, {
      ...eventOf('policy.created', row),
      after: policyFacts(row),
      nowMs: row.created_at_ms,
    });
  });
  return row;
}

export async function changePolicy(
  services: TrustServices,
  accountId: string,
  id: string,
  changes: PolicyChanges,
): Promise<PolicyRow> {
  const own = await mustBeOwn(services, accountId, changes);
  const { database, clock } = services;
  return await database.transaction(async (trx) => {
    const nowMs = clock.nowMs();
    const row = mustExist(await updatePolicy(trx, accountId, id, { ...changes, ...own }, nowMs));
    await recordAudit(trx, { ...eventOf('policy.changed', row), after: policyFacts(row), nowMs });
    return row;
  });
}

/** Throws 404 for one that this account does not have. */
export async function removeIssuer(services: TrustServices, accountId: string, id: string): Promise<void> {
  await services.database.transaction(async (trx) => {
    if (!(await deleteIssuer(trx, accountId, id))) throw new TurnpikeError('not_found');
    const nowMs = services.clock.nowMs();
    await recordAudit(trx, { ...eventOf('issuer.deleted', { id, account_id: accountId }), nowMs });
  });
}

/** Throws 404 for one that this account does not have. */
export async function removePolicy(services: TrustServices, accountId: string, id: string): Promise<void> {
  await services.database.transaction(async (trx) => {
    if (!(await deletePolicy(trx, accountId, id))) throw new TurnpikeError('not_found');
    const nowMs = services.clock.nowMs();
    await recordAudit(trx, { ...eventOf('policy.deleted', { id, account_id: accountId }), nowMs });
  });
}

function eventOf(action: string, { id, account_id }: Pick<IssuerRow, 'id' | 'account_id'>) {
  const kind = action.startsWith('issuer') ? 'workload_issuer' : 'workload_policy';
  return { action, target: [kind, id] as const, accountId: account_id };
}

function factsOf(row: object): Facts {
  const {
    id: _,
    account_id: __,
    created_at_ms: ___,
    updated_at_ms: ____,
    ...facts
  } = row as Record<string, never>;
  return facts;
}

/** Public keys and rules: nothing in them is secret. */
const issuerFacts = (row: IssuerRow): Facts => factsOf(row);
const policyFacts = (row: PolicyRow): Facts => factsOf(row);

/** What is stored in the place of a key's name. Foreign issuers and keys are as unknown as any other. */
async function mustBeOwn(
  { database, clock }: TrustServices,
  accountId: string,
  { issuer_id, target_key_hash }: PolicyChanges,
): Promise<{ readonly target_key_hash?: string }> {
  if (issuer_id !== undefined && (await findIssuer(database.db, accountId, issuer_id)) === undefined)
    throw invalidField('issuer_id', 'no such issuer');
  if (target_key_hash === undefined) return {};
  const key = await findWorkloadKey(database.db, accountId, target_key_hash, clock.nowMs());
  if (key === undefined) {
    throw invalidField(
      'target_key_hash',
      'must be an API key of a workspace that was made for nobody in particular (creator_user_id null)',
    );
  }
  return { target_key_hash: key.hash };
}

function mustExist<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}
