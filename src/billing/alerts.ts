/** Credits that are nearly spent: each part is told of once, and anew only after credits came. */
import type { Clock } from '../clock.ts';
import { usdFromNanoUsd, wholePercentOf } from '../money.ts';
import { tellNews } from '../notifications/tell.ts';
import type { BillingAccountTable } from '../storage/billing-tables.ts';
import type { Database } from '../storage/database.ts';
import { balanceOf } from './account.ts';
import { changeBillingAccount, claimAlert } from './store.ts';

export interface AlertServices {
  readonly database: Database;
  readonly clock: Clock;
}

/** Percent of what there was when credits last came; null: there was nothing. */
export function spentPercent(base: bigint | null, balance: bigint): number | null {
  if (base === null || base <= 0n) return null;
  const percent = wholePercentOf(base - balance, base);
  return percent < 0 ? 0 : percent;
}

export async function alertIfDue(
  { database, clock }: AlertServices,
  account: BillingAccountTable,
): Promise<void> {
  const { db } = database;
  const { account_id: accountId, alert_credits_nano_usd: seen } = account;
  const { credits, balance } = await balanceOf(db, accountId);
  // What the operator gave by hand, and what was there before anybody looked; purchases begin anew by themselves.
  if (seen === null || credits > seen) {
    await changeBillingAccount(db, accountId, {
      ...{ alert_credits_nano_usd: credits, alert_base_nano_usd: balance, alert_sent_percent: 0 },
    });
    return;
  }
  if (credits < seen) await changeBillingAccount(db, accountId, { alert_credits_nano_usd: credits });
  const percent = spentPercent(account.alert_base_nano_usd, balance);
  if (percent === null) return;
  const reached = percentsOf(account).filter((each) => each <= percent && each > account.alert_sent_percent);
  const highest = Math.max(0, ...reached);
  if (highest === 0) return;
  await database.transaction(async (trx) => {
    if (!(await claimAlert(trx, account, highest))) return;
    await tellNews(trx, {
      ...{ kind: 'credits.low', accountId, nowMs: clock.nowMs() },
      data: { percent: highest, balance_usd: usdFromNanoUsd(balance) },
    });
  });
}

export const percentsOf = ({ alert_percents }: Pick<BillingAccountTable, 'alert_percents'>): number[] =>
  (JSON.parse(alert_percents) as number[]).toSorted((one, other) => one - other);
