/** What comes along with a request without being asked for: fields, headers and hosts that other sign-ins have believed. */
import { expect, test } from 'bun:test';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';
import { sendRaw } from '../http/raw.ts';

const EVE = { name: 'Eve', email: 'eve@example.com', password: 'staple battery horse' };
const MAX = { email: 'max@example.com', password: 'correct horse battery' };

/** What would make somebody more than they are, by the names of the columns and of the fields behind them. */
const CLAIMS = {
  ...{ role: 'owner', isAdmin: true, emailVerified: true, email_verified: true, emailClaimed: 0 },
  ...{ twoFactorEnabled: false, accountId: 'other', account_id: 'other', userId: 'other', id: 'chosen' },
  ...{ banned: false, createdAt: 0, callbackURL: 'https://page.example', redirectTo: 'https://page.example' },
};

test('fields that nobody asked for make nobody more than they are', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway({
    config: { accounts: { sign_up: 'open' }, mail: { smtp_url: mails.url, from: 'turnpike@example.com' } },
  });
  const owner = await signUpOwner(bench);
  const eve = new Visitor(bench.url);
  expect((await eve.post('/api/auth/sign-up/email', { ...EVE, ...CLAIMS })).status).toBe(200);
  expect((await eve.signIn(EVE)).status).toBe(403);
  expect(await eve.session()).toBeNull();
  const link = linkIn(await mails.next(EVE.email));
  expect(link).toStartWith(`${bench.url}/`);
  expect(link).not.toContain('page.example');

  const token = new URL(link).searchParams.get('token');
  await eve.post('/api/auth/verify-email', { token, password: EVE.password, ...CLAIMS });
  const before = await eve.session();
  expect(before).toMatchObject({ account: { role: 'member' }, user: { email: EVE.email } });
  expect(before?.user.id).not.toBe('chosen');
  const changed = await eve.post('/api/auth/update-user', { ...CLAIMS, email: OWNER.email, name: 'Eva' });
  expect(changed.status).toBe(200);
  const { name: _, ...sameUser } = before?.user ?? { name: '' };
  expect(await eve.session()).toMatchObject({ ...before, user: { ...sameUser, name: 'Eva' } });

  const ownerId = (await owner.session())?.user.id;
  const made = await eve.post('/api/dashboard/keys', { ...CLAIMS, name: 'Mine', kind: 'management' });
  expect(made.body).toMatchObject({ creator_user_id: before?.user.id });
  const { key } = JSON.parse(made.text) as { key: string };
  const managing = await fetch(`${bench.baseUrl}/keys`, { headers: { authorization: `Bearer ${key}` } });
  expect(managing.status).toBe(403);
  const inHerName = await eve.post('/api/dashboard/keys', { name: 'Hers', creator_user_id: ownerId });
  expect(inHerName.status).toBe(403);
});

test('a link that is mailed leads to the public address, whichever host the request for it named', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway({
    config: { mail: { smtp_url: mails.url, from: 'turnpike@example.com' } },
  });
  await signUpOwner(bench);
  const body = JSON.stringify({ email: OWNER.email, redirectTo: 'https://page.example/' });
  const ask = (host: string, fields: string) =>
    sendRaw(bench.url, [
      `POST /api/auth/request-password-reset HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n${fields}` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    ]);
  const ours = new URL(bench.url).host;
  for (const [host, fields] of [
    ['page.example', ''],
    [ours, 'X-Forwarded-Host: page.example\r\nX-Forwarded-Proto: https\r\n'],
    [ours, 'Forwarded: host=page.example;proto=https\r\nX-Host: page.example\r\n'],
  ] as const) {
    expect((await ask(host, fields)).status).toBe(200);
    const mail = await mails.next(OWNER.email);
    expect(linkIn(mail)).toStartWith(`${bench.url}/reset-password?token=`);
    expect(`${mail.text}${mail.html}`).not.toContain('page.example');
  }
});

test('of what the library behind the sign-in can do nothing is reached but what is listed', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const max = await signUpMember(bench, owner, MAX);
  const unlisted = [
    ...['GET /ok', 'GET /error', 'GET /get-session', 'GET /list-sessions', 'POST /revoke-sessions'],
    ...['POST /delete-user', 'POST /change-email', 'POST /set-password', 'POST /verify-password'],
    ...['POST /get-access-token', 'POST /refresh-token', 'GET /account-info', 'GET /reset-password/x'],
    ...['POST /sign-in/oauth2', 'GET /oauth2/callback/x', 'POST /oauth2/link', 'GET /token', 'GET /jwks'],
    ...[
      'POST /admin/set-role',
      'POST /admin/create-user',
      'POST /api-key/create',
      'POST /organization/create',
    ],
    ...['POST /two-factor/send-otp', 'POST /two-factor/verify-otp', 'POST /sign-in/anonymous'],
  ];
  for (const name of unlisted) {
    const [method = '', path = ''] = name.split(' ');
    const answer = await max.send(method, `/api/auth${path}`, { userId: 'x', role: 'owner' });
    expect([name, answer.status]).toEqual([name, 404]);
  }
  // A link that is opened confirms nothing: its page asks for the password.
  expect((await max.get('/api/auth/verify-email?token=x&callbackURL=https://page.example')).status).toBe(405);
  for (const path of [
    '%2e%2e/get-session',
    '..%2fget-session',
    'x%5c..%5cget-session',
    '%2e%2e%2f%2e%2e%2fok',
  ]) {
    const answer = await max.get(`/api/auth/callback/${path}`);
    expect(answer.body).not.toHaveProperty('session');
    if (answer.status === 302) expect(answer.headers.get('location')).toStartWith(`${bench.url}/`);
    else expect([404, 405]).toContain(answer.status);
  }
});
