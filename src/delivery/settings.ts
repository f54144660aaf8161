/** What a person gets by mail, and what an account wants to be told of. */
import { recordAudit } from '../audit/record.ts';
import { limitPercentOf } from '../notifications/limit-percent.ts';
import { CHOSEN_KINDS, NEWS, type NewsKind } from '../notifications/news.ts';
import type { NotificationSettings } from './answers.ts';
import type { DeliveryServices } from './build.ts';
import { listPreferences, putLimitPercent, putPreference } from './store.ts';

export interface SettingsServices extends DeliveryServices {
  readonly hasMail: boolean;
}

interface Person {
  readonly accountId: string;
  readonly userId: string;
  readonly isAdmin: boolean;
}

export async function readSettings(
  { database, hasMail }: SettingsServices,
  { accountId, userId, isAdmin }: Person,
): Promise<NotificationSettings> {
  const own = await listPreferences(database.db, accountId, [userId]);
  const isMailed = (kind: NewsKind) =>
    own.find((row) => row.kind === kind)?.by_mail ?? (NEWS[kind].isMailed ? 1 : 0);
  return {
    has_mail: hasMail,
    mail: mailedKinds(isAdmin).map((kind) => ({
      ...{ kind, label: NEWS[kind].label, by_mail: isMailed(kind) === 1 },
    })),
    kinds: CHOSEN_KINDS.map((kind) => ({ kind, label: NEWS[kind].label })),
    key_limit_percent: await limitPercentOf(database.db, accountId),
  };
}

/** What they may have by mail. */
export const mailedKinds = (isAdmin: boolean): NewsKind[] =>
  CHOSEN_KINDS.filter((kind) => {
    const { mailedTo } = NEWS[kind];
    return mailedTo !== null && (isAdmin || mailedTo !== 'admins');
  });

export async function changePreferences(
  { database, clock }: SettingsServices,
  { accountId, userId }: Person,
  wanted: ReadonlyMap<NewsKind, boolean>,
): Promise<void> {
  await database.transaction(async (trx) => {
    // In one order, so that two changes at once do not wait for each other.
    for (const [kind, isWanted] of [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)))
      await putPreference(trx, {
        ...{ account_id: accountId, user_id: userId, kind, by_mail: isWanted ? 1 : 0 },
      });
    const after = Object.fromEntries(wanted);
    await recordAudit(trx, {
      ...{ action: 'notifications.preferences_changed', target: ['user', userId], accountId, after },
      nowMs: clock.nowMs(),
    });
  });
}

export async function changeLimitPercent(
  { database, clock }: SettingsServices,
  accountId: string,
  percent: number,
): Promise<void> {
  await database.transaction(async (trx) => {
    const before = { key_limit_percent: await limitPercentOf(trx, accountId) };
    await putLimitPercent(trx, accountId, percent);
    await recordAudit(trx, {
      ...{ action: 'notifications.settings_changed', target: ['account', accountId], accountId },
      ...{ before, after: { key_limit_percent: percent }, nowMs: clock.nowMs() },
    });
  });
}
