/** Makes, changes and deletes workspaces: one transaction each, and then this process reads anew what it held of them. */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { type ContentServices, changeSettingIn, readSettings } from '../content/keep-content.ts';
import { type ContentSetting, NOTHING_KEPT } from '../content/setting.ts';
import { invalidField, invalidRequest, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { endKeysOfWorkspace, keysOfWorkspace } from '../keys/disable-keys.ts';
import { namesOfKeys, shownHashesOf } from '../keys/key-names.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Db, Trx } from '../storage/database.ts';
import {
  emptyWorkspace,
  findWorkspaceByRef,
  findWorkspaceBySlug,
  insertWorkspace,
  lockWorkspace,
  updateWorkspace,
  type Workspace,
} from '../tenancy/tenants.ts';
import type { NewWorkspace, WorkspacePatch } from './fields.ts';
import { keyNumber, workspaceFacts } from './workspace-json.ts';

export interface WorkspaceServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly content: ContentServices;
  /** As for changes of keys: makes this process forget them. */
  readonly keyChanged: (hash: string) => Promise<void>;
  /**
   * What else goes with a workspace, in the transaction of its deletion. What each gives tells every process of it, and is called last:
   * the log of changes is locked from then on, and whoever changes any of it at this moment waits for that log with a row of theirs locked.
   */
  readonly endings: readonly ((
    trx: Trx,
    workspace: { readonly accountId: string; readonly id: string },
    nowMs: number,
  ) => Promise<() => Promise<void>>)[];
}

/** A workspace, and what of its requests is kept; its keys as callers are shown them. */
export interface Described {
  readonly row: Workspace;
  readonly kept: ContentSetting;
}

/** By id or slug. 404 for another account's. */
export async function mustFindWorkspace(db: Db, accountId: string, ref: string): Promise<Workspace> {
  const found = await findWorkspaceByRef(db, accountId, ref);
  if (found === undefined) throw new TurnpikeError('not_found');
  return found;
}

export async function described(
  services: WorkspaceServices,
  rows: readonly Workspace[],
): Promise<Described[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const kept = await readSettings(
    services.content,
    first.account_id,
    rows.map(({ id }) => id),
  );
  const ids = [...kept.values()].flatMap(({ keyHashes }) => keyHashes ?? []);
  const shown = await shownHashesOf(services.database.db, first.account_id, ids);
  return rows.map((row) => {
    const of = kept.get(row.id) ?? NOTHING_KEPT;
    return { row, kept: { ...of, keyHashes: of.keyHashes?.map((id) => shown.get(id) ?? id) ?? null } };
  });
}

export async function createWorkspace(
  services: WorkspaceServices,
  { accountId, userId }: { readonly accountId: string; readonly userId: string | null },
  wanted: NewWorkspace,
): Promise<Described> {
  const nowMs = services.clock.nowMs();
  const id = newId();
  const made = await services.database.transaction(async (trx) => {
    const isNew = await insertWorkspace(trx, {
      ...{ id, account_id: accountId, name: wanted.name, slug: wanted.slug, is_default: 0 },
      ...{ created_at_ms: nowMs, created_by: userId, ...columnsOf(wanted) },
    });
    if (!isNew) throw slugTaken(wanted.slug);
    const row = await mustFindWorkspace(trx, accountId, id);
    await recordAudit(trx, {
      ...{ action: 'workspace.created', target: ['workspace', id], accountId, nowMs },
      after: workspaceFacts(row),
    });
    await changeKept(services, trx, row, wanted, nowMs);
    return row;
  });
  await services.content.changed();
  const [answer] = await described(services, [made]);
  return answer ?? { row: made, kept: NOTHING_KEPT };
}

/** What stays out of the body stays as it is. */
export async function changeWorkspace(
  services: WorkspaceServices,
  accountId: string,
  workspaceId: string,
  wanted: WorkspacePatch,
): Promise<Described> {
  const nowMs = services.clock.nowMs();
  const changed = await services.database.transaction(async (trx) => {
    const before = await lockWorkspace(trx, accountId, workspaceId);
    if (before === undefined) throw new TurnpikeError('not_found');
    const { name, slug } = wanted;
    if (slug !== undefined && slug !== before.slug) {
      if ((await findWorkspaceBySlug(trx, accountId, slug)) !== undefined) throw slugTaken(slug);
    }
    const row = await updateWorkspace(trx, accountId, workspaceId, {
      ...(name === undefined ? {} : { name }),
      ...(slug === undefined ? {} : { slug }),
      ...columnsOf(wanted),
      updated_at_ms: nowMs,
    }).catch((thrown: unknown) => {
      // A twin took the slug between our look and the write.
      if (isClash(thrown) && slug !== undefined) throw slugTaken(slug);
      throw thrown;
    });
    await recordAudit(trx, {
      ...{ action: 'workspace.changed', target: ['workspace', workspaceId], accountId, nowMs },
      ...{ before: workspaceFacts(before), after: workspaceFacts(row) },
    });
    await changeKept(services, trx, row, wanted, nowMs);
    // Refusals of its budgets name it.
    if (row.name !== before.name) await recordChange(trx, 'workspace_limits', workspaceId, nowMs);
    return row;
  });
  await services.content.changed();
  const [answer] = await described(services, [changed]);
  return answer ?? { row: changed, kept: NOTHING_KEPT };
}

