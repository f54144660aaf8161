/** Automatic top-ups: off until somebody switches them on, one at a time, never beyond their cap, and none after a failure. */
import { describe, expect, test } from 'bun:test';
import { buildBilling } from '../../../src/billing/build.ts';
import { resumeTopUp, topUpIfDue } from '../../../src/billing/top-up.ts';
import type { Clock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/log.ts';
import { OWNER } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';
import { type BillingRig, startBillingRig } from './rig.ts';

const TOP_UP = '/api/dashboard/credits/top-up';
const ON = { enabled: true, threshold_usd: 10, amount_usd: 20, monthly_cap_usd: 50 };
const HOUR_MS = 3_600_000;

const purchases = async ({ owner }: BillingRig) => {
  const { body } = await owner.get('/api/dashboard/credits/purchases');
  return body['list'] as { kind: string; state: string; failure: string | null }[];
};
const topUps = async (rig: BillingRig) => (await purchases(rig)).filter(({ kind }) => kind === 'top_up');
const look = ({ bench }: BillingRig) => bench.gateway.billing.watch.look();
const intentsOf = ({ stripe }: BillingRig) =>
  stripe.requests.filter((request) => request === 'POST /v1/payment_intents').length;

/** With a card that is kept, and credits of five dollars. */
async function withCard(rig: BillingRig): Promise<void> {
  await rig.bought(5, true);
  const endsAt = performance.now() + 10_000;
  while ((await rig.owner.get('/api/dashboard/credits')).body['card'] === null) {
    if (performance.now() > endsAt) throw new Error('the card was not kept');
    await Bun.sleep(5);
  }
}

/** What another process on the same database would do. */
const otherNode = ({ bench }: BillingRig, clock: Clock) => {
  const { services } = buildBilling({
    ...{ config: bench.config, database: bench.database, clock },
    stripe: () => bench.config.stripe,
    logger: createLogger({ level: 'error', write: () => {}, clock }),
    accountName: async () => '',
    flushed: async () => {},
    creditsChanged: async () => {},
  });
  return services;
};

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('is off by default, needs a card that is kept, and then buys once below its threshold', async () => {
    await using rig = await startBillingRig({ engine });
    await rig.bought(5);
    await look(rig);
    expect(await topUps(rig)).toEqual([]);
    const refused = await rig.owner.send('PATCH', TOP_UP, ON);
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('no saved card')]);
    await withCard(rig);
    expect((await rig.owner.get('/api/dashboard/credits')).body).toMatchObject({
      card: 'visa ending in 4242',
    });
    expect((await rig.owner.send('PATCH', TOP_UP, { ...ON, threshold_usd: 11 })).status).toBe(200);
    await look(rig);
    await look(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'paid' }]);
    expect(await rig.balanceUsd()).toBe(30);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(30);
    expect(await rig.fault()).toBeNull();
  });

  test('many nodes at once buy exactly one, and the month’s cap is never passed', async () => {
    await using rig = await startBillingRig({ engine });
    await withCard(rig);
    const clock = { nowMs: () => Date.now() };
    const account = rig.bench.gateway.accounts.accountId;
    await rig.owner.send('PATCH', TOP_UP, { ...ON, threshold_usd: 1000 });
    const nodes = Array.from({ length: 8 }, () => otherNode(rig, clock));
    for (const bought of [1, 2, 2, 2]) {
      // More may follow one another while nothing is open, so each round is held open by a bank that takes its time.
      rig.stripe.outcome = 'processing';
      await Promise.all(nodes.map((services) => topUpIfDue(services, account)));
      expect(intentsOf(rig)).toBe(bought);
      for (const { id, status } of rig.stripe.intents.values())
        if (status === 'processing') rig.stripe.settleIntent(id, true);
      await rig.deliverNew();
    }
    expect(await rig.balanceUsd()).toBe(5 + 2 * 20);
    const { body } = await rig.owner.get('/api/dashboard/credits');
    expect(body['top_up']).toMatchObject({ enabled: true, bought_this_month_usd: 40, is_running: false });
    expect(await rig.fault()).toBeNull();
  });

  test('a refused card switches it off with the reason, told by mail, until somebody switches it on again', async () => {
    await using mail = await startMailServer();
    await using rig = await startBillingRig({
      engine,
      config: { mail: { smtp_url: mail.url, from: 'turnpike@example.com' } },
    });
    await withCard(rig);
    rig.stripe.outcome = 'declined';
    await rig.owner.send('PATCH', TOP_UP, ON);
    await look(rig);
    await look(rig);
    await rig.deliverNew();
    await look(rig);
    expect(intentsOf(rig)).toBe(1);
    const { body } = await rig.owner.get('/api/dashboard/credits');
    expect(body['top_up']).toMatchObject({
      enabled: false,
      stopped_because: 'the card was refused (card_declined)',
      stopped_at: expect.any(String),
    });
    const told = await mail.next(OWNER.email);
    expect([told.subject, linkIn(told)]).toEqual([
      'Automatic top-up was switched off',
      `${rig.bench.url}/credits`,
    ]);
    expect(mail.mails.filter(({ subject }) => subject?.includes('switched off')).length).toBe(1);
    rig.stripe.outcome = 'succeeds';
    await look(rig);
    expect(intentsOf(rig)).toBe(1);
    await rig.owner.send('PATCH', TOP_UP, { enabled: true });
    await look(rig);
    expect(await rig.balanceUsd()).toBe(25);
    expect((await rig.owner.get('/api/dashboard/credits')).body['top_up']).toMatchObject({
      stopped_because: null,
    });
    expect(await rig.fault()).toBeNull();
  });

  test('an answer that was lost, and a process that died, charge once', async () => {
    await using rig = await startBillingRig({ engine });
    await withCard(rig);
    await rig.owner.send('PATCH', TOP_UP, ON);
    rig.stripe.outcome = 'unheard';
    await look(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'open' }]);
    rig.stripe.outcome = 'succeeds';
    // Nothing else is bought while it is not known.
    await look(rig);
    expect(await topUps(rig)).toMatchObject([{ state: 'open' }]);
    const [open] = await rig.bench.database.db
      .selectFrom('payment')
      .selectAll()
      .where('kind', '=', 'top_up')
      .execute();
    if (open === undefined) throw new Error('there is none');
    // Stripe has forgotten the key by then, and is asked what there is instead.
    rig.stripe.remembered.clear();
    const later = otherNode(rig, { nowMs: () => Date.now() + 30 * HOUR_MS });
    await resumeTopUp(later, open);
    await resumeTopUp(later, open);
    expect(await topUps(rig)).toMatchObject([{ state: 'paid' }]);
    expect([intentsOf(rig), await rig.balanceUsd()]).toEqual([1, 25]);
    await rig.deliverNew();
    expect(await rig.balanceUsd()).toBe(25);
    expect(await rig.fault()).toBeNull();
  });

  test('what never reached Stripe before it was switched off is not charged later', async () => {
    await using rig = await startBillingRig({ engine });
    await withCard(rig);
    await rig.owner.send('PATCH', TOP_UP, ON);
    rig.stripe.outcome = 'down';
    await look(rig);
    rig.stripe.outcome = 'succeeds';
    await rig.owner.send('PATCH', TOP_UP, { enabled: false });
    const [open] = await rig.bench.database.db
      .selectFrom('payment')
      .selectAll()
      .where('kind', '=', 'top_up')
      .execute();
    if (open === undefined) throw new Error('there is none');
    const asked = intentsOf(rig);
    await resumeTopUp(otherNode(rig, { nowMs: () => Date.now() }), open);
    expect(intentsOf(rig)).toBe(asked);
    expect(await topUps(rig)).toMatchObject([{ state: 'expired' }]);
    expect((await rig.owner.get('/api/dashboard/credits')).body['top_up']).toMatchObject({
      ...{ enabled: false, stopped_because: null },
    });
  });

  test('what never reached Stripe is given up after a day, and not charged then', async () => {
    await using rig = await startBillingRig({ engine });
    await withCard(rig);
    await rig.owner.send('PATCH', TOP_UP, ON);
    rig.stripe.outcome = 'down';
    await look(rig);
    rig.stripe.outcome = 'succeeds';
    const [open] = await rig.bench.database.db
      .selectFrom('payment')
      .selectAll()
      .where('kind', '=', 'top_up')
      .execute();
    if (open === undefined) throw new Error('there is none');
    await resumeTopUp(otherNode(rig, { nowMs: () => Date.now() + 24 * HOUR_MS }), open);
    expect(await topUps(rig)).toMatchObject([{ state: 'failed' }]);
    expect(rig.stripe.paidCents([...rig.stripe.intents.keys()][1] ?? '')).toBe(0);
    expect(await rig.balanceUsd()).toBe(5);
  });

  test('what it may not be set to is refused by its field, and without its card it is off', async () => {
    await using rig = await startBillingRig({ engine });
    await withCard(rig);
    for (const [body, problem] of [
      [{ amount_usd: 1 }, 'amount_usd: must be from $5'],
      [{ amount_usd: 60, monthly_cap_usd: 50 }, 'monthly_cap_usd: must be at least'],
      [{ threshold_usd: -1 }, 'threshold_usd: must be an amount'],
      [{ enabled: 1 }, 'enabled: must be true or false'],
      [{ cap: 1 }, 'The request body'],
    ] as const) {
      const answer = await rig.owner.send('PATCH', TOP_UP, body);
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(problem)]);
    }
    await rig.owner.send('PATCH', TOP_UP, ON);
    const bought = [...rig.stripe.intents.keys()][0] ?? '';
    const removed = await rig.owner.send('DELETE', '/api/dashboard/credits/card');
    expect(removed.body).toMatchObject({ card: null, top_up: { enabled: false } });
    // Later news of the purchase at which it was kept do not bring it back.
    rig.stripe.refund(bought, 100);
    await rig.deliverNew();
    expect((await rig.owner.get('/api/dashboard/credits')).body).toMatchObject({
      card: null,
      balance_usd: 4,
    });
    await look(rig);
    expect(await topUps(rig)).toEqual([]);
  });
});
