/** What a workspace keeps, changed; and what was kept, read and forgotten. */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { asKeyIds } from '../keys/key-names.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Trx } from '../storage/database.ts';
import { findDefaultWorkspace, findWorkspace, lockWorkspace } from '../tenancy/tenants.ts';
import { oldestKeptDayMs, windowId } from '../window.ts';
import type { Content } from './content.ts';
import { openContent } from './content-keys.ts';
import { type ContentSetting, NOTHING_KEPT, rowOf, settingFacts, settingOf } from './setting.ts';
import {
  deleteSetting,
  dropUnreadable,
  emptyKeys,
  findContent,
  findSetting,
  listSettings,
  putSetting,
} from './store.ts';

export interface ContentServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  /** Whether the operator lets anybody keep content. */
  readonly isAllowed: boolean;
  /** Makes this process, and soon the others, take note of a change. */
  readonly changed: () => Promise<void>;
  /** What has ended so far is stored. */
  readonly flushed: () => Promise<void>;
}

export interface Place {
  readonly accountId: string;
  readonly workspaceId: string;
}

export interface SettingInPlace {
  readonly setting: ContentSetting;
  readonly updatedAtMs: number | null;
}

/** Null: the account's default workspace. Throws a 404 for one that is unknown, or another account's. */
export async function placeOf(
  { database: { db } }: ContentServices,
  accountId: string,
  workspaceId: string | null,
): Promise<Place> {
  const found =
    workspaceId === null
      ? await findDefaultWorkspace(db, accountId)
      : await findWorkspace(db, accountId, workspaceId);
  if (found === undefined) throw new TurnpikeError('not_found');
  return { accountId, workspaceId: found.id };
}

export async function readSetting(
  { database: { db } }: ContentServices,
  { accountId, workspaceId }: Place,
): Promise<SettingInPlace> {
  const row = await findSetting(db, accountId, workspaceId);
  return row === undefined
    ? { setting: NOTHING_KEPT, updatedAtMs: null }
    : { setting: settingOf(row), updatedAtMs: row.updated_at_ms };
}

/** Throws a 403 where the operator has forbidden what is switched on. */
export async function changeSetting(
  services: ContentServices,
  { accountId, workspaceId }: Place,
  changes: Partial<ContentSetting>,
): Promise<SettingInPlace> {
  const nowMs = services.clock.nowMs();
  const setting = await services.database.transaction((trx) =>
    changeSettingIn(services, trx, { accountId, workspaceId }, changes, nowMs),
  );
  await services.changed();
  return { setting, updatedAtMs: nowMs };
}

/** As a part of something else, and its last; once that is committed, `services.changed` is to be called. */
export async function changeSettingIn(
  { isAllowed }: Pick<ContentServices, 'isAllowed'>,
  trx: Trx,
  { accountId, workspaceId }: Place,
  changes: Partial<ContentSetting>,
  nowMs: number,
): Promise<ContentSetting> {
  if (changes.enabled === true && !isAllowed) {
    throw new TurnpikeError('permission_denied', {
      message: 'The operator of this gateway does not allow prompts and answers to be kept',
    });
  }
  await mustStay(trx, { accountId, workspaceId });
  const row = await findSetting(trx, accountId, workspaceId);
  const before = row === undefined ? NOTHING_KEPT : settingOf(row);
  const { keyHashes } = changes;
  const after = {
    ...before,
    ...changes,
    ...(keyHashes ? { keyHashes: await asKeyIds(trx, accountId, keyHashes, nowMs) } : {}),
  };
  await putSetting(trx, rowOf(workspaceId, accountId, after, nowMs));
  await recordAudit(trx, {
    ...{ action: 'content_logging.changed', target: ['workspace', workspaceId], accountId, nowMs },
    ...{ before: settingFacts(before), after: settingFacts(after) },
  });
  await recordChange(trx, 'content_logging', workspaceId, nowMs);
  return after;
}

/** One change at a time: what a twin has just switched off must not be written back from what was read before it. */
async function mustStay(trx: Trx, { accountId, workspaceId }: Place): Promise<void> {
  if ((await lockWorkspace(trx, accountId, workspaceId)) === undefined) throw new TurnpikeError('not_found');
}

/** What several workspaces keep; of one that is missing, nothing. */
export async function readSettings(
  { database: { db } }: Pick<ContentServices, 'database'>,
  accountId: string,
  workspaceIds: readonly string[],
): Promise<ReadonlyMap<string, ContentSetting>> {
  const rows = await listSettings(db);
  const wanted = new Set(workspaceIds);
  return new Map(
    rows
      .filter((row) => row.account_id === accountId && wanted.has(row.workspace_id))
      .map((row) => [row.workspace_id, settingOf(row)]),
  );
}

/** Switches it off, and makes everything that was kept unreadable, at once; the rows go behind the caller's back. */
export async function forgetContent(
  services: ContentServices,
  { accountId, workspaceId }: Place,
): Promise<void> {
  const nowMs = services.clock.nowMs();
  await services.database.transaction(async (trx) => {
    await mustStay(trx, { accountId, workspaceId });
    await deleteSetting(trx, workspaceId);
    await emptyKeys(trx, workspaceId, null);
    await recordAudit(trx, {
      ...{ action: 'content_logging.deleted', target: ['workspace', workspaceId], accountId, nowMs },
    });
    await recordChange(trx, 'content_logging', workspaceId, nowMs);
  });
  await services.changed();
}

/** Undefined for what was not kept, for an unknown generation and for another account's alike. */
export async function readContent(
  { database, masterKey, flushed }: ContentServices,
  accountId: string,
  generationId: string,
): Promise<Content | undefined> {
  await flushed();
  const sealed = await findContent(database.db, accountId, generationId);
  return sealed === undefined ? undefined : await openContent(masterKey, accountId, generationId, sealed);
}

/** By each workspace's own time, and no later than the generations themselves: a day is gone when all of it is older. */
export async function forgetOldContent({
  database,
  clock,
  generationsDays,
}: Pick<ContentServices, 'database' | 'clock'> & {
  readonly generationsDays?: number | null;
}): Promise<void> {
  for (const { workspace_id, retention_days } of await listSettings(database.db)) {
    const oldest = windowId(
      'daily',
      oldestKeptDayMs(clock.nowMs(), Math.min(retention_days, generationsDays ?? retention_days)),
    );
    await emptyKeys(database.db, workspace_id, oldest);
  }
  await dropUnreadable(database.db);
}
