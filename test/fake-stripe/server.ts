/**
 * Stripe on loopback, for the official library: the objects that buying credits touches, in the wire format of Stripe's API (its
 * OpenAPI document, as the library's types have it), with forms in and JSON out, idempotency keys that charge once, signed events, and a
 * hosted page with a button that pays. Tests decide what becomes of a payment and when its events are delivered.
 */
import StripeClient, { type Stripe } from 'stripe';
import { formOf } from './form.ts';
import type { Charge, Customer, Dispute, Event, Intent, Refund, Session } from './objects.ts';

export const SECRET_KEY = 'sk_test_fakeStripe0123456789';
export const LIVE_SECRET_KEY = 'sk_live_fakeStripe0123456789';
export const WEBHOOK_SECRET = 'whsec_fakeStripe0123456789';

/** What a charge of a saved card comes to. `unheard`: it is charged, and the answer is lost. */
export type ChargeOutcome =
  | 'succeeds'
  | 'declined'
  | 'needs_authentication'
  | 'processing'
  | 'unheard'
  | 'down';

export interface FakeStripe extends AsyncDisposable {
  readonly url: string;
  readonly access: { readonly secretKey: string; readonly webhookSecret: string; readonly apiUrl: string };
  /** Every event so far, in the order in which things happened; none is delivered by itself. */
  readonly events: readonly Event[];
  readonly sessions: ReadonlyMap<string, Session>;
  readonly intents: ReadonlyMap<string, Intent>;
  readonly requests: readonly string[];
  /** Of every charge of a saved card from now on. */
  outcome: ChargeOutcome;
  /** Where events go when the hosted page's button was pressed; null: nowhere. */
  webhookUrl: string | null;
  /** The buyer pays; `later`: by a bank that takes days. */
  pay(sessionId: string, how?: 'now' | 'later'): void;
  /** A payment of days comes, or does not. */
  settle(sessionId: string, comes: boolean): void;
  expire(sessionId: string): void;
  refund(intentId: string, cents: number): string;
  undoRefund(refundId: string): void;
  dispute(intentId: string, cents: number, status?: Stripe.Dispute['status']): string;
  closeDispute(disputeId: string, status: 'won' | 'lost'): void;
  /** How much of what was paid is with the merchant, by Stripe's own account: cents. */
  paidCents(intentId: string): number;
}

/** `body` and its signature, as Stripe sends them. */
export async function signed(
  body: string,
  { secret = WEBHOOK_SECRET, atMs = Date.now() }: { secret?: string; atMs?: number } = {},
): Promise<Record<string, string>> {
  const header = await StripeClient.webhooks.generateTestHeaderStringAsync({
    ...{ payload: body, secret, timestamp: Math.floor(atMs / 1000) },
  } as Parameters<typeof StripeClient.webhooks.generateTestHeaderStringAsync>[0]);
  return { 'stripe-signature': header, 'content-type': 'application/json; charset=utf-8' };
}

export async function deliver(webhookUrl: string, event: object, atMs?: number): Promise<Response> {
  const body = JSON.stringify(event);
  return await fetch(webhookUrl, {
    method: 'POST',
    headers: await signed(body, atMs === undefined ? {} : { atMs }),
    body,
  });
}

/** By which Stripe says that the library need not try again at once. */
const NO_RETRY = { 'stripe-should-retry': 'false' };

interface Remembered {
  readonly form: string;
  readonly status: number;
  readonly body: object;
}

class Fake {
  readonly events: Event[] = [];
  readonly requests: string[] = [];
  readonly customers = new Map<string, Customer>();
  readonly sessions = new Map<string, Session>();
  readonly intents = new Map<string, Intent>();
  readonly charges = new Map<string, Charge>();
  readonly refunds = new Map<string, Refund>();
  readonly disputes = new Map<string, Dispute>();
  readonly remembered = new Map<string, Remembered>();
  /** Whose objects nobody finds in the other mode. */
  readonly isLive: boolean;
  outcome: ChargeOutcome = 'succeeds';
  webhookUrl: string | null = null;
  url = '';
  #count = 0;

  constructor(isLive: boolean) {
    this.isLive = isLive;
  }

