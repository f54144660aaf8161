/** What an account settles about buying: automatic top-ups, and which parts of its credits it is told of. */
import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { flag, parse } from '../keys/key-fields.ts';
import { type NanoUsd, nanoUsdFromNumber } from '../money.ts';
import type { BillingAccountTable } from '../storage/billing-tables.ts';
import { billingAccountOf } from './account.ts';
import { percentsOf } from './alerts.ts';
import { amountOf, type CheckoutServices, mustBeOpen } from './checkout.ts';
import { changeBillingAccount, lockBillingAccount } from './store.ts';

const usd = z.number('must be a number of USD');

const topUp = z.strictObject(
  {
    enabled: flag.optional(),
    threshold_usd: usd.optional(),
    amount_usd: usd.optional(),
    monthly_cap_usd: usd.optional(),
  },
  'must be a JSON object with enabled, threshold_usd, amount_usd and monthly_cap_usd',
);

const percent = z
  .int('must be a whole number of percent')
  .min(1, 'must be from 1 to 100')
  .max(100, 'must be from 1 to 100');
const MAX_ALERTS = 10;
const alerts = z.strictObject(
  {
    percents: z
      .array(percent, 'must be a list of whole numbers')
      .max(MAX_ALERTS, `must have at most ${MAX_ALERTS} members`)
      .refine((list) => new Set(list).size === list.length, 'has a number twice'),
  },
  'must be a JSON object with the member percents',
);

/** What stays out stays as it is. Whoever switches it on accepts what stopped it. 400 for amounts that are none, 409 without a card. */
export async function changeTopUp(
  services: CheckoutServices,
  accountId: string,
  body: unknown,
): Promise<void> {
  const wish = parse(topUp, body);
  if (wish.enabled === true) mustBeOpen(services);
  await change(services, accountId, 'credits.top_up_changed', (before) => {
    const isOn = wish.enabled ?? before.top_up_enabled === 1;
    const isSwitchedOn = wish.enabled === true && before.top_up_enabled === 0;
    const threshold = given('threshold_usd', wish.threshold_usd, before.top_up_threshold_nano_usd);
    const cap = given('monthly_cap_usd', wish.monthly_cap_usd, before.top_up_cap_nano_usd);
    const amount =
      wish.amount_usd === undefined
        ? before.top_up_amount_nano_usd
        : amountOf('amount_usd', wish.amount_usd, services.rules);
    if (cap < amount) throw invalidField('monthly_cap_usd', 'must be at least the amount of one top-up');
    if (isSwitchedOn && before.payment_method_id === null)
      throw new TurnpikeError('conflict', {
        message: 'There is no saved card to charge: buy credits once and let your card be kept',
      });
    return {
      ...{ top_up_enabled: isOn ? 1 : 0, top_up_threshold_nano_usd: threshold },
      ...{ top_up_amount_nano_usd: amount, top_up_cap_nano_usd: cap },
      ...(isSwitchedOn ? { top_up_stopped_because: null, top_up_stopped_at_ms: null } : {}),
    };
  });
}

/** Parts that were told of already are not told of again. */
export async function changeAlerts(
  services: CheckoutServices,
  accountId: string,
  body: unknown,
): Promise<void> {
  const { percents } = parse(alerts, body);
  const alert_percents = JSON.stringify(percents.toSorted((one, other) => one - other));
  await change(services, accountId, 'credits.alerts_changed', () => ({ alert_percents }));
}

/** Without its card nothing is charged any more. */
export async function removeCard(services: CheckoutServices, accountId: string): Promise<void> {
  await change(services, accountId, 'credits.card_removed', () => ({
    ...{ payment_method_id: null, payment_method_label: null, top_up_enabled: 0 },
  }));
}

async function change(
  { database, clock }: CheckoutServices,
  accountId: string,
  action: string,
  changesOf: (before: BillingAccountTable) => Partial<Omit<BillingAccountTable, 'account_id'>>,
): Promise<void> {
  await billingAccountOf(database.db, accountId);
  await database.transaction(async (trx) => {
    const before = await lockBillingAccount(trx, accountId);
    if (before === undefined) throw new TurnpikeError('not_found');
    const changes = changesOf(before);
    await changeBillingAccount(trx, accountId, changes);
    await recordAudit(trx, {
      ...{ action, target: ['account', accountId], accountId, nowMs: clock.nowMs() },
      ...{ before: factsOf(before), after: factsOf({ ...before, ...changes }) },
    });
  });
}

function factsOf(account: BillingAccountTable) {
  return {
    top_up_enabled: account.top_up_enabled === 1,
    top_up_threshold_nano_usd: account.top_up_threshold_nano_usd,
    top_up_amount_nano_usd: account.top_up_amount_nano_usd,
    top_up_cap_nano_usd: account.top_up_cap_nano_usd,
    alert_percents: percentsOf(account).join(', '),
    card: account.payment_method_label,
  };
}

function given(field: string, usd: number | undefined, before: NanoUsd): NanoUsd {
  if (usd === undefined) return before;
  const amount = nanoUsdFromNumber(usd);
  if (amount === null) throw invalidField(field, 'must be an amount in USD that is not negative');
  return amount;
}
