/** Webhooks: made, changed, given another secret, tried out and deleted. */
import { recordAudit } from '../audit/record.ts';
import { isoFromMs } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Trx } from '../storage/database.ts';
import { findWorkspace } from '../tenancy/tenants.ts';
import type { Delivery, Webhook, WebhookWithSecret } from './answers.ts';
import type { DeliveryServices } from './build.ts';
import type { NewWebhook, WebhookChanges } from './fields.ts';
import { deliveryOf } from './spread.ts';
import {
  countAskedFor,
  endDeliveriesOf,
  findDelivery,
  findWebhook,
  insertDeliveries,
  insertSpread,
  insertWebhook,
  type ListedDelivery,
  listWebhooks,
  lockWebhook,
  updateWebhook,
  type WebhookRow,
} from './store.ts';
import { newSecret, openTarget, sealTarget, type Target } from './target.ts';

/** Of one account: each is spoken to for everything that happens. */
const MOST_WEBHOOKS = 50;
const MINUTE_MS = 60_000;
/** In a minute, to one webhook. */
const MOST_ASKED_FOR = 30;

export interface WebhookServices extends DeliveryServices {
  readonly privateHosts: readonly string[];
}

export async function createWebhook(
  services: WebhookServices,
  caller: { readonly accountId: string; readonly userId: string | null },
  wanted: NewWebhook,
): Promise<WebhookWithSecret> {
  const { database, clock, masterKey } = services;
  const { accountId } = caller;
  const nowMs = clock.nowMs();
  const place = { account_id: accountId, id: newId() };
  const target = { url: wanted.url, secret: newSecret(), previous: null };
  const row: WebhookRow = {
    ...{ ...place, workspace_id: wanted.workspaceId, name: wanted.name },
    sealed_target: sealTarget(masterKey, place, target),
    kinds: wanted.kinds === null ? null : JSON.stringify(wanted.kinds),
    ...{ disabled: 0, disabled_because: null, failing_since_ms: null, created_by: caller.userId },
    ...{ created_at_ms: nowMs, updated_at_ms: nowMs, deleted_at_ms: null },
  };
  await database.transaction(async (trx) => {
    if (wanted.workspaceId !== null && !(await findWorkspace(trx, accountId, wanted.workspaceId)))
      throw invalidField('workspace_id', 'names no workspace');
    if ((await listWebhooks(trx, accountId)).length >= MOST_WEBHOOKS)
      throw new TurnpikeError('conflict', {
        message: `An organisation has at most ${MOST_WEBHOOKS} webhooks`,
      });
    await insertWebhook(trx, row);
    await recordAudit(trx, {
      ...{ action: 'webhook.created', target: ['webhook', row.id], accountId, nowMs },
      after: { ...factsOf(row), host: hostOf(target) },
    });
  });
  return { ...webhookJson(services, row), secret: target.secret };
}

export async function changeWebhook(
  services: WebhookServices,
  accountId: string,
  id: string,
  { url, kinds, disabled, name }: WebhookChanges,
): Promise<Webhook> {
  const { database, clock, masterKey } = services;
  const nowMs = clock.nowMs();
  const row = await database.transaction(async (trx) => {
    const before = await mustLock(trx, accountId, id);
    const target = targetOf(services, before);
    // Without a target there is nowhere to send to, until an address is given; its secret is new then.
    if (disabled === false && target === null && url === undefined)
      throw invalidField('url', 'is required: what it was cannot be opened with this master key');
    const changed =
      url === undefined ? target : { ...(target ?? { secret: newSecret(), previous: null }), url };
    const after = await updateWebhook(trx, id, {
      ...(name === undefined ? {} : { name }),
      ...(kinds === undefined ? {} : { kinds: kinds === null ? null : JSON.stringify(kinds) }),
      ...(url === undefined || changed === null
        ? {}
        : { sealed_target: sealTarget(masterKey, before, changed), failing_since_ms: null }),
      // By hand: whoever switches it on has seen to its receiver.
      ...(disabled === undefined
        ? {}
        : { disabled: disabled ? 1 : 0, disabled_because: null, failing_since_ms: null }),
      updated_at_ms: nowMs,
    });
    if (disabled === true) await endDeliveriesOf(trx, id, 'the webhook was switched off', nowMs);
    await recordAudit(trx, {
      ...{ action: 'webhook.changed', target: ['webhook', id], accountId, nowMs },
      before: { ...factsOf(before), host: hostOf(target) },
      after: { ...factsOf(after), host: hostOf(changed) },
    });
    return after;
  });
  return webhookJson(services, row);
}

/** The old secret signs too for `overlapMs`. */
export async function rotateSecret(
  services: WebhookServices,
  accountId: string,
  id: string,
  overlapMs: number,
): Promise<WebhookWithSecret> {
  const { database, clock, masterKey } = services;
  const nowMs = clock.nowMs();
  const secret = newSecret();
  const row = await database.transaction(async (trx) => {
    const before = await mustLock(trx, accountId, id);
    const target = targetOf(services, before);
    if (target === null)
      throw new TurnpikeError('conflict', {
        message: 'This webhook cannot be opened with this master key: give it an address first',
      });
    const previous = overlapMs === 0 ? null : { secret: target.secret, untilMs: nowMs + overlapMs };
    const after = await updateWebhook(trx, id, {
      sealed_target: sealTarget(masterKey, before, { ...target, secret, previous }),
      updated_at_ms: nowMs,
    });
    await recordAudit(trx, {
      ...{ action: 'webhook.secret_rotated', target: ['webhook', id], accountId, nowMs },
      after: { old_valid_until_ms: nowMs + overlapMs },
    });
    return after;
  });
  return { ...webhookJson(services, row), secret };
}

