/** The tables of credits that are bought: what an account is to the payment provider, its orders, and what became of them. */
import type { Bit } from './schema.ts';

export interface BillingAccountTable {
  account_id: string;
  customer_id: string | null;
  payment_method_id: string | null;
  payment_method_label: string | null;
  top_up_enabled: Bit;
  top_up_threshold_nano_usd: bigint;
  top_up_amount_nano_usd: bigint;
  top_up_cap_nano_usd: bigint;
  top_up_stopped_because: string | null;
  top_up_stopped_at_ms: number | null;
  /** JSON: a list of whole numbers from 1 to 100. */
  alert_percents: string;
  alert_credits_nano_usd: bigint | null;
  alert_base_nano_usd: bigint | null;
  alert_sent_percent: number;
}

export type PaymentKind = 'checkout' | 'top_up';
export type PaymentState = 'open' | 'paid' | 'failed' | 'expired';

export interface PaymentTable {
  id: string;
  account_id: string;
  kind: PaymentKind;
  state: PaymentState;
  amount_nano_usd: bigint;
  fee_nano_usd: bigint;
  is_live: Bit;
  saves_card: Bit;
  customer_id: string | null;
  checkout_session_id: string | null;
  payment_intent_id: string | null;
  user_id: string | null;
  failure: string | null;
  refunded_nano_usd: bigint;
  taken_for_refunds_nano_usd: bigint;
  taken_for_disputes_nano_usd: bigint;
  created_at_ms: number;
  asked_at_ms: number;
  paid_at_ms: number | null;
}

export type RefundState = 'pending' | 'succeeded' | 'undone';
export type DisputeState = 'asked' | 'held' | 'lost' | 'returned';

export interface PaymentRefundTable {
  id: string;
  payment_id: string;
  amount_nano_usd: bigint;
  state: RefundState;
}

export interface PaymentDisputeTable {
  id: string;
  payment_id: string;
  amount_nano_usd: bigint;
  state: DisputeState;
}

export interface PaymentMovementTable {
  payment_id: string;
  number: number;
  transaction_id: string;
}

export interface BillingTables {
  billing_account: BillingAccountTable;
  payment: PaymentTable;
  payment_refund: PaymentRefundTable;
  payment_dispute: PaymentDisputeTable;
  payment_movement: PaymentMovementTable;
}
