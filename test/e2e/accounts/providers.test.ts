import { expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { confirmEmail, OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { type OpenIdProvider, type Person, startOpenIdProvider } from './openid-provider.ts';

const MAX: Person = { sub: 'max-1', email: 'max@example.com', email_verified: true, name: 'Max of Corp' };
const PASSWORD = 'staple battery horse';

interface Bench extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly provider: OpenIdProvider;
}

async function startBoth(accounts: Record<string, unknown>, provider: object = {}): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const openId = stack.use(await startOpenIdProvider());
  const oidc = [{ ...openId.config, ...provider }];
  const gateway = stack.use(await startGateway({ config: { accounts: { ...accounts, oidc } } }));
  openId.register(`${gateway.url}/api/auth/callback/corp`);
  const kept = stack.move();
  return { gateway, provider: openId, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** From our page to the provider and back; gives where the browser ends up at our site. */
async function signInAtProvider(
  { gateway, provider }: Pick<Bench, 'gateway' | 'provider'>,
  visitor: Visitor,
  person: Person,
): Promise<URL> {
  const started = await visitor.post('/api/auth/sign-in/social', {
    provider: 'corp',
    callbackURL: '/keys',
    errorCallbackURL: '/sign-in',
  });
  const back = await provider.authorize(String(started.body['url']), person);
  const answer = await visitor.get(back.href);
  await visitor.session();
  return new URL(answer.headers.get('location') ?? '', gateway.url);
}

test('an invitation brings somebody in by way of an OpenID provider, and the next time they need none', async () => {
  await using bench = await startBoth({ sign_up: 'invitation' });
  const owner = await signUpOwner(bench.gateway);
  const visitor = new Visitor(bench.gateway.url);
  const page = await visitor.get('/api/dashboard/session');
  expect(page.body).toMatchObject({ sign_in: { providers: [{ id: 'corp', name: 'Corp', kind: 'oidc' }] } });
  const uninvited = await signInAtProvider(bench, visitor, MAX);
  expect([uninvited.pathname, uninvited.searchParams.get('error')]).toEqual([
    '/sign-in',
    'invitation_required',
  ]);
  expect(await visitor.session()).toBeNull();

  const invited = await owner.post('/api/dashboard/invitations', { role: 'admin' });
  await visitor.post('/api/dashboard/invitations/accept', { token: tokenOf(String(invited.body['link'])) });
  expect((await signInAtProvider(bench, visitor, MAX)).pathname).toBe('/keys');
  expect(await visitor.session()).toMatchObject({
    account: { role: 'admin' },
    user: { email: MAX.email, name: MAX.name, email_verified: true, has_password: false },
  });
  const again = new Visitor(bench.gateway.url);
  expect((await signInAtProvider(bench, again, MAX)).pathname).toBe('/keys');
  expect(await again.session()).toMatchObject({ user: { email: MAX.email } });
  const kept = await bench.gateway.database.db.selectFrom('sign_in_method').selectAll().execute();
  expect(kept.filter((row) => row.provider_id === 'corp')).toMatchObject([
    { access_token: null, refresh_token: null, id_token: null },
  ]);
});

test('the same verified address is the same person; one that the provider has not verified is not', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  const owner = await signUpOwner(bench.gateway);
  const max = await signUpMember(bench.gateway, owner, { email: MAX.email, password: PASSWORD });
  await confirmEmail(bench.gateway, max, { email: MAX.email, password: PASSWORD });
  const visitor = new Visitor(bench.gateway.url);
  await signInAtProvider(bench, visitor, MAX);
  expect((await visitor.session())?.user.id).toBe((await max.session())?.user.id ?? '');

  const thief = new Visitor(bench.gateway.url);
  const claimed = { sub: 'thief', email: OWNER.email, email_verified: false, name: 'Thief' };
  const refused = await signInAtProvider(bench, thief, claimed);
  expect(refused.searchParams.get('error')).toBe('account_not_linked');
  expect(await thief.session()).toBeNull();
});

test('somebody who waits at an address they do not own gets nothing when its owner comes by way of a provider', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  await signUpOwner(bench.gateway);
  const stranger = new Visitor(bench.gateway.url);
  await stranger.post('/api/auth/sign-up/email', { name: 'Max', email: MAX.email, password: PASSWORD });
  const max = new Visitor(bench.gateway.url);
  const refused = await signInAtProvider(bench, max, MAX);
  expect(refused.searchParams.get('error')).toBe('account_not_linked');
  expect((await stranger.signIn({ email: MAX.email, password: PASSWORD })).status).toBe(403);
});

test('a new user whose address nobody has verified gets no session, unless the operator trusts the provider with it', async () => {
  const unverified = { ...MAX, email_verified: false };
  for (const trust_email of [false, true]) {
    await using bench = await startBoth({ sign_up: 'open' }, { trust_email });
    await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    await signInAtProvider(bench, visitor, unverified);
    expect((await visitor.session()) !== null).toBe(trust_email);
  }
});