export async function deleteWebhook(services: WebhookServices, accountId: string, id: string): Promise<void> {
  const nowMs = services.clock.nowMs();
  await services.database.transaction(async (trx) => {
    const before = await mustLock(trx, accountId, id);
    // What it was told with goes with it.
    await updateWebhook(trx, id, {
      ...{ deleted_at_ms: nowMs, updated_at_ms: nowMs, disabled: 1, sealed_target: '' },
    });
    await endDeliveriesOf(trx, id, 'the webhook was deleted', nowMs);
    await recordAudit(trx, {
      ...{ action: 'webhook.deleted', target: ['webhook', id], accountId, nowMs },
      before: factsOf(before),
    });
  });
}

/** Something to see whether it arrives, and nothing that happened. */
export async function testWebhook(
  services: WebhookServices,
  accountId: string,
  id: string,
): Promise<Delivery> {
  const nowMs = services.clock.nowMs();
  return await services.database.transaction(async (trx) => {
    const webhook = await mustBeOn(trx, accountId, id);
    await mustNotBeOften(trx, id, nowMs);
    const news = {
      ...{ id: newId(), account_id: accountId, workspace_id: webhook.workspace_id, kind: 'webhook.test' },
      ...{ user_id: null, data: JSON.stringify({ message: 'This is a test.' }), once_key: null },
      ...{ created_at_ms: nowMs, spread_at_ms: nowMs },
    };
    await insertSpread(trx, news);
    const row = deliveryOf(news, { webhook_id: id, user_id: null }, nowMs);
    await insertDeliveries(trx, [row]);
    return deliveryJson({ ...row, kind: news.kind, data: news.data });
  });
}

/** Sends what was sent before once more, under the same id. */
export async function replayDelivery(
  services: WebhookServices,
  accountId: string,
  id: string,
  deliveryId: string,
): Promise<Delivery> {
  const nowMs = services.clock.nowMs();
  return await services.database.transaction(async (trx) => {
    await mustBeOn(trx, accountId, id);
    const before = await findDelivery(trx, id, deliveryId);
    if (before === undefined) throw new TurnpikeError('not_found');
    await mustNotBeOften(trx, id, nowMs);
    const row = deliveryOf(
      { id: before.notification_id, account_id: accountId },
      { webhook_id: id, user_id: null },
      nowMs,
    );
    await insertDeliveries(trx, [row]);
    return deliveryJson({ ...row, kind: before.kind, data: before.data });
  });
}

/** 404 for one of another account, as for one that does not exist. */
export async function mustFindWebhook(
  { database }: DeliveryServices,
  accountId: string,
  id: string,
): Promise<WebhookRow> {
  const row = await findWebhook(database.db, accountId, id);
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

async function mustLock(trx: Trx, accountId: string, id: string): Promise<WebhookRow> {
  const row = await lockWebhook(trx, accountId, id);
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

async function mustBeOn(trx: Trx, accountId: string, id: string): Promise<WebhookRow> {
  const row = await mustLock(trx, accountId, id);
  if (row.disabled === 0) return row;
  throw new TurnpikeError('conflict', { message: 'This webhook is switched off: switch it on first' });
}

/** A gateway that sends whatever is asked, as often as it is asked, is somebody's tool against a third. The webhook is locked. */
async function mustNotBeOften(trx: Trx, id: string, nowMs: number): Promise<void> {
  if ((await countAskedFor(trx, id, nowMs - MINUTE_MS)) < MOST_ASKED_FOR) return;
  throw new TurnpikeError('rate_limit_exceeded', {
    message: `At most ${MOST_ASKED_FOR} messages a minute are sent to a webhook because somebody asked for them`,
    retryAfterSeconds: MINUTE_MS / 1000,
  });
}

/** Null: it was sealed by a master key that is lost. */
function targetOf({ masterKey }: DeliveryServices, row: WebhookRow): Target | null {
  return row.sealed_target === '' ? null : openTarget(masterKey, row);
}

/** Of its address what the audit log may hold: paths of such addresses are often passwords. */
const hostOf = (target: Target | null): string | null => (target === null ? null : new URL(target.url).host);

const factsOf = ({ name, kinds, disabled, workspace_id }: WebhookRow) => ({
  ...{ name, kinds, disabled: disabled === 1, workspace_id },
});

export function webhookJson(services: DeliveryServices, row: WebhookRow): Webhook {
  const target = targetOf(services, row);
  const previous = target?.previous ?? null;
  const isOver = previous === null || previous.untilMs <= services.clock.nowMs();
  return {
    id: row.id,
    name: row.name,
    url: target?.url ?? null,
    kinds: row.kinds === null ? null : (JSON.parse(row.kinds) as string[]),
    workspace_id: row.workspace_id,
    disabled: row.disabled === 1,
    disabled_because: row.disabled_because,
    failing_since: row.failing_since_ms === null ? null : isoFromMs(row.failing_since_ms),
    old_secret_until: isOver ? null : isoFromMs(previous.untilMs),
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}

export function deliveryJson(row: ListedDelivery): Delivery {
  return {
    id: row.id,
    message_id: row.notification_id,
    kind: row.kind,
    state: row.state,
    attempts: row.attempts,
    last_status: row.last_status,
    last_problem: row.last_problem,
    next_attempt_at: row.state === 'waiting' ? isoFromMs(row.due_at_ms) : null,
    created_at: isoFromMs(row.created_at_ms),
    ended_at: row.ended_at_ms === null ? null : isoFromMs(row.ended_at_ms),
    data: JSON.parse(row.data) as Record<string, unknown>,
  };
}