  id(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${this.isLive ? 'real' : 'fake'}${String(this.#count).padStart(12, '0')}`;
  }

  now = (): number => Math.floor(Date.now() / 1000);

  event(type: Event['type'], object: object): void {
    this.events.push({
      ...{ id: this.id('evt'), object: 'event', api_version: '2026-10-28.endive', created: this.now() },
      ...{ livemode: this.isLive, pending_webhooks: 1, request: null, type },
      data: { object: structuredClone(object) },
    });
  }

  createSession(form: Record<string, unknown>): Session {
    const lines = Object.values(form['line_items'] as Record<string, Record<string, unknown>>);
    const amount_total = lines.reduce((sum, line) => {
      const price = line['price_data'] as { currency: string; unit_amount: string };
      if (price.currency !== 'usd') throw new Refusal(400, 'invalid_request_error', 'currency_wrong');
      return sum + Number(price.unit_amount) * Number(line['quantity']);
    }, 0);
    if (amount_total < 50) throw new Refusal(400, 'invalid_request_error', 'amount_too_small');
    const customer = String(form['customer']);
    if (!this.customers.has(customer))
      throw new Refusal(400, 'invalid_request_error', 'resource_missing', { param: 'customer' });
    const id = this.id(this.isLive ? 'cs_live' : 'cs_test');
    const data = (form['payment_intent_data'] ?? {}) as Record<string, unknown>;
    const session: Session = {
      ...{ id, object: 'checkout.session', mode: 'payment', status: 'open', payment_status: 'unpaid' },
      ...{ amount_total, amount_subtotal: amount_total, currency: 'usd', customer, livemode: this.isLive },
      ...{ payment_intent: null, client_reference_id: String(form['client_reference_id']) },
      metadata: form['metadata'] as Record<string, string>,
      ...{ created: this.now(), expires_at: Number(form['expires_at']), url: `${this.url}/pay/${id}` },
      ...{ success_url: String(form['success_url']), cancel_url: String(form['cancel_url']) },
    };
    this.sessions.set(id, session);
    this.#intentData.set(id, data);
    return session;
  }

  readonly #intentData = new Map<string, Record<string, unknown>>();

  createIntent(form: Record<string, unknown>): Intent {
    const { outcome } = this;
    const customer = String(form['customer']);
    if (!this.customers.has(customer))
      throw new Refusal(400, 'invalid_request_error', 'resource_missing', { param: 'customer' });
    if (form['off_session'] !== 'true' || form['confirm'] !== 'true')
      throw new Refusal(400, 'invalid_request_error', 'parameter_missing');
    const intent = this.#intent(Number(form['amount']), customer, form['metadata'] as Record<string, string>);
    if (outcome === 'declined' || outcome === 'needs_authentication') {
      intent.status = outcome === 'declined' ? 'requires_payment_method' : 'requires_action';
      const code = outcome === 'declined' ? 'card_declined' : 'authentication_required';
      intent.last_payment_error = { code, message: 'Your card was declined.', type: 'card_error' } as never;
      this.event('payment_intent.payment_failed', intent);
      throw new Refusal(402, 'card_error', code, { payment_intent: intent });
    }
    if (outcome === 'processing') {
      intent.status = 'processing';
      this.event('payment_intent.processing', intent);
    } else this.#succeed(intent);
    return intent;
  }

  #intent(amount: number, customer: string | null, metadata: Record<string, string>): Intent {
    const intent: Intent = {
      ...{ id: this.id('pi'), object: 'payment_intent', amount, amount_received: 0, currency: 'usd' },
      ...{
        customer,
        livemode: this.isLive,
        metadata,
        status: 'requires_payment_method',
        created: this.now(),
      },
      ...{ last_payment_error: null, latest_charge: null, payment_method: null },
    };
    this.intents.set(intent.id, intent);
    return intent;
  }

  #succeed(intent: Intent): void {
    const charge: Charge = {
      ...{ id: this.id('ch'), object: 'charge', amount: intent.amount, amount_refunded: 0, currency: 'usd' },
      ...{ payment_intent: intent.id, livemode: this.isLive, refunded: false, metadata: intent.metadata },
      receipt_url: `${this.url}/receipts/${intent.id}`,
    };
    this.charges.set(intent.id, charge);
    intent.status = 'succeeded';
    intent.amount_received = intent.amount;
    intent.latest_charge = charge.id;
    this.event('payment_intent.succeeded', intent);
  }

