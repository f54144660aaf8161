/** What is told on its way, under pressure: slow mail servers, receivers that hang, and whoever asks for too much. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { Courier } from '../../../src/delivery/courier.ts';
import { deliveryOf } from '../../../src/delivery/spread.ts';
import { insertDeliveries, insertSpread } from '../../../src/delivery/store.ts';
import { newId } from '../../../src/ids.ts';
import { createLogger } from '../../../src/log.ts';
import { createMailer } from '../../../src/mail/mail.ts';
import { letter } from '../../../src/mail/mail-texts.ts';
import { tellNews } from '../../../src/notifications/tell.ts';
import { signUpOwner } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { startMailServer } from '../../mail-server.ts';
import { type Receiver, startReceiver } from '../../receiver.ts';
import { until } from '../faults/bench.ts';

const becomes = async (condition: () => boolean | Promise<boolean>) =>
  expect(await until(condition)).toBe(true);

describe.each(engines)('on $name', ({ name: engine }) => {
  let receiver: Receiver;
  let gateway: TestGateway;
  let aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs };
  const call = callerOf(() => gateway);

  beforeAll(async () => {
    receiver = startReceiver();
    gateway = await startGateway({
      ...{ engine, clock },
      config: { egress: { private_hosts: [receiver.host] } },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    receiver?.[Symbol.dispose]();
  });

  test('tests and what is sent once more are thirty a minute to a webhook: 429, with when to come back', async () => {
    const { id } = (await call('POST', '/webhooks', { name: 'Ours', url: receiver.url })).json.data;
    const statuses: number[] = [];
    for (let time = 0; time < 29; time += 1)
      statuses.push((await call('POST', `/webhooks/${id}/test`)).status);
    expect(new Set(statuses)).toEqual(new Set([202]));
    const [sent] = (await call('GET', `/webhooks/${id}/deliveries`)).json.data;
    const replay = () => call('POST', `/webhooks/${id}/deliveries/${sent.id}/replay`);
    expect((await replay()).status).toBe(202);
    const url = `${gateway.baseUrl}/webhooks/${id}/test`;
    const headers = { authorization: `Bearer ${gateway.managementKey}` };
    const refused = await fetch(url, { method: 'POST', headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await replay()).status).toBe(429);
    // News of what happened is none of it, and another webhook has thirty of its own.
    await tellNews(gateway.database.db, {
      ...{ kind: 'credits.low', accountId: gateway.gateway.accounts.accountId, nowMs: clock.nowMs() },
      data: { percent: 77, balance_usd: 1 },
    });
    await receiver.next('credits.low', { percent: 77 });
    const other = (await call('POST', '/webhooks', { name: 'Other', url: receiver.url })).json.data.id;
    expect((await call('POST', `/webhooks/${other}/test`)).status).toBe(202);
    aheadMs += 61_000;
    expect((await call('POST', `/webhooks/${id}/test`)).status).toBe(202);
    for (const one of [id, other]) await call('DELETE', `/webhooks/${one}`);
  });

  test('however many receivers of one account hang, another account hears at once', async () => {
    const { database } = gateway;
    const held = Promise.withResolvers<void>();
    let hanging = 0;
    const mine = gateway.gateway.accounts.accountId;
    await database.db
      .insertInto('account')
      .values({ id: 'other-account', kind: 'organisation', name: 'Other', created_at_ms: 1 } as never)
      .execute();
    const place = async (accountId: string, name: string) => {
      const made = (await call('POST', '/webhooks', { name, url: `https://${name}.example.com/x` })).json
        .data;
      const nowMs = clock.nowMs();
      const news = {
        ...{ id: newId(), account_id: accountId, workspace_id: null, kind: 'webhook.test', user_id: null },
        ...{ data: JSON.stringify({ message: name }), once_key: null, created_at_ms: nowMs },
        // Nothing of it is due to the gateway's own courier.
        spread_at_ms: nowMs,
      };
      await insertSpread(database.db, news);
      return { news, webhookId: made.id as string };
    };
    const sent: string[] = [];
    const rows: { due_at_ms: number }[] = [];
    const far = clock.nowMs() + 86_400_000;
    for (let number = 0; number < 20; number += 1) {
      const { news, webhookId } = await place(mine, `hanging${number}`);
      rows.push({
        ...deliveryOf(news, { webhook_id: webhookId, user_id: null }, clock.nowMs()),
        due_at_ms: far,
      });
    }
    const quick = await place(mine, 'quick');
    await database.db
      .updateTable('webhook')
      .set({ account_id: 'other-account' })
      .where('id', '=', quick.webhookId)
      .execute();
    // Sealed for its account: it cannot be opened in another one, which is an outcome like any other.
    rows.push({
      ...deliveryOf(
        { id: quick.news.id, account_id: 'other-account' },
        { webhook_id: quick.webhookId, user_id: null },
        clock.nowMs(),
      ),
      due_at_ms: far + 1,
    });
    await insertDeliveries(database.db, rows as never);
    const later = { nowMs: () => far + 1000 };
    const logger = createLogger({ level: 'error', write: () => {}, clock: later });
    const courier = new Courier({
      ...{ database, clock: later, logger, masterKey: gateway.config.masterKey },
      ...{ publicUrl: gateway.url, mailer: { deliver: async () => {} } },
      post: async (address) => {
        hanging += 1;
        sent.push(address);
        await held.promise;
        return { status: 204, retryAfter: null };
      },
    });
    courier.start();
    await becomes(
      async () =>
        (
          await database.db
            .selectFrom('notification_delivery')
            .select('last_problem')
            .where('account_id', '=', 'other-account')
            .executeTakeFirstOrThrow()
        ).last_problem === 'its secret cannot be opened',
    );
    expect(hanging).toBeGreaterThan(0);
    expect(hanging).toBeLessThanOrEqual(8);
    held.resolve();
    await becomes(() => sent.length === 20);
    await courier.stop();
  });

  test('a mail server that hangs keeps two places at most, and nobody else sends what is with it', async () => {
    const { database } = gateway;
    const owner = await signUpOwner(gateway);
    await database.db.updateTable('user').set({ email_verified: 1 }).execute();
    expect((await owner.session())?.user.email).toBeDefined();
    const held = Promise.withResolvers<void>();
    const begun: string[] = [];
    let signals = 0;
    const far = { ms: clock.nowMs() + 2 * 86_400_000 };
    const later = { nowMs: () => far.ms };
    const logger = createLogger({ level: 'error', write: () => {}, clock: later });
    const courier = new Courier({
      ...{ database, clock: later, logger, masterKey: gateway.config.masterKey, publicUrl: gateway.url },
      post: async () => ({ status: 204, retryAfter: null }),
      mailer: {
        deliver: async (to, _letter, signal) => {
          begun.push(to);
          if (signal !== undefined) signals += 1;
          await held.promise;
        },
      },
    });
    const { user_id } = await database.db.selectFrom('member').select('user_id').executeTakeFirstOrThrow();
    const accountId = gateway.gateway.accounts.accountId;
    for (let number = 0; number < 6; number += 1) {
      const news = {
        ...{ id: newId(), account_id: accountId, workspace_id: null, kind: 'credits.low', user_id: null },
        ...{ data: JSON.stringify({ percent: number, balance_usd: 1 }), once_key: null },
        ...{ created_at_ms: 1, spread_at_ms: 1 },
      };
      await insertSpread(database.db, news);
      const row = deliveryOf(news, { webhook_id: null, user_id }, 1);
      await insertDeliveries(database.db, [{ ...row, due_at_ms: far.ms - 1000 + number }]);
    }
    courier.start();
    await becomes(() => begun.length === 2);
    // Their time is over by the clock, and they are still with the mail server: this node takes them no second time.
    far.ms += 120_000;
    const tried = () =>
      database.db
        .selectFrom('notification_delivery')
        .select(({ fn }) => fn.sum<number>('attempts').as('sum'))
        .where('user_id', '=', user_id)
        .where('due_at_ms', '>', far.ms - 1_000_000)
        .executeTakeFirstOrThrow();
    await tellNews(database.db, {
      ...{
        kind: 'provider.back',
        accountId,
        nowMs: far.ms,
        data: { provider: 'x', credential: null, model: null },
      },
    });
    await becomes(async () =>
      (
        await database.db
          .selectFrom('notification')
          .select('spread_at_ms')
          .where('kind', '=', 'provider.back')
          .execute()
      ).every(({ spread_at_ms }) => spread_at_ms !== null),
    );
    expect([begun.length, Number((await tried()).sum), signals]).toEqual([2, 2, 2]);
    held.resolve();
    await becomes(() => begun.length === 6);
    await courier.stop();
  });
});

test('a letter whose time is over is cut off, and one that waits behind it is never begun', async () => {
  const sockets: Socket[] = [];
  // It greets nobody, so that whoever connects waits.
  const silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((listening) => void silent.listen(0, '127.0.0.1', () => listening()));
  const { port } = silent.address() as { port: number };
  const lines: string[] = [];
  const logger = createLogger({
    level: 'error',
    write: (line) => void lines.push(line),
    clock: { nowMs: Date.now },
  });
  const mailer = createMailer({
    config: { smtpUrl: `smtp://127.0.0.1:${port}`, from: 'turnpike@example.com' } as never,
    ...{ logger, announce: () => {} },
  });
  const text = letter({ subject: 'x', why: 'x', action: 'x', link: 'http://x', after: 'x' });
  const over = new AbortController();
  const first = mailer.deliver('a@example.com', text, over.signal);
  const second = mailer.deliver('b@example.com', text, over.signal);
  const both = Promise.allSettled([first, second]);
  expect(await until(() => sockets.length === 1)).toBe(true);
  const [socket] = sockets;
  const closed = new Promise<void>((gone) => void socket?.once('close', () => gone()).resume());
  over.abort(new Error('its time is over'));
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await closed;
  // What comes behind them is sent.
  await using mail = await startMailServer();
  mailer.renew({ smtpUrl: mail.url, from: 'turnpike@example.com' } as never);
  await mailer.deliver('c@example.com', text);
  expect((await mail.next('c@example.com')).subject).toBe('x');
  expect(sockets).toHaveLength(1);
  await mailer.close();
  silent.close();
});
