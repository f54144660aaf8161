/** Top-ups that can never be known any more, and secrets of Stripe that change from one mode to the other while the gateway runs. */
import { describe, expect, test } from 'bun:test';
import { resumeTopUp } from '../../../src/billing/top-up.ts';

import { engines } from '../../databases.ts';
import { startFakeStripe } from '../../fake-stripe/server.ts';
import { until } from '../faults/bench.ts';
import { type BillingRig, startBillingRig } from './rig.ts';

const CREDITS = '/api/dashboard/credits';
const ON = { enabled: true, threshold_usd: 10, amount_usd: 20, monthly_cap_usd: 100 };

const overview = async ({ owner }: BillingRig) => (await owner.get(CREDITS)).body;
const look = ({ bench }: BillingRig) => bench.gateway.billing.watch.look();
const topUps = async ({ bench }: BillingRig) =>
  await bench.database.db
    .selectFrom('payment')
    .selectAll()
    .where('kind', '=', 'top_up')
    .orderBy('created_at_ms')
    .execute();
const news = async ({ bench }: BillingRig) =>
  await bench.database.db
    .selectFrom('notification')
    .select('data')
    .where('kind', '=', 'credits.top_up_stopped')
    .execute();

/** As the watch does, once it has been quiet for a while. */
async function resume(rig: BillingRig): Promise<void> {
  for (const payment of await topUps(rig))
    if (payment.state === 'open') await resumeTopUp(rig.bench.gateway.billing.services, payment);
}

/** With a card that is kept, and automatic top-up switched on below what there is. */
async function withTopUp(rig: BillingRig): Promise<void> {
  await rig.bought(5, true);
  expect(await until(async () => (await overview(rig))['card'] !== null)).toBe(true);
  expect((await rig.owner.send('PATCH', `${CREDITS}/top-up`, ON)).status).toBe(200);
}

type Fake = ReturnType<typeof startFakeStripe>;
const lastIntent = ({ stripe }: BillingRig) => [...(stripe.intents as Fake['intents']).values()].at(-1);

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test.each<[string, (rig: BillingRig) => void]>([
    ['Stripe does not know any more', ({ stripe }) => (stripe.intents as Map<string, unknown>).clear()],
    [
      'whose customer Stripe does not know any more',
      ({ stripe }) => {
        stripe.customers.clear();
        (stripe.intents as Map<string, unknown>).clear();
      },
    ],
    ['has another amount at Stripe', (rig) => Object.assign(lastIntent(rig) ?? {}, { amount: 1 })],
    ['has another currency at Stripe', (rig) => Object.assign(lastIntent(rig) ?? {}, { currency: 'eur' })],
    ['cannot be read', (rig) => Object.assign(lastIntent(rig) ?? {}, { amount: 'many' })],
  ])('a top-up that %s has failed: its owner is told, and buys again once they say so', async (_, lose) => {
    await using rig = await startBillingRig({ engine });
    await withTopUp(rig);
    rig.stripe.outcome = 'processing';
    await look(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'open' }]);
    lose(rig);
    rig.stripe.outcome = 'succeeds';
    await resume(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'failed' }]);
    expect((await overview(rig))['top_up']).toMatchObject({
      ...{ enabled: false, is_running: false, stopped_because: expect.stringContaining('payment provider') },
    });
    expect(await news(rig)).toHaveLength(1);
    await look(rig);
    expect(await topUps(rig)).toHaveLength(1);
    expect(await rig.balanceUsd()).toBe(5);
    if (rig.stripe.customers.size === 0) return;
    await rig.owner.send('PATCH', `${CREDITS}/top-up`, { enabled: true });
    await look(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'failed' }, { state: 'paid' }]);
    expect(await rig.balanceUsd()).toBe(25);
    expect(await rig.fault()).toBeNull();
  });

  test('from test to live while it runs: nothing of the one mode is used in the other', async () => {
    await using live = startFakeStripe({ isLive: true });
    await using rig = await startBillingRig({ engine });
    const { bench, stripe, owner } = rig;
    await withTopUp(rig);
    stripe.outcome = 'processing';
    await look(rig);
    const waiting = await rig.buy(7);
    const asked = live.requests.length;

    await bench.gateway.applySecrets({ ...bench.config, stripe: live.access });
    // What the other mode has left open is ended without asking this one, and its card charges nothing here.
    await resume(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'failed', is_live: 0 }]);
    const refreshed = await owner.post(`${CREDITS}/purchases/${waiting.payment}/refresh`, {});
    expect(refreshed.body).toMatchObject({ state: 'open' });
    await owner.send('PATCH', `${CREDITS}/top-up`, { enabled: true });
    await look(rig);
    expect((await overview(rig))['top_up']).toMatchObject({
      ...{ enabled: false, stopped_because: expect.stringContaining('another mode') },
    });
    expect(live.requests.length).toBe(asked);

    const made = await owner.post(`${CREDITS}/checkout`, { amount_usd: 30, save_card: true });
    expect(made.status).toBe(201);
    const [session] = [...live.sessions.values()];
    expect(session).toMatchObject({ livemode: true, amount_total: 3000 });
    expect(live.customers.has(String(session?.customer))).toBe(true);
    live.pay(session?.id ?? '');
    const paid = await owner.post(`${CREDITS}/purchases/${made.body['id']}/refresh`, {});
    expect(paid.body).toMatchObject({ state: 'paid' });
    expect(await rig.balanceUsd()).toBe(35);
    expect(live.requests.some((request) => request.includes('_fake'))).toBe(false);
    // The receipt of the other mode's is not looked for in this one.
    const first = (await owner.get(`${CREDITS}/purchases`)).body['list'] as { id: string; state: string }[];
    const receipts = await Promise.all(
      first
        .filter(({ state }) => state === 'paid')
        .map(async ({ id }) => (await owner.get(`${CREDITS}/purchases/${id}/receipt`)).status),
    );
    expect(receipts.sort()).toEqual([303, 404]);
    expect(await rig.fault()).toBeNull();
  });

  test('secrets that come while it runs open the shop, and those that go close it', async () => {
    await using rig = await startBillingRig({ engine });
    const { bench, owner } = rig;
    const { stripe } = bench.config;
    const without = { ...stripe, webhookSecret: null };
    await bench.gateway.applySecrets({ ...bench.config, stripe: without });
    expect((await overview(rig))['closed_because']).toBe('no_provider');
    expect((await owner.post(`${CREDITS}/checkout`, { amount_usd: 30 })).status).toBe(409);
    await bench.gateway.applySecrets({ ...bench.config, stripe });
    expect((await overview(rig))['closed_because']).toBeNull();
    expect((await owner.post(`${CREDITS}/checkout`, { amount_usd: 30 })).status).toBe(201);
  });
});
