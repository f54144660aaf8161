/** Gives what was told to those who want it: a delivery for each webhook and each mailbox, made once whichever node does it. */
import { newId } from '../ids.ts';
import { isNewsKind, NEWS, type NewsKind } from '../notifications/news.ts';
import type { Database, Db, Trx } from '../storage/database.ts';
import type { NotificationTable } from '../storage/notification-tables.ts';
import {
  claimNotification,
  type DeliveryRow,
  findRecipients,
  insertDeliveries,
  listPreferences,
  listWebhooks,
  type Recipient,
  type WebhookRow,
  waitingNotifications,
} from './store.ts';

const AT_ONCE = 100;

/** How many were spread. */
export async function spreadWaiting(database: Database, nowMs: number): Promise<number> {
  const waiting = await waitingNotifications(database.db, AT_ONCE);
  for (const news of waiting) await database.transaction((trx) => spread(trx, news, nowMs));
  return waiting.length;
}

async function spread(trx: Trx, news: NotificationTable, nowMs: number): Promise<void> {
  if (!(await claimNotification(trx, news.id, nowMs))) return;
  // Another version's.
  if (!isNewsKind(news.kind)) return;
  const webhooks = (await listWebhooks(trx, news.account_id)).filter((webhook) => wants(webhook, news));
  const people = await mailedPeople(trx, news.account_id, news.user_id, news.kind);
  await insertDeliveries(trx, [
    ...webhooks.map(({ id }) => deliveryOf(news, { webhook_id: id, user_id: null }, nowMs)),
    ...people.map(({ userId }) => deliveryOf(news, { webhook_id: null, user_id: userId }, nowMs)),
  ]);
}

/** One that nobody has tried yet. */
export function deliveryOf(
  { id, account_id }: Pick<NotificationTable, 'id' | 'account_id'>,
  to: Pick<DeliveryRow, 'webhook_id' | 'user_id'>,
  nowMs: number,
): DeliveryRow {
  return {
    ...{ id: newId(), account_id, notification_id: id, ...to, state: 'waiting', attempts: 0 },
    ...{ due_at_ms: nowMs, last_status: null, last_problem: null, created_at_ms: nowMs, ended_at_ms: null },
  };
}

function wants({ disabled, kinds, workspace_id }: WebhookRow, news: NotificationTable): boolean {
  if (disabled === 1 || (workspace_id !== null && workspace_id !== news.workspace_id)) return false;
  return kinds === null || (JSON.parse(kinds) as string[]).includes(news.kind);
}

async function mailedPeople(
  db: Db,
  accountId: string,
  userId: string | null,
  kind: NewsKind,
): Promise<Recipient[]> {
  const { mailedTo, isMailed } = NEWS[kind];
  if (mailedTo === null) return [];
  const all = await findRecipients(db, accountId, userId);
  const meant = all.filter(
    ({ userId: id, isAdmin }) =>
      (mailedTo !== 'admins' && id === userId) ||
      // A key of nobody's is the admins'.
      (isAdmin && mailedTo !== 'person'),
  );
  const preferences = await listPreferences(
    db,
    accountId,
    meant.map((one) => one.userId),
  );
  return meant.filter(({ userId: id }) => {
    const own = preferences.find((row) => row.user_id === id && row.kind === kind);
    return own === undefined ? isMailed : own.by_mail === 1;
  });
}