test('an address that a provider has not verified leaves nobody waiting at it, and uses no invitation up', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  const owner = await signUpOwner(bench.gateway);
  const invited = await owner.post('/api/dashboard/invitations', { role: 'admin' });
  const token = tokenOf(String(invited.body['link']));
  const thief = new Visitor(bench.gateway.url);
  await thief.post('/api/dashboard/invitations/accept', { token });
  const claimed = { ...MAX, sub: 'thief', email_verified: false };
  const refused = await signInAtProvider(bench, thief, claimed);
  expect(refused.searchParams.get('error')).toBe('EMAIL_NOT_VERIFIED');
  expect((await thief.get(`/api/dashboard/invitations/preview?token=${token}`)).status).toBe(200);
  const members = await owner.get('/api/dashboard/members');
  expect(members.text).not.toContain(MAX.email);

  const max = new Visitor(bench.gateway.url);
  await max.post('/api/auth/sign-up/email', { name: 'Max', email: MAX.email, password: PASSWORD });
  const link = await bench.gateway.gateway.accounts.resetLink(MAX.email);
  await max.post('/api/auth/reset-password', { token: tokenOf(link ?? ''), newPassword: PASSWORD });
  expect((await max.signIn({ email: MAX.email, password: PASSWORD })).status).toBe(200);
  await signInAtProvider(bench, thief, claimed);
  expect(await thief.session()).toBeNull();
});

test('a state of another browser, a used one, and a made-up callback are refused', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  await signUpOwner(bench.gateway);
  const visitor = new Visitor(bench.gateway.url);
  const started = await visitor.post('/api/auth/sign-in/social', { provider: 'corp', callbackURL: '/' });
  const back = await bench.provider.authorize(String(started.body['url']), MAX);
  const victim = new Visitor(bench.gateway.url);
  const planted = await victim.get(back.href);
  expect(new URL(planted.headers.get('location') ?? '').pathname).toBe('/error');
  expect(await victim.session()).toBeNull();
  const bare = await visitor.get('/api/auth/callback/corp?code=x&state=y');
  expect(bare.status).toBe(302);
  expect(await visitor.session()).toBeNull();
});

test('after the sign-in the browser comes to a page of ours, wherever it was asked to go', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  await signUpOwner(bench.gateway);
  for (const callbackURL of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/.//evil.example',
    '/\t/evil.example',
    'https:evil.example',
    '//user@evil.example/',
    'javascript:alert(1)',
  ]) {
    const visitor = new Visitor(bench.gateway.url);
    const started = await visitor.post('/api/auth/sign-in/social', { provider: 'corp', callbackURL });
    const back = await bench.provider.authorize(String(started.body['url']), MAX);
    const answer = await visitor.get(back.href);
    expect(answer.headers.get('location')).toBe(`${bench.gateway.url}/`);
  }
});

test('a provider that is away keeps nobody else out, and is back when it is back', async () => {
  await using provider = await startOpenIdProvider();
  const clock = new ManualClock(Date.now());
  const config = { accounts: { sign_up: 'open', oidc: [provider.config] } };
  await using gateway = await startGateway({ clock, config });
  const owner = await signUpOwner(gateway);
  expect(await owner.session()).not.toBeNull();
  const away = await owner.post('/api/auth/sign-in/social', { provider: 'corp', callbackURL: '/' });
  expect(away.status).toBe(503);
  expect(gateway.logLines.join('')).toContain('openid_provider_unusable');
  provider.register(`${gateway.url}/api/auth/callback/corp`);
  clock.advance(60_000);
  const visitor = new Visitor(gateway.url);
  expect((await signInAtProvider({ gateway, provider }, visitor, MAX)).pathname).toBe('/keys');
  expect(await visitor.session()).not.toBeNull();
});

test('GitHub and Google are offered when they are set up, with a state and a proof key', async () => {
  const credentials = { client_id: 'the-client', client_secret: 'the-secret' };
  await using bench = await startGateway({
    config: { accounts: { github: credentials, google: credentials } },
  });
  const visitor = new Visitor(bench.url);
  for (const [provider, host] of [
    ['github', 'github.com'],
    ['google', 'accounts.google.com'],
  ]) {
    const started = await visitor.post('/api/auth/sign-in/social', { provider, callbackURL: '/' });
    const url = new URL(String(started.body['url']));
    expect(url.host).toBe(host ?? '');
    expect(url.searchParams.get('redirect_uri')).toBe(`${bench.url}/api/auth/callback/${provider}`);
    expect(url.searchParams.get('client_id')).toBe('the-client');
    expect(url.searchParams.get('state')).toMatch(/^\S{20,}$/);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(started.text).not.toContain('the-secret');
  }
  expect((await visitor.post('/api/auth/sign-in/social', { provider: 'apple' })).status).toBe(404);
});
