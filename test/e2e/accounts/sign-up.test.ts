import { describe, expect, test } from 'bun:test';
import { OWNER, setupToken, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('the setup link makes the first owner, who is signed in at once, and works once', async () => {
    await using bench = await startGateway({ engine });
    const visitor = new Visitor(bench.url);
    const before = await visitor.get('/api/dashboard/session');
    expect(before.body).toMatchObject({
      session: null,
      sign_in: { setup_needed: true, sign_up: 'invitation' },
    });
    const token = await setupToken(bench);
    const preview = await visitor.get(`/api/dashboard/invitations/preview?token=${token}`);
    expect(preview.body).toMatchObject({ email: null, role: 'owner', is_setup: true });

    const answer = await visitor.post('/api/auth/sign-up/email', { ...OWNER, invitation_token: token });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('"token"');
    const session = await visitor.session();
    expect(session).toMatchObject({
      user: { email: OWNER.email, name: OWNER.name, email_verified: true, has_password: true },
      account: { role: 'owner' },
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^turnpike\.session_token=.*HttpOnly.*SameSite=Lax/);
    expect(cookie).not.toContain('Domain');

    expect((await visitor.get(`/api/dashboard/invitations/preview?token=${token}`)).status).toBe(404);
    const again = await new Visitor(bench.url).post('/api/auth/sign-up/email', {
      ...MAX,
      invitation_token: token,
    });
    expect(again.status).toBe(403);
    expect((await visitor.get('/api/dashboard/session')).body).toMatchObject({
      sign_in: { setup_needed: false },
    });
  });

  test('of two sign-ups with one setup link at the same moment, one wins and the other leaves nothing behind', async () => {
    await using bench = await startGateway({ engine });
    const invitation_token = await setupToken(bench);
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        new Visitor(bench.url).post('/api/auth/sign-up/email', {
          ...{ name, email: `${name}@example.com`, password: OWNER.password, invitation_token },
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const users = await bench.database.db.selectFrom('user').select('id').execute();
    const members = await bench.database.db.selectFrom('member').selectAll().execute();
    expect(users).toHaveLength(1);
    expect(members).toMatchObject([{ role: 'owner', user_id: users[0]?.id }]);
  });

  test('an invitation brings its receiver in with its role, and nobody else', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const invited = await owner.post('/api/dashboard/invitations', {
      email: 'MAX@example.com',
      role: 'admin',
    });
    expect(invited.status).toBe(201);
    const token = tokenOf(String(invited.body['link']));
    const visitor = new Visitor(bench.url);
    const preview = await visitor.get(`/api/dashboard/invitations/preview?token=${token}`);
    expect(preview.body).toMatchObject({ email: MAX.email, role: 'admin', is_setup: false });

    const stranger = { ...MAX, email: 'eve@example.com', invitation_token: token };
    expect((await new Visitor(bench.url).post('/api/auth/sign-up/email', stranger)).status).toBe(403);

    expect((await visitor.post('/api/auth/sign-up/email', { ...MAX, invitation_token: token })).status).toBe(
      200,
    );
    expect(await visitor.session()).toMatchObject({
      account: { role: 'admin' },
      // Its link was shown to the owner, and proves nothing.
      user: { email_verified: false },
    });
    const members = await owner.get('/api/dashboard/members');
    expect(members.body['list']).toMatchObject([
      { role: 'owner', is_you: true },
      { role: 'admin', email: MAX.email },
    ]);
  });
});

test('without an invitation nobody signs up, and a taken-back one is none', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const bare = await visitor.post('/api/auth/sign-up/email', MAX);
  expect(bare.status).toBe(403);
  expect(bare.text).toContain('invitation_required');
  const taken = await visitor.post('/api/auth/sign-up/email', { ...OWNER, password: 'some other one' });
  expect([taken.status, taken.text]).toEqual([bare.status, bare.text]);

  const invited = await owner.post('/api/dashboard/invitations', { role: 'member' });
  const deleted = await owner.send('DELETE', `/api/dashboard/invitations/${invited.body['id']}`);
  expect(deleted.status).toBe(200);
  const invitation_token = tokenOf(String(invited.body['link']));
  const late = await visitor.post('/api/auth/sign-up/email', { ...MAX, invitation_token });
  expect(late.status).toBe(403);
  expect(late.text).toContain('invitation_invalid');
});

test('a closed instance takes in whoever was invited, and says that it is closed to the rest', async () => {
  await using bench = await startGateway({ config: { accounts: { sign_up: 'closed' } } });
  const owner = await signUpOwner(bench);
  const refused = await new Visitor(bench.url).post('/api/auth/sign-up/email', MAX);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('sign_up_closed');
  expect(await (await signUpMember(bench, owner, MAX)).session()).toMatchObject({
    account: { role: 'member' },
  });
});

test.each([
  ['no address', 'max'],
  ['a control character', 'ma\u0007x@example.com'],
  ['what turns text around', 'ma\u202ex@example.com'],
  ['half a character', 'ma\ud800x@example.com'],
  ['what is too long', `${'m'.repeat(64)}@${'x'.repeat(187)}.io`],
])('nobody signs up or is invited with %s for an address', async (_, email) => {
  await using bench = await startGateway({ config: { accounts: { sign_up: 'open' } } });
  const owner = await signUpOwner(bench);
  const signedUp = await new Visitor(bench.url).post('/api/auth/sign-up/email', { ...MAX, email });
  const invited = await owner.post('/api/dashboard/invitations', { email });
  expect([signedUp.status, invited.status]).toEqual([400, 400]);
  expect(await bench.database.db.selectFrom('user').select('email').execute()).toHaveLength(1);
});
