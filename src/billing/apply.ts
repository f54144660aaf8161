/**
 * What Stripe says of its objects, brought into the books: the same for events, for what it answers when it is asked, and for what it
 * answers to an order. Whatever does not fit what was ordered changes nothing.
 */

import { recordAudit } from '../audit/record.ts';
import type { Logger } from '../log.ts';
import { centsFromNanoUsd, nanoUsdFromCents } from '../money.ts';
import { tellNews } from '../notifications/tell.ts';
import type { DisputeState, PaymentTable, RefundState } from '../storage/billing-tables.ts';
import { breaksUniqueness, type Trx } from '../storage/database.ts';
import { type BookServices, bookNews } from './book.ts';
import type { ChargeSeen, DisputeSeen, IntentSeen, RefundSeen, SessionSeen } from './events.ts';
import { laterDispute, laterRefund, totalOf } from './payment.ts';
import { changeBillingAccount, disputesOf, putDispute, putRefund, refundsOf } from './store.ts';

export interface ApplyServices extends BookServices {
  readonly logger: Logger;
  /** Told of each payment once, when it has become one. */
  readonly paidFor: (payment: PaymentTable) => void;
}

/** `mismatch`: it says something else than what was ordered, which the log tells. */
export type Applied = 'applied' | 'mismatch';

export async function applySession(
  services: ApplyServices,
  payment: PaymentTable,
  seen: SessionSeen,
): Promise<Applied> {
  const isPaid = seen.payment_status === 'paid';
  const problem =
    wrong('kind', payment.kind === 'checkout' && seen.mode === 'payment') ??
    wrong('session', payment.checkout_session_id === null || payment.checkout_session_id === seen.id) ??
    wrong('amount', seen.amount_total === centsFromNanoUsd(totalOf(payment))) ??
    wrong('currency', seen.currency === 'usd') ??
    wrong('mode', seen.livemode === (payment.is_live === 1)) ??
    wrongCustomer(payment, seen.customer) ??
    wrong('payment', !isPaid || isSameIntent(payment, seen.payment_intent));
  if (problem !== null) return mismatch(services, payment, problem, seen.id);
  const names = {
    checkout_session_id: seen.id,
    payment_intent_id: seen.payment_intent ?? payment.payment_intent_id,
  };
  if (isPaid) return await paid(services, payment, names);
  if (seen.status === 'expired') return await ended(services, payment, 'expired', 'nobody paid', names);
  await learned(services, payment, names);
  return 'applied';
}

export async function applyIntent(
  services: ApplyServices,
  payment: PaymentTable,
  seen: IntentSeen,
): Promise<Applied> {
  const isPaid = seen.status === 'succeeded';
  const total = centsFromNanoUsd(totalOf(payment));
  const problem =
    wrong('payment', isSameIntent(payment, seen.id)) ??
    wrong('amount', seen.amount === total && (!isPaid || (seen.amount_received ?? total) === total)) ??
    wrong('currency', seen.currency === 'usd') ??
    wrong('mode', seen.livemode === (payment.is_live === 1)) ??
    wrongCustomer(payment, seen.customer);
  if (problem !== null) return mismatch(services, payment, problem, seen.id);
  const names = { payment_intent_id: seen.id };
  if (isPaid) return await paid(services, payment, names);
  // Whoever stands at the checkout may try another card; nobody stands at a top-up.
  const isOver = seen.status === 'canceled' || (payment.kind === 'top_up' && isUnpaid(seen.status));
  if (isOver && payment.kind === 'top_up')
    return await ended(services, payment, 'failed', reasonOf(seen), names);
  await learned(services, payment, names);
  return 'applied';
}

/** A delayed payment did not come. */
export async function applyAsyncFailure(
  services: ApplyServices,
  payment: PaymentTable,
  seen: SessionSeen,
): Promise<Applied> {
  const isOurs = payment.checkout_session_id === null || payment.checkout_session_id === seen.id;
  if (!isOurs || seen.livemode !== (payment.is_live === 1))
    return mismatch(services, payment, 'session', seen.id);
  return await ended(services, payment, 'failed', 'the bank refused the payment', {
    checkout_session_id: seen.id,
  });
}

/** What a charge says of all its refunds together. */
export async function applyCharge(
  services: ApplyServices,
  payment: PaymentTable,
  seen: ChargeSeen,
): Promise<Applied> {
  const amount = nanoUsdFromCents(seen.amount_refunded);
  const problem =
    wrong('currency', seen.currency === 'usd') ??
    wrong('mode', seen.livemode === (payment.is_live === 1)) ??
    wrong('amount', amount <= totalOf(payment));
  if (problem !== null) return mismatch(services, payment, problem, seen.id);
  await bookNews(services, payment, async (_trx, { refunded_nano_usd: known }) =>
    amount > known ? { refunded_nano_usd: amount } : null,
  );
  return 'applied';
}

export async function applyRefund(
  services: ApplyServices,
  payment: PaymentTable,
  seen: RefundSeen,
): Promise<Applied> {
  const amount_nano_usd = nanoUsdFromCents(seen.amount);
  const problem =
    wrong('currency', seen.currency === 'usd') ?? wrong('amount', amount_nano_usd <= totalOf(payment));
  if (problem !== null) return mismatch(services, payment, problem, seen.id);
  await bookNews(services, payment, async (trx, { id: payment_id }) => {
    const known = (await refundsOf(trx, payment_id)).find(({ id }) => id === seen.id);
    const state = laterRefund(known?.state ?? 'pending', refundState(seen.status ?? 'pending'));
    if (known?.state === state) return null;
    await putRefund(trx, { id: seen.id, payment_id, amount_nano_usd, state });
    return {};
  });
  return 'applied';
}

