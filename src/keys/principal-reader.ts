/** A key's row as the principal that requests are judged by. */
import { readAllowances } from '../allowances/read-allowances.ts';
import type { ParentLimit, Principal } from '../auth/principal.ts';
import { type KeyPlace, readPolicy } from '../policy/read-policy.ts';
import { changesUpTo } from '../storage/changes.ts';
import type { Db } from '../storage/database.ts';
import { findStanding, type Standing } from '../tenancy/tenants.ts';
import { onExhaustOf } from './on-exhaust.ts';
import { rotateByMs } from './rotation-age.ts';
import {
  findAncestors,
  findLiveKeyByHash,
  findLiveKeyBySecret,
  findSecretsOf,
  type KeyRow,
} from './store.ts';

/**
 * What the key cache loads with: null for unknown and deleted keys alike. A key that another one authorised is no more than that one
 * is now: gone with it, at rest while it lets nothing work, expired when it is, and bound by the guardrails that bind it. A key that
 * somebody made is no more than they are now. `hash` names the key, or is that of a secret which took another's place; whether that one
 * is still good is for the gates.
 */
export function principalReader(db: Db): (hash: string) => Promise<Principal | null> {
  return async (hash) => {
    // First: whatever is read after it may be newer than it says, and never older.
    const version = await changesUpTo(db);
    const row = (await findLiveKeyByHash(db, hash)) ?? (await findLiveKeyBySecret(db, hash));
    if (row === undefined) return null;
    const [parents, allowances] = await Promise.all([
      findAncestors(db, row.parent_key_hash),
      row.workspace_id === null ? null : readAllowances(db, row.workspace_id),
    ]);
    if (parents.some(isGone)) return null;
    const principal = parents.reduce(
      (narrowed, parent) => bounded(narrowed, parent, row.is_child === 1),
      principalOf(row),
    );
    const whose = {
      accountId: row.account_id,
      workspaceId: row.workspace_id,
      creatorUserId: row.creator_user_id,
    };
    const standing = await findStanding(db, whose);
    const policy = row.kind === 'management' ? null : await readPolicy(db, [row, ...parents].map(placeOf));
    return {
      ...principal,
      ...{ policy, allowances, version },
      limitVersion: row.version,
      disabled: principal.disabled || (standing !== undefined && !mayTheirCreator(row, standing)),
      ...rotationOf(row, standing),
      ...exhaustOf([row, ...parents]),
      ...(row.is_child === 0 ? {} : childFacts(row, parents)),
      ...(row.secret_hash === null ? {} : { secrets: await secretsOf(db, row.hash) }),
    };
  };
}

const placeOf = (row: KeyRow): KeyPlace => ({
  accountId: row.account_id,
  workspaceId: row.workspace_id,
  creatorUserId: row.creator_user_id,
  keyHash: row.hash,
});

const isGone = ({ deleted_at_ms }: KeyRow): boolean => deleted_at_ms !== null;

/**
 * Whether what this key authorised works now. A limit that is set later stops it, as it would have kept it from being made: what it
 * authorised counts for itself, and whoever has such keys in store would spend beyond the limit with them.
 */
export function letsOthersWork({ disabled, limit_nano_usd }: KeyRow): boolean {
  return disabled === 0 && limit_nano_usd === null;
}

/**
 * Whether whoever made a key may still do what it does: manage the organisation, or work in its workspace. Whoever has left the
 * organisation is not asked here, since their keys were disabled when they went.
 */
function mayTheirCreator(
  { kind }: Pick<KeyRow, 'kind'>,
  { role, isDefaultWorkspace, workspaceRole }: Standing,
): boolean {
  if (role !== 'member') return true;
  return kind === 'api' && (isDefaultWorkspace || workspaceRole !== null);
}

function rotationOf(row: KeyRow, standing: Standing | undefined): Pick<Principal, 'rotateByMs'> {
  const byMs = rotateByMs(row, standing?.rotationDays ?? null);
  return byMs === null ? {} : { rotateByMs: byMs };
}

/** The nearest that says so: the key, the one that made it, and so on. */
function exhaustOf(rows: readonly KeyRow[]): Pick<Principal, 'onExhaust'> {
  for (const row of rows) {
    const onExhaust = onExhaustOf(row);
    if (onExhaust !== null) return { onExhaust };
  }
  return {};
}

/** Of a key that a key made for itself. */
function childFacts(
  row: Pick<KeyRow, 'allowed_models'>,
  parents: readonly KeyRow[],
): Pick<Principal, 'isChild' | 'parentLimits' | 'allowedModels'> {
  return {
    isChild: true,
    parentLimits: parents.map(limitOf),
    ...(row.allowed_models === null
      ? {}
      : { allowedModels: new Set(JSON.parse(row.allowed_models) as string[]) }),
  };
}

function limitOf(parent: KeyRow): ParentLimit {
  return {
    id: parent.hash,
    limitNanoUsd: parent.limit_nano_usd,
    windowKind: parent.limit_reset ?? 'all',
    countsByok: parent.include_byok_in_limit === 1,
    version: parent.version,
  };
}

async function secretsOf(db: Db, keyHash: string): Promise<ReadonlyMap<string, number | null>> {
  const rows = await findSecretsOf(db, [keyHash]);
  return new Map(rows.map(({ hash, valid_until_ms }) => [hash, valid_until_ms]));
}

/** A child counts against its parents' limits, so that one with a limit lets it work. */
function bounded(principal: Principal, parent: KeyRow, isChild: boolean): Principal {
  const expiries = [principal.expiresAtMs, parent.expires_at_ms].filter((ms) => ms !== null);
  return {
    ...principal,
    disabled: principal.disabled || !(isChild ? parent.disabled === 0 : letsOthersWork(parent)),
    expiresAtMs: expiries.length === 0 ? null : Math.min(...expiries),
    version: principal.version + parent.version,
  };
}

function principalOf(row: KeyRow): Principal {
  return {
    keyHash: row.hash,
    kind: row.kind,
    accountId: row.account_id,
    workspaceId: row.workspace_id,
    name: row.name,
    label: row.label,
    creatorUserId: row.creator_user_id,
    externalUser: row.external_user,
    limitNanoUsd: row.limit_nano_usd,
    limitReset: row.limit_reset,
    includeByokInLimit: row.include_byok_in_limit === 1,
    disabled: row.disabled === 1,
    expiresAtMs: row.expires_at_ms,
    cutStreamsWhenRevoked: row.cut_streams_when_revoked === 1,
    isDelegated: row.is_delegated === 1,
    version: row.version,
  };
}
