/** Makes a key: at once, or once an Idempotency-Key, whose repeats get the first answer again. */
import { recordAudit } from '../audit/record.ts';
import { newKeySecret } from '../auth/key-secret.ts';
import type { Clock } from '../clock.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { IdempotentAnswerTable, KeyKind } from '../storage/schema.ts';
import { findDefaultWorkspace, findWorkspace, lockWorkspace } from '../tenancy/tenants.ts';
import { workspaceRoleOf } from '../tenancy/workspace-rights.ts';
import { idempotentAnswerContext } from '../vault/contexts.ts';
import { keyedHash, open, seal } from '../vault/seal.ts';
import { auditFacts } from './audit-facts.ts';
import { isBoundedFromAbove, type KeyManager } from './key-bounds.ts';
import { type NewKey, newKeyRow } from './keys.ts';
import {
  deleteAnswersUntil,
  findAnswer,
  insertAnswer,
  insertKey,
  type KeyRow,
  lockUsableKey,
} from './store.ts';
import { tellChanged } from './tell-change.ts';
import { tellOwner } from './tell-owner.ts';
import type { AccountReader } from './usage.ts';

/** How long a repeated Idempotency-Key gets the first answer; after that it is a new request. */
const ANSWER_KEPT_MS = 24 * 60 * 60 * 1000;

export interface KeyWriteServices {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after the commit: makes this process forget the key, and reads the log of changes. Must not throw. */
  readonly changed: (hash: string) => Promise<void>;
}

export interface KeyCreationServices extends KeyWriteServices {
  readonly account: Pick<AccountReader, 'isMember' | 'staysMember'>;
}

export interface KeyOrder {
  readonly accountId: string;
  readonly kind: KeyKind;
  readonly key: NewKey;
  readonly defaultCreatorUserId: string | null;
  /** The app that it is for, as far as anybody can vouch for who that is. */
  readonly madeFor?: string | null;
  /** Whether it is for an app, by a code or a device. */
  readonly isDelegated?: boolean;
  /** The key whose consent makes it. */
  readonly parentKeyHash?: string | null;
  /** Whether a key makes it for itself; absent: no. */
  readonly isChild?: boolean;
  /** The models that it may ask for; absent or null: all. */
  readonly allowedModels?: readonly string[] | null;
  /** Absent: whoever the key is made by. */
  readonly manager?: KeyManager;
}

export interface CreatedKey {
  /** The plaintext: for the one who asked, this once. */
  readonly key: string;
  readonly row: KeyRow;
}

export async function createKey(services: KeyCreationServices, order: KeyOrder): Promise<CreatedKey> {
  const created = await prepareKey(services, order);
  await services.database.transaction((trx) => addMadeKey(services, trx, created.row));
  await services.changed(created.row.hash);
  return created;
}

/** Makes the key only if `claim`, in the key's own transaction, says that it is this call's to make; otherwise null. */
export async function createClaimedKey(
  services: KeyCreationServices,
  order: KeyOrder,
  claim: (trx: Trx, created: CreatedKey) => Promise<boolean>,
): Promise<CreatedKey | null> {
  const created = await prepareKey(services, order);
  const isOurs = await services.database.transaction(async (trx) => {
    if (!(await claim(trx, created))) return false;
    await addMadeKey(services, trx, created.row);
    return true;
  });
  if (!isOurs) return null;
  await services.changed(created.row.hash);
  return created;
}

/** Whoever, or whichever key, goes at this moment leaves no key behind: either it is refused here, or what removes them finds it. */
async function addMadeKey({ account }: KeyCreationServices, trx: Trx, row: KeyRow): Promise<void> {
  const { account_id: accountId, creator_user_id: userId, parent_key_hash: parentHash } = row;
  const role = userId === null ? undefined : await account.staysMember(trx, accountId, userId);
  if (userId !== null && role === undefined) {
    throw new TurnpikeError('permission_denied', {
      message: 'Its creator is no member of this account any more',
    });
  }
  if (row.workspace_id !== null) {
    const workspace = await lockWorkspace(trx, accountId, row.workspace_id);
    const isTheirs =
      workspace !== undefined &&
      (userId === null ||
        role === undefined ||
        (await workspaceRoleOf(trx, workspace, { userId, role })) !== null);
    if (!isTheirs) throw invalidRequest('workspace_id: no such workspace, or not one of its creator');
  }
  const authority = { nowMs: row.created_at_ms, mayHaveLimit: row.is_child === 1 };
  if (parentHash !== null && !(await lockUsableKey(trx, { hash: parentHash, ...authority }))) {
    throw new TurnpikeError('permission_denied', {
      message: 'The API key that authorised it does not work any more',
    });
  }
  await addKey(trx, row);
}

/** Writes a key and its change; nothing else may follow in the transaction. */
export async function addKey(trx: Trx, row: KeyRow): Promise<void> {
  await insertKey(trx, row);
  await recordAudit(trx, {
    action: 'key.created',
    target: ['key', row.hash],
    accountId: row.account_id,
    after: auditFacts(row),
    nowMs: row.created_at_ms,
  });
  await tellOwner(trx, 'key.created', row, row.created_at_ms);
  await tellChanged(trx, [row.hash], row.created_at_ms);
}

