/**
 * Automatic top-ups: one at a time, never beyond their month's cap, and none after a failure until somebody switches them on again. The
 * order is a row before Stripe hears of it, under a key that Stripe charges once, so that a process may die anywhere.
 */
import { recordAudit } from '../audit/record.ts';
import { monthStartMs } from '../clock.ts';
import { centsFromNanoUsd } from '../money.ts';
import type { BillingAccountTable, PaymentTable } from '../storage/billing-tables.ts';
import { breaksUniqueness } from '../storage/database.ts';
import { balanceOf } from './account.ts';
import { applyIntent, ended, stopTopUps } from './apply.ts';
import { type CheckoutServices, isOfThisMode, newPayment } from './checkout.ts';
import { intent as intentSchema, PAYMENT_KEY } from './events.ts';
import { totalOf } from './payment.ts';
import {
  findBillingAccount,
  hasOpenTopUp,
  insertPayment,
  isOfOtherMode,
  lockBillingAccount,
  toppedUpSince,
} from './store.ts';
import { isMissingThere, type Stripe, stripeFailure } from './stripe.ts';

const OTHER_MODE = 'the saved card belongs to another mode of the payment provider: buy credits by hand once';

/** Stripe remembers for a day which key it has charged for; a little less is certain. */
const KEY_HOLDS_MS = 23 * 3_600_000;

/** Orders one where it is due, and has Stripe charge it. */
export async function topUpIfDue(services: CheckoutServices, accountId: string): Promise<void> {
  const { database, clock, logger } = services;
  const nowMs = clock.nowMs();
  let order: PaymentTable | null = null;
  try {
    order = await database.transaction(async (trx) => {
      const account = await lockBillingAccount(trx, accountId);
      if (account === undefined || account.top_up_enabled === 0) return null;
      const { customer_id: customerId, payment_method_id: card, top_up_amount_nano_usd: amount } = account;
      if (customerId === null || card === null || (await hasOpenTopUp(trx, accountId))) return null;
      if (await isOfOtherMode(trx, accountId, customerId, services.isLive)) {
        await stopTopUps(trx, { accountId, target: ['account', accountId] }, OTHER_MODE, nowMs);
        return null;
      }
      const { balance } = await balanceOf(trx, accountId);
      if (balance >= account.top_up_threshold_nano_usd) return null;
      const bought = await toppedUpSince(trx, accountId, monthStartMs(nowMs));
      if (bought + amount > account.top_up_cap_nano_usd) return null;
      const payment = newPayment(services, { accountId, kind: 'top_up', amount, customerId, nowMs });
      await insertPayment(trx, payment);
      await recordAudit(trx, {
        ...{ action: 'credits.top_up_begun', target: ['payment', payment.id], accountId, nowMs },
        after: { amount_nano_usd: amount, balance_nano_usd: balance },
      });
      return payment;
    });
  } catch (thrown) {
    // Another node has ordered it.
    if (!breaksUniqueness(thrown)) throw thrown;
  }
  if (order === null) return;
  logger.info('top_up_begun', { payment: order.id, accountId });
  await charge(services, order);
}

/**
 * Of one that was ordered before: whether it was charged is asked first, so that it is charged once. What can never be known any more has
 * failed, since nothing else would be bought while it is open; if it was paid after all, news of that still count.
 */
export async function resumeTopUp(services: CheckoutServices, payment: PaymentTable): Promise<void> {
  if (!isOfThisMode(services, payment))
    return void (await ended(services, payment, 'failed', 'the payment provider was changed meanwhile'));
  try {
    const found = await findAtStripe(await services.stripe(), payment);
    if (found !== null) await learn(services, payment, found);
    else if (!(await isWanted(services, payment)))
      await ended(services, payment, 'expired', 'it was switched off before anything was charged');
    else if (services.clock.nowMs() - payment.created_at_ms < KEY_HOLDS_MS) await charge(services, payment);
    else await ended(services, payment, 'failed', 'the payment provider could not be reached for a day');
  } catch (thrown) {
    if (isMissingThere(thrown)) await ended(services, payment, 'failed', UNKNOWN_THERE);
    else services.logger.warn('top_up_waits', { payment: payment.id, ...stripeFailure(thrown) });
  }
}

const UNKNOWN_THERE = 'the payment provider does not know the payment, or whose it is, any more';

/** What it says of another payment than the one that was ordered is said for good. */
async function learn(
  services: CheckoutServices,
  payment: PaymentTable,
  intent: Stripe.PaymentIntent,
): Promise<void> {
  const seen = intentSchema.safeParse(intent);
  if (seen.success && (await applyIntent(services, payment, seen.data)) === 'applied') return;
  if (!seen.success) services.logger.error('stripe_answer_unreadable', { payment: payment.id });
  await ended(services, payment, 'failed', 'the payment provider has another payment than was ordered');
}

/** Somebody may have switched top-ups off, or taken the card away, since it was ordered. */
async function isWanted({ database }: CheckoutServices, { account_id }: PaymentTable): Promise<boolean> {
  const account = await findBillingAccount(database.db, account_id);
  return account?.top_up_enabled === 1 && account.payment_method_id !== null;
}

async function findAtStripe(stripe: Stripe, payment: PaymentTable): Promise<Stripe.PaymentIntent | null> {
  if (payment.payment_intent_id !== null)
    return await stripe.paymentIntents.retrieve(payment.payment_intent_id);
  const query = {
    customer: payment.customer_id ?? '',
    created: { gte: Math.floor(payment.created_at_ms / 1000) - 3600 },
    limit: 100,
  };
  for await (const each of stripe.paymentIntents.list(query))
    if (each.metadata[PAYMENT_KEY] === payment.id) return each;
  return null;
}

async function charge(services: CheckoutServices, payment: PaymentTable): Promise<void> {
  const account = await findBillingAccount(services.database.db, payment.account_id);
  try {
    const stripe = await services.stripe();
    const made = await stripe.paymentIntents.create(intentFor(payment, account), {
      idempotencyKey: `turnpike-top-up-${payment.id}`,
    });
    await learn(services, payment, made);
  } catch (thrown) {
    const failure = stripeFailure(thrown);
    const because = refusalOf(failure.type, failure.code);
    // Whether it was charged is not known: it is asked later.
    if (because === null) services.logger.warn('top_up_waits', { payment: payment.id, ...failure });
    else await ended(services, payment, 'failed', because);
  }
}

function intentFor(
  payment: PaymentTable,
  account: BillingAccountTable | undefined,
): Stripe.PaymentIntentCreateParams {
  return {
    amount: centsFromNanoUsd(totalOf(payment)),
    currency: 'usd',
    customer: payment.customer_id ?? '',
    payment_method: account?.payment_method_id ?? '',
    off_session: true,
    confirm: true,
    // Refused at once where the bank wants its owner: nobody is there to answer, and it would wait for ever.
    error_on_requires_action: true,
    // Nobody is there to be sent to a bank's page.
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    description: 'Credits (automatic top-up)',
    metadata: { [PAYMENT_KEY]: payment.id },
  };
}

/** Null: it may have been charged, or may be with the next attempt. */
function refusalOf(type: string, code: string | null): string | null {
  if (type === 'StripeCardError')
    return code === 'authentication_required'
      ? 'the bank wants to be asked by the card’s owner: buy credits by hand once'
      : `the card was refused (${code ?? 'no reason given'})`;
  if (type === 'StripeInvalidRequestError') return `the saved card cannot be charged (${code ?? 'refused'})`;
  return null;
}
