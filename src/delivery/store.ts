/** All SQL on webhooks, deliveries, and who wants what; and of the outbox what is on its way. By account first. */
import { sql } from 'kysely';
import type { NewsKind } from '../notifications/news.ts';
import type { Db, Trx } from '../storage/database.ts';
import type {
  NotificationDeliveryTable,
  NotificationPreferenceTable,
  NotificationTable,
  WebhookTable,
} from '../storage/notification-tables.ts';

export type WebhookRow = WebhookTable;
export type DeliveryRow = NotificationDeliveryTable;

const living = (db: Db, accountId: string) =>
  db.selectFrom('webhook').where('account_id', '=', accountId).where('deleted_at_ms', 'is', null);

/** Oldest first. */
export function listWebhooks(db: Db, accountId: string): Promise<WebhookRow[]> {
  return living(db, accountId).selectAll().orderBy('created_at_ms').orderBy('id').execute();
}

export function findWebhook(db: Db, accountId: string, id: string): Promise<WebhookRow | undefined> {
  return living(db, accountId).selectAll().where('id', '=', id).executeTakeFirst();
}

/** Nobody else changes it until the transaction ends: the write changes nothing and locks the row on both engines. */
export function lockWebhook(trx: Trx, accountId: string, id: string): Promise<WebhookRow | undefined> {
  return trx
    .updateTable('webhook')
    .set((column) => ({ updated_at_ms: column.ref('updated_at_ms') }))
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

export async function insertWebhook(trx: Trx, row: WebhookRow): Promise<void> {
  await trx.insertInto('webhook').values(row).execute();
}

export async function updateWebhook(
  db: Db,
  id: string,
  changes: Partial<Omit<WebhookRow, 'id' | 'account_id'>>,
): Promise<WebhookRow> {
  return await db
    .updateTable('webhook')
    .set(changes)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** What no transaction has given to anybody yet, oldest first. */
export function waitingNotifications(db: Db, limit: number): Promise<NotificationTable[]> {
  return db
    .selectFrom('notification')
    .selectAll()
    .where('spread_at_ms', 'is', null)
    .orderBy('created_at_ms')
    .limit(limit)
    .execute();
}

/** False: another node was first. */
export async function claimNotification(trx: Trx, id: string, nowMs: number): Promise<boolean> {
  const claimed = await trx
    .updateTable('notification')
    .set({ spread_at_ms: nowMs })
    .where('id', '=', id)
    .where('spread_at_ms', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return claimed !== undefined;
}

export async function insertDeliveries(trx: Db, rows: readonly DeliveryRow[]): Promise<void> {
  if (rows.length === 0) return;
  await trx
    .insertInto('notification_delivery')
    .values([...rows])
    .execute();
}

/** What is to be tried now, the longest due first; not to the webhooks and for the accounts that are busy. */
export async function dueDeliveries(
  db: Db,
  nowMs: number,
  wanted: {
    readonly limit: number;
    readonly withoutWebhooks: readonly string[];
    readonly withoutAccounts: readonly string[];
    readonly withMails: boolean;
  },
): Promise<DeliveryRow[]> {
  const { limit, withoutWebhooks, withoutAccounts, withMails } = wanted;
  let query = db
    .selectFrom('notification_delivery')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('due_at_ms', '<=', nowMs);
  if (withoutWebhooks.length > 0)
    query = query.where((row) =>
      row.or([row('webhook_id', 'is', null), row('webhook_id', 'not in', [...withoutWebhooks])]),
    );
  if (withoutAccounts.length > 0) query = query.where('account_id', 'not in', [...withoutAccounts]);
  if (!withMails) query = query.where('webhook_id', 'is not', null);
  return await query.orderBy('due_at_ms').limit(limit).execute();
}

/** For an attempt of this node's: until `untilMs` nobody else tries. False: somebody does already. */
export async function claimDelivery(db: Db, row: DeliveryRow, untilMs: number): Promise<boolean> {
  const claimed = await db
    .updateTable('notification_delivery')
    .set({ due_at_ms: untilMs, attempts: row.attempts + 1 })
    .where('id', '=', row.id)
    .where('state', '=', 'waiting')
    .where('due_at_ms', '=', row.due_at_ms)
    .where('attempts', '=', row.attempts)
    .returning('id')
    .executeTakeFirst();
  return claimed !== undefined;
}

export async function updateDelivery(
  db: Db,
  id: string,
  changes: Partial<Pick<DeliveryRow, 'state' | 'due_at_ms' | 'last_status' | 'last_problem' | 'ended_at_ms'>>,
): Promise<void> {
  await db.updateTable('notification_delivery').set(changes).where('id', '=', id).execute();
}

/** Those to a webhook since then that somebody asked for: tests, and what was sent once more. */
export async function countAskedFor(db: Db, webhookId: string, sinceMs: number): Promise<number> {
  const { count } = await db
    .selectFrom('notification_delivery as delivery')
    .innerJoin('notification', 'notification.id', 'delivery.notification_id')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('delivery.webhook_id', '=', webhookId)
    .where('delivery.created_at_ms', '>', sinceMs)
    .where((row) =>
      row.or([
        row('notification.kind', '=', 'webhook.test'),
        // Those that nobody asked for are made in the moment in which the news is spread.
        row('delivery.created_at_ms', '<>', row.ref('notification.spread_at_ms')),
      ]),
    )
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Nothing waits for a webhook that is switched off or deleted. */
export async function endDeliveriesOf(
  db: Db,
  webhookId: string,
  problem: string,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('notification_delivery')
    .set({ state: 'failed', last_problem: problem, ended_at_ms: nowMs })
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .execute();
}

export type ListedDelivery = DeliveryRow & Pick<NotificationTable, 'kind' | 'data'>;

const withNews = (db: Db) =>
  db
    .selectFrom('notification_delivery')
    .innerJoin('notification', 'notification.id', 'notification_delivery.notification_id')
    .selectAll('notification_delivery')
    .select(['notification.kind', 'notification.data']);

/** Newest first. */
export function listDeliveries(
  db: Db,
  webhookId: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<ListedDelivery[]> {
  return withNews(db)
    .where('notification_delivery.webhook_id', '=', webhookId)
    .orderBy('notification_delivery.created_at_ms', 'desc')
    .orderBy('notification_delivery.id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
}

export function findDelivery(db: Db, webhookId: string, id: string): Promise<ListedDelivery | undefined> {
  return withNews(db)
    .where('notification_delivery.webhook_id', '=', webhookId)
    .where('notification_delivery.id', '=', id)
    .executeTakeFirst();
}

export function findNotification(db: Db, id: string): Promise<NotificationTable | undefined> {
  return db.selectFrom('notification').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function insertSpread(db: Db, row: NotificationTable): Promise<void> {
  await db.insertInto('notification').values(row).execute();
}

/** Somebody in the account whose address is known to be theirs. */
export interface Recipient {
  readonly userId: string;
  readonly email: string;
  readonly isAdmin: boolean;
}

/** The admins and owners of the account, and this member. */
export async function findRecipients(db: Db, accountId: string, userId: string | null): Promise<Recipient[]> {
  const rows = await db
    .selectFrom('member')
    .innerJoin('user', 'user.id', 'member.user_id')
    .select(['member.user_id', 'member.role', 'user.email', 'user.email_verified'])
    .where('member.account_id', '=', accountId)
    .where((row) =>
      row.or([
        row('member.role', 'in', ['owner', 'admin']),
        ...(userId === null ? [] : [row('member.user_id', '=', userId)]),
      ]),
    )
    .execute();
  return rows
    .filter(({ email_verified: flag }) => flag === true || flag === 1)
    .map(({ user_id, email, role }) => ({ userId: user_id, email, isAdmin: role !== 'member' }));
}

export function listPreferences(
  db: Db,
  accountId: string,
  userIds: readonly string[],
): Promise<NotificationPreferenceTable[]> {
  if (userIds.length === 0) return Promise.resolve([]);
  return db
    .selectFrom('notification_preference')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('user_id', 'in', [...userIds])
    .execute();
}

export async function putPreference(trx: Trx, row: NotificationPreferenceTable): Promise<void> {
  await trx
    .insertInto('notification_preference')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'user_id', 'kind']).doUpdateSet({ by_mail: row.by_mail }),
    )
    .execute();
}

export async function putLimitPercent(trx: Trx, accountId: string, percent: number): Promise<void> {
  await trx
    .insertInto('notification_setting')
    .values({ account_id: accountId, key_limit_percent: percent })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ key_limit_percent: percent }))
    .execute();
}

/** Of a key that somebody brought for a provider. */
export function findOwnKeyPlace(db: Db, id: string) {
  return db
    .selectFrom('byok_key')
    .select(['account_id', 'workspace_id', 'name', 'provider', 'updated_at_ms'])
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst();
}

/** Of news that are told once, the last by the name in `once_key`, which begins with this; undefined: there are none. */
export async function lastToldOnce(db: Db, accountId: string, beginning: string) {
  return await db
    .selectFrom('notification')
    .select(['once_key', 'created_at_ms'])
    .where('account_id', '=', accountId)
    .where(sql<boolean>`SUBSTR(once_key, 1, ${sql.lit(beginning.length)}) = ${beginning}`)
    .orderBy('once_key', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function wasToldOnce(db: Db, accountId: string, onceKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('notification')
    .select('id')
    .where('account_id', '=', accountId)
    .where('once_key', '=', onceKey)
    .executeTakeFirst();
  return row !== undefined;
}

/** Every `once_key` of these kinds. */
export async function toldOnceOf(db: Db, accountId: string, kinds: readonly NewsKind[]): Promise<string[]> {
  const rows = await db
    .selectFrom('notification')
    .select('once_key')
    .where('account_id', '=', accountId)
    .where('kind', 'in', [...kinds])
    .where('once_key', 'is not', null)
    .execute();
  return rows.flatMap(({ once_key }) => (once_key === null ? [] : [once_key]));
}

/** What has ended, and news that nobody waits for; what is told once is remembered for longer. */
export async function deleteOld(
  db: Db,
  { untilMs, onceUntilMs }: { readonly untilMs: number; readonly onceUntilMs: number },
): Promise<void> {
  await db
    .deleteFrom('notification_delivery')
    .where('created_at_ms', '<', untilMs)
    .where('state', '<>', 'waiting')
    .execute();
  await db
    .deleteFrom('notification')
    .where('spread_at_ms', 'is not', null)
    .where((row) =>
      row.or([
        row.and([row('once_key', 'is', null), row('created_at_ms', '<', untilMs)]),
        row('created_at_ms', '<', onceUntilMs),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('notification_delivery')
            .select('notification_delivery.id')
            .whereRef('notification_delivery.notification_id', '=', 'notification.id'),
        ),
      ),
    )
    .execute();
}
