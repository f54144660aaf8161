/** Keys that keys make for themselves: never wider than the one that makes them, and counted against its limit. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { signUpOwner } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const call = callerOf(() => gateway);
  const ask = (key: string, model = 'acme/small', more: object = {}) =>
    call(
      'POST',
      '/chat/completions',
      { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1, ...more },
      key,
    );
  const parent = async (more: object = {}): Promise<{ key: string; hash: string }> => {
    const { json } = await call('POST', '/keys', { name: 'parent', ...more });
    return { key: json.key, hash: json.data.hash };
  };
  const child = (key: string, body: object = {}) =>
    call('POST', '/key/children', { name: 'child', ...body }, key);

  test('a key makes one for itself, of its own workspace and creator, and lists it without its secret', async () => {
    const mother = await parent({ limit: 1, limit_reset: 'daily', expires_at: '2099-01-01T00:00:00Z' });
    const made = await child(mother.key, { name: 'agent', limit: 0.5, models: ['acme/small', 'acme/small'] });
    expect(made.status).toBe(201);
    expect(made.json.data).toMatchObject({
      ...{ name: 'agent', limit: 0.5, limit_reset: null, expires_at: '2099-01-01T00:00:00.000Z' },
      ...{ models: ['acme/small'], key: made.json.key },
    });
    const all = await call('GET', '/key/children', undefined, mother.key);
    expect(all.json.data).toHaveLength(1);
    expect(all.json.data[0]).toMatchObject({ hash: made.json.data.hash, models: ['acme/small'] });
    expect(all.text).not.toContain(made.json.key);
    expect((await call('GET', '/key/children', undefined, gateway.apiKey)).json.data).toEqual([]);
    // What is left out is as with the key that makes it.
    const plain = await child(mother.key);
    expect(plain.json.data).toMatchObject({ limit: 1, limit_reset: 'daily', models: null });
    const audit = await gateway.database.db
      .selectFrom('audit_event')
      .selectAll()
      .where('target', '=', made.json.data.hash)
      .executeTakeFirstOrThrow();
    expect(audit).toMatchObject({ action: 'key.created', actor_kind: 'api_key', actor: mother.hash });
  });

  test.each([
    ['limit', { limit: 2 }],
    ['limit', { limit: null }],
    ['expires_at', { expires_at: '2099-01-01T00:00:01Z' }],
    ['expires_at', { expires_at: null }],
  ])('%s: %j would be wider and is refused', async (word, wanted) => {
    const mother = await parent({ limit: 1, expires_at: '2099-01-01T00:00:00Z' });
    const answer = await child(mother.key, wanted);
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining(word)]);
    expect((await call('GET', '/key/children', undefined, mother.key)).json.data).toEqual([]);
  });

  test.each([
    ['name', { name: '' }],
    ['models', { models: [] }],
    ['models', { models: 'acme/small' }],
    ['limit', { limit: -1 }],
    ['expires_at', { expires_at: '2001-01-01T00:00:00Z' }],
    ['workspace_id', { workspace_id: '01890000-0000-7000-8000-000000000000' }],
    ['creator_user_id', { creator_user_id: 'somebody' }],
  ])('%s: %j is wrong in itself and is refused', async (word, wanted) => {
    const answer = await child(gateway.apiKey, wanted);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(word)]);
  });

  test('a child asks for its models alone, under whatever name, and its own children for no more', async () => {
    const mother = await parent();
    const narrow = (await child(mother.key, { models: ['acme/small'] })).json.key;
    expect((await ask(narrow)).status).toBe(200);
    const before = gateway.provider.stats.totalRequests;
    for (const model of ['acme/twice', 'acme/free:free', 'acme/twice:nitro']) {
      const answer = await ask(narrow, model);
      expect([model, answer.status]).toEqual([model, 403]);
    }
    expect(gateway.provider.stats.totalRequests).toBe(before);
    // Of a list, those that it may ask for are left.
    const listed = await ask(narrow, 'acme/twice', { models: ['acme/twice', 'acme/small'] });
    expect([listed.status, listed.json.model]).toEqual([200, 'acme/small']);
    const wider = await child(narrow, { models: ['acme/twice'] });
    expect([wider.status, wider.text]).toEqual([403, expect.stringContaining('models')]);
    expect((await child(narrow, { models: null })).status).toBe(403);
    const below = await child(narrow);
    expect(below.json.data.models).toEqual(['acme/small']);
    expect((await ask(below.json.key, 'acme/twice')).status).toBe(403);
  });

  test('whatever its children spend counts against a key: together with it they never exceed its limit', async () => {
    const price = (await ask(gateway.apiKey)).json.usage.cost;
    const mother = await parent({ limit: price * 6.5 });
    const children = await Promise.all(
      [1, 2, 3].map(async () => (await child(mother.key)).json.key as string),
    );
    expect((await ask(mother.key)).status).toBe(200);
    const askers = [...children, ...children, mother.key, ...children];
    const answers = await Promise.all(askers.map((key) => ask(key)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(5);
    for (const key of askers) await ask(key);
    const told = (await call('GET', `/keys/${mother.hash}`)).json.data;
    expect(told.usage).toBeLessThanOrEqual(told.limit);
    expect(told.usage).toBeCloseTo(price * 6, 9);
    const refused = await ask(children[0] ?? '');
    expect([refused.status, refused.text]).toEqual([402, expect.stringContaining('Key limit exceeded')]);
    expect((await ask(mother.key)).status).toBe(402);
    // Raised, it serves its children again at once.
    await call('PATCH', `/keys/${mother.hash}`, { limit: price * 8 });
    expect((await ask(children[0] ?? '')).status).toBe(200);
    // Counters, ledger and generations agree.
    expect((await verifyLedger(gateway.database.db)).fault).toBeNull();
  });

  test('a child rests with the key that made it, goes with it, and works on through its rotation', async () => {
    const mother = await parent();
    const { json } = await child(mother.key);
    const below = (await child(json.key)).json.key;
    await call('PATCH', `/keys/${mother.hash}`, { disabled: true });
    expect([(await ask(json.key)).status, (await ask(below)).status]).toEqual([403, 403]);
    await call('PATCH', `/keys/${mother.hash}`, { disabled: false });
    expect([(await ask(json.key)).status, (await ask(below)).status]).toEqual([200, 200]);
    const rotated = await call('POST', `/keys/${mother.hash}/rotate`, {});
    expect([(await ask(json.key)).status, (await ask(below)).status]).toEqual([200, 200]);
    await call('DELETE', `/keys/${rotated.json.data.hash}`);
    expect([(await ask(json.key)).status, (await ask(below)).status]).toEqual([401, 401]);
  });

  test('management keys make none, keys of apps neither, and they stand four deep at most', async () => {
    expect((await child(gateway.managementKey)).status).toBe(403);
    const mother = await parent();
    const minted = await call(
      'POST',
      '/auth/keys/code',
      { callback_url: 'https://app.example/cb' },
      mother.key,
    );
    expect(minted.status).toBe(200);
    const exchanged = await call('POST', '/auth/keys', { code: minted.json.data.id });
    expect((await child(exchanged.json.key)).status).toBe(403);
    let key = mother.key;
    for (let depth = 0; depth < 4; depth += 1) key = (await child(key)).json.key;
    expect((await ask(key)).status).toBe(200);
    expect((await child(key)).status).toBe(403);
    // And a child authorises no app: what that one has would count against nobody's limit.
    const asked = await call('POST', '/auth/keys/code', { callback_url: 'https://app.example/cb' }, key);
    expect(asked.status).toBe(403);
  });
});
