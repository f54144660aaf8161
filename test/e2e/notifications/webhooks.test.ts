/** What happens, as programs hear of it: signed, tried again, switched off after days, and never sent where nobody may send. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { LimitAlerts } from '../../../src/keys/limit-alerts.ts';
import { tellNews } from '../../../src/notifications/tell.ts';
import { signUpOwner } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type Receiver, startReceiver, verify } from '../../receiver.ts';
import { until } from '../faults/bench.ts';

const becomes = async (condition: () => Promise<boolean>) => expect(await until(condition)).toBe(true);

const DAY_MS = 86_400_000;

describe.each(engines)('on $name', ({ name: engine }) => {
  let receiver: Receiver;
  let gateway: TestGateway;
  let aheadMs = 0;
  const call = callerOf(() => gateway);

  beforeAll(async () => {
    receiver = startReceiver();
    gateway = await startGateway({
      ...{ engine, clock: { nowMs: () => Date.now() + aheadMs } },
      config: { egress: { private_hosts: [receiver.host] } },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    receiver[Symbol.dispose]();
  });

  const make = async (body: object = {}) => {
    const made = await call('POST', '/webhooks', { name: 'Ours', url: receiver.url, ...body });
    expect([made.status, made.text]).toEqual([201, made.text]);
    return made.json.data as { id: string; secret: string };
  };
  const remove = (id: string) => call('DELETE', `/webhooks/${id}`);
  const deliveries = async (id: string) => (await call('GET', `/webhooks/${id}/deliveries`)).json.data;
  const accountId = () => gateway.gateway.accounts.accountId;
  const tell = (percent: number, once?: string) =>
    tellNews(gateway.database.db, {
      ...{ kind: 'credits.low', accountId: accountId(), nowMs: Date.now() + aheadMs },
      ...(once === undefined ? {} : { once }),
      data: { percent, balance_usd: 1 },
    });
  /** What waits longer than a test does is due now. */
  const hurry = (id: string) =>
    gateway.database.db
      .updateTable('notification_delivery')
      .set({ due_at_ms: 0 })
      .where('webhook_id', '=', id)
      .where('state', '=', 'waiting')
      .execute();

  test('news reaches a webhook as Standard Webhooks has it, and its official library verifies it', async () => {
    const { id, secret } = await make();
    await tell(80);
    const got = await receiver.next('credits.low', { percent: 80 });
    expect(verify(secret, got)).toEqual({
      ...{ type: 'credits.low', timestamp: expect.any(String), account_id: accountId() },
      ...{ workspace_id: null, data: { percent: 80, balance_usd: 1 } },
    });
    expect(() => verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', got)).toThrow();
    expect(() => verify(secret, { ...got, body: got.body.replace('80', '81') })).toThrow();
    await becomes(async () => (await deliveries(id))[0]?.state === 'delivered');
    expect((await deliveries(id))[0]).toMatchObject({
      ...{ message_id: got.id, attempts: 1, last_status: 204, last_problem: null, kind: 'credits.low' },
    });
    await remove(id);
  });

  test('a new secret and the one before sign both, for as long as was asked', async () => {
    const { id, secret } = await make();
    const rotated = await call('POST', `/webhooks/${id}/secret`, { old_valid_for_seconds: 60 });
    await call('POST', `/webhooks/${id}/test`);
    const both = await receiver.next('webhook.test');
    for (const each of [secret, rotated.json.data.secret]) verify(each, both);
    await call('POST', `/webhooks/${id}/secret`, { old_valid_for_seconds: 0 });
    await call('POST', `/webhooks/${id}/test`);
    const one = await receiver.next('webhook.test');
    expect(() => verify(secret, one)).toThrow();
    expect(one.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    await remove(id);
  });

  test('only the kinds that were chosen come', async () => {
    const { id } = await make({ kinds: ['key.disabled'] });
    await tell(81);
    await becomes(async () =>
      (await gateway.database.db.selectFrom('notification').select('spread_at_ms').execute()).every(
        (row) => row.spread_at_ms !== null,
      ),
    );
    expect(await deliveries(id)).toEqual([]);
    await remove(id);
  });

  test('what is the same news is told once, whoever sees it first', async () => {
    const told = await Promise.all([tell(50, 'half'), tell(50, 'half'), tell(51, 'half')]);
    expect(told.filter(Boolean)).toHaveLength(1);
  });

  test('what fails is tried again under the same id, and can be sent once more by hand', async () => {
    const { id, secret } = await make();
    receiver.answer = () => new Response('down', { status: 500 });
    await tell(82);
    const first = await receiver.next('credits.low', { percent: 82 });
    await becomes(async () => (await deliveries(id))[0]?.last_status === 500);
    expect((await deliveries(id))[0]).toMatchObject({
      ...{ state: 'waiting', attempts: 1, last_problem: 'answered with status 500' },
    });
    receiver.answer = () => new Response(null, { status: 200 });
    await hurry(id);
    const second = await receiver.next('credits.low', { percent: 82 });
    expect([second.id, second.body]).toEqual([first.id, first.body]);
    verify(secret, second);
    await becomes(async () => (await deliveries(id))[0]?.state === 'delivered');
    const [done] = await deliveries(id);
    expect((await call('POST', `/webhooks/${id}/deliveries/${done.id}/replay`)).status).toBe(202);
    expect((await receiver.next('credits.low', { percent: 82 })).id).toBe(first.id);
    await remove(id);
  });

  test('a receiver that asks for more time gets it, and no more than six hours', async () => {
    const { id } = await make();
    receiver.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '3600' } });
    await tell(83);
    await receiver.next('credits.low', { percent: 83 });
    await becomes(async () => (await deliveries(id))[0]?.last_status === 429);
    const waits = Date.parse((await deliveries(id))[0].next_attempt_at) - Date.now();
    expect(waits).toBeGreaterThan(3_500_000);
    expect(waits).toBeLessThan(3_700_000);
    receiver.answer = () => new Response(null, { status: 204 });
    await remove(id);
  });

  test('a redirect is not followed', async () => {
    using elsewhere = startReceiver();
    const { id } = await make();
    receiver.answer = () => new Response(null, { status: 307, headers: { location: elsewhere.url } });
    await tell(84);
    await receiver.next('credits.low', { percent: 84 });
    await becomes(async () => (await deliveries(id))[0]?.last_status === 307);
    expect(elsewhere.received).toEqual([]);
    receiver.answer = () => new Response(null, { status: 204 });
    await remove(id);
  });

  test('an answer without an end holds up nobody', async () => {
    const { id } = await make();
    receiver.answer = () =>
      new Response(
        new ReadableStream({
          pull: async (controller) => {
            controller.enqueue(new Uint8Array(65_536));
            await Bun.sleep(1);
          },
        }),
      );
    await tell(85);
    await receiver.next('credits.low', { percent: 85 });
    await becomes(async () => (await deliveries(id))[0]?.state === 'delivered');
    receiver.answer = () => new Response(null, { status: 204 });
    await remove(id);
  });

  test('one that is gone for good, and one that has failed for three days, is switched off, and somebody is told', async () => {
    const watcher = await make({ kinds: ['webhook.disabled'], name: 'Watcher' });
    const url = (what: string) => receiver.url.replace('/hook', `/${what}`);
    const gone = await make({ kinds: ['credits.low'], name: 'Gone', url: url('gone') });
    receiver.answer = (request) => {
      const status = request.url.includes('/gone') ? 410 : request.url.includes('/failing') ? 503 : 204;
      return new Response(null, { status });
    };
    await tell(86);
    await becomes(async () => (await call('GET', `/webhooks/${gone.id}`)).json.data.disabled);
    expect((await receiver.next('webhook.disabled', { webhook_id: gone.id })).json.data).toEqual({
      ...{ webhook_id: gone.id, name: 'Gone', because: 'gone' },
    });
    const failing = await make({ kinds: ['credits.low'], name: 'Failing', url: url('failing') });
    await tell(87);
    await becomes(async () => (await deliveries(failing.id))[0]?.last_status === 503);
    expect((await call('GET', `/webhooks/${failing.id}`)).json.data.failing_since).not.toBeNull();
    aheadMs += 3 * DAY_MS;
    await becomes(async () => (await call('GET', `/webhooks/${failing.id}`)).json.data.disabled);
    const told = await receiver.next('webhook.disabled', { webhook_id: failing.id });
    expect(told.json.data.because).toBe('failing');
    receiver.answer = () => new Response(null, { status: 204 });
    expect((await call('GET', `/webhooks/${failing.id}`)).json.data).toMatchObject({
      ...{ disabled: true, disabled_because: 'failing' },
    });
    expect((await call('POST', `/webhooks/${failing.id}/test`)).status).toBe(409);
    const on = await call('PATCH', `/webhooks/${failing.id}`, { disabled: false });
    expect(on.json.data).toMatchObject({ disabled: false, disabled_because: null, failing_since: null });
    for (const { id } of [watcher, gone, failing]) await remove(id);
  });

  test.each([
    ['http://hooks.example.com/x', 'must be an https URL'],
    ['https://127.0.0.1/x', 'must not name a private address'],
    ['https://[::1]/x', 'must not name a private address'],
    ['https://169.254.169.254/latest/meta-data', 'must not name a private address'],
    ['https://metadata.internal/x', 'must not name a host of a private network'],
    ['https://user:password@hooks.example.com/x', 'must not hold a user name or password'],
    ['ftp://hooks.example.com', 'must be an https URL'],
    ['nonsense', 'is not a URL'],
  ])('the address %s is refused when it is saved', async (url, problem) => {
    const before = (await call('GET', '/webhooks')).json.data.length;
    const made = await call('POST', '/webhooks', { name: 'Bad', url });
    expect([made.status, made.json.error?.message]).toEqual([400, `url: ${problem}`]);
    expect((await call('GET', '/webhooks')).json.data.length).toBe(before);
  });

  test('neither address nor secret stands in the database, the log or the audit log in the clear', async () => {
    const { id, secret } = await make();
    await call('POST', `/webhooks/${id}/test`);
    await receiver.next('webhook.test');
    await becomes(async () => (await deliveries(id))[0]?.state === 'delivered');
    const { db } = gateway.database;
    const everything = JSON.stringify([
      await db.selectFrom('webhook').selectAll().execute(),
      await db.selectFrom('notification').selectAll().execute(),
      await db.selectFrom('notification_delivery').selectAll().execute(),
      await db.selectFrom('audit_event').selectAll().execute(),
      gateway.logLines,
    ]);
    for (const hidden of [secret, secret.slice('whsec_'.length), 'in-the-address'])
      expect(everything).not.toContain(hidden);
    expect((await call('GET', `/webhooks/${id}`)).text).not.toContain(secret);
    expect((await call('GET', `/webhooks/${id}`)).json.data.url).toBe(receiver.url);
    await remove(id);
    expect((await call('GET', `/webhooks/${id}`)).status).toBe(404);
    const [row] = await db.selectFrom('webhook').select('sealed_target').where('id', '=', id).execute();
    expect(row?.sealed_target).toBe('');
  });

  test('a key that nears its limit and reaches it is told of, once each', async () => {
    const { id } = await make({ kinds: ['key.limit_near', 'key.limit_reached'] });
    const { hash } = await makeKey(gateway, { name: 'Spender', limit: 1, limit_reset: 'monthly' });
    const { db } = gateway.database;
    const windowId = new Date(Date.now() + aheadMs).toISOString().slice(0, 7);
    const row = { scope_kind: 'key', scope_id: hash, window_id: windowId };
    const logger = { debug() {}, info() {}, warn() {}, error() {} } as never;
    const clock = { nowMs: () => Date.now() + aheadMs };
    const spend = async (nano: bigint) => {
      await db
        .insertInto('usage_window')
        .values({ ...row, cost_nano_usd: nano, byok_nano_usd: 0n, requests: 1 })
        .onConflict((conflict) =>
          conflict.columns(['scope_kind', 'scope_id', 'window_id']).doUpdateSet({ cost_nano_usd: nano }),
        )
        .execute();
      // Two nodes see it.
      for (let node = 0; node < 2; node += 1) {
        const alerts = new LimitAlerts({ database: gateway.database, clock, logger });
        alerts.flushed([row]);
        await alerts.stop();
      }
    };
    await spend(799_999_999n);
    await spend(800_000_000n);
    expect((await receiver.next('key.limit_near')).json.data).toEqual({
      ...{ key_hash: hash, key_name: 'Spender', key_label: expect.any(String), window: windowId },
      ...{ percent: 80, limit_usd: 1, spent_usd: 0.8 },
    });
    await spend(1_000_000_001n);
    expect((await receiver.next('key.limit_reached')).json.data).toMatchObject({ percent: 100 });
    expect(await deliveries(id)).toHaveLength(2);
    await remove(id);
  });

  test('a key that is used through the gateway up to its limit is told of behind the flush', async () => {
    const { id } = await make({ kinds: ['key.limit_reached'] });
    const { key, hash } = await makeKey(gateway, { name: 'Real', limit: 0.000001 });
    const body = { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 };
    for (let time = 0; time < 5; time += 1) await call('POST', '/chat/completions', body, key);
    await call('PATCH', `/keys/${hash}`, { limit: 0.0000001 });
    await call('PATCH', `/keys/${hash}`, { limit: 1 });
    const answered = await call('POST', '/chat/completions', body, key);
    expect(answered.status).toBe(200);
    await call('PATCH', `/keys/${hash}`, { limit: 0.000002 });
    await call('POST', '/chat/completions', { ...body, model: 'acme/free:free' }, key);
    expect((await receiver.next('key.limit_reached')).json.data.key_hash).toBe(hash);
    await remove(id);
  });

  test('a webhook of another organisation is as one that does not exist', async () => {
    await using other = await startGateway({ config: { egress: { private_hosts: [receiver.host] } } });
    const { id } = await make();
    const foreign = callerOf(() => other);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/secret'],
      ['POST', '/test'],
      ['GET', '/deliveries'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect((await foreign(method, `/webhooks/${id}${path}`, body)).status).toBe(404);
    }
    await remove(id);
  });
});

