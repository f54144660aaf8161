/** What an empty database starts with: one organisation, its default workspace, and the first keys. */
import { type KeySecret, newKeySecret, parseKeySecret } from '../auth/key-secret.ts';
import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { KeyKind } from '../storage/schema.ts';
import {
  findDefaultWorkspace,
  findInstance,
  insertAccount,
  insertInstance,
  insertWorkspace,
} from '../tenancy/tenants.ts';
import { addKey } from './create-key.ts';
import { newKeyRow } from './keys.ts';

export interface Instance {
  readonly accountId: string;
  /** The default one; null: it was deleted. */
  readonly workspaceId: string | null;
  /** The first key's plaintext, for the one start that made it. */
  readonly firstKey: string | null;
}

export class BootstrapError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BootstrapError';
  }
}

/** Safe when several processes start at once on one database: one of them makes everything, in one transaction. */
export async function ensureInstance(options: {
  database: Database;
  clock: Clock;
  bootstrapManagementKey: string | null;
}): Promise<Instance> {
  const { database, clock } = options;
  const managementKey = readManagementKey(options.bootstrapManagementKey);
  const existing = await readInstance(database);
  if (existing !== null) return existing;
  const nowMs = clock.nowMs();
  const made = await database.transaction((trx) => makeInstance(trx, managementKey, nowMs));
  if (made !== null) return made;
  const twins = await readInstance(database);
  if (twins === null) throw new BootstrapError('The database was set up by another process and then emptied');
  return twins;
}

/** Null: the database is empty. */
export async function readInstance(database: Database): Promise<Instance | null> {
  const instance = await findInstance(database.db);
  if (instance === undefined) return null;
  const workspace = await findDefaultWorkspace(database.db, instance.account_id);
  return { accountId: instance.account_id, workspaceId: workspace?.id ?? null, firstKey: null };
}

type KnownSecret = Omit<KeySecret, 'key'>;

/** Judged at every start, used at the first: a mistake is better seen early. The value itself goes into no message. */
function readManagementKey(text: string | null): KnownSecret | null {
  if (text === null) return null;
  const secret = parseKeySecret(text);
  if (secret !== null) return secret;
  throw new BootstrapError(
    'TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY is not a well-formed key; "turnpike keys generate" prints one',
  );
}

async function makeInstance(
  trx: Trx,
  managementKey: KnownSecret | null,
  nowMs: number,
): Promise<Instance | null> {
  const accountId = newId();
  const workspaceId = newId();
  const instance = { id: 1 as const, instance_id: newId(), account_id: accountId, created_at_ms: nowMs };
  const row = { ...instance, sealed_key_check: null };
  if (!(await insertInstance(trx, row))) return null;
  await insertAccount(trx, {
    id: accountId,
    kind: 'organisation',
    name: 'Organisation',
    created_at_ms: nowMs,
  });
  await insertWorkspace(trx, {
    id: workspaceId,
    account_id: accountId,
    name: 'Default',
    slug: 'default',
    is_default: 1,
    created_at_ms: nowMs,
  });
  const addNamed = (secret: KnownSecret, kind: KeyKind, name: string) =>
    addKey(trx, plainKeyRow({ secret, kind, name, accountId, workspaceId, nowMs }));
  const first = newKeySecret();
  await addNamed(first, 'api', 'First key');
  if (managementKey !== null) await addNamed(managementKey, 'management', 'Bootstrap management key');
  return { accountId, workspaceId, firstKey: first.key };
}

function plainKeyRow(options: {
  secret: KnownSecret;
  kind: KeyKind;
  name: string;
  accountId: string;
  workspaceId: string;
  nowMs: number;
}) {
  return newKeyRow({
    ...options,
    creatorUserId: null,
    key: {
      name: options.name,
      limitNanoUsd: null,
      limitReset: null,
      includeByokInLimit: false,
      cutStreamsWhenRevoked: false,
      expiresAtMs: null,
      creatorUserId: null,
      workspaceId: null,
      externalUser: null,
      externalApiKeyHash: null,
      onExhaust: null,
    },
  });
}
