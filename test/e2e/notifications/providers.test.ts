/** What providers do to the gateway, as webhooks hear of it: outages with their ends, and keys of an organisation that are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { buildNews } from '../../../src/build-news.ts';
import { createLogger } from '../../../src/log.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type Receiver, startReceiver, verify } from '../../receiver.ts';
import { until } from '../faults/bench.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A provider of one model, which answers as it is told to. */
function startProvider() {
  const state = { status: 200 };
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: (request) => {
      const isOwn = request.headers.get('authorization')?.includes('own-key') === true;
      if (isOwn || state.status !== 200)
        return Response.json(
          { error: { message: 'Incorrect API key provided' } },
          { status: isOwn ? 401 : state.status },
        );
      return Response.json({
        ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1741569952, model: 'm' },
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
      });
    },
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.port}/v1`,
    [Symbol.asyncDispose]: () => server.stop(true),
  });
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let receiver: Receiver;
  let provider: ReturnType<typeof startProvider>;
  let gateway: TestGateway;
  let secret: string;
  let aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs };
  const call = callerOf(() => gateway);

  beforeAll(async () => {
    receiver = startReceiver();
    provider = startProvider();
    gateway = await startGateway({
      ...{ engine, clock },
      config: {
        egress: { private_hosts: [receiver.host] },
        providers: [{ slug: 'solo', name: 'Solo', base_url: provider.url, api_key: 'of-the-operator' }],
        models: [
          {
            ...{ id: 'solo/x', context_length: 1000, max_completion_tokens: 100 },
            endpoints: [
              { provider: 'solo', model: 'solo-x', pricing: { prompt: '0.000001', completion: '0.000002' } },
            ],
          },
        ],
      },
    });
    const made = await call('POST', '/webhooks', { name: 'Ours', url: receiver.url });
    ({ secret } = made.json.data);
  });
  afterAll(async () => {
    await gateway?.stop();
    await provider?.[Symbol.asyncDispose]();
    receiver?.[Symbol.dispose]();
  });

  const ask = async (key?: string) =>
    (
      await call(
        'POST',
        '/chat/completions',
        { model: 'solo/x', messages: [{ role: 'user', content: 'Hi' }] },
        key ?? gateway.apiKey,
      )
    ).status;
  const fails = async () => {
    provider.status = 401;
    expect(await ask()).not.toBe(200);
  };
  const answers = async () => {
    provider.status = 200;
    expect(await ask()).toBe(200);
  };
  /** Every outage and end that was told, in order. */
  const told = async () =>
    (
      await gateway.database.db
        .selectFrom('notification')
        .select('kind')
        .where('kind', 'like', 'provider.%')
        .orderBy('id')
        .execute()
    ).map(({ kind }) => kind.slice('provider.'.length));
  const becomes = async (expected: readonly string[]) => {
    await until(async () => (await told()).length >= expected.length, 10_000);
    expect(await told()).toEqual([...expected]);
  };

  test('a provider that refuses the operator’s key is told to be out, and to be back when it answers', async () => {
    await fails();
    const out = await receiver.next('provider.benched');
    expect(verify(secret, out)).toMatchObject({
      data: {
        ...{ provider: 'solo', credential: null, model: null },
        reason: 'it refuses the key, or its balance is spent',
      },
    });
    aheadMs += MINUTE_MS;
    await answers();
    const back = await receiver.next('provider.back');
    expect(verify(secret, back)).toMatchObject({ data: { provider: 'solo', credential: null, model: null } });
  });

  test('within the hour nothing begins again, and what goes on behind it is told then, with its end', async () => {
    aheadMs += MINUTE_MS;
    await fails();
    aheadMs += 5 * MINUTE_MS;
    await fails();
    await becomes(['benched', 'back']);
    aheadMs += 60 * MINUTE_MS;
    await fails();
    await becomes(['benched', 'back', 'benched']);
    // In the same hour: its end is told all the same.
    aheadMs += MINUTE_MS;
    await answers();
    await becomes(['benched', 'back', 'benched', 'back']);
  });

  test('an outage that was forgotten, since nobody asked for long, ends with the next answer, and the next one is told', async () => {
    aheadMs += 2 * 60 * MINUTE_MS;
    await fails();
    await becomes(['benched', 'back', 'benched', 'back', 'benched']);
    aheadMs += 3 * 60 * MINUTE_MS;
    await answers();
    await becomes(['benched', 'back', 'benched', 'back', 'benched', 'back']);
    aheadMs += 60 * MINUTE_MS;
    await fails();
    await becomes(['benched', 'back', 'benched', 'back', 'benched', 'back', 'benched']);
    aheadMs += MINUTE_MS;
    await answers();
    await becomes(['benched', 'back', 'benched', 'back', 'benched', 'back', 'benched', 'back']);
  });

  test('two nodes tell of one outage once, and a node that takes its place tells of its end', async () => {
    const before = await told();
    const logger = createLogger({ level: 'error', write: () => {}, clock });
    const node = () =>
      buildNews({
        ...{ config: gateway.config, database: gateway.database, clock, logger },
        mailer: { deliver: async () => {} },
        readJson: async () => null,
        usage: { ofKeys: async () => new Map() } as never,
        metrics: { benched: () => {} },
        changed: async () => {},
        accountId: gateway.gateway.accounts.accountId,
      });
    const of = { provider: 'other', credential: 'default', model: 'm/x' };
    const bench = { ...of, reason: 'hanging', forMs: 1, isSaid: false, error: null, ownKeyId: null } as const;
    const nodes = [node(), node()];
    for (const one of nodes) one.benched(bench);
    await becomes([...before, 'benched']);
    for (const one of nodes) await one.stop();
    const later = node();
    await until(() => later.hasOutages());
    later.back(of);
    await becomes([...before, 'benched', 'back']);
    await later.stop();
  });

  test('a key of the organisation’s own that its provider refuses is told of, once a day', async () => {
    const made = await call('POST', '/byok', { provider: 'solo', key: 'own-key-0123456789', name: 'Team' });
    expect(made.status).toBe(201);
    provider.status = 200;
    await ask();
    const news = await receiver.next('own_key.refused');
    // Not by the library: this gateway's clock is hours ahead by now.
    expect(news.json).toMatchObject({
      data: { own_key_id: made.json.data.id, name: 'Team', provider: 'solo', status: 401 },
    });
    expect(news.body).not.toContain('own-key-0123456789');
    const refusals = async () =>
      (
        await gateway.database.db
          .selectFrom('notification')
          .select('id')
          .where('kind', '=', 'own_key.refused')
          .execute()
      ).length;
    aheadMs += DAY_MS;
    await ask();
    expect(await until(async () => (await refusals()) === 2)).toBe(true);
    aheadMs += MINUTE_MS;
    const startsAnew =
      Math.floor(clock.nowMs() / DAY_MS) !== Math.floor((clock.nowMs() - MINUTE_MS) / DAY_MS);
    await ask();
    await ask();
    await gateway.gateway.billing.watch.look();
    expect(await refusals()).toBe(startsAnew ? 3 : 2);
    await call('DELETE', `/byok/${made.json.data.id}`);
  });

  test('the nightly look tells of keys that are stale, never used or without bounds, and anew only of something else', async () => {
    await using own = await startGateway({
      ...{ engine, clock, config: { egress: { private_hosts: [receiver.host] } } },
    });
    const callOwn = callerOf(() => own);
    await callOwn('POST', '/webhooks', { name: 'Ours', url: receiver.url, kinds: ['keys.report'] });
    const ends = { expires_at: new Date(clock.nowMs() + 900 * DAY_MS).toISOString(), limit: 5 };
    const stale = await makeKey(own, { name: 'Stale', ...ends });
    await makeKey(own, { name: 'Never', ...ends });
    const wide = await makeKey(own, { name: 'Wide' });
    const chat = (key: string) =>
      callOwn(
        'POST',
        '/chat/completions',
        { model: 'turnpike/echo', messages: [{ role: 'user', content: 'Hi' }] },
        key,
      );
    expect((await chat(stale.key)).status).toBe(200);
    const report = async () =>
      (await callOwn('GET', '/key-report')).json.data.keys as { name: string; reasons: string[] }[];
    expect(
      await until(async () => (await callOwn('GET', `/keys/${stale.hash}`)).json.data.last_used_at !== null),
    ).toBe(true);
    aheadMs += 91 * DAY_MS;
    await chat(wide.key);
    expect(
      await until(async () => (await report()).find(({ name }) => name === 'Wide')?.reasons.length === 1),
    ).toBe(true);
    const usage = { ofKeys: async (hashes: readonly string[]) => await usageOf(own, hashes) };
    const night = async () => {
      const logger = createLogger({ level: 'error', write: () => {}, clock });
      const node = buildNews({
        ...{ config: own.config, database: own.database, clock, logger, usage: usage as never },
        mailer: { deliver: async () => {} },
        readJson: async () => null,
        metrics: { benched: () => {} },
        changed: async () => {},
        accountId: own.gateway.accounts.accountId,
      });
      await node.tidy();
      await node.stop();
    };
    await Promise.all([night(), night()]);
    const first = (await receiver.next('keys.report')).json.data;
    const found = Object.fromEntries(
      first.findings.map((one: { key_name: string; reason: string }) => [one.key_name, one.reason]),
    );
    expect(found).toMatchObject({ Stale: 'stale', Never: 'never_used', Wide: 'no_limit_and_no_expiry' });
    const count = async () =>
      (
        await own.database.db
          .selectFrom('notification')
          .select('id')
          .where('kind', '=', 'keys.report')
          .execute()
      ).length;
    await night();
    expect(await count()).toBe(1);
    await callOwn('PATCH', `/keys/${wide.hash}`, { disabled: true });
    await night();
    expect((await receiver.next('keys.report')).json.data.total).toBe(first.total - 1);
    // As it was the first time, and not the last.
    await callOwn('PATCH', `/keys/${wide.hash}`, { disabled: false });
    await night();
    expect((await receiver.next('keys.report')).json.data.total).toBe(first.total);
    expect(await count()).toBe(3);
  });
});

/** As the gateway's own reader has it, of what its API says. */
async function usageOf(gateway: TestGateway, hashes: readonly string[]) {
  const call = callerOf(() => gateway);
  const rows = await Promise.all(
    hashes.map(async (hash) => {
      const { json } = await call('GET', `/keys/${hash}`);
      const at = json.data?.last_used_at ?? null;
      return [hash, { lastUsedAtMs: at === null ? null : Date.parse(at) }] as const;
    }),
  );
  return new Map(rows);
}
