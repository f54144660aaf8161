/** Buying: an order of ours first, then a checkout at Stripe for exactly that, then its card, where the buyer wants it kept. */
import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import type { PurchaseRules } from '../config/purchases.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { flag, parse } from '../keys/key-fields.ts';
import {
  centsFromNanoUsd,
  formatAmountUsd,
  isWholeCents,
  type NanoUsd,
  nanoUsdFromNumber,
} from '../money.ts';
import type { PaymentTable } from '../storage/billing-tables.ts';
import { billingAccountOf } from './account.ts';
import type { NewCheckout } from './answers.ts';
import { type ApplyServices, applySession } from './apply.ts';
import { PAYMENT_KEY, session } from './events.ts';
import { feeOf } from './payment.ts';
import {
  changePayment,
  findPayment,
  forgetCustomer,
  insertPayment,
  isOfOtherMode,
  keepPaymentMethod,
  setCustomerOnce,
} from './store.ts';
import { askStripe, isMissingThere, type Stripe, type StripeOf, stripeFailure } from './stripe.ts';

export interface CheckoutServices extends ApplyServices {
  readonly stripe: StripeOf;
  readonly rules: PurchaseRules;
  /** Whether real money moves. This and the next one follow the secrets that there are now. */
  readonly isLive: boolean;
  /** Why nothing can be bought; null: it can. */
  readonly closedBecause: 'off' | 'no_provider' | null;
  readonly publicUrl: string;
  readonly accountName: (accountId: string) => Promise<string>;
}

/** Where the buyer comes back to. */
const CREDITS_PAGE = '/credits';
const EXPIRES_AFTER_MS = 60 * 60_000;

const wish = z.strictObject(
  { amount_usd: z.number('must be a number of USD'), save_card: flag.default(false) },
  'must be a JSON object with amount_usd and save_card',
);

/** 400 for what may not be bought, 409 where nothing can be, 503 where Stripe does not answer: then nothing can be paid. */
export async function beginCheckout(
  services: CheckoutServices,
  buyer: { readonly accountId: string; readonly userId: string; readonly email: string },
  body: unknown,
): Promise<NewCheckout> {
  const { amount_usd, save_card } = parse(wish, body);
  const amount = amountOf('amount_usd', amount_usd, services.rules);
  mustBeOpen(services);
  const { database, clock, logger } = services;
  const { accountId, userId } = buyer;
  const customerId = await customerOf(services, buyer);
  const nowMs = clock.nowMs();
  const payment: PaymentTable = {
    ...newPayment(services, { accountId, kind: 'checkout', amount, customerId, nowMs }),
    ...{ user_id: userId, saves_card: save_card ? 1 : 0 },
  };
  await database.transaction(async (trx) => {
    await insertPayment(trx, payment);
    await recordAudit(trx, {
      ...{ action: 'credits.checkout_begun', target: ['payment', payment.id], accountId, nowMs },
      after: { amount_nano_usd: amount, fee_nano_usd: payment.fee_nano_usd, saves_card: save_card },
    });
  });
  const open = async (order: PaymentTable) =>
    (await services.stripe()).checkout.sessions.create(
      sessionFor(order, `${services.publicUrl}${CREDITS_PAGE}`, nowMs),
      { idempotencyKey: `turnpike-checkout-${order.id}-${order.customer_id}` },
    );
  const made = await askStripe(logger, 'checkout', () =>
    open(payment).catch(async (thrown: unknown) => {
      if (!isMissingThere(thrown, 'customer')) throw thrown;
      // Deleted at Stripe, or of another of its accounts or modes: the organisation gets a new one there.
      await forgetCustomer(database.db, accountId, customerId);
      const again = { ...payment, customer_id: await customerOf(services, buyer) };
      await changePayment(database.db, payment.id, { customer_id: again.customer_id });
      return await open(again);
    }),
  );
  await changePayment(database.db, payment.id, { checkout_session_id: made.id });
  if (made.url === null) throw new TurnpikeError('unavailable');
  return { id: payment.id, url: made.url };
}

export function mustBeOpen({ closedBecause }: Pick<CheckoutServices, 'closedBecause'>): void {
  if (closedBecause === null) return;
  throw new TurnpikeError('conflict', {
    message:
      closedBecause === 'off'
        ? 'Credits are not enforced here (billing.mode is off), so there is nothing to buy'
        : 'No payment provider is set up here: ask whoever runs this gateway for credits',
  });
}

/** As it may be bought at once. Throws a 400 that names the field. */
export function amountOf(field: string, usd: number, rules: PurchaseRules): NanoUsd {
  const amount = nanoUsdFromNumber(usd);
  if (amount === null || !isWholeCents(amount)) throw invalidField(field, 'must be an amount in whole cents');
  const { minimumNanoUsd: least, maximumNanoUsd: most } = rules;
  if (amount < least || amount > most)
    throw invalidField(field, `must be from $${formatAmountUsd(least)} to $${formatAmountUsd(most)}`);
  return amount;
}

export function newPayment(
  { rules, isLive }: Pick<CheckoutServices, 'rules' | 'isLive'>,
  order: {
    readonly accountId: string;
    readonly kind: PaymentTable['kind'];
    readonly amount: NanoUsd;
    readonly customerId: string;
    readonly nowMs: number;
  },
): PaymentTable {
  return {
    ...{ id: newId(), account_id: order.accountId, kind: order.kind, state: 'open' },
    ...{ amount_nano_usd: order.amount, fee_nano_usd: feeOf(order.amount, rules) },
    ...{ is_live: isLive ? 1 : 0, saves_card: 0, customer_id: order.customerId },
    ...{ checkout_session_id: null, payment_intent_id: null, user_id: null, failure: null },
    ...{ refunded_nano_usd: 0n, taken_for_refunds_nano_usd: 0n, taken_for_disputes_nano_usd: 0n },
    ...{ created_at_ms: order.nowMs, asked_at_ms: order.nowMs, paid_at_ms: null },
  };
}

