import { describe, expect, test } from 'bun:test';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway } from '../../harness.ts';

const ADA = { email: 'ada@example.com', password: 'staple battery horse', role: 'admin' } as const;
const MAX = { email: 'max@example.com', password: 'staple battery horse' };

const idOf = async (visitor: Visitor) => (await visitor.session())?.user.id ?? '';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('a member who is removed is out at once: sessions, keys and invitations of theirs with them', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const ada = await signUpMember(bench, owner, ADA);
    const adaId = await idOf(ada);
    const { key } = await makeKey(bench, { name: 'of Ada', creator_user_id: adaId });
    const kept = await makeKey(bench, { name: 'of the owner', creator_user_id: await idOf(owner) });
    const ask = (secret: string) =>
      fetch(`${bench.baseUrl}/key`, { headers: { authorization: `Bearer ${secret}` } });
    expect((await ask(key)).status).toBe(200);
    const invited = await ada.post('/api/dashboard/invitations', { role: 'member' });
    const invitation_token = tokenOf(String(invited.body['link']));

    expect((await owner.send('DELETE', `/api/dashboard/members/${adaId}`)).status).toBe(200);
    expect((await ada.get('/api/dashboard/members')).status).toBe(401);
    expect((await ada.get('/api/auth/list-accounts')).status).toBe(401);
    expect((await ask(key)).status).toBe(403);
    expect((await ask(kept.key)).status).toBe(200);
    const late = await new Visitor(bench.url).post('/api/auth/sign-up/email', {
      ...MAX,
      name: 'Max',
      invitation_token,
    });
    expect(late.status).toBe(403);

    const back = await ada.signIn(ADA);
    expect(back.status).toBe(403);
    expect(back.body).toMatchObject({ code: 'not_a_member' });
    expect(await ada.session()).toBeNull();
  });

  test('somebody who was removed comes back with an invitation, by signing in', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    await owner.send('DELETE', `/api/dashboard/members/${await idOf(max)}`);
    const invited = await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'admin' });
    const token = tokenOf(String(invited.body['link']));
    const accepted = await max.post('/api/dashboard/invitations/accept', { token });
    expect(accepted.body).toEqual({ joined: false });
    expect(accepted.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/);
    expect((await max.signIn(MAX)).status).toBe(200);
    expect(await max.session()).toMatchObject({ account: { role: 'admin' } });
  });

  test('a role changes with the next request, and an organisation never loses its last owner', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const ownerId = await idOf(owner);
    const ada = await signUpMember(bench, owner, ADA);
    const adaId = await idOf(ada);
    expect((await owner.send('PATCH', `/api/dashboard/members/${ownerId}`, { role: 'member' })).status).toBe(
      409,
    );
    expect((await owner.send('DELETE', `/api/dashboard/members/${ownerId}`)).status).toBe(409);
    expect((await owner.send('PATCH', `/api/dashboard/members/${adaId}`, { role: 'owner' })).status).toBe(
      200,
    );

    // Both at the same moment: one of the two stays.
    const answers = await Promise.all([
      owner.send('PATCH', `/api/dashboard/members/${adaId}`, { role: 'member' }),
      ada.send('PATCH', `/api/dashboard/members/${ownerId}`, { role: 'member' }),
    ]);
    expect(answers.map(({ status }) => status)).toContain(200);
    const roles = await bench.database.db.selectFrom('member').select(['user_id', 'role']).execute();
    const owners = roles.filter(({ role }) => role === 'owner');
    expect(owners).toHaveLength(1);
    const demoted = owners[0]?.user_id === ownerId ? ada : owner;
    expect((await demoted.get('/api/dashboard/invitations')).status).toBe(403);
  });
});