  pay(sessionId: string, how: 'now' | 'later'): void {
    const session = must(this.sessions.get(sessionId));
    if (session.status !== 'open') throw new Error('this session is over');
    const data = this.#intentData.get(sessionId) ?? {};
    const intent = this.#intent(
      session.amount_total ?? 0,
      session.customer as string,
      data['metadata'] as Record<string, string>,
    );
    intent.payment_method = this.id('pm');
    session.status = 'complete';
    session.payment_intent = intent.id;
    if (how === 'now') {
      this.#succeed(intent);
      session.payment_status = 'paid';
    } else intent.status = 'processing';
    this.event('checkout.session.completed', session);
  }

  settle(sessionId: string, comes: boolean): void {
    const session = must(this.sessions.get(sessionId));
    const intent = must(this.intents.get(session.payment_intent as string));
    if (comes) {
      this.#succeed(intent);
      session.payment_status = 'paid';
      this.event('checkout.session.async_payment_succeeded', session);
    } else {
      intent.status = 'requires_payment_method';
      this.event('payment_intent.payment_failed', intent);
      this.event('checkout.session.async_payment_failed', session);
    }
  }

  /** What was `processing` of a saved card. */
  settleIntent(intentId: string, comes: boolean): void {
    const intent = must(this.intents.get(intentId));
    if (comes) return this.#succeed(intent);
    intent.status = 'requires_payment_method';
    this.event('payment_intent.payment_failed', intent);
  }

  expire(sessionId: string): void {
    const session = must(this.sessions.get(sessionId));
    session.status = 'expired';
    this.event('checkout.session.expired', session);
  }

  refund(intentId: string, cents: number): string {
    const charge = must(this.charges.get(intentId));
    if (charge.amount_refunded + cents > charge.amount) throw new Error('more than was paid');
    const refund: Refund = {
      ...{ id: this.id('re'), object: 'refund', amount: cents, currency: 'usd', payment_intent: intentId },
      ...{ charge: charge.id, status: 'succeeded', created: this.now() },
    };
    this.refunds.set(refund.id, refund);
    charge.amount_refunded += cents;
    this.event('refund.created', refund);
    this.event('charge.refunded', charge);
    return refund.id;
  }

  undoRefund(refundId: string): void {
    const refund = must(this.refunds.get(refundId));
    refund.status = 'failed';
    must(this.charges.get(refund.payment_intent as string)).amount_refunded -= refund.amount;
    this.event('refund.failed', refund);
  }

  dispute(intentId: string, cents: number, status: Stripe.Dispute['status']): string {
    const charge = must(this.charges.get(intentId));
    const dispute: Dispute = {
      ...{
        id: this.id('du'),
        object: 'dispute',
        amount: cents,
        currency: 'usd',
        status,
        livemode: this.isLive,
      },
      ...{ payment_intent: intentId, charge: charge.id, reason: 'fraudulent', created: this.now() },
    };
    this.disputes.set(dispute.id, dispute);
    this.event('charge.dispute.created', dispute);
    if (!status.startsWith('warning_')) this.event('charge.dispute.funds_withdrawn', dispute);
    return dispute.id;
  }

  closeDispute(disputeId: string, status: 'won' | 'lost'): void {
    const dispute = must(this.disputes.get(disputeId));
    dispute.status = status;
    this.event('charge.dispute.closed', dispute);
    if (status === 'won') this.event('charge.dispute.funds_reinstated', dispute);
  }

  chargeOf(intentId: string): Charge {
    return must(this.charges.get(intentId));
  }

  isDisputed(intentId: string): boolean {
    return [...this.disputes.values()].some(({ payment_intent }) => payment_intent === intentId);
  }

  /** Everything that happened; ids go on. */
  forget(): void {
    this.events.length = 0;
    for (const all of [
      this.sessions,
      this.intents,
      this.charges,
      this.refunds,
      this.disputes,
      this.remembered,
      this.customers,
    ])
      all.clear();
  }

  paidCents(intentId: string): number {
    const charge = this.charges.get(intentId);
    if (charge === undefined) return 0;
    const held = [...this.disputes.values()]
      .filter(({ payment_intent, status }) => payment_intent === intentId && isHeld(status))
      .reduce((sum, { amount }) => sum + amount, 0);
    return charge.amount - charge.amount_refunded - held;
  }

  /** Gives the object that a path names, or changes one. Throws a `Refusal`. */
  answer(method: string, path: string, query: URLSearchParams, form: Record<string, unknown>): object {
    const [, , kind = '', second = '', third = ''] = path.split('/');
    const expands = query.getAll('expand[0]').concat(query.getAll('expand[]'));
    if (method === 'POST' && path === '/v1/customers') {
      const customer: Customer = {
        ...{ id: this.id('cus'), object: 'customer', livemode: this.isLive, created: this.now() },
        ...{ name: String(form['name']), email: String(form['email']) },
        metadata: form['metadata'] as Record<string, string>,
      };
      this.customers.set(customer.id, customer);
      return customer;
    }
    if (method === 'POST' && path === '/v1/checkout/sessions') return this.createSession(form);
    if (method === 'POST' && path === '/v1/payment_intents') return this.createIntent(form);
    if (method === 'GET' && kind === 'checkout' && second === 'sessions')
      return found(this.sessions.get(third));
    if (method === 'GET' && path === '/v1/payment_intents') {
      if (!this.customers.has(query.get('customer') ?? ''))
        throw new Refusal(400, 'invalid_request_error', 'resource_missing', { param: 'customer' });
      const data = [...this.intents.values()].filter(({ customer }) => customer === query.get('customer'));
      return { object: 'list', url: '/v1/payment_intents', has_more: false, data: data.toReversed() };
    }
    if (method === 'GET' && kind === 'payment_intents') {
      const intent = found(this.intents.get(second));
      const charge = this.charges.get(intent.id);
      return {
        ...intent,
        ...(expands.includes('latest_charge') && charge !== undefined ? { latest_charge: charge } : {}),
        ...(expands.includes('payment_method') && typeof intent.payment_method === 'string'
          ? {
              payment_method: {
                ...{ id: intent.payment_method, object: 'payment_method', type: 'card' },
                card: { brand: 'visa', last4: '4242' },
              },
            }
          : {}),
      };
    }
    throw new Refusal(404, 'invalid_request_error', 'resource_missing');
  }
}

