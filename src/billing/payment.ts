/** What a payment is worth in credits, whatever order its news come in: pure rules over what is known of it. */
import type { PurchaseRules } from '../config/purchases.ts';
import { type NanoUsd, partOfNanoUsd, upToWholeCents } from '../money.ts';
import type {
  DisputeState,
  PaymentDisputeTable,
  PaymentRefundTable,
  PaymentTable,
  RefundState,
} from '../storage/billing-tables.ts';

/** What is paid on top of the credits; never part of them. */
export function feeOf(amount: NanoUsd, { feeMillionths, feeMinimumNanoUsd }: PurchaseRules): NanoUsd {
  const fee = upToWholeCents(partOfNanoUsd(amount, feeMillionths));
  return fee > feeMinimumNanoUsd ? fee : feeMinimumNanoUsd;
}

/** What the card is charged. */
export const totalOf = (payment: Pick<PaymentTable, 'amount_nano_usd' | 'fee_nano_usd'>): NanoUsd =>
  payment.amount_nano_usd + payment.fee_nano_usd;

/** News of one refund or dispute may come twice and out of order: what stands further right is never undone by what stands left of it. */
const REFUND_ORDER: readonly RefundState[] = ['pending', 'succeeded', 'undone'];
const DISPUTE_ORDER: readonly DisputeState[] = ['asked', 'held', 'lost', 'returned'];

export const laterRefund = (one: RefundState, other: RefundState): RefundState =>
  REFUND_ORDER.indexOf(one) >= REFUND_ORDER.indexOf(other) ? one : other;

export const laterDispute = (one: DisputeState, other: DisputeState): DisputeState =>
  DISPUTE_ORDER.indexOf(one) >= DISPUTE_ORDER.indexOf(other) ? one : other;

/** What of the credits is to be taken back. */
export interface Taken {
  readonly forRefunds: NanoUsd;
  readonly forDisputes: NanoUsd;
}

/**
 * Refunds are of the credits first and of the fee last, and so are disputes; no more is taken than was credited. A charge says only what
 * all its refunds come to, a refund only what it is itself: the larger of both holds, so that neither of the two must come.
 */
export function takenOf(
  payment: Pick<PaymentTable, 'amount_nano_usd' | 'refunded_nano_usd'>,
  refunds: readonly Pick<PaymentRefundTable, 'amount_nano_usd' | 'state'>[],
  disputes: readonly Pick<PaymentDisputeTable, 'amount_nano_usd' | 'state'>[],
): Taken {
  const sum = (rows: readonly { readonly amount_nano_usd: NanoUsd }[]) =>
    rows.reduce((total, row) => total + row.amount_nano_usd, 0n);
  const undone = sum(refunds.filter(({ state }) => state === 'undone'));
  const standing = sum(refunds.filter(({ state }) => state !== 'undone'));
  const told = payment.refunded_nano_usd - undone;
  const held = sum(disputes.filter(({ state }) => state === 'held' || state === 'lost'));
  const forRefunds = least(payment.amount_nano_usd, told > standing ? told : standing);
  return { forRefunds, forDisputes: least(payment.amount_nano_usd - forRefunds, held) };
}

const least = (one: NanoUsd, other: NanoUsd): NanoUsd => (one < other ? one : other);
