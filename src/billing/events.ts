/** What is read of Stripe's events and objects: by name, whatever else the version of its API puts into them. */
import { z } from 'zod';

const id = z.string().min(1).max(255);
/** An id, or the object itself where it was expanded. */
const reference = z.union([id, z.object({ id }).transform((object) => object.id)]).nullish();
const cents = z.int().min(0).max(99_999_999_999);
const currency = z.string();
const metadata = z.record(z.string(), z.string()).nullish();

export const session = z.object({
  id,
  mode: z.string(),
  payment_status: z.string(),
  status: z.string().nullish(),
  amount_total: cents.nullish(),
  currency: currency.nullish(),
  customer: reference,
  payment_intent: reference,
  livemode: z.boolean(),
  metadata,
});

export const intent = z.object({
  id,
  status: z.string(),
  amount: cents,
  amount_received: cents.nullish(),
  currency,
  customer: reference,
  livemode: z.boolean(),
  metadata,
  last_payment_error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

export const charge = z.object({
  id,
  payment_intent: reference,
  amount_refunded: cents,
  currency,
  livemode: z.boolean(),
});

export const refund = z.object({
  id,
  payment_intent: reference,
  amount: cents,
  currency,
  status: z.string().nullish(),
});

export const dispute = z.object({
  id,
  payment_intent: reference,
  amount: cents,
  currency,
  status: z.string(),
  livemode: z.boolean(),
});

export const event = z.object({
  id,
  type: z.string(),
  livemode: z.boolean(),
  /** Of a connected account, which is none of ours. */
  account: z.string().nullish(),
  data: z.object({ object: z.unknown() }),
});

export type SessionSeen = z.output<typeof session>;
export type IntentSeen = z.output<typeof intent>;
export type ChargeSeen = z.output<typeof charge>;
export type RefundSeen = z.output<typeof refund>;
export type DisputeSeen = z.output<typeof dispute>;

/** Under which name our objects at Stripe carry the id of the payment that they are for. */
export const PAYMENT_KEY = 'turnpike_payment';