test('an admin sets from which part of a limit on a key counts as nearly used up', async () => {
  await using gateway = await startGateway();
  const owner = await signUpOwner(gateway);
  const set = (percent: unknown) =>
    owner.send('PATCH', '/api/dashboard/notifications/settings', { key_limit_percent: percent });
  expect((await owner.get('/api/dashboard/notifications')).body['key_limit_percent']).toBe(80);
  expect((await set(50)).body['key_limit_percent']).toBe(50);
  for (const wrong of [0, 100, 50.5, '50']) expect((await set(wrong)).status).toBe(400);
});

// On both engines at once: all that each does is wait for those ten seconds.
test.concurrent.each(engines)(
  'on $name, one that never answers keeps no others waiting, and is given up after ten seconds',
  async ({ name: engine }) => {
    using slow = startReceiver();
    using quick = startReceiver();
    const held = Promise.withResolvers<void>();
    slow.answer = async () => {
      await held.promise;
      return new Response();
    };
    // Vouched for by nothing but this test's own gateway.
    await using own = await startGateway({
      ...{ engine, config: { egress: { private_hosts: [quick.host, slow.host] } } },
    });
    const callOwn = callerOf(() => own);
    const stuck = (await callOwn('POST', '/webhooks', { name: 'Slow', url: slow.url })).json.data;
    await callOwn('POST', '/webhooks', { name: 'Quick', url: quick.url });
    for (let time = 0; time < 5; time += 1)
      await tellNews(own.database.db, {
        ...{ kind: 'credits.low', accountId: own.gateway.accounts.accountId, nowMs: Date.now() },
        data: { percent: time, balance_usd: 0 },
      });
    for (let time = 0; time < 5; time += 1) await quick.next('credits.low');
    expect(slow.received.length).toBeLessThanOrEqual(2);
    await becomes(async () =>
      (await callOwn('GET', `/webhooks/${stuck.id}/deliveries`)).json.data.some(
        (row: { last_problem: string }) => row.last_problem === 'no answer in time',
      ),
    );
    held.resolve();
  },
);
