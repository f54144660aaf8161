/** What an account has settled about buying before anybody settled anything. */
import { creditsOf } from '../credits/ledger.ts';
import type { BillingAccountTable } from '../storage/billing-tables.ts';
import type { Db } from '../storage/database.ts';
import { ALL_TIME } from '../window.ts';
import { ensureBillingAccount, findBillingAccount, spentIn } from './store.ts';

const USD = 1_000_000_000n;

const defaults = (accountId: string): BillingAccountTable => ({
  account_id: accountId,
  customer_id: null,
  payment_method_id: null,
  payment_method_label: null,
  top_up_enabled: 0,
  top_up_threshold_nano_usd: 10n * USD,
  top_up_amount_nano_usd: 25n * USD,
  top_up_cap_nano_usd: 100n * USD,
  top_up_stopped_because: null,
  top_up_stopped_at_ms: null,
  alert_percents: '[80,100]',
  alert_credits_nano_usd: null,
  alert_base_nano_usd: null,
  alert_sent_percent: 0,
});

export async function billingAccountOf(db: Db, accountId: string): Promise<BillingAccountTable> {
  const found = await findBillingAccount(db, accountId);
  if (found !== undefined) return found;
  await ensureBillingAccount(db, defaults(accountId));
  return (await findBillingAccount(db, accountId)) ?? defaults(accountId);
}

/** What was given, what was spent of it, and what is left, as far as it is in the database. */
export async function balanceOf(
  db: Db,
  accountId: string,
): Promise<{ readonly credits: bigint; readonly spent: bigint; readonly balance: bigint }> {
  const { creditsNanoUsd: credits } = await creditsOf(db, accountId);
  const spent = await spentIn(db, accountId, ALL_TIME);
  return { credits, spent, balance: credits - spent };
}
