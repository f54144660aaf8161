/**
 * Brings deliveries where they go. A node takes one for a minute; if it dies meanwhile another takes it, so that everything arrives at
 * least once, under the same id. What does not arrive is tried again for a day and a half, and a webhook that takes nothing for three
 * days is switched off.
 */
import { recordAudit } from '../audit/record.ts';
import { endsWithin, isoFromMs } from '../clock.ts';
import type { GuardedPost } from '../egress/guarded-get.ts';
import { EgressError } from '../egress/public-host.ts';
import { failPoint } from '../fail-point.ts';
import type { Mailer } from '../mail/mail.ts';
import { isNewsKind, type NewsData, type NewsKind } from '../notifications/news.ts';
import { tellNews } from '../notifications/tell.ts';
import type { NotificationTable } from '../storage/notification-tables.ts';
import { askedWait, GIVEN_UP_AFTER_MS, waitBefore } from './attempts.ts';
import type { DeliveryServices } from './build.ts';
import { letterOf } from './letters.ts';
import { signedHeaders } from './signature.ts';
import { spreadWaiting } from './spread.ts';
import {
  claimDelivery,
  type DeliveryRow,
  dueDeliveries,
  endDeliveriesOf,
  findNotification,
  findRecipients,
  findWebhook,
  lockWebhook,
  updateDelivery,
  updateWebhook,
} from './store.ts';
import { openTarget, type Target } from './target.ts';

export interface CourierServices extends DeliveryServices {
  readonly post: GuardedPost;
  readonly mailer: Pick<Mailer, 'deliver'>;
  readonly publicUrl: string;
}

const LOOK_EVERY_MS = 1000;
const TAKEN_FOR_MS = 60_000;
/** A mail that takes longer is given up, before another node may take it. */
const MAIL_WITHIN_MS = 40_000;
/** What is still under way then is cut off, and taken again by whoever looks next. */
const STOP_WITHIN_MS = 15_000;
const AT_ONCE = 16;
/** The mail server takes one after another anyway, and a slow one keeps no places from webhooks. */
const MAILS_AT_ONCE = 2;
/** A receiver that is slow keeps no more than so many places from the others. */
const AT_ONCE_TO_ONE = 2;
const GONE = 410;

interface UnderWay {
  readonly accountId: string;
  /** Null: a mail. */
  readonly webhookId: string | null;
  readonly done: Promise<void>;
}

/** What came of an attempt. */
type Outcome =
  | { readonly arrived: true; readonly status: number | null }
  | {
      readonly arrived: false;
      readonly status: number | null;
      readonly problem: string;
      readonly retryAfter: string | null;
      /** Nothing that is tried later can change it. */
      readonly isFinal?: true;
    };

export class Courier {
  readonly #services: CourierServices;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;
  /** There is room again for something that may wait. */
  #hasRoom = false;

  constructor(services: CourierServices) {
    this.#services = services;
  }

  start(): void {
    this.#schedule(0);
  }