const isHeld = (status: string): boolean => status !== 'won' && !status.startsWith('warning_');

class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, type: string, code: string, more: object = {}) {
    super(code);
    this.status = status;
    this.body = { error: { type, code, message: `refused: ${code}`, ...more } };
  }
}

function found<T>(object: T | undefined): T {
  if (object === undefined) throw new Refusal(404, 'invalid_request_error', 'resource_missing');
  return object;
}

function must<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('there is no such object');
  return object;
}

type Inside = 'isLive' | 'settleIntent' | 'chargeOf' | 'isDisputed' | 'forget' | 'customers' | 'remembered';

/** `isLive`: the other mode of the same account, with a key of its own. */
export function startFakeStripe({ isLive = false } = {}): FakeStripe & Pick<Fake, Inside> {
  const fake = new Fake(isLive);
  const secretKey = isLive ? LIVE_SECRET_KEY : SECRET_KEY;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname.startsWith('/pay/'))
        return await hostedPage(fake, request, pathname.slice('/pay/'.length));
      if (pathname.startsWith('/receipts/')) return new Response('Receipt from Stripe');
      fake.requests.push(`${request.method} ${pathname}`);
      if (request.headers.get('authorization') !== `Bearer ${secretKey}`)
        return Response.json(
          { error: { type: 'invalid_request_error', message: 'no such key' } },
          { status: 401 },
        );
      return await once(fake, request, pathname, searchParams);
    },
  });
  fake.url = `http://127.0.0.1:${server.port}`;
  return Object.assign(fake as Fake, {
    access: { secretKey, webhookSecret: WEBHOOK_SECRET, apiUrl: fake.url },
    pay: (id: string, how: 'now' | 'later' = 'now') => Fake.prototype.pay.call(fake, id, how),
    dispute: (id: string, cents: number, status: Stripe.Dispute['status'] = 'needs_response') =>
      Fake.prototype.dispute.call(fake, id, cents, status),
    [Symbol.asyncDispose]: async () => void (await server.stop(true)),
  });
}

/** The same key gives the same answer, also to a failure; with another body it is refused (Stripe's docs on idempotent requests). */
async function once(
  fake: Fake,
  request: Request,
  pathname: string,
  query: URLSearchParams,
): Promise<Response> {
  const text = request.method === 'POST' ? await request.text() : '';
  const key = request.headers.get('idempotency-key');
  const known = key === null ? undefined : fake.remembered.get(key);
  if (known !== undefined && known.form !== text)
    return Response.json({ error: { type: 'idempotency_error', message: 'another body' } }, { status: 400 });
  if (known !== undefined) return Response.json(known.body, { status: known.status });
  if (fake.outcome === 'down')
    return Response.json({ error: { type: 'api_error' } }, { status: 500, headers: NO_RETRY });
  let answer: Remembered;
  try {
    const body = structuredClone(fake.answer(request.method, pathname, query, formOf(text)));
    answer = { form: text, status: 200, body };
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    answer = { form: text, status: thrown.status, body: structuredClone(thrown.body) };
  }
  if (key !== null) fake.remembered.set(key, answer);
  if (fake.outcome === 'unheard' && pathname === '/v1/payment_intents' && request.method === 'POST')
    return new Response('a proxy between us gave up', { status: 504, headers: NO_RETRY });
  return Response.json(answer.body, { status: answer.status });
}

/** Where the buyer stands while they pay. */
async function hostedPage(fake: Fake, request: Request, sessionId: string): Promise<Response> {
  const session = fake.sessions.get(sessionId);
  if (session === undefined) return new Response('no such session', { status: 404 });
  if (request.method === 'GET')
    return new Response(
      `<!doctype html><html lang="en"><title>Pay</title><h1>Pay $${((session.amount_total ?? 0) / 100).toFixed(2)}</h1>` +
        `<form method="post"><button>Pay</button></form><a href="${session.cancel_url ?? ''}">Back</a></html>`,
      { headers: { 'content-type': 'text/html' } },
    );
  const before = fake.events.length;
  fake.pay(sessionId, 'now');
  const { webhookUrl } = fake;
  if (webhookUrl !== null) for (const event of fake.events.slice(before)) await deliver(webhookUrl, event);
  return new Response(null, { status: 303, headers: { location: session.success_url ?? '' } });
}
