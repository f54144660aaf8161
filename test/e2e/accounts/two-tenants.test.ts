/** Two accounts on one gateway, through the API: nothing of the one is to be had by the other, not even that it exists. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { newGenerationId, newId } from '../../../src/ids.ts';
import { addKey } from '../../../src/keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../../../src/keys/keys.ts';
import { insertAccount, insertWorkspace } from '../../../src/tenancy/store.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { chat } from '../faults/bench.ts';

/** Another account on the same gateway, with a key of each kind. */
async function addTenant({ database }: TestGateway) {
  const [api, management] = [newKeySecret(), newKeySecret()];
  const accountId = newId();
  const workspaceId = newId();
  const nowMs = Date.now();
  await database.transaction(async (trx) => {
    await insertAccount(trx, { id: accountId, kind: 'organisation', name: 'Beta', created_at_ms: nowMs });
    const place = {
      account_id: accountId,
      name: 'B',
      slug: 'b',
      is_default: 1,
      created_at_ms: nowMs,
    } as const;
    await insertWorkspace(trx, { id: workspaceId, ...place });
    const key = parseNewKey({ name: 'of Beta' }, nowMs);
    const whose = { key, accountId, workspaceId, creatorUserId: null, nowMs };
    await addKey(trx, newKeyRow({ ...whose, secret: api, kind: 'api' }));
    await addKey(trx, newKeyRow({ ...whose, secret: management, kind: 'management' }));
  });
  return { apiKey: api.key, managementKey: management.key, hash: api.hash };
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let bench: TestGateway;
  let beta: Awaited<ReturnType<typeof addTenant>>;
  beforeAll(async () => {
    bench = await startGateway({ engine });
    beta = await addTenant(bench);
  });
  afterAll(() => bench.stop());

  async function call(method: string, path: string, key: string, body?: object, headers: object = {}) {
    const answer = await fetch(`${bench.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const kept = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    return { status: answer.status, headers: kept, text, json: JSON.parse(text) };
  }

  /** What one account asked, and what it cost. */
  async function generationOf(key: string, body: object = {}): Promise<string> {
    const answer = await chat(bench, { model: 'acme/small', key, body: { ...body } });
    expect(answer.status).toBe(200);
    await answer.text();
    return answer.headers.get('x-generation-id') ?? '';
  }

  test('a generation of the other account looks like one that never was, by either kind of key', async () => {
    const own = await generationOf(bench.apiKey);
    expect((await call('GET', `/generation?id=${own}`, bench.apiKey)).status).toBe(200);
    const random = newGenerationId(Date.now());
    for (const key of [beta.apiKey, beta.managementKey]) {
      const foreign = await call('GET', `/generation?id=${own}`, key);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(await call('GET', `/generation?id=${random}`, key));
    }
  });

  test('a key of the other account is neither read, changed, deleted nor listed', async () => {
    const rows = () => bench.database.db.selectFrom('api_key').selectAll().orderBy('hash').execute();
    const before = await rows();
    for (const [method, body] of [['GET'], ['PATCH', { disabled: true, limit: 0 }], ['DELETE']] as const) {
      const foreign = await call(method, `/keys/${beta.hash}`, bench.managementKey, body);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(await call(method, `/keys/${'e'.repeat(64)}`, bench.managementKey, body));
    }
    expect(await rows()).toEqual(before);
    const listed = await call('GET', '/keys?include_disabled=true', bench.managementKey);
    expect(listed.text).not.toContain(beta.hash);
    expect((await call('GET', '/keys', beta.managementKey)).text).toContain(beta.hash);
  });

  test('one account spends and reads its own credits, usage and keys alone', async () => {
    const ofBeta = async () => ({
      credits: (await call('GET', '/credits', beta.managementKey)).json,
      key: (await call('GET', '/key', beta.apiKey)).json,
    });
    const before = await ofBeta();
    await generationOf(bench.apiKey);
    // Whoever reads a key's usage waits until the journal is in the database.
    expect((await call('GET', '/key', bench.apiKey)).json.data.usage).toBeGreaterThan(0);
    expect(await ofBeta()).toEqual(before);
  });

  test('the same Idempotency-Key and body make a key for each, and show neither the other’s', async () => {
    const once = { 'idempotency-key': 'order-1' };
    const body = { name: 'Once' };
    const first = await call('POST', '/keys', bench.managementKey, body, once);
    const second = await call('POST', '/keys', beta.managementKey, body, once);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json.key).not.toBe(first.json.key);
    expect((await call('POST', '/keys', bench.managementKey, body, once)).text).toBe(first.text);
    expect((await call('POST', '/keys', beta.managementKey, body, once)).text).toBe(second.text);
    expect((await call('GET', `/keys/${first.json.data.hash}`, beta.managementKey)).status).toBe(404);
  });

  test('the same request, session and user are answered anew for each, and recorded with its own account', async () => {
    const asked = bench.provider.requests.length;
    const body = { session_id: 'shared', user: 'shared', seed: 7 };
    const ids = [await generationOf(bench.apiKey, body), await generationOf(beta.apiKey, body)];
    expect(bench.provider.requests.length).toBe(asked + 2);
    expect(new Set(ids).size).toBe(2);
    for (const [id, own, other] of [
      [ids[0], bench.apiKey, beta.apiKey],
      [ids[1], beta.apiKey, bench.apiKey],
    ] as const) {
      expect((await call('GET', `/generation?id=${id}`, own)).json.data.session_id).toBe('shared');
      expect((await call('GET', `/generation?id=${id}`, other)).status).toBe(404);
    }
  });
});
