/** Whoever may buy is told when credits run out: each part once, and again only after credits came. */
import { describe, expect, test } from 'bun:test';
import { OWNER, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';
import { type BillingRig, startBillingRig } from './rig.ts';

const look = ({ bench }: BillingRig) => bench.gateway.billing.watch.look();

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('a mail goes out at each part, once, to owners and admins alone, and anew after a purchase', async () => {
    await using mail = await startMailServer();
    await using rig = await startBillingRig({
      engine,
      config: { mail: { smtp_url: mail.url, from: 'turnpike@example.com' } },
    });
    await rig.owner.post('/api/dashboard/invitations', { email: 'max@example.com', role: 'member' });
    const joined = await new Visitor(rig.bench.url).post('/api/auth/sign-up/email', {
      ...{ name: 'Max', email: 'max@example.com', password: 'a long enough password' },
      invitation_token: tokenOf(linkIn(await mail.next('max@example.com'))),
    });
    expect(joined.status).toBe(200);
    const subjects = () =>
      mail.mails
        .filter(({ subject }) => subject?.includes('credits'))
        .map(({ subject, to }) => [subject, to?.[0]?.address]);
    const spend = async (dollars: number) => {
      for (let left = dollars; left > 0; left--) expect((await rig.spendADollar()).status).toBe(200);
      await rig.balanceUsd();
      await Promise.all([look(rig), look(rig)]);
      await look(rig);
    };
    await rig.bought(5);
    await spend(3);
    await spend(1);
    const eighty = ['80 % of your credits are spent', OWNER.email];
    const over = ['Your credits are used up', OWNER.email];
    await mail.next(OWNER.email);
    expect(subjects()).toEqual([eighty]);
    await spend(1);
    await mail.next(OWNER.email);
    expect((await rig.spendADollar()).status).toBe(402);
    expect(subjects()).toEqual([eighty, over]);
    expect((await rig.owner.get('/api/dashboard/credits')).body).toMatchObject({
      ...{ balance_usd: 0, spent_percent: 100 },
    });
    await rig.bought(10);
    await look(rig);
    // Straight past both: the higher one alone.
    await spend(10);
    await mail.next(OWNER.email);
    expect(subjects()).toEqual([eighty, over, over]);
    expect(mail.mails.filter(({ to }) => to?.[0]?.address === 'max@example.com').length).toBeLessThanOrEqual(
      1,
    );
  });

  test('the parts are the account’s own to choose, and none at all is silence', async () => {
    await using rig = await startBillingRig({ engine });
    for (const percents of [
      [0],
      [101],
      [1.5],
      ['80'],
      [80, 80],
      80,
      Array.from({ length: 11 }, (_, at) => at + 1),
    ])
      expect([
        percents,
        (await rig.owner.send('PATCH', '/api/dashboard/credits/alerts', { percents })).status,
      ]).toEqual([percents, 400]);
    const set = await rig.owner.send('PATCH', '/api/dashboard/credits/alerts', { percents: [90, 20] });
    expect(set.body).toMatchObject({ alert_percents: [20, 90] });
    await rig.bought(5);
    expect((await rig.spendADollar()).status).toBe(200);
    await rig.balanceUsd();
    await look(rig);
    const told = async () =>
      (await rig.bench.database.db.selectFrom('notification').select('kind').execute()).filter(
        ({ kind }) => kind === 'credits.low',
      ).length;
    expect(await told()).toBe(1);
    await rig.owner.send('PATCH', '/api/dashboard/credits/alerts', { percents: [] });
    for (let left = 4; left > 0; left--) await rig.spendADollar();
    await rig.balanceUsd();
    await look(rig);
    expect(await told()).toBe(1);
  });
});
