/** What people have reported of other senders and receivers of webhooks, played against this one. The number names the report. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { tellNews } from '../../../src/notifications/tell.ts';
import { callerOf } from '../../call.ts';
import { deliver, SECRET_KEY, signed, startFakeStripe, WEBHOOK_SECRET } from '../../fake-stripe/server.ts';
import { type GithubStandIn, startGithub } from '../../github-reports.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type Receiver, startReceiver, verify } from '../../receiver.ts';
import { until } from '../faults/bench.ts';

const EMOJI = 'Größe 😊 \u2028 ñ';

let gateway: TestGateway;
let github: GithubStandIn;
let receiver: Receiver;
let stripe: ReturnType<typeof startFakeStripe>;
let aheadMs = 0;
const call = callerOf(() => gateway);
beforeAll(async () => {
  github = startGithub();
  receiver = startReceiver();
  stripe = startFakeStripe();
  gateway = await startGateway({
    secretScanningKeysUrl: github.keysUrl,
    stripe: stripe.access,
    clock: { nowMs: () => Date.now() + aheadMs },
    config: { egress: { private_hosts: [receiver.host] }, billing: { mode: 'prepaid' } },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await stripe?.[Symbol.asyncDispose]();
  receiver?.[Symbol.dispose]();
  github?.[Symbol.dispose]();
});

const make = async (name: string, more: object = {}) =>
  (await call('POST', '/webhooks', { name, url: receiver.url, ...more })).json.data as {
    id: string;
    secret: string;
  };
const tell = (name: string) =>
  tellNews(gateway.database.db, {
    ...{ kind: 'budget.spent', accountId: gateway.gateway.accounts.accountId, nowMs: Date.now() + aheadMs },
    data: { percent: 80, limit_usd: 1, spent_usd: 0.8, window: 'all', scope: 'tag', name },
  });

describe('as a sender', () => {
  test('octokit/webhooks.js#1155, github/docs#3567: letters beyond ASCII are signed as the bytes that are sent', async () => {
    const { id, secret } = await make('Emoji');
    await tell(EMOJI);
    const got = await receiver.next('budget.spent', { name: EMOJI });
    expect(verify(secret, got)).toMatchObject({ data: { name: EMOJI } });
    expect(got.headers['content-length']).toBe(String(Buffer.byteLength(got.body)));
    await call('DELETE', `/webhooks/${id}`);
  });

  test('8x8/jaas_demo#8, titen#32: a second attempt is signed anew, over the same body and id, and comes at all', async () => {
    const { id, secret } = await make('Again');
    receiver.answer = () => new Response(null, { status: 503 });
    await tell('again');
    const first = await receiver.next('budget.spent', { name: 'again' });
    receiver.answer = () => new Response(null, { status: 204 });
    const second = await receiver.next('budget.spent', { name: 'again' });
    expect([second.id, second.body]).toEqual([first.id, first.body]);
    expect(verify(secret, second)).toMatchObject({ data: { name: 'again' } });
    expect(second.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp']);
    await call('DELETE', `/webhooks/${id}`);
  });

  test('polarsource/polar#11607: many that fail at once switch a webhook off once, and tell of it once', async () => {
    const { id } = await make('Off', { kinds: ['budget.spent'] });
    receiver.answer = () => new Response(null, { status: 410 });
    await Promise.all(Array.from({ length: 6 }, (_, number) => tell(`off ${number}`)));
    expect(await until(async () => (await call('GET', `/webhooks/${id}`)).json.data.disabled)).toBe(true);
    const rows = () =>
      gateway.database.db
        .selectFrom('notification')
        .select('data')
        .where('kind', '=', 'webhook.disabled')
        .execute();
    expect(
      await until(async () =>
        (await call('GET', `/webhooks/${id}/deliveries`)).json.data.every(
          ({ state }: { state: string }) => state !== 'waiting',
        ),
      ),
    ).toBe(true);
    expect((await rows()).filter(({ data }) => data.includes(id))).toHaveLength(1);
    receiver.answer = () => new Response(null, { status: 204 });
    await call('DELETE', `/webhooks/${id}`);
  });

  test.each([
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '0:0:0:0:0:ffff:a9fe:a9fe', '::'],
    ...['::127.0.0.1', '2002:a9fe:a9fe::', '64:ff9b::a9fe:a9fe', '2001:0:4136:e378::1', 'fe81::1', 'fd00::1'],
    ...['64:ff9b:1::a9fe:a9fe', 'ff02::1', '100::1'],
  ])('documenso#2901, oneuptime#2578, plunk#449, odysseus#1053: [%s] is no public address', async (host) => {
    const made = await call('POST', '/webhooks', { name: 'In', url: `https://[${host}]/x` });
    expect([made.status, made.json.error?.message]).toEqual([400, expect.stringContaining('private')]);
  });

  test.each(['2130706433', '0x7f.1', '017700000001', '127.1', '169.254.169.254.', 'localhost.', 'LOCALHOST'])(
    'the same of %s, as URLs read it',
    async (host) => {
      const made = await call('POST', '/webhooks', { name: 'In', url: `https://${host}/x` });
      expect(made.status).toBe(400);
    },
  );
});

describe('as a receiver of GitHub’s reports', () => {
  const post = async ({ body, headers }: { body: string; headers: Record<string, string> }) =>
    fetch(`${gateway.url}/webhooks/github-secret-scanning`, { method: 'POST', headers, body });

  test('letters beyond ASCII, and a charset in the type, are verified as the bytes that came', async () => {
    const { key } = await makeKey(gateway);
    const report = github.report([
      {
        token: key,
        type: 'turnpike_api_key',
        url: `https://github.com/o/r/blob/main/${EMOJI}`,
        source: EMOJI,
      },
    ]);
    const answer = await post({
      ...report,
      headers: { ...report.headers, 'content-type': 'application/json; charset=utf-8' },
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      [{ token_hash: hashOf(key), token_type: 'turnpike_api_key', label: 'true_positive' }],
    ]);
  });

  test('lichess-org/lila#15364: a signature whose numbers are short is one like any other', async () => {
    const lengths = new Set<number>();
    for (let time = 0; time < 300; time += 1) {
      const report = github.report([{ token: `none ${time}`, type: 'x' }]);
      const length = Buffer.from(report.headers['github-public-key-signature'] ?? '', 'base64').length;
      if (lengths.has(length)) continue;
      lengths.add(length);
      expect((await post(report)).status).toBe(200);
    }
    expect(lengths.size).toBeGreaterThan(1);
  });

  test('github/docs#21108: a key that GitHub has not published yet is refused, and taken once it has', async () => {
    using other = startGithub();
    const early = other.report([{ token: 'none', type: 'x' }]);
    expect((await post(early)).status).toBe(401);
    github.rotate();
    aheadMs += 61_000;
    expect((await post(github.report([{ token: 'none', type: 'x' }]))).status).toBe(200);
  });
});

describe('as a receiver of Stripe’s events', () => {
  const url = () => `${gateway.url}/webhooks/stripe`;
  const event = (type = 'customer.created', more: object = {}) => ({
    ...{
      id: 'evt_1',
      object: 'event',
      type,
      livemode: false,
      data: { object: { id: 'cus_1', name: EMOJI } },
    },
    ...more,
  });

  test('stripe-node#341 and #356: the bytes are verified as they came, and a body that was written anew is not', async () => {
    const body = JSON.stringify(event(), null, 2);
    const headers = await signed(body, { atMs: Date.now() + aheadMs });
    expect((await fetch(url(), { method: 'POST', headers, body })).status).toBe(200);
    const anew = JSON.stringify(JSON.parse(body));
    expect((await fetch(url(), { method: 'POST', headers, body: anew })).status).toBe(400);
  });

  test('stripe-java#919: a header with signatures of other schemes and of an older secret is taken by the right one', async () => {
    const body = JSON.stringify(event());
    const { 'stripe-signature': header = '', ...headers } = await signed(body, {
      atMs: Date.now() + aheadMs,
    });
    const [moment = '', v1 = ''] = header.split(',');
    const more = [moment, `v0=${'a'.repeat(64)}`, `v1=${'b'.repeat(64)}`, v1].join(',');
    const send = async (signature: string) =>
      (await fetch(url(), { method: 'POST', headers: { ...headers, 'stripe-signature': signature }, body }))
        .status;
    expect(await send(more)).toBe(200);
    expect(await send([moment, `v0=${v1.slice(3)}`].join(','))).toBe(400);
  });

  test('stripe-node#396: a secret key in the place of the signing secret is no signature', async () => {
    const body = JSON.stringify(event());
    const at = { atMs: Date.now() + aheadMs };
    const headers = await signed(body, { ...at, secret: SECRET_KEY });
    expect((await fetch(url(), { method: 'POST', headers, body })).status).toBe(400);
    expect(WEBHOOK_SECRET).not.toBe(SECRET_KEY);
  });

  test('akash-network/console#1756, Eventra#16229: an event that nobody handles is taken, also twice', async () => {
    for (let time = 0; time < 2; time += 1) {
      const answer = await deliver(url(), event('invoice.some_new_thing'), Date.now() + aheadMs);
      expect([answer.status, await answer.json()]).toEqual([200, { received: true, verdict: 'irrelevant' }]);
    }
  });
});