export interface OnceServices extends KeyCreationServices {
  readonly masterKey: Uint8Array;
}

/** What the caller called this request, and what was in it. */
export interface Once {
  readonly accountId: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

/** The name of a request by its Idempotency-Key; keyed, because the body may hold a partner's secret. */
export function onceOf(
  masterKey: Uint8Array,
  accountId: string,
  idempotencyKey: string,
  body: unknown,
): Once {
  const requestHash = keyedHash(masterKey, 'idempotent request', JSON.stringify(body) ?? '');
  return { accountId, idempotencyKey, requestHash };
}

/** The answer to an earlier request of this name, or null; 409 when that one asked for something else. */
export async function earlierAnswer(
  services: Pick<OnceServices, 'database' | 'clock' | 'masterKey'>,
  once: Once,
): Promise<string | null> {
  const sinceMs = services.clock.nowMs() - ANSWER_KEPT_MS;
  const found = await findAnswer(services.database.db, once.accountId, once.idempotencyKey, sinceMs);
  if (found === undefined) return null;
  if (found.request_hash !== once.requestHash) {
    throw new TurnpikeError('conflict', {
      message: 'This Idempotency-Key was already used with another request body',
    });
  }
  return open(services.masterKey, found.sealed_answer, sealContext(once));
}

/** One key however often it is asked for: the answer is written in the key's own transaction, and its primary key decides between twins. */
export async function createKeyOnce(
  services: OnceServices,
  order: KeyOrder,
  once: Once,
  answerOf: (created: CreatedKey) => string,
): Promise<string> {
  const created = await createClaimedKey(services, order, async (trx, claiming) => {
    const row: IdempotentAnswerTable = {
      account_id: once.accountId,
      idempotency_key: once.idempotencyKey,
      request_hash: once.requestHash,
      sealed_answer: seal(services.masterKey, answerOf(claiming), sealContext(once)),
      created_at_ms: claiming.row.created_at_ms,
    };
    await deleteAnswersUntil(trx, row.created_at_ms - ANSWER_KEPT_MS);
    return await insertAnswer(trx, row);
  });
  if (created !== null) return answerOf(created);
  const twin = await earlierAnswer(services, once);
  if (twin === null) throw new TurnpikeError('conflict');
  return twin;
}

/** Sealed plaintexts need not outlive their use: for a job that runs now and then. */
export async function forgetOldAnswers(
  services: Pick<KeyWriteServices, 'database' | 'clock'>,
): Promise<void> {
  await deleteAnswersUntil(services.database.db, services.clock.nowMs() - ANSWER_KEPT_MS);
}

const sealContext = ({ accountId, idempotencyKey }: Once): string =>
  idempotentAnswerContext(accountId, idempotencyKey);

async function prepareKey(services: KeyCreationServices, order: KeyOrder): Promise<CreatedKey> {
  const workspaceId = await workspaceOf(services.database, order);
  const creatorUserId = await creatorOf(services.account, order);
  const secret = newKeySecret();
  const { key, manager } = order;
  const isBounded =
    manager !== undefined &&
    isBoundedFromAbove(manager, {
      creator_user_id: creatorUserId,
      limit_nano_usd: key.limitNanoUsd,
      on_exhaust: key.onExhaust?.action ?? null,
    });
  const row = newKeyRow({
    secret,
    key,
    kind: order.kind,
    accountId: order.accountId,
    workspaceId,
    creatorUserId,
    madeFor: order.madeFor ?? null,
    isDelegated: order.isDelegated ?? false,
    parentKeyHash: order.parentKeyHash ?? null,
    isChild: order.isChild ?? false,
    allowedModels: order.allowedModels ?? null,
    boundedByAdmin: isBounded,
    nowMs: services.clock.nowMs(),
  });
  return { key: secret.key, row };
}

async function workspaceOf(database: Database, order: KeyOrder): Promise<string | null> {
  const wanted = order.key.workspaceId;
  const workspace =
    wanted === null
      ? await findDefaultWorkspace(database.db, order.accountId)
      : await findWorkspace(database.db, order.accountId, wanted);
  if (workspace !== undefined) return workspace.id;
  if (wanted !== null) throw invalidRequest('workspace_id: no such workspace');
  // Of no workspace, and so of any: a management key needs none.
  if (order.kind === 'management') return null;
  throw invalidRequest('workspace_id: is required, because the default workspace was deleted');
}

async function creatorOf(account: Pick<AccountReader, 'isMember'>, order: KeyOrder): Promise<string | null> {
  const wanted = order.key.creatorUserId;
  if (wanted === undefined) return order.defaultCreatorUserId;
  if (wanted !== null && !(await account.isMember(order.accountId, wanted))) {
    throw invalidRequest('creator_user_id: no such member of this account');
  }
  return wanted;
}
