/** Credits are bought once for each payment, whatever comes twice, late or in another order, and what is given back is taken back. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { deliver } from '../../fake-stripe/server.ts';
import { type BillingRig, startBillingRig } from './rig.ts';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: BillingRig;
  beforeAll(async () => {
    rig = await startBillingRig({
      engine,
      config: { billing: { mode: 'prepaid', fee_percent: 5.5, fee_minimum_usd: 0.8 } },
    });
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  const lines = async () => {
    const { body } = await rig.owner.get('/api/dashboard/credits/lines');
    return (body['list'] as { kind: string; amount_usd: number }[]).map(({ kind, amount_usd }) => [
      kind,
      amount_usd,
    ]);
  };
  const purchase = async (id: string) => {
    const { body } = await rig.owner.get('/api/dashboard/credits/purchases');
    return (body['list'] as { id: string }[]).find((each) => each.id === id);
  };

  test('a checkout is for the credits and the fee, and the credits come with its payment, once', async () => {
    const before = await rig.balanceUsd();
    const { session, payment } = await rig.buy(20);
    expect(rig.stripe.sessions.get(session)).toMatchObject({
      amount_total: 2110,
      currency: 'usd',
      client_reference_id: payment,
      success_url: `${rig.bench.url}/credits?purchase=${payment}`,
    });
    expect(await purchase(payment)).toMatchObject({ state: 'open', amount_usd: 20, fee_usd: 1.1 });
    rig.stripe.pay(session);
    const events = rig.stripe.events.slice(-2);
    expect(events.map(({ type }) => type)).toEqual([
      'payment_intent.succeeded',
      'checkout.session.completed',
    ]);
    const many = Array.from({ length: 20 }, () => events).flat();
    const answers = await Promise.all(many.map((event) => deliver(rig.webhookUrl, event)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 20);
    expect((await lines()).slice(0, 1)).toEqual([['purchase', 20]]);
    expect(await purchase(payment)).toMatchObject({ state: 'paid', amount_usd: 20 });
    expect(await rig.fault()).toBeNull();
  });

  test('the least fee is taken where a part is less, and what is bought serves requests at once', async () => {
    const { session } = await rig.buy(5);
    expect(rig.stripe.sessions.get(session)?.amount_total).toBe(580);
    rig.stripe.pay(session);
    await rig.deliverNew();
    const before = await rig.balanceUsd();
    expect((await rig.spendADollar()).status).toBe(200);
    expect(await rig.balanceUsd()).toBeCloseTo(before - 1, 9);
    expect(await rig.fault()).toBeNull();
  });

  test('a payment that takes days is credited when it comes, and never when it does not', async () => {
    const before = await rig.balanceUsd();
    const late = await rig.buy(10);
    const never = await rig.buy(11);
    for (const { session } of [late, never]) rig.stripe.pay(session, 'later');
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before);
    rig.stripe.settle(late.session, true);
    rig.stripe.settle(never.session, false);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 10);
    expect(await purchase(never.payment)).toMatchObject({ state: 'failed' });
    expect(await rig.fault()).toBeNull();
  });

  test('parts that are refunded one after the other are taken back one by one, and given again where a refund fails', async () => {
    const before = await rig.balanceUsd();
    const { intent, payment } = await rig.bought(20);
    rig.stripe.refund(intent, 300);
    const second = rig.stripe.refund(intent, 700);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 10);
    rig.stripe.undoRefund(second);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 17);
    // All of it, the fee too: no more than was credited is taken.
    rig.stripe.refund(intent, 2110 - 300);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before);
    expect(await purchase(payment)).toMatchObject({ state: 'paid', refunded_usd: 20 });
    expect(await rig.fault()).toBeNull();
  });

  test('what is disputed is taken at once and comes back when the dispute is won, in whatever order the news come', async () => {
    const before = await rig.balanceUsd();
    const won = await rig.bought(20);
    const lost = await rig.bought(10);
    const asked = await rig.bought(6);
    rig.stripe.dispute(asked.intent, 680, 'warning_needs_response');
    const [one, other] = [rig.stripe.dispute(won.intent, 2110), rig.stripe.dispute(lost.intent, 1080)];
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 6);
    const told = rig.stripe.events.length;
    rig.stripe.closeDispute(one, 'won');
    rig.stripe.closeDispute(other, 'lost');
    const fresh = rig.stripe.events.slice(told).toReversed();
    for (const event of [...fresh, ...rig.stripe.events.slice(told - 6, told)])
      expect((await deliver(rig.webhookUrl, event)).status).toBe(200);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 26);
    expect(await purchase(lost.payment)).toMatchObject({ disputed_usd: 10 });
    expect(await rig.fault()).toBeNull();
  });

  test('news of a refund that come before those of the payment lose nothing', async () => {
    const before = await rig.balanceUsd();
    const told = rig.stripe.events.length;
    const { session } = await rig.buy(20);
    rig.stripe.pay(session);
    rig.stripe.refund(String(rig.stripe.sessions.get(session)?.payment_intent), 500);
    for (const event of rig.stripe.events.slice(told).toReversed())
      expect((await deliver(rig.webhookUrl, event)).status).toBe(200);
    expect(await rig.balanceUsd()).toBe(before + 15);
    expect(await rig.fault()).toBeNull();
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 15);
  });

  test('a refund of what is spent brings the balance below zero: requests are refused until there is enough again', async () => {
    await using poor = await startBillingRig({ engine });
    const { intent } = await poor.bought(5);
    expect((await poor.spendADollar()).status).toBe(200);
    poor.stripe.refund(intent, 500);
    await poor.deliverNew();
    expect(await poor.balanceUsd()).toBeCloseTo(-1, 9);
    const refused = await poor.spendADollar();
    expect(refused.status).toBe(402);
    expect(await poor.fault()).toBeNull();
    await poor.bought(5);
    expect((await poor.spendADollar()).status).toBe(200);
    expect(await poor.balanceUsd()).toBeCloseTo(3, 9);
    expect(await poor.fault()).toBeNull();
  });

  test('a buyer who is back before the news of the payment need not wait for them', async () => {
    const before = await rig.balanceUsd();
    const { session, payment } = await rig.buy(7);
    const path = `/api/dashboard/credits/purchases/${payment}/refresh`;
    expect((await rig.owner.post(path)).body).toMatchObject({ state: 'open' });
    rig.stripe.pay(session);
    expect((await rig.owner.post(path)).body).toMatchObject({ state: 'paid' });
    expect(await rig.balanceUsd()).toBe(before + 7);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(before + 7);
    const receipt = await rig.owner.get(`/api/dashboard/credits/purchases/${payment}/receipt`);
    expect([receipt.status, receipt.headers.get('location')]).toEqual([
      303,
      `${rig.stripe.url}/receipts/${rig.stripe.sessions.get(session)?.payment_intent}`,
    ]);
  });

  test('a customer that was deleted at Stripe, or is of its other mode, is made anew', async () => {
    const before = await rig.balanceUsd();
    rig.stripe.customers.clear();
    const { intent } = await rig.bought(6);
    expect([await rig.balanceUsd(), rig.stripe.customers.size]).toEqual([before + 6, 1]);
    expect(rig.stripe.paidCents(intent)).toBe(680);
    await rig.bought(5);
    expect(rig.stripe.customers.size).toBe(1);
    expect(await rig.fault()).toBeNull();
  });

  test('the ledger and the purchases come in pages, each line once, and a cursor that is none of ours is refused', async () => {
    for (const list of ['lines', 'purchases']) {
      const path = `/api/dashboard/credits/${list}`;
      const all = JSON.parse((await rig.owner.get(path)).text) as { data: unknown[] };
      expect(all.data.length).toBeGreaterThan(8);
      const paged: unknown[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const query = `limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page: { data: unknown[]; next_cursor: string | null } = JSON.parse(
          (await rig.owner.get(`${path}?${query}`)).text,
        );
        paged.push(...page.data);
        cursor = page.next_cursor;
      }
      expect(paged).toEqual(all.data);
      for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=', 'cursor=1', 'cursor=1.%00'])
        expect([query, (await rig.owner.get(`${path}?${query}`)).status]).toEqual([query, 400]);
    }
  });

  test('what may not be bought is refused by its field, and nothing is ordered', async () => {
    const asked = rig.stripe.requests.length;
    for (const [body, problem] of [
      [{}, 'amount_usd: must be a number of USD'],
      [{ amount_usd: '5' }, 'amount_usd: must be a number of USD'],
      [{ amount_usd: 4.99 }, 'amount_usd: must be from $5 to $5000'],
      [{ amount_usd: 5000.01 }, 'amount_usd: must be from $5 to $5000'],
      [{ amount_usd: 5.001 }, 'amount_usd: must be an amount in whole cents'],
      [{ amount_usd: -5 }, 'amount_usd: must be an amount in whole cents'],
      [{ amount_usd: 5, save_card: 'yes' }, 'save_card: must be true or false'],
      [{ amount_usd: 5, fee_usd: 0 }, 'The request body'],
    ] as const) {
      const answer = await rig.owner.post('/api/dashboard/credits/checkout', body);
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(problem)]);
    }
    expect(rig.stripe.requests.length).toBe(asked);
  });

  test('a payment of another account is as unknown as none', async () => {
    const { payment } = await rig.buy(5);
    await rig.bench.database.db
      .insertInto('account')
      .values({ id: `other-${engine}`, kind: 'organisation', name: 'Other', created_at_ms: 1 } as never)
      .execute();
    await rig.bench.database.db
      .updateTable('payment')
      .set({ account_id: `other-${engine}` } as never)
      .where('id', '=', payment)
      .execute();
    for (const id of [payment, 'no-such-payment']) {
      const refresh = await rig.owner.post(`/api/dashboard/credits/purchases/${id}/refresh`);
      const receipt = await rig.owner.get(`/api/dashboard/credits/purchases/${id}/receipt`);
      expect([refresh.status, receipt.status]).toEqual([404, 404]);
    }
    expect(await purchase(payment)).toBeUndefined();
  });

  test('a member sees nothing of it and buys nothing', async () => {
    const member = await signUpMember(rig.bench, rig.owner, {
      ...{ email: 'max@example.com', password: 'a long enough password' },
    });
    const answer = await member.post('/api/dashboard/credits/checkout', { amount_usd: 5 });
    expect([answer.status, (await member.get('/api/dashboard/credits')).status]).toEqual([403, 403]);
  });
});

test('where Stripe cannot be asked the buyer is told so, and can buy when it can', async () => {
  await using rig = await startBillingRig();
  rig.stripe.outcome = 'down';
  const answer = await rig.owner.post('/api/dashboard/credits/checkout', { amount_usd: 5 });
  expect([answer.status, answer.text]).toEqual([503, expect.stringContaining('nothing was charged')]);
  rig.stripe.outcome = 'succeeds';
  await rig.bought(5);
  expect(await rig.balanceUsd()).toBe(5);
  expect(rig.bench.logLines.join('')).not.toContain(rig.stripe.access.secretKey);
}, 60_000);