/** What was ordered in the other mode is nothing that Stripe could be asked about in this one. */
export const isOfThisMode = ({ isLive }: Pick<CheckoutServices, 'isLive'>, payment: PaymentTable): boolean =>
  isLive === (payment.is_live === 1);

/** One at Stripe for each account, whoever buys. That of the other mode is forgotten with its card. */
async function customerOf(
  services: CheckoutServices,
  { accountId, email }: { readonly accountId: string; readonly email: string },
): Promise<string> {
  const { database, logger, accountName } = services;
  const { customer_id: known } = await billingAccountOf(database.db, accountId);
  if (known !== null && !(await isOfOtherMode(database.db, accountId, known, services.isLive))) return known;
  if (known !== null) await forgetCustomer(database.db, accountId, known);
  const name = await accountName(accountId);
  const made = await askStripe(logger, 'customer', async () =>
    (await services.stripe()).customers.create({
      ...{ name, email, metadata: { turnpike_account: accountId } },
    }),
  );
  await setCustomerOnce(database.db, accountId, made.id);
  return (await billingAccountOf(database.db, accountId)).customer_id ?? made.id;
}

function sessionFor(payment: PaymentTable, page: string, nowMs: number): Stripe.Checkout.SessionCreateParams {
  const metadata = { [PAYMENT_KEY]: payment.id };
  const line = (name: string, amount: NanoUsd) => ({
    quantity: 1,
    price_data: { currency: 'usd', unit_amount: centsFromNanoUsd(amount), product_data: { name } },
  });
  return {
    mode: 'payment',
    customer: payment.customer_id ?? '',
    client_reference_id: payment.id,
    metadata,
    payment_intent_data: {
      metadata,
      description: 'Credits',
      ...(payment.saves_card === 1 ? { setup_future_usage: 'off_session' as const } : {}),
    },
    line_items: [
      line('Credits', payment.amount_nano_usd),
      ...(payment.fee_nano_usd === 0n ? [] : [line('Fee', payment.fee_nano_usd)]),
    ],
    // What is paid must be what was ordered, in its currency.
    adaptive_pricing: { enabled: false },
    success_url: `${page}?purchase=${payment.id}`,
    cancel_url: `${page}?cancelled=${payment.id}`,
    expires_at: Math.floor((nowMs + EXPIRES_AFTER_MS) / 1000),
  };
}

/** Asks Stripe how a checkout stands, for a buyer who is back before the news of it. 404 for one of another account. */
export async function refreshCheckout(
  services: CheckoutServices,
  accountId: string,
  id: string,
): Promise<PaymentTable> {
  const payment = await paymentOf(services, accountId, id);
  const { checkout_session_id: sessionId } = payment;
  if (payment.state !== 'open' || sessionId === null || !isOfThisMode(services, payment)) return payment;
  await askStripe(services.logger, 'checkout', () => lookAtCheckout(services, payment, sessionId));
  return await paymentOf(services, accountId, id);
}

export async function lookAtCheckout(
  services: CheckoutServices,
  payment: PaymentTable,
  sessionId: string,
): Promise<void> {
  const found = session.safeParse(await (await services.stripe()).checkout.sessions.retrieve(sessionId));
  if (found.success) await applySession(services, payment, found.data);
}

async function paymentOf(
  { database }: Pick<CheckoutServices, 'database'>,
  accountId: string,
  id: string,
): Promise<PaymentTable> {
  const payment = await findPayment(database.db, id);
  if (payment === undefined || payment.account_id !== accountId) throw new TurnpikeError('not_found');
  return payment;
}

/** Stripe's own page of the receipt: its address changes from time to time, so it is asked for each time. */
export async function receiptOf(services: CheckoutServices, accountId: string, id: string): Promise<string> {
  const payment = await paymentOf(services, accountId, id);
  const { payment_intent_id: intentId, state } = payment;
  if (state !== 'paid' || intentId === null || !isOfThisMode(services, payment))
    throw new TurnpikeError('not_found');
  const intent = await askStripe(services.logger, 'receipt', async () =>
    (await services.stripe()).paymentIntents.retrieve(intentId, { expand: ['latest_charge'] }),
  );
  const charge = intent.latest_charge;
  const url = typeof charge === 'object' ? (charge?.receipt_url ?? null) : null;
  if (url === null || !/^https?:\/\//.test(url)) throw new TurnpikeError('not_found');
  return url;
}

/** The card of a payment whose buyer wanted it kept, by the name that people know it by. A failure is logged: the next payment helps. */
export async function keepCard(services: CheckoutServices, { id }: PaymentTable): Promise<void> {
  const { database, logger } = services;
  try {
    const payment = await findPayment(database.db, id);
    if (payment?.state !== 'paid' || payment.saves_card === 0 || payment.payment_intent_id === null) return;
    if (!isOfThisMode(services, payment)) return;
    const stripe = await services.stripe();
    const intent = await stripe.paymentIntents.retrieve(payment.payment_intent_id, {
      expand: ['payment_method'],
    });
    const method = intent.payment_method;
    if (method === null || typeof method !== 'object') return;
    const { card } = method;
    const payment_method_label = card === undefined ? method.type : `${card.brand} ending in ${card.last4}`;
    await keepPaymentMethod(database.db, payment, {
      ...{ payment_method_id: method.id, payment_method_label },
    });
  } catch (thrown) {
    logger.warn('card_not_kept', { payment: id, ...stripeFailure(thrown) });
  }
}