test('admins manage members and admins, but make and touch no owners; members manage nobody', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const ada = await signUpMember(bench, owner, ADA);
  const max = await signUpMember(bench, owner, MAX);
  const [ownerId, maxId] = [await idOf(owner), await idOf(max)];
  expect((await ada.send('PATCH', `/api/dashboard/members/${maxId}`, { role: 'owner' })).status).toBe(403);
  expect((await ada.send('PATCH', `/api/dashboard/members/${ownerId}`, { role: 'member' })).status).toBe(403);
  expect((await ada.send('DELETE', `/api/dashboard/members/${ownerId}`)).status).toBe(403);
  expect((await ada.post('/api/dashboard/invitations', { role: 'owner' })).status).toBe(403);
  expect((await ada.send('PATCH', `/api/dashboard/members/${maxId}`, { role: 'boss' })).status).toBe(400);
  const writes = [
    ['PATCH', `/api/dashboard/members/${maxId}`],
    ['DELETE', `/api/dashboard/members/${ownerId}`],
    ['POST', '/api/dashboard/invitations'],
    ['DELETE', `/api/dashboard/invitations/${crypto.randomUUID()}`],
    ['GET', '/api/dashboard/invitations'],
  ] as const;
  for (const [method, path] of writes)
    expect((await max.send(method, path, { role: 'admin' })).status).toBe(403);
  expect((await max.get('/api/dashboard/members')).status).toBe(200);
});

test('ids of another account are as unknown as random ones', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const { db } = bench.database;
  const foreignAccount = crypto.randomUUID();
  const user = { id: crypto.randomUUID(), name: 'Foreign', email: 'foreign@example.com' };
  const stamp = new Date().toISOString();
  const nowMs = Date.now();
  await db
    .insertInto('account')
    .values({ id: foreignAccount, kind: 'organisation', name: 'Elsewhere', created_at_ms: nowMs })
    .execute();
  await db
    .insertInto('user')
    .values({ ...user, email_verified: 1, created_at: stamp, updated_at: stamp } as never)
    .execute();
  await db
    .insertInto('member')
    .values({ account_id: foreignAccount, user_id: user.id, role: 'member', created_at_ms: nowMs })
    .execute();
  const invitation = {
    ...{
      id: crypto.randomUUID(),
      token_hash: 'x',
      account_id: foreignAccount,
      email: null,
      role: 'member' as const,
    },
    ...{ invited_by_user_id: user.id, created_at_ms: nowMs, expires_at_ms: nowMs + 60_000 },
    ...{ used_at_ms: null, used_by_user_id: null, is_mailed: 0 as const },
  };
  await db.insertInto('invitation').values(invitation).execute();
  const calls = [
    ['PATCH', '/api/dashboard/members/', user.id],
    ['DELETE', '/api/dashboard/members/', user.id],
    ['DELETE', '/api/dashboard/invitations/', invitation.id],
  ] as const;
  for (const [method, path, id] of calls) {
    const theirs = await owner.send(method, path + id, { role: 'admin' });
    const unknown = await owner.send(method, path + crypto.randomUUID(), { role: 'admin' });
    expect([theirs.status, theirs.text]).toEqual([404, unknown.text]);
  }
  expect(await db.selectFrom('member').select('role').where('user_id', '=', user.id).execute()).toEqual([
    { role: 'member' },
  ]);
  expect((await owner.get('/api/dashboard/invitations')).body['list']).toEqual([]);
});

test('somebody who is signed in joins with a link at once, and never with a lower role', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const max = await signUpMember(bench, owner, MAX);
  const up = await owner.post('/api/dashboard/invitations', { role: 'admin' });
  const upAnswer = await max.post('/api/dashboard/invitations/accept', {
    token: tokenOf(String(up.body['link'])),
  });
  expect(upAnswer.body).toMatchObject({ joined: true });
  expect(await max.session()).toMatchObject({ account: { role: 'admin' } });
  const down = await owner.post('/api/dashboard/invitations', { role: 'member' });
  const token = tokenOf(String(down.body['link']));
  await owner.post('/api/dashboard/invitations/accept', { token });
  expect(await owner.session()).toMatchObject({ account: { role: 'owner' }, user: { email: OWNER.email } });
  expect((await max.post('/api/dashboard/invitations/accept', { token })).status).toBe(404);
});
