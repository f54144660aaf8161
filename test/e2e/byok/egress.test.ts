/** Addresses that people typed in: judged when they are saved, and by every look-up when they are connected to. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createPublicAddressOf } from '../../../src/egress/public-host.ts';
import { createUpstreamClient } from '../../../src/upstream/client.ts';
import type { UpstreamFailure } from '../../../src/upstream/upstream.ts';
import { ownKeyContext } from '../../../src/vault/contexts.ts';
import { sealEnvelope } from '../../../src/vault/envelope.ts';
import { rejectionOf } from '../../databases.ts';
import { ByokRig } from './rig.ts';

const KEY = 'sk-own-egress-0123456789abcdef';

describe('the address that is connected to', () => {
  const judge = (addresses: readonly string[], privateHosts: readonly string[] = []) =>
    createPublicAddressOf({ privateHosts, resolve: async () => addresses });

  test.each([
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['100.100.100.200'],
    ['10.0.0.1'],
    ['::1'],
    ['fd00:ec2::254'],
    ['64:ff9b::a9fe:a9fe'],
    ['::ffff:127.0.0.1'],
  ])('a public name that leads to %s is refused, also beside a public address', async (address) => {
    for (const addresses of [[address], ['93.184.215.14', address]])
      expect((await rejectionOf(judge(addresses)('llm.example.com', 443, true))).message).toContain(
        'not a public address',
      );
    expect((await rejectionOf(judge([])(address, 443, true))).message).toContain('not a public address');
  });

  test('what is public is what is connected to, and without TLS nothing is', async () => {
    expect(await judge(['93.184.215.14'])('llm.example.com', 443, true)).toBe('93.184.215.14');
    expect((await rejectionOf(judge(['93.184.215.14'])('llm.example.com', 80, false))).message).toContain(
      'without TLS',
    );
  });
});

test('a name that becomes another one between saving and connecting reaches nothing', async () => {
  let connections = 0;
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: () => {
        connections += 1;
      },
      data: () => undefined,
    },
  });
  const answers = [['93.184.215.14'], ['127.0.0.1']];
  const client = createUpstreamClient({
    publicAddressOf: createPublicAddressOf({ privateHosts: [], resolve: async () => answers.at(-1) ?? [] }),
  });
  const failures: UpstreamFailure[] = [];
  for (const url of [
    `https://rebound.example.com:${listener.port}/v1/chat/completions`,
    `https://127.0.0.1:${listener.port}/v1/chat/completions`,
    `http://127.0.0.1:${listener.port}/v1/chat/completions`,
  ])
    failures.push(
      await new Promise<UpstreamFailure>((resolve, reject) => {
        client.send(
          {
            url,
            headers: { authorization: `Bearer ${KEY}` },
            body: '{}',
            timeouts: { firstByteMs: 5000, idleMs: 5000, answerMs: null },
            mustBePublic: true,
          },
          {
            onHead: () => reject(new Error('answered')),
            onBytes: () => undefined,
            onEnd: () => reject(new Error('ended')),
            onFailure: resolve,
          },
        );
      }),
    );
  expect(failures.map(({ kind, neverSent }) => [kind, neverSent])).toEqual([
    ['unreachable', true],
    ['unreachable', true],
    ['unreachable', true],
  ]);
  expect(connections).toBe(0);
  client.close();
  listener.stop(true);
});

describe('through the gateway', () => {
  let rig: ByokRig;
  let open: ReturnType<typeof Bun.serve>;
  const seen: string[] = [];
  beforeAll(async () => {
    open = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => {
        seen.push(`${new URL(request.url).pathname} ${request.headers.get('authorization')}`);
        return new Response(null, {
          status: 307,
          headers: { location: `${rig.gateway.provider.baseUrl}/chat/completions` },
        });
      },
    });
    rig = await ByokRig.start({ config: { egress: { private_hosts: [`127.0.0.1:${open.port}`] } } });
  });
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]();
    await open?.stop(true);
  });

  test('a redirect is not followed, and nobody else is shown the key', async () => {
    const id = await rig.bring('acme', KEY, {
      base_url: `http://127.0.0.1:${open.port}/v1`,
      is_required: true,
    });
    const answer = await rig.ask();
    expect(answer.status).toBe(502);
    expect(seen).toEqual([`/v1/chat/completions Bearer ${KEY}`]);
    expect(rig.seen()).toEqual([]);
    await rig.call('DELETE', `/byok/${id}`);
  });

  test('a private address that somebody wrote into the database is refused when it is connected to', async () => {
    const id = await rig.bring('acme', KEY, { is_required: true });
    const { db } = rig.gateway.database;
    const row = await db.selectFrom('byok_key').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const base_url = rig.gateway.provider.baseUrl;
    const place = { accountId: row.account_id, id, provider: 'acme', baseUrl: base_url };
    const { sealedDataKey, sealedSecret } = sealEnvelope(
      rig.gateway.config.masterKey,
      KEY,
      ownKeyContext(place),
    );
    await db
      .updateTable('byok_key')
      .set({ base_url, sealed_data_key: sealedDataKey, sealed_secret: sealedSecret })
      .where('id', '=', id)
      .execute();
    await rig.call('PATCH', `/byok/${id}`, { name: 'read anew' });
    const answer = await rig.ask();
    expect(answer.status).toBe(502);
    expect(rig.seen()).toEqual([]);
    await rig.call('DELETE', `/byok/${id}`);
  });

  test('what was moved to another row, address or provider, or changed in a bit, is never sent', async () => {
    const one = await rig.bring('acme', KEY);
    const other = await rig.bring('acme', 'sk-own-other-0123456789abcdef', { disabled: true });
    const { db } = rig.gateway.database;
    const rowOf = (id: string) =>
      db.selectFrom('byok_key').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const whole = await rowOf(one);
    const foreign = await rowOf(other);
    const flipped = (text: string) =>
      `${text.slice(0, -3)}${text.at(-3) === 'A' ? 'B' : 'A'}${text.slice(-2)}`;
    const changes = [
      { sealed_secret: foreign.sealed_secret },
      { sealed_data_key: foreign.sealed_data_key },
      { sealed_secret: foreign.sealed_secret, sealed_data_key: foreign.sealed_data_key },
      { base_url: 'https://llm.example.com/v1' },
      { provider: 'backup' },
      { sealed_secret: flipped(whole.sealed_secret) },
      { sealed_secret: whole.sealed_secret.slice(0, -16) },
      { sealed_data_key: '' },
    ];
    for (const change of changes) {
      await db
        .updateTable('byok_key')
        .set({ ...whole, ...change })
        .where('id', '=', one)
        .execute();
      await rig.call('PATCH', `/byok/${one}`, { name: crypto.randomUUID() });
      const answer = await rig.ask(
        change.provider === undefined ? {} : { model: 'acme/twice', provider: { only: ['backup'] } },
      );
      expect([answer.status, answer.json.usage?.is_byok]).toEqual([200, false]);
      expect(rig.seen().join()).not.toContain('sk-own');
    }
    expect(
      rig.gateway.logLines.filter((line) => line.includes('byok_key_unreadable')).length,
    ).toBeGreaterThan(5);
    await db.updateTable('byok_key').set(whole).where('id', '=', one).execute();
    await rig.call('PATCH', `/byok/${one}`, { name: null });
    expect((await rig.ask()).json.usage.is_byok).toBe(true);
  });
});