/**
 * Its keys never work again, and whatever was its own goes with it. 400 while a key of it works; of the default workspace, whose
 * working keys end with it, 400 unless that was confirmed.
 */
export async function deleteWorkspace(
  services: WorkspaceServices,
  accountId: string,
  workspaceId: string,
  isConfirmed: boolean,
): Promise<void> {
  const nowMs = services.clock.nowMs();
  const told = await services.database.transaction(async (trx) => {
    const row = await lockWorkspace(trx, accountId, workspaceId);
    if (row === undefined) throw new TurnpikeError('not_found');
    const isDefault = row.is_default === 1;
    if (isDefault && !isConfirmed) {
      throw invalidRequest(
        'This is the default workspace: deleting it ends its API keys for good. Repeat the request with confirm_default_workspace_deletion=true if that is what you want',
      );
    }
    const keys = await keysOfWorkspace(trx, accountId, workspaceId);
    const active = keys.filter((key) => key.disabled === 0 && !hasExpired(key.expires_at_ms, nowMs));
    if (!isDefault && active.length > 0) {
      throw invalidRequest(
        `This workspace has ${active.length} active API ${active.length === 1 ? 'key' : 'keys'}: disable or delete ${active.length === 1 ? 'it' : 'them'} first`,
      );
    }
    const tells: (() => Promise<void>)[] = [];
    for (const end of services.endings) tells.push(await end(trx, { accountId, id: workspaceId }, nowMs));
    await emptyWorkspace(trx, workspaceId);
    await updateWorkspace(trx, accountId, workspaceId, {
      // No slug that anybody can choose, so that this one is free again.
      ...{ slug: `~${workspaceId}`, deleted_at_ms: nowMs, updated_at_ms: nowMs },
    });
    await recordAudit(trx, {
      ...{ action: 'workspace.deleted', target: ['workspace', workspaceId], accountId, nowMs },
      before: { ...workspaceFacts(row), is_default: isDefault },
      after: { keys_disabled: active.map(({ hash }) => hash) },
    });
    const ended = await endKeysOfWorkspace(trx, accountId, workspaceId, nowMs);
    for (const tell of tells) await tell();
    return ended;
  });
  for (const hash of told) await services.keyChanged(hash);
}

const hasExpired = (expiresAtMs: number | null, nowMs: number): boolean =>
  expiresAtMs !== null && expiresAtMs <= nowMs;

function columnsOf(wanted: WorkspacePatch) {
  const tools = wanted.disabled_server_tools;
  const list = tools === null || tools?.length === 0 ? null : JSON.stringify([...new Set(tools)]);
  return {
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
    ...(wanted.default_text_model === undefined ? {} : { default_text_model: wanted.default_text_model }),
    ...(wanted.default_image_model === undefined ? {} : { default_image_model: wanted.default_image_model }),
    ...(wanted.default_provider_sort === undefined
      ? {}
      : { default_provider_sort: wanted.default_provider_sort }),
    ...(tools === undefined ? {} : { disabled_server_tools: list }),
    ...(wanted.is_observability_broadcast_enabled === undefined
      ? {}
      : { is_broadcast_enabled: bit(wanted.is_observability_broadcast_enabled) }),
    ...(wanted.is_data_discount_logging_enabled === undefined
      ? {}
      : { is_data_discount_enabled: bit(wanted.is_data_discount_logging_enabled) }),
  };
}

const bit = (flag: boolean): 0 | 1 => (flag ? 1 : 0);

/** The last of a transaction. */
async function changeKept(
  services: WorkspaceServices,
  trx: Trx,
  { id: workspaceId, account_id: accountId }: Workspace,
  wanted: WorkspacePatch,
  nowMs: number,
): Promise<void> {
  const { is_observability_io_logging_enabled: enabled, io_logging_sampling_rate: samplingRate } = wanted;
  const numbers = wanted.io_logging_api_key_ids;
  const changes = {
    ...(enabled === undefined ? {} : { enabled }),
    ...(samplingRate === undefined ? {} : { samplingRate }),
    ...(numbers === undefined
      ? {}
      : { keyHashes: await keysNumbered(trx, accountId, workspaceId, numbers, nowMs) }),
  };
  if (Object.keys(changes).length === 0) return;
  await changeSettingIn(services.content, trx, { accountId, workspaceId }, changes, nowMs);
}

async function keysNumbered(
  trx: Trx,
  accountId: string,
  workspaceId: string,
  numbers: readonly number[] | null,
  nowMs: number,
): Promise<string[] | null> {
  if (numbers === null) return null;
  const keys = await keysOfWorkspace(trx, accountId, workspaceId);
  const names = await namesOfKeys(trx, keys, nowMs);
  const byNumber = new Map([...names].map(([name, id]) => [keyNumber(name), id]));
  const ids = numbers.map((number) => {
    const hash = byNumber.get(number);
    if (hash === undefined)
      throw invalidField('io_logging_api_key_ids', 'names a key that this workspace does not have');
    return hash;
  });
  return [...new Set(ids)];
}

function slugTaken(slug: string): TurnpikeError {
  return invalidField('slug', `there is a workspace "${slug}" already`);
}

/** Of SQLite and of PostgreSQL. */
function isClash(thrown: unknown): boolean {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  return code === '23505' || /UNIQUE constraint failed/.test(String(message));
}
