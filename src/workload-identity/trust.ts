/** Issuers and policies as admins keep them: whom an account trusts, and for which key. */
import type { Clock } from '../clock.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { findWorkloadKey } from '../keys/workload-keys.ts';
import type { Database } from '../storage/database.ts';
import { type IssuerFields, mustHaveOneKeySource, type PolicyFields } from './fields.ts';
import {
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
  await insertIssuer(database.db, row);
  return row;
}

export async function changeIssuer(
  { database, clock }: TrustServices,
  accountId: string,
  id: string,
  changes: IssuerChanges,
): Promise<IssuerRow> {
  return await database.transaction(async (trx) => {
    const row = mustExist(await updateIssuer(trx, accountId, id, changes, clock.nowMs()));
    mustHaveOneKeySource(row);
    return row;
  });
}

export async function createPolicy(
  services: TrustServices,
  accountId: string,
  fields: PolicyFields,
): Promise<PolicyRow> {
  await mustBeOwn(services, accountId, fields);
  const row = {
    id: newId(),
    account_id: accountId,
    ...fields,
    created_at_ms: services.clock.nowMs(),
    updated_at_ms: null,
  };
  await insertPolicy(services.database.db, row);
  return row;
}

export async function changePolicy(
  services: TrustServices,
  accountId: string,
  id: string,
  changes: PolicyChanges,
): Promise<PolicyRow> {
  await mustBeOwn(services, accountId, changes);
  const { database, clock } = services;
  return mustExist(await updatePolicy(database.db, accountId, id, changes, clock.nowMs()));
}

/** Foreign issuers and keys are as unknown as any other. */
async function mustBeOwn(
  { database }: TrustServices,
  accountId: string,
  { issuer_id, target_key_hash }: PolicyChanges,
): Promise<void> {
  if (issuer_id !== undefined && (await findIssuer(database.db, accountId, issuer_id)) === undefined)
    throw invalidRequest('issuer_id: no such issuer');
  if (target_key_hash === undefined) return;
  if ((await findWorkloadKey(database.db, accountId, target_key_hash)) === undefined) {
    throw invalidRequest(
      'target_key_hash: must be an API key of a workspace that was made for nobody in particular (creator_user_id null)',
    );
  }
}

function mustExist<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}
