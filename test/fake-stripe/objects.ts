/** What of Stripe's objects the fake one has: members of the library's own types, so that a name or a type that is none does not compile. */
import type { Stripe } from 'stripe';

type Some<T, Name extends keyof T> = { -readonly [Each in Name]: T[Each] };

export type Customer = Some<
  Stripe.Customer,
  'id' | 'object' | 'name' | 'email' | 'metadata' | 'livemode' | 'created'
>;

export type Session = Some<
  Stripe.Checkout.Session,
  | ('id' | 'object' | 'mode' | 'status' | 'payment_status' | 'amount_total' | 'amount_subtotal' | 'currency')
  | ('customer' | 'livemode' | 'payment_intent' | 'client_reference_id' | 'metadata' | 'created')
  | ('expires_at' | 'url' | 'success_url' | 'cancel_url')
>;

export type Intent = Some<
  Stripe.PaymentIntent,
  | ('id' | 'object' | 'amount' | 'amount_received' | 'currency' | 'customer' | 'livemode' | 'metadata')
  | ('status' | 'created' | 'last_payment_error' | 'latest_charge' | 'payment_method')
>;

export type Charge = Some<
  Stripe.Charge,
  | ('id' | 'object' | 'amount' | 'amount_refunded' | 'currency' | 'payment_intent' | 'livemode' | 'refunded')
  | ('metadata' | 'receipt_url')
>;

export type Refund = Some<
  Stripe.Refund,
  'id' | 'object' | 'amount' | 'currency' | 'payment_intent' | 'charge' | 'status' | 'created'
>;

export type Dispute = Some<
  Stripe.Dispute,
  | ('id' | 'object' | 'amount' | 'currency' | 'status' | 'livemode' | 'payment_intent' | 'charge' | 'reason')
  | 'created'
>;

export interface Event {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly pending_webhooks: number;
  readonly request: null;
  readonly type: Stripe.Event['type'];
  readonly data: { readonly object: object };
}
