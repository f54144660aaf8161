import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const NEW_PASSWORD = 'another long password';
const CALLBACK = 'https://notebook.example.com/cb';

type Line = Readonly<Record<string, unknown>> & { readonly event: string };

const eventsOf = (bench: TestGateway): Line[] =>
  bench.logLines
    .map((line) => JSON.parse(line) as Line)
    // Who changed what is in a log of its own, which has its own test.
    .filter(({ level, event }) => level === 'info' && event !== 'audit');
const idOf = async (visitor: Visitor) => (await visitor.session())?.user.id ?? '';

test('who came in, who did not and what an admin changed is in the log, with ids and nothing else', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const max = await signUpMember(bench, owner, MAX);
  const [ownerId, maxId] = [await idOf(owner), await idOf(max)];
  const before = eventsOf(bench).length;

  const visitor = new Visitor(bench.url);
  await visitor.signIn({ ...MAX, password: 'not the password' });
  await visitor.signIn({ email: 'nobody@example.com', password: 'not the password' });
  await visitor.signIn(MAX);
  const own = (await visitor.session())?.id;
  await visitor.post('/api/auth/sign-out');
  await max.send('DELETE', '/api/dashboard/sessions');
  const enabled = await max.post('/api/auth/two-factor/enable', { password: MAX.password });
  const uri = String(enabled.body['totpURI']);
  await max.post('/api/auth/two-factor/verify-totp', { code: totpCode(uri, Date.now()) });
  await visitor.signIn(MAX);
  await visitor.post('/api/auth/two-factor/verify-totp', { code: '000000' });
  await visitor.post('/api/auth/two-factor/verify-totp', { code: totpCode(uri, Date.now() + 30_000) });
  await max.session();
  const change = { currentPassword: MAX.password, newPassword: NEW_PASSWORD };
  await max.post('/api/auth/change-password', change);
  const member = `/api/dashboard/members/${maxId}`;
  await owner.send('PATCH', member, { role: 'admin' });
  await owner.send('PATCH', member, { role: 'admin' });
  const invited = await owner.post('/api/dashboard/invitations', { email: 'mia@example.com' });
  await owner.send('DELETE', `/api/dashboard/invitations/${invited.body['id']}`);
  await owner.send('DELETE', member);

  const events = eventsOf(bench);
  const accountId = bench.gateway.accounts.accountId;
  const sessionId = expect.any(String);
  expect(events.slice(before)).toMatchObject([
    { event: 'sign_in_failed', by: 'password', reason: 'INVALID_EMAIL_OR_PASSWORD', userId: maxId },
    { event: 'sign_in_failed', by: 'password', reason: 'INVALID_EMAIL_OR_PASSWORD', userId: null },
    { event: 'signed_in', by: 'password', userId: maxId, accountId, sessionId: own },
    { event: 'signed_out', userId: maxId, sessionId: own },
    { event: 'other_sessions_ended', userId: maxId },
    { event: 'protection_changed', change: 'two_factor_on', userId: maxId },
    { event: 'sign_in_failed', by: 'code', reason: 'INVALID_CODE', userId: null },
    { event: 'signed_in', by: 'code', userId: maxId, sessionId },
    { event: 'protection_changed', change: 'password', userId: maxId },
    { event: 'role_changed', accountId, userId: maxId, before: 'member', role: 'admin', by: ownerId },
    { event: 'invitation_made', accountId, role: 'member', by: ownerId },
    { event: 'invitation_revoked', accountId, by: ownerId },
    { event: 'member_removed', accountId, userId: maxId, by: ownerId },
  ]);
  expect(events.filter(({ event }) => event === 'member_joined')).toMatchObject([
    { userId: ownerId },
    { userId: maxId },
  ]);
  const text = bench.logLines.join('');
  for (const typed of [OWNER.email, MAX.email, 'nobody@example', 'mia@example', MAX.password, NEW_PASSWORD])
    expect([typed, text.includes(typed)]).toEqual([typed, false]);
});

test('what an app is allowed, and what it makes of it, is in the log without its secret, code or key', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const userId = await idOf(owner);
  const accountId = bench.gateway.accounts.accountId;
  const made = await owner.post('/api/dashboard/apps', { name: 'Notebook', redirect_uris: [CALLBACK] });
  const clientId = String(made.body['client_id']);
  const rotated = await owner.post(`/api/dashboard/apps/${clientId}/secret`);
  const verifier = 'v'.repeat(64);
  const request = {
    ...{ client_id: clientId, redirect_uri: CALLBACK, response_type: 'code', code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  };
  const shown = await owner.get(`/api/dashboard/consent?${new URLSearchParams(request)}`);
  const session = await owner.session();
  const answer = async (decision: string) => {
    const form = new URLSearchParams({
      ...{ ...request, decision, consent_id: String(shown.body['consent_id']) },
      csrf_token: session?.csrf_token ?? '',
    });
    const { headers } = await owner.sendRaw('POST', '/auth/consent', form.toString(), {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    return new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
  };
  const code = await answer('approve');
  const exchanged = await fetch(`${bench.baseUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: clientId, redirect_uri: CALLBACK },
      ...{ code, code_verifier: verifier, client_secret: String(rotated.body['client_secret']) },
    }),
  });
  const { key } = (await exchanged.json()) as { key: string };
  await answer('deny');
  await owner.send('DELETE', `/api/dashboard/apps/${clientId}`);
  const events = eventsOf(bench).filter(({ event }) => event.startsWith('oauth_'));
  const keyHash = createHash('sha256').update(key).digest('hex');
  expect(events).toMatchObject([
    { event: 'oauth_app_changed', change: 'registered', clientId, accountId, userId },
    { event: 'oauth_app_changed', change: 'secret_rotated', clientId, accountId, userId },
    { event: 'oauth_consent_given', clientId, accountId, userId },
    { event: 'oauth_key_made', clientId, accountId, userId, keyHash },
    { event: 'oauth_consent_refused', clientId, accountId, userId },
    { event: 'oauth_app_changed', change: 'deleted', clientId, accountId, userId },
  ]);
  const text = bench.logLines.join('');
  const secrets = [code, key, verifier, made.body['client_secret'], rotated.body['client_secret']].map(
    String,
  );
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(text).not.toContain(secret);
  }
});
