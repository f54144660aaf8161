/** Keys under another secret: what stays the same, for how long the old one works, and how old one may become. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { ManualClock } from '../../../src/clock.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const DAY_MS = 86_400_000;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let owner: Visitor;
  const clock = new ManualClock(Date.now());
  beforeAll(async () => {
    gateway = await startGateway({ engine, clock });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const call = callerOf(() => gateway);
  const chat = async (key: string) =>
    (
      await call(
        'POST',
        '/chat/completions',
        { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
        key,
      )
    ).status;
  const make = async (more: object = {}): Promise<{ key: string; hash: string }> => {
    const { json } = await call('POST', '/keys', { name: 'rotates', limit: 5, ...more });
    return { key: json.key, hash: json.data.hash };
  };

  test('a rotated key is the same key under another hash: its name, limits and usage stay, and the old secret ends at once', async () => {
    const { key, hash } = await make();
    expect(await chat(key)).toBe(200);
    const before = (await call('GET', `/keys/${hash}`)).json.data;
    expect(before.usage).toBeGreaterThan(0);
    const rotated = await call('POST', `/keys/${hash}/rotate`, {});
    expect(rotated.status).toBe(201);
    expect(rotated.json.key).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
    expect(rotated.json.data.key).toBe(rotated.json.key);
    const { data } = rotated.json;
    expect(data.hash).toBe(hashOf(rotated.json.key));
    expect(data.hash).not.toBe(hash);
    const same = ['name', 'limit', 'limit_remaining', 'limit_reset', 'usage', 'created_at', 'workspace_id'];
    for (const name of same) expect([name, data[name]]).toEqual([name, before[name]]);
    expect(data.label).not.toBe(before.label);
    expect([await chat(key), await chat(rotated.json.key)]).toEqual([401, 200]);
    expect((await call('GET', `/keys/${hash}`)).status).toBe(404);
    const now = (await call('GET', `/keys/${data.hash}`)).json.data;
    expect(now.usage).toBe(before.usage * 2);
    expect(now.key).toBeUndefined();
    const listed = (await call('GET', '/keys')).json.data.map((row: { hash: string }) => row.hash);
    expect(listed).toContain(data.hash);
    expect(listed).not.toContain(hash);
    // No secret of either is anywhere in the database.
    const secrets = await gateway.database.db.selectFrom('key_secret').selectAll().execute();
    expect(JSON.stringify(secrets)).not.toContain(rotated.json.key);
  });

  test('for as long as was said both secrets work and both hashes find the key; then the old ones are as good as none', async () => {
    const { key, hash } = await make();
    const { json } = await call('POST', `/keys/${hash}/rotate`, { old_valid_for_seconds: 3600 });
    expect([await chat(key), await chat(json.key)]).toEqual([200, 200]);
    expect((await call('GET', `/keys/${hash}`)).json.data.hash).toBe(json.data.hash);
    expect((await call('PATCH', `/keys/${hash}`, { name: 'by its old hash' })).json.data.name).toBe(
      'by its old hash',
    );
    clock.advance(3600_000 - 1);
    expect(await chat(key)).toBe(200);
    clock.advance(1);
    expect([await chat(key), await chat(json.key)]).toEqual([401, 200]);
    expect((await call('GET', `/keys/${hash}`)).status).toBe(404);
    expect((await call('GET', `/keys/${json.data.hash}`)).json.data.name).toBe('by its old hash');
  });

  test('a later rotation ends every older secret with it, so that a leaked one never outlives it', async () => {
    const { key, hash } = await make();
    const second = await call('POST', `/keys/${hash}/rotate`, { old_valid_for_seconds: 86_400 });
    const third = await call('POST', `/keys/${second.json.data.hash}/rotate`, { old_valid_for_seconds: 0 });
    expect([await chat(key), await chat(second.json.key), await chat(third.json.key)]).toEqual([
      401, 401, 200,
    ]);
    await call('PATCH', `/keys/${third.json.data.hash}`, { disabled: true });
    expect(await chat(third.json.key)).toBe(403);
    expect((await call('DELETE', `/keys/${third.json.data.hash}`)).status).toBe(200);
    expect(await chat(third.json.key)).toBe(401);
    expect((await call('POST', `/keys/${third.json.data.hash}/rotate`, {})).status).toBe(404);
  });

  test('concurrent rotations leave one secret that works', async () => {
    const { hash } = await make();
    const all = await Promise.all(
      Array.from({ length: 4 }, () => call('POST', `/keys/${hash}/rotate`, { old_valid_for_seconds: 0 })),
    );
    const won = all.filter(({ status }) => status === 201);
    expect(won.length).toBeGreaterThanOrEqual(1);
    expect(all.every(({ status }) => status === 201 || status === 404)).toBe(true);
    const verdicts = await Promise.all(won.map(({ json }) => chat(json.key)));
    expect(verdicts.filter((status) => status === 200)).toHaveLength(1);
  });

  test.each([
    [{ old_valid_for_seconds: -1 }, 'old_valid_for_seconds'],
    [{ old_valid_for_seconds: 1.5 }, 'old_valid_for_seconds'],
    [{ old_valid_for_seconds: '60' }, 'old_valid_for_seconds'],
    [{ old_valid_for_seconds: 2_592_001 }, 'old_valid_for_seconds'],
    [{ grace: 60 }, 'grace'],
    [[], 'JSON object'],
  ])('%j is refused, and the secret stays', async (body, word) => {
    const { key, hash } = await make();
    const answer = await call('POST', `/keys/${hash}/rotate`, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(word)]);
    expect(await chat(key)).toBe(200);
  });

  test('a key may not rotate others, nor somebody else’s; members rotate their own on our pages', async () => {
    const { key, hash } = await make();
    expect((await call('POST', `/keys/${hash}/rotate`, {}, key)).status).toBe(403);
    const max = await signUpMember(gateway, owner, {
      email: 'max@example.com',
      password: 'correct horse battery',
    });
    expect((await max.post(`/api/dashboard/keys/${hash}/rotate`, {})).status).toBe(404);
    const own = await max.post('/api/dashboard/keys', { name: 'mine' });
    const again = await max.post(`/api/dashboard/keys/${String(own.body['hash'])}/rotate`, {
      old_valid_for_seconds: 60,
    });
    expect(again.status).toBe(201);
    expect(again.body['creator_user_id']).toBe(own.body['creator_user_id']);
    expect(await chat(String(again.body['key']))).toBe(200);
    const events = await gateway.database.db
      .selectFrom('audit_event')
      .selectAll()
      .where('action', '=', 'key.rotated')
      .where('actor_kind', '=', 'user')
      .execute();
    expect(events).toHaveLength(1);
    expect(events[0]?.before_json).toContain(String(own.body['label']));
    expect(events[0]?.after_json).toContain(String(again.body['label']));
    expect(JSON.stringify(events)).not.toContain(String(again.body['key']));
  });

  test('how old a secret may become is reported first, and refused once that is switched on; rotating helps', async () => {
    const { key, hash } = await make();
    await call('PATCH', '/organization/settings', { key_rotation_days: 30 });
    const { created_at, rotate_by } = (await call('GET', `/keys/${hash}`)).json.data;
    expect(Date.parse(rotate_by) - Date.parse(created_at)).toBe(30 * DAY_MS);
    clock.advance(31 * DAY_MS);
    expect(await chat(key)).toBe(200);
    await call('PATCH', '/organization/settings', { is_key_rotation_enforced: true });
    const refused = await call('GET', '/key', undefined, key);
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('rotate the key')]);
    const { json } = await call('POST', `/keys/${hash}/rotate`, { old_valid_for_seconds: 60 });
    // The old secret may go on for its minute: it is the key that was rotated in time.
    expect([await chat(json.key), await chat(key)]).toEqual([200, 200]);
    expect(json.data.rotated_at).not.toBeNull();
    await call('PATCH', '/organization/settings', {
      is_key_rotation_enforced: false,
      key_rotation_days: null,
    });
    expect((await call('GET', `/keys/${json.data.hash}`)).json.data.rotate_by).toBeNull();
  });
});
