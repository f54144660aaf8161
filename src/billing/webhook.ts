/** What becomes of Stripe's events, which come at least once, late and in any order: each is news of one of its objects. */
import type { z } from 'zod';
import { TurnpikeError } from '../errors.ts';
import type { DisputeState, PaymentTable } from '../storage/billing-tables.ts';
import {
  type Applied,
  type ApplyServices,
  applyAsyncFailure,
  applyCharge,
  applyDispute,
  applyIntent,
  applyRefund,
  applySession,
} from './apply.ts';
import * as seen from './events.ts';
import { findPayment, findPaymentByIntent } from './store.ts';
import { isMissingThere, type StripeOf, stripeFailure } from './stripe.ts';

export interface EventServices extends ApplyServices {
  readonly stripe: StripeOf;
}

/** `irrelevant`: it is about nothing that was ordered here. */
export type Verdict = Applied | 'irrelevant';

/** Throws 503 where it cannot be booked now, so that Stripe sends it again. */
export async function takeEvent(services: EventServices, body: unknown): Promise<Verdict> {
  const event = seen.event.safeParse(body);
  if (!event.success || (event.data.account ?? null) !== null) return 'irrelevant';
  const { type, id, data } = event.data;
  const handle = handlers[type];
  if (handle === undefined) return 'irrelevant';
  const verdict = await handle(services, data.object, type);
  services.logger.info('stripe_event', { id, type, verdict });
  return verdict;
}

type Handle = (services: EventServices, object: unknown, type: string) => Promise<Verdict>;

/** Reads the object, finds its payment, and gives both on. */
function of<T>(
  schema: z.ZodType<T>,
  find: (services: EventServices, object: T) => Promise<PaymentTable | undefined>,
  apply: (services: EventServices, payment: PaymentTable, object: T, type: string) => Promise<Applied>,
): Handle {
  return async (services, object, type) => {
    const read = schema.safeParse(object);
    if (!read.success) {
      services.logger.error('stripe_event_unreadable', {
        type,
        problem: read.error.issues[0]?.path.join('.'),
      });
      return 'irrelevant';
    }
    const payment = await find(services, read.data);
    if (payment === undefined) return 'irrelevant';
    return await apply(services, payment, read.data, type);
  };
}

const byMetadata = async (
  { database }: EventServices,
  { metadata }: { readonly metadata?: Readonly<Record<string, string>> | null | undefined },
): Promise<PaymentTable | undefined> => {
  const id = metadata?.[seen.PAYMENT_KEY];
  return id === undefined ? undefined : await findPayment(database.db, id);
};

/** News of a payment that it is not known yet which order it is for: Stripe is asked, and says what it is worth with it. */
const byIntent = async (
  services: EventServices,
  { payment_intent: id }: { readonly payment_intent?: string | null | undefined },
): Promise<PaymentTable | undefined> => {
  if (id === null || id === undefined) return undefined;
  const known = await findPaymentByIntent(services.database.db, id);
  if (known !== undefined) return known;
  const intent = await intentAtStripe(services, id);
  const payment = intent === null ? undefined : await byMetadata(services, intent);
  if (intent === null || payment === undefined) return undefined;
  return (await applyIntent(services, payment, intent)) === 'applied' ? payment : undefined;
};

async function intentAtStripe(services: EventServices, id: string): Promise<seen.IntentSeen | null> {
  try {
    const stripe = await services.stripe();
    const read = seen.intent.safeParse(await stripe.paymentIntents.retrieve(id));
    return read.success ? read.data : null;
  } catch (thrown) {
    if (isMissingThere(thrown)) return null;
    services.logger.error('stripe_failed', { what: 'payment intent', ...stripeFailure(thrown) });
    throw new TurnpikeError('unavailable', { retryAfterSeconds: 60 });
  }
}

const session = of(seen.session, byMetadata, applySession);
const asyncFailure = of(seen.session, byMetadata, applyAsyncFailure);
const intent = of(seen.intent, byMetadata, applyIntent);
const charge = of(seen.charge, byIntent, applyCharge);
const refund = of(seen.refund, byIntent, applyRefund);
const dispute = (news: DisputeState | null) =>
  of(seen.dispute, byIntent, (services, payment, object) => applyDispute(services, payment, object, news));

const handlers: Readonly<Record<string, Handle>> = {
  'checkout.session.completed': session,
  'checkout.session.async_payment_succeeded': session,
  'checkout.session.async_payment_failed': asyncFailure,
  'checkout.session.expired': session,
  'payment_intent.succeeded': intent,
  'payment_intent.payment_failed': intent,
  'payment_intent.canceled': intent,
  'charge.refunded': charge,
  'charge.refund.updated': refund,
  'refund.created': refund,
  'refund.updated': refund,
  'refund.failed': refund,
  'charge.dispute.created': dispute(null),
  'charge.dispute.updated': dispute(null),
  'charge.dispute.closed': dispute(null),
  'charge.dispute.funds_withdrawn': dispute('held'),
  'charge.dispute.funds_reinstated': dispute('returned'),
};

/** What the endpoint at Stripe is to be subscribed to. */
export const EVENT_TYPES: readonly string[] = Object.keys(handlers);
