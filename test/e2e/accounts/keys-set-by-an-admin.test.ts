import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { migrate, migrations } from '../../../src/storage/migrate.ts';
import { type Answer, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const ADA = { email: 'ada@example.com', password: 'staple battery horse', name: 'Ada' };
const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };

const KEYS = '/api/dashboard/keys';

async function create(visitor: Visitor, body: object = {}): Promise<string> {
  const answer = await visitor.post(KEYS, { name: 'of a person', ...body });
  expect(answer.status).toBe(201);
  return `${KEYS}/${answer.body['hash']}`;
}

const change = (visitor: Visitor, path: string, body: object) => visitor.send('PATCH', path, body);
const idOf = async (visitor: Visitor) => (await visitor.session())?.user.id ?? '';

function expectRefused({ status, text }: Answer): void {
  expect([status, text]).toEqual([403, expect.stringContaining('role_required')]);
  expect(text).toContain('admin');
}

async function withManagementKey(bench: TestGateway, method: string, path: string, body: object) {
  const answer = await fetch(`${bench.baseUrl}/keys${path}`, {
    method,
    headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
  return (await answer.json()) as { data: Record<string, unknown> };
}

/** What its creator may do all the same, in the end. */
async function expectBound(max: Visitor, path: string): Promise<void> {
  const before = (await max.get(path)).body;
  expect(before).toMatchObject({ bounded_by_admin: true });
  for (const undone of [
    { limit: null },
    { limit: 1000 },
    { limit_reset: before['limit_reset'] === 'daily' ? null : 'daily' },
    { include_byok_in_limit: !before['include_byok_in_limit'] },
    { on_exhaust: { action: 'refuse' } },
    { name: 'Renamed', limit: 1000 },
  ]) {
    expectRefused(await change(max, path, undone));
  }
  expect((await max.get(path)).body).toEqual(before);
  const { limit, limit_reset } = before;
  expect((await change(max, path, { name: 'Renamed', limit, limit_reset })).status).toBe(200);
  expect((await change(max, path, { disabled: true })).status).toBe(200);
  expectRefused(await change(max, path, { disabled: false }));
  expect((await max.send('DELETE', path)).status).toBe(200);
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('what an admin or a management key sets on the key of a member, the member cannot undo', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const ada = await signUpMember(bench, owner, { ...ADA, role: 'admin' });
    const max = await signUpMember(bench, owner, MAX);
    const byAda = await create(max);
    expect((await max.get(byAda)).body).toMatchObject({ bounded_by_admin: false });
    expect((await change(ada, byAda, { disabled: true, limit: 1 })).status).toBe(200);
    expectRefused(await change(max, byAda, { disabled: false, limit: null }));
    expectRefused(await change(max, byAda, { disabled: false }));
    await expectBound(max, byAda);

    const byKey = await create(max, { limit: 5 });
    const hash = byKey.slice(KEYS.length);
    const { data } = await withManagementKey(bench, 'PATCH', hash, { limit: 2, limit_reset: 'weekly' });
    expect(data).not.toHaveProperty('bounded_by_admin');
    await expectBound(max, byKey);

    const bySaying = await create(max, { on_exhaust: { action: 'downgrade', model: 'acme/small' } });
    expect((await change(max, bySaying, { on_exhaust: null })).body).toMatchObject({ on_exhaust: null });
    const refuses = { on_exhaust: { action: 'refuse', model: null } };
    expect((await change(ada, bySaying, refuses)).body).toMatchObject({ ...refuses, bounded_by_admin: true });
    expectRefused(await change(max, bySaying, { on_exhaust: null }));
    expect((await change(ada, bySaying, { on_exhaust: null })).body).toMatchObject({
      bounded_by_admin: false,
    });

    const creator_user_id = await idOf(max);
    const made = await create(ada, { creator_user_id, limit: 3 });
    await expectBound(max, made);
    const order = { name: 'x', creator_user_id, limit: 3 };
    const ordered = await withManagementKey(bench, 'POST', '', order);
    await expectBound(max, `${KEYS}/${ordered.data['hash']}`);
  });

  test('the keys of somebody who was removed stay disabled when they come back', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const path = await create(max);
    expect((await owner.send('DELETE', `/api/dashboard/members/${await idOf(max)}`)).status).toBe(200);
    const invited = await owner.post('/api/dashboard/invitations', { email: MAX.email });
    const again = new Visitor(bench.url);
    const invitation_token = tokenOf(String(invited.body['link']));
    await again.post('/api/auth/sign-in/email', { ...MAX, invitation_token });
    expect(await again.session()).not.toBeNull();
    expect((await again.get(path)).body).toMatchObject({ disabled: true, bounded_by_admin: true });
    expectRefused(await change(again, path, { disabled: false }));
    expect((await change(owner, path, { disabled: false })).body).toMatchObject({ bounded_by_admin: false });
    expect((await change(again, path, { limit: 5 })).status).toBe(200);
  });

  test('of an enabling and a disabling at once, the one by the admin holds', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const path = await create(max);
    await change(max, path, { disabled: true });
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        change(owner, path, { disabled: true, limit: 1 }),
        ...[1, 2, 3].map(() => change(max, path, { disabled: false, limit: null })),
      ]);
      expect((await owner.get(path)).body).toMatchObject({ disabled: true, limit: 1 });
      await change(owner, path, { disabled: false, limit: null });
    }
  });

  test('keys that were disabled with a removal before this was remembered are not the creator’s to enable', async () => {
    await using bench = await startGateway({ engine });
    const { db } = bench.database;
    const { version = 0 } = migrations.find(({ name }) => name.endsWith('bounded-by-admin')) ?? {};
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const [ofMax, ofOwner] = [await create(max), await create(owner)];
    await change(owner, ofOwner, { disabled: true });
    await owner.send('DELETE', `/api/dashboard/members/${await idOf(max)}`);
    await db.schema.alterTable('api_key').dropColumn('bounded_by_admin').execute();
    await sql`DELETE FROM schema_migration WHERE version >= ${version}`.execute(db);
    await migrate(bench.database, migrations.slice(0, version));
    expect((await owner.get(ofMax)).body).toMatchObject({ bounded_by_admin: true });
    expect((await owner.get(ofOwner)).body).toMatchObject({ bounded_by_admin: false });
  });
});

test('a name changes nothing of this, nor does what an admin sends along unchanged, or sets on their own key', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const ada = await signUpMember(bench, owner, { ...ADA, role: 'admin' });
  const max = await signUpMember(bench, owner, MAX);
  const path = await create(max, { limit: 5 });
  await change(ada, path, { name: 'Renamed', limit: 5, limit_reset: null, disabled: false });
  expect((await change(max, path, { limit: 7 })).body).toMatchObject({ bounded_by_admin: false, limit: 7 });
  const own = await create(ada);
  expect((await change(ada, own, { limit: 1 })).body).toMatchObject({ bounded_by_admin: false });
  await change(owner, own, { limit: 2 });
  expect((await change(ada, own, { limit: 3 })).body).toMatchObject({ bounded_by_admin: true, limit: 3 });
});