export async function applyDispute(
  services: ApplyServices,
  payment: PaymentTable,
  seen: DisputeSeen,
  /** Its event may say more than its status. */
  news: DisputeState | null,
): Promise<Applied> {
  const amount_nano_usd = nanoUsdFromCents(seen.amount);
  const problem =
    wrong('currency', seen.currency === 'usd') ??
    wrong('mode', seen.livemode === (payment.is_live === 1)) ??
    wrong('amount', amount_nano_usd <= totalOf(payment));
  if (problem !== null) return mismatch(services, payment, problem, seen.id);
  await bookNews(services, payment, async (trx, { id: payment_id }) => {
    const known = (await disputesOf(trx, payment_id)).find(({ id }) => id === seen.id);
    const told = laterDispute(disputeState(seen.status), news ?? 'asked');
    const state = laterDispute(known?.state ?? 'asked', told);
    if (known?.state === state) return null;
    await putDispute(trx, { id: seen.id, payment_id, amount_nano_usd, state });
    return {};
  });
  return 'applied';
}

type Names = Partial<Pick<PaymentTable, 'checkout_session_id' | 'payment_intent_id'>>;

/** Paid is paid, also where it was taken to have failed. */
async function paid(services: ApplyServices, payment: PaymentTable, names: Names): Promise<Applied> {
  const intentId = names.payment_intent_id ?? null;
  let isForThis = false;
  let isNews = false;
  try {
    await bookNews(services, payment, async (_trx, known) => {
      isForThis = isSameIntent(known, intentId);
      if (!isForThis) return null;
      if (known.state === 'paid') return addsTo(known, names) ? names : null;
      isNews = true;
      const paid_at_ms = services.clock.nowMs();
      return { ...names, state: 'paid' as const, failure: null, paid_at_ms };
    });
    if (isNews) services.paidFor(payment);
    if (isForThis) return 'applied';
  } catch (thrown) {
    // One payment at Stripe pays for one order.
    if (!breaksUniqueness(thrown)) throw thrown;
  }
  return mismatch(services, payment, 'payment', intentId);
}

/** Only what is open can end without being paid. A top-up that failed switches them off in the same transaction. */
export async function ended(
  services: ApplyServices,
  payment: PaymentTable,
  state: 'failed' | 'expired',
  failure: string,
  names: Names = {},
): Promise<Applied> {
  await bookNews(services, payment, async (trx, known) => {
    if (known.state !== 'open') return null;
    if (payment.kind === 'top_up' && state === 'failed')
      await stopTopUps(
        trx,
        { accountId: payment.account_id, target: ['payment', payment.id] },
        failure,
        services.clock.nowMs(),
      );
    return { ...names, state, failure };
  });
  return 'applied';
}

/** Somebody has to switch them on again. The account is locked. */
export async function stopTopUps(
  trx: Trx,
  { accountId, target }: { readonly accountId: string; readonly target: readonly [string, string] },
  because: string,
  nowMs: number,
): Promise<void> {
  await changeBillingAccount(trx, accountId, {
    ...{ top_up_enabled: 0, top_up_stopped_because: because, top_up_stopped_at_ms: nowMs },
  });
  await recordAudit(trx, {
    ...{ action: 'credits.top_up_stopped', target, accountId, nowMs },
    after: { reason: because },
  });
  await tellNews(trx, { kind: 'credits.top_up_stopped', accountId, data: { reason: because }, nowMs });
}

async function learned(services: ApplyServices, payment: PaymentTable, names: Names): Promise<void> {
  if (!addsTo(payment, names)) return;
  await bookNews(services, payment, async (_trx, known) => (addsTo(known, names) ? names : null));
}

const addsTo = (payment: PaymentTable, names: Names): boolean =>
  Object.entries(names).some(([name, value]) => value !== null && payment[name as keyof Names] !== value);

/** The one that is known, or the first. */
function isSameIntent({ payment_intent_id: known }: PaymentTable, id: string | null | undefined): boolean {
  return id !== null && id !== undefined && (known === null || known === id);
}

const isUnpaid = (status: string): boolean =>
  status === 'requires_payment_method' || status === 'requires_action' || status === 'requires_confirmation';

function reasonOf({ status, last_payment_error: error }: IntentSeen): string {
  if (status === 'requires_action' || error?.code === 'authentication_required')
    return 'the bank wants to be asked by the card’s owner: buy credits by hand once';
  return error?.message ?? (status === 'canceled' ? 'the payment was cancelled' : 'the card was refused');
}

const wrong = (what: string, isRight: boolean): string | null => (isRight ? null : what);

function wrongCustomer(payment: PaymentTable, customer: string | null | undefined): string | null {
  return wrong('customer', payment.customer_id === null || payment.customer_id === customer);
}

/** For the operator alone: somebody pays for something else than they ordered, or two gateways share an account at Stripe. */
function mismatch(
  { logger }: ApplyServices,
  { id, account_id }: PaymentTable,
  what: string,
  object: string | null,
): 'mismatch' {
  logger.error('payment_mismatch', { payment: id, accountId: account_id, what, object });
  return 'mismatch';
}

function refundState(status: string): RefundState {
  if (status === 'succeeded') return 'succeeded';
  return status === 'failed' || status === 'canceled' ? 'undone' : 'pending';
}

/** Of an inquiry (`warning_…`) no money is taken. What was prevented was refunded, and the refund says so itself. */
function disputeState(status: string): DisputeState {
  if (status === 'won' || status === 'prevented' || status === 'warning_closed') return 'returned';
  if (status === 'lost') return 'lost';
  return status.startsWith('warning_') ? 'asked' : 'held';
}