  /** What is under way may end, within a bound. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    const ends = Promise.all([...this.#underWay.values()].map(({ done }) => done));
    if (await endsWithin(ends, STOP_WITHIN_MS)) return;
    this.#stopping.abort(new Error('the gateway stops'));
    await endsWithin(ends, STOP_WITHIN_MS);
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#hasRoom = false;
      this.#looking = this.#look()
        .catch((error: unknown) => this.#services.logger.warn('deliveries_not_looked_at', { error }))
        .finally(() => this.#schedule(this.#hasRoom ? 0 : LOOK_EVERY_MS));
    }, ms);
  }

  /** What is over leaves its place to the next one at once. */
  #over(id: string): void {
    this.#underWay.delete(id);
    this.#hasRoom = true;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#schedule(0);
  }

  async #look(): Promise<void> {
    const { database, clock } = this.#services;
    await spreadWaiting(database, clock.nowMs());
    // Once more where something was taken: who has taken enough leaves the rest of the places to those behind them.
    while (!this.#stopped && this.#places > 0 && (await this.#takeDue()));
  }

  /** Whether any was taken. */
  async #takeDue(): Promise<boolean> {
    const { database, clock, logger } = this.#services;
    const due = await dueDeliveries(database.db, clock.nowMs(), {
      limit: this.#places,
      withoutWebhooks: this.#busy(({ webhookId }) => webhookId, this.#isBusyWebhook),
      withoutAccounts: this.#busy(({ accountId }) => accountId, this.#isBusyAccount),
      withMails: this.#mails < MAILS_AT_ONCE,
    });
    let taken = 0;
    for (const row of due) {
      if (this.#stopped) return false;
      const { id, account_id: accountId, webhook_id: webhookId } = row;
      // Its minute is over, and this process is not done with it yet.
      if (this.#underWay.has(id) || this.#isBusyAccount(accountId)) continue;
      if (webhookId === null ? this.#mails >= MAILS_AT_ONCE : this.#isBusyWebhook(webhookId)) continue;
      if (!(await claimDelivery(database.db, row, clock.nowMs() + TAKEN_FOR_MS))) continue;
      const done = this.#bring({ ...row, attempts: row.attempts + 1 })
        .catch((error: unknown) => logger.warn('delivery_failed', { id, error }))
        .finally(() => this.#over(id));
      this.#underWay.set(id, { accountId, webhookId, done });
      taken += 1;
    }
    return taken > 0;
  }

  get #places(): number {
    return AT_ONCE - this.#underWay.size;
  }

  get #mails(): number {
    return this.#count(({ webhookId }) => webhookId === null);
  }

  readonly #isBusyWebhook = (id: string): boolean =>
    this.#count(({ webhookId }) => webhookId === id) >= AT_ONCE_TO_ONE;

  /** An account takes no more places than it leaves free, so that however many of its receivers hang, there is one for another account. */
  readonly #isBusyAccount = (id: string): boolean =>
    this.#count(({ accountId }) => accountId === id) >= this.#places;

  #count(isMeant: (one: UnderWay) => boolean): number {
    return [...this.#underWay.values()].filter(isMeant).length;
  }

  #busy(nameOf: (one: UnderWay) => string | null, isBusy: (name: string) => boolean): string[] {
    const names = new Set([...this.#underWay.values()].map(nameOf).filter((name) => name !== null));
    return [...names].filter(isBusy);
  }

  async #bring(row: DeliveryRow): Promise<void> {
    const { database, clock } = this.#services;
    const news = await findNotification(database.db, row.notification_id);
    if (news === undefined) return;
    const outcome =
      row.webhook_id === null
        ? await this.#mail(row, news)
        : await this.#post(row.account_id, row.webhook_id, news);
    failPoint('after-delivery');
    const nowMs = clock.nowMs();
    const last = {
      last_status: outcome.status,
      last_problem: outcome.arrived ? null : outcome.problem,
    };
    if (outcome.arrived) {
      await updateDelivery(database.db, row.id, { ...last, state: 'delivered', ended_at_ms: nowMs });
    } else {
      const asked = askedWait(outcome.retryAfter, nowMs);
      const waitMs = outcome.isFinal === true ? null : waitBefore(row.attempts, asked, Math.random());
      await updateDelivery(
        database.db,
        row.id,
        waitMs === null
          ? { ...last, state: 'failed', ended_at_ms: nowMs }
          : { ...last, due_at_ms: nowMs + waitMs },
      );
    }
    if (row.webhook_id !== null) await this.#noteWebhook(row.account_id, row.webhook_id, outcome, nowMs);
  }

  async #mail(row: DeliveryRow, news: NotificationTable): Promise<Outcome> {
    const { database, mailer, publicUrl } = this.#services;
    const people = await findRecipients(database.db, row.account_id, row.user_id);
    const person = people.find(({ userId }) => userId === row.user_id);
    if (person === undefined || !isNewsKind(news.kind))
      return failed('nobody to write to', { isFinal: true });
    try {
      await mailer.deliver(
        person.email,
        letterOf(news.kind, JSON.parse(news.data) as NewsData[NewsKind], publicUrl),
        AbortSignal.any([AbortSignal.timeout(MAIL_WITHIN_MS), this.#stopping.signal]),
      );
      return { arrived: true, status: null };
    } catch (thrown) {
      const { code, responseCode } = thrown as { code?: unknown; responseCode?: unknown };
      this.#services.logger.error('mail_failed', { kind: news.kind, code, responseCode });
      return failed('the mail server did not take it');
    }
  }

  async #post(accountId: string, webhookId: string, news: NotificationTable): Promise<Outcome> {
    const { database, clock, post, masterKey } = this.#services;
    const webhook = await findWebhook(database.db, accountId, webhookId);
    if (webhook === undefined || webhook.disabled === 1)
      return failed('the webhook is switched off', { isFinal: true });
    let target: Target;
    try {
      target = openTarget(masterKey, webhook);
    } catch {
      return failed('its secret cannot be opened');
    }
    const body = bodyOf(news);
    const nowMs = clock.nowMs();
    const headers = signedHeaders(secretsOf(target, nowMs), { id: news.id, atMs: nowMs, body });
    try {
      const { status, retryAfter } = await post(target.url, body, headers);
      if (status >= 200 && status < 300) return { arrived: true, status };
      return { arrived: false, status, problem: `answered with status ${status}`, retryAfter };
    } catch (thrown) {
      if (!(thrown instanceof EgressError)) throw thrown;
      return failed(problemOf(thrown));
    }
  }

  /** Whether something arrives at a webhook at all, over all that is sent there. */
  async #noteWebhook(accountId: string, id: string, outcome: Outcome, nowMs: number): Promise<void> {
    const { database } = this.#services;
    const webhook = await findWebhook(database.db, accountId, id);
    if (webhook === undefined || webhook.disabled === 1) return;
    if (outcome.arrived) {
      if (webhook.failing_since_ms !== null) await updateWebhook(database.db, id, { failing_since_ms: null });
      return;
    }
    const sinceMs = webhook.failing_since_ms ?? nowMs;
    const isGone = outcome.status === GONE;
    if (!isGone && nowMs - sinceMs < GIVEN_UP_AFTER_MS) {
      if (webhook.failing_since_ms === null)
        await updateWebhook(database.db, id, { failing_since_ms: nowMs });
      return;
    }
    await this.#switchOff(accountId, id, isGone ? 'gone' : 'failing', nowMs);
  }

  async #switchOff(accountId: string, id: string, because: 'gone' | 'failing', nowMs: number): Promise<void> {
    await this.#services.database.transaction(async (trx) => {
      const webhook = await lockWebhook(trx, accountId, id);
      if (webhook === undefined || webhook.disabled === 1) return;
      await updateWebhook(trx, id, { disabled: 1, disabled_because: because, updated_at_ms: nowMs });
      await endDeliveriesOf(trx, id, 'the webhook was switched off', nowMs);
      const { name } = webhook;
      await recordAudit(trx, {
        ...{ action: 'webhook.changed', target: ['webhook', id], accountId, nowMs },
        ...{ before: { disabled: false }, after: { disabled: true, because } },
      });
      await tellNews(trx, {
        ...{ kind: 'webhook.disabled', accountId, nowMs },
        data: { webhook_id: id, name, because },
      });
    });
  }
}

const failed = (problem: string, more: { readonly isFinal?: true } = {}): Outcome => ({
  ...{ arrived: false, status: null, problem, retryAfter: null, ...more },
});

/** The newest first. */
function secretsOf({ secret, previous }: Target, nowMs: number): string[] {
  return previous !== null && nowMs < previous.untilMs ? [secret, previous.secret] : [secret];
}

/** As webhooks get it: Standard Webhooks' shape. The same at every attempt. */
export function bodyOf(
  news: Pick<NotificationTable, 'kind' | 'data' | 'account_id' | 'workspace_id' | 'created_at_ms'>,
): string {
  return JSON.stringify({
    type: news.kind,
    timestamp: isoFromMs(news.created_at_ms),
    account_id: news.account_id,
    workspace_id: news.workspace_id,
    data: JSON.parse(news.data),
  });
}

/** Without the host, which may be the secret, and without what its network looks like from here. */
function problemOf({ message }: EgressError): string {
  if (message.includes('not a public address')) return 'the address leads into a private network';
  if (message.includes('did not answer in time')) return 'no answer in time';
  return 'could not be reached';
}
