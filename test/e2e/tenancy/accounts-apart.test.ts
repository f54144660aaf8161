/** Two accounts in one gateway: what is one's is as unknown to the other as what never was. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { addKey } from '../../../src/keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../../../src/keys/keys.ts';
import { insertAccount, insertWorkspace } from '../../../src/tenancy/store.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { chatBody, getJson } from '../faults/bench.ts';

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  const theirs = { api: newKeySecret(), management: newKeySecret() };
  const workspaceId = crypto.randomUUID();

  beforeAll(async () => {
    gateway = await startGateway({ engine, config: { billing: { mode: 'off' } } });
    await gateway.database.transaction(async (trx) => {
      const nowMs = Date.now();
      await insertAccount(trx, { id: 'other', kind: 'organisation', name: 'Other', created_at_ms: nowMs });
      const place = { account_id: 'other', name: 'W', slug: 'w', is_default: 1 } as const;
      await insertWorkspace(trx, { id: workspaceId, ...place, created_at_ms: nowMs });
      const whose = { accountId: 'other', workspaceId, creatorUserId: null, nowMs };
      for (const kind of ['api', 'management'] as const) {
        const key = parseNewKey({ name: 'Theirs' }, nowMs);
        await addKey(trx, newKeyRow({ secret: theirs[kind], key, kind, ...whose }));
      }
    });
  });
  afterAll(() => gateway?.stop());

  const chat = async (key: string, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: chatBody({ model: 'acme/small' }),
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { id: string }).id;
  };
  const read = async (path: string, key: string) => {
    const answer = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
    const { headers } = answer;
    return { status: answer.status, body: await answer.text(), names: [...headers.keys()].sort() };
  };

  test('a generation of another account is as unknown as one that never was', async () => {
    const id = await chat(gateway.apiKey);
    expect((await read(`/generation?id=${id}`, gateway.apiKey)).status).toBe(200);
    const unknown = id.replace(/.{4}$/, (end) => (end === '0000' ? '1111' : '0000'));
    for (const key of [theirs.api.key, theirs.management.key]) {
      const foreign = await read(`/generation?id=${id}`, key);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(await read(`/generation?id=${unknown}`, key));
    }
  });

  test('the activity and the analytics of one account are nothing in those of another', async () => {
    await chat(gateway.apiKey);
    const query = async (key: string, body: object) => {
      const answer = await fetch(`${gateway.baseUrl}/analytics/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return ((await answer.json()) as { data: { data: Record<string, unknown>[] } }).data.data;
    };
    const { hash } = (await getJson(gateway, '/keys', gateway.managementKey)).data[0];
    const all = { metrics: ['request_count', 'total_usage'] };
    const ofKey = { ...all, filters: [{ field: 'api_key_id', operator: 'eq', value: hash }] };
    const before = await query(theirs.management.key, all);
    await chat(gateway.apiKey);
    expect(await query(theirs.management.key, all)).toEqual(before);
    expect(await query(theirs.management.key, ofKey)).toEqual([{ request_count: 0, total_usage: 0 }]);
    expect((await query(gateway.managementKey, ofKey))[0]?.['request_count']).toBeGreaterThan(1);
    expect((await getJson(gateway, `/activity?api_key_hash=${hash}`, theirs.management.key)).data).toEqual(
      [],
    );
  });

  test('what one account spends and has is nothing in the figures of another', async () => {
    const before = await getJson(gateway, '/credits', theirs.management.key);
    await chat(gateway.apiKey);
    expect((await getJson(gateway, '/credits', gateway.managementKey)).data.total_usage).toBeGreaterThan(0);
    expect(await getJson(gateway, '/credits', theirs.management.key)).toEqual(before);
    expect((await getJson(gateway, '/key', theirs.api.key)).data.usage).toBe(0);
    const ours = (await getJson(gateway, '/keys', gateway.managementKey)).data;
    const others = (await getJson(gateway, '/keys', theirs.management.key)).data;
    expect(others.map(({ name }: { name: string }) => name)).toEqual(['Theirs']);
    expect(ours.map(({ name }: { name: string }) => name)).not.toContain('Theirs');
    expect((await getJson(gateway, `/keys?workspace_id=${workspaceId}`, gateway.managementKey)).data).toEqual(
      [],
    );
  });

  test('an Idempotency-Key of one account is another request in another', async () => {
    const make = async (key: string) => {
      const answer = await fetch(`${gateway.baseUrl}/keys`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': 'the-same',
        },
        body: JSON.stringify({ name: 'Once' }),
      });
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { key: string }).key;
    };
    const [ours, again, foreign] = [
      await make(gateway.managementKey),
      await make(gateway.managementKey),
      await make(theirs.management.key),
    ];
    expect(again).toBe(ours);
    expect(foreign).not.toBe(ours);
  });

  test('a key of another account is managed by no key of ours', async () => {
    const { hash } = await makeKey({ baseUrl: gateway.baseUrl, managementKey: theirs.management.key });
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { disabled: true }],
      ['DELETE', undefined],
    ] as const) {
      const answers = await Promise.all(
        [hash, hash.replace(/^.{4}/, '0000')].map(async (asked) => {
          const answer = await fetch(`${gateway.baseUrl}/keys/${asked}`, {
            method,
            headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          });
          return [answer.status, await answer.text()];
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]?.[0]).toBe(404);
    }
    const kept = await getJson(gateway, `/keys/${hash}`, theirs.management.key);
    expect(kept.data).toMatchObject({ hash, disabled: false });
  });
});
