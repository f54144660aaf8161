/** What is not signed by Stripe within the last minutes, or says something else than what was ordered, changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { signUpOwner } from '../../accounts.ts';
import { type Engine, engines, makeDoorToPostgres, pooledEngine } from '../../databases.ts';
import { deliver, signed, WEBHOOK_SECRET } from '../../fake-stripe/server.ts';
import { startGateway } from '../../harness.ts';
import { type BillingRig, startBillingRig } from './rig.ts';

const TABLES = [
  'billing_account',
  'payment',
  'payment_refund',
  'payment_dispute',
  'payment_movement',
  'ledger_entry',
] as const;

/** As text, since JSON has no integers of money. */
async function rows({ bench }: BillingRig): Promise<string[]> {
  const all = await Promise.all(
    TABLES.map(
      async (table) => (await sql`SELECT * FROM ${sql.table(table)}`.execute(bench.database.db)).rows,
    ),
  );
  return all
    .flat()
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
    .sort();
}

const objectOf = (event: object) => (event as { data: { object: object } }).data.object;

const sign = (body: string, seconds: number, secret = WEBHOOK_SECRET): string =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: BillingRig;
  /** Worth twenty dollars, to whoever may tell of it. */
  let event: object;
  let body: string;
  beforeAll(async () => {
    rig = await startBillingRig({ engine });
    const { session } = await rig.buy(20);
    rig.stripe.pay(session);
    event = rig.stripe.events.at(-1) ?? {};
    body = JSON.stringify(event);
    await rig.bench.gateway.billing.watch.look();
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  async function post(sent: string, headers: Record<string, string>): Promise<number> {
    const answer = await fetch(rig.webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: sent,
    });
    await answer.text();
    return answer.status;
  }

  test('forged, stale, early, altered and huge events are refused, and no row changes', async () => {
    const before = await rows(rig);
    const now = Math.floor(Date.now() / 1000);
    const header = (t: number | string, v1: string, rest = '') => ({
      'stripe-signature': `t=${t},v1=${v1}${rest}`,
    });
    const right = sign(body, now);
    const refused: readonly (readonly [string, string, Record<string, string>])[] = [
      ['no header', body, {}],
      ['an empty header', body, { 'stripe-signature': '' }],
      ['another secret', body, header(now, sign(body, now, 'whsec_another'))],
      ['an empty secret', body, header(now, sign(body, now, ''))],
      ['a blank secret', body, header(now, sign(body, now, '   '))],
      ['a cut signature', body, header(now, right.slice(0, -2))],
      ['v0 alone', body, { 'stripe-signature': `t=${now},v0=${right}` }],
      ['no time', body, { 'stripe-signature': `v1=${right}` }],
      ['301 seconds old', body, header(now - 301, sign(body, now - 301))],
      ['from far ahead', body, header(now + 310, sign(body, now + 310))],
      ['a time that is none', body, { 'stripe-signature': `t=NaN,v1=${sign(body, Number.NaN)}` }],
      ['two times', body, header(`${now},t=${now}`, right)],
      ['written anew', JSON.stringify(event, null, 1), header(now, right)],
      ['another amount', body.replace('2000', '9000'), header(now, right)],
      ['a byte more', `${body} `, header(now, right)],
      ['no body', '', header(now, sign('', now))],
    ];
    for (const [name, sent, headers] of refused)
      expect([name, await post(sent, headers)]).toEqual([name, 400]);
    const huge = JSON.stringify({ ...event, padding: 'x'.repeat(600_000) });
    expect(await post(huge, header(now, sign(huge, now)))).toBe(413);
    expect(await post(body, { ...header(now, right), 'content-type': 'text/plain' })).toBe(415);
    expect(await rows(rig)).toEqual(before);
    expect(rig.bench.logLines.join('')).not.toContain(right);
  });

  test('what is signed and means nothing here is taken, and no row changes', async () => {
    const before = await rows(rig);
    const irrelevant: readonly object[] = [
      {},
      { id: 'evt_1', type: 'customer.created', livemode: false, data: { object: {} } },
      { ...event, type: 'checkout.session.created' },
      { ...event, account: 'acct_of_somebody' },
      { ...event, data: { object: null } },
      { ...event, data: { object: { ...objectOf(event), metadata: {} } } },
      { ...event, data: { object: { ...objectOf(event), metadata: { turnpike_payment: 'none' } } } },
      {
        ...event,
        type: 'charge.refunded',
        data: {
          object: {
            id: 'ch_1',
            payment_intent: 'pi_of_others',
            amount_refunded: 1,
            currency: 'usd',
            livemode: false,
          },
        },
      },
      {
        ...event,
        type: 'refund.created',
        data: { object: { id: 're_1', payment_intent: null, amount: 1, currency: 'usd' } },
      },
    ];
    for (const each of irrelevant) {
      const answer = await deliver(rig.webhookUrl, each);
      expect([answer.status, await answer.json()]).toEqual([200, { received: true, verdict: 'irrelevant' }]);
    }
    expect(await rows(rig)).toEqual(before);
  });

  test('what differs from what was ordered is taken, told of in the log, and credits nothing', async () => {
    const before = await rows(rig);
    const object = objectOf(event);
    const changes: readonly [string, object][] = [
      ['amount', { amount_total: 1999 }],
      ['amount', { amount_total: 2_000_000 }],
      ['currency', { currency: 'eur' }],
      ['mode', { livemode: true }],
      ['customer', { customer: 'cus_another' }],
      ['customer', { customer: null }],
      ['session', { id: 'cs_test_another' }],
      ['kind', { mode: 'subscription' }],
      ['payment', { payment_intent: null }],
    ];
    for (const [what, change] of changes) {
      const answer = await deliver(rig.webhookUrl, { ...event, data: { object: { ...object, ...change } } });
      expect([what, answer.status, await answer.json()]).toEqual([
        what,
        200,
        { received: true, verdict: 'mismatch' },
      ]);
      const line = rig.bench.logLines.findLast((each) => each.includes('payment_mismatch'));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', what });
    }
    expect(await rows(rig)).toEqual(before);
  });

  test('a payment of one order pays for no other', async () => {
    const { session } = await rig.buy(20);
    const paid = await rig.buy(20);
    rig.stripe.pay(paid.session);
    await rig.deliverNew();
    const before = await rig.balanceUsd();
    rig.stripe.pay(session);
    const last = rig.stripe.events.at(-1) ?? {};
    const payment_intent = rig.stripe.sessions.get(paid.session)?.payment_intent;
    const other = { ...last, data: { object: { ...objectOf(last), payment_intent } } };
    const answer = await deliver(rig.webhookUrl, other);
    expect([answer.status, await answer.json()]).toEqual([200, { received: true, verdict: 'mismatch' }]);
    expect(await rig.balanceUsd()).toBe(before);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 20);
    expect(await rig.fault()).toBeNull();
  });

  test('one good signature among two is enough, and an event within the minutes of both clocks is taken', async () => {
    const { session } = await rig.buy(20);
    rig.stripe.pay(session);
    const before = await rig.balanceUsd();
    const sent = JSON.stringify(rig.stripe.events.at(-1));
    const now = Math.floor(Date.now() / 1000);
    for (const at of [now - 290, now + 290])
      expect(
        await post(sent, { 'stripe-signature': `t=${at},v1=${'0'.repeat(64)},v1=${sign(sent, at)}` }),
      ).toBe(200);
    expect(await rig.balanceUsd()).toBe(before + 20);
    expect((await signed(sent))['stripe-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });
});

test('without a secret, or with a blank one, there is no such place', async () => {
  await using bench = await startGateway({
    stripe: { secretKey: 'sk_test_x', webhookSecret: null, apiUrl: 'http://127.0.0.1:9' },
    config: { billing: { mode: 'prepaid' } },
  });
  const body = '{}';
  for (const secret of ['', ' ', 'null', 'undefined']) {
    const now = Math.floor(Date.now() / 1000);
    const answer = await fetch(`${bench.url}/webhooks/stripe`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'stripe-signature': `t=${now},v1=${sign(body, now, secret)}`,
      },
      body,
    });
    expect(answer.status).toBe(404);
  }
  const owner = await signUpOwner(bench);
  const refused = await owner.post('/api/dashboard/credits/checkout', { amount_usd: 5 });
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('No payment provider')]);
});

test('while the database is away Stripe is told to come again, and is credited then', async () => {
  const door = await makeDoorToPostgres();
  await using _ = { [Symbol.asyncDispose]: () => door.close() };
  await door.open();
  const engine: Engine = pooledEngine({ urlOf: door.urlOf });
  await using rig = await startBillingRig({ engine });
  const { session } = await rig.buy(20);
  rig.stripe.pay(session);
  const event = rig.stripe.events.at(-1) ?? {};
  await door.close();
  expect((await deliver(rig.webhookUrl, event)).status).toBeGreaterThanOrEqual(500);
  await door.open();
  const endsAt = performance.now() + 30_000;
  let status = 0;
  while (status !== 200 && performance.now() < endsAt) ({ status } = await deliver(rig.webhookUrl, event));
  expect([status, await rig.balanceUsd(), await rig.fault()]).toEqual([200, 20, null]);
}, 120_000);
