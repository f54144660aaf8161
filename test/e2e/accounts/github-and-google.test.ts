import { describe, expect, test } from 'bun:test';
import { confirmEmail, OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { CLIENT, type SocialPerson, type SocialProviders, startSocialProviders } from './social-providers.ts';

const GRACE: SocialPerson = { id: 4711, name: 'Grace Hopper', email: 'grace@example.com', isVerified: true };
const PASSWORD = 'staple battery horse';

interface Bench extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly providers: SocialProviders;
}

async function startBoth(accounts: Record<string, unknown> = {}): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const providers = stack.use(await startSocialProviders());
  const gateway = stack.use(
    await startGateway({ config: { accounts: { ...accounts, github: CLIENT, google: CLIENT } } }),
  );
  const kept = stack.move();
  return { gateway, providers, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function start(visitor: Visitor, provider: string, path = '/api/auth/sign-in/social'): Promise<string> {
  const started = await visitor.post(path, { provider, callbackURL: '/keys', errorCallbackURL: '/sign-in' });
  return String(started.body['url']);
}

/** From our page to the provider and back; gives where the browser ends up at our site. */
async function signIn(
  { gateway, providers }: Pick<Bench, 'gateway' | 'providers'>,
  visitor: Visitor,
  { provider, person = GRACE }: { provider: string; person?: SocialPerson },
): Promise<URL> {
  const back = providers.authorize(await start(visitor, provider), person);
  const answer = await visitor.get(back.href);
  await visitor.session();
  return new URL(answer.headers.get('location') ?? '', gateway.url);
}

const reasonOf = ({ pathname, searchParams }: URL) => [pathname, searchParams.get('error')];

describe.each(['github', 'google'])('%s', (provider) => {
  test('an invited person signs up, and comes back without an invitation as the same person', async () => {
    await using bench = await startBoth({ sign_up: 'invitation' });
    const owner = await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    expect(reasonOf(await signIn(bench, visitor, { provider }))).toEqual(['/sign-in', 'invitation_required']);
    expect(await visitor.session()).toBeNull();

    const invited = await owner.post('/api/dashboard/invitations', { role: 'admin' });
    await visitor.post('/api/dashboard/invitations/accept', { token: tokenOf(String(invited.body['link'])) });
    expect(reasonOf(await signIn(bench, visitor, { provider }))).toEqual(['/keys', null]);
    const session = await visitor.session();
    expect(session).toMatchObject({
      account: { role: 'admin' },
      user: { email: GRACE.email, name: GRACE.name, email_verified: true, has_password: false },
    });

    const again = new Visitor(bench.gateway.url);
    await signIn(bench, again, { provider });
    expect((await again.session())?.user.id).toBe(session?.user.id ?? '');
  });

  test('who has an account with the same verified address is signed in to it', async () => {
    await using bench = await startBoth();
    const owner = await signUpOwner(bench.gateway);
    const grace = await signUpMember(bench.gateway, owner, { email: GRACE.email, password: PASSWORD });
    await confirmEmail(bench.gateway, grace, { email: GRACE.email, password: PASSWORD });
    const visitor = new Visitor(bench.gateway.url);
    await signIn(bench, visitor, { provider });
    expect((await visitor.session())?.user.id).toBe((await grace.session())?.user.id ?? '');
  });

  test('who claims an address that the provider has not verified gets into nobody’s account', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    const thief = new Visitor(bench.gateway.url);
    const person = { ...GRACE, email: OWNER.email, isVerified: false };
    expect(reasonOf(await signIn(bench, thief, { provider, person }))).toEqual([
      '/sign-in',
      'account_not_linked',
    ]);
    expect(await thief.session()).toBeNull();
  });

  test('who says no there comes back to the sign-in, which says so', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    const back = bench.providers.authorize(await start(visitor, provider), GRACE);
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    const answer = await visitor.get(back.href);
    expect(reasonOf(new URL(answer.headers.get('location') ?? ''))).toEqual(['/sign-in', 'access_denied']);
    expect(await visitor.session()).toBeNull();
  });

  test('who was sent here by an app and says no there still knows the way back to it', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    const returnTo = '/auth?callback_url=https%3A%2F%2Fapp.example%2Fcb&state=a%26b';
    const started = await visitor.post('/api/auth/sign-in/social', {
      ...{ provider, callbackURL: returnTo },
      errorCallbackURL: `/error?return_to=${encodeURIComponent(returnTo)}`,
    });
    const back = bench.providers.authorize(String(started.body['url']), GRACE);
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    const { headers } = await visitor.get(back.href);
    const ended = new URL(headers.get('location') ?? '');
    expect(reasonOf(ended)).toEqual(['/error', 'access_denied']);
    expect(ended.searchParams.get('return_to')).toBe(returnTo);
  });

  test('a code works once, and only for the browser that asked for it', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    const back = bench.providers.authorize(await start(visitor, provider), GRACE);
    const other = new Visitor(bench.gateway.url);
    await other.get(back.href);
    expect(await other.session()).toBeNull();
    await visitor.get(back.href);
    expect(await visitor.session()).not.toBeNull();
    const replayed = new Visitor(bench.gateway.url);
    await replayed.get(back.href);
    expect(await replayed.session()).toBeNull();
  });

  test('a provider that fails, or answers with nonsense, signs nobody in and leaves nobody behind', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    for (const answer of [
      () => new Response('bad gateway', { status: 502 }),
      () => Response.json({ access_token: 'gho_nobody', token_type: 'bearer', id_token: 'no.jwt.here' }),
      () => Response.json({}),
    ]) {
      bench.providers.failWith(answer);
      const visitor = new Visitor(bench.gateway.url);
      const ended = await signIn(bench, visitor, { provider });
      expect(ended.origin).toBe(new URL(bench.gateway.url).origin);
      expect(['/sign-in', '/error']).toContain(ended.pathname);
      expect(ended.searchParams.get('error')).toMatch(/^\w+$/);
      expect(await visitor.session()).toBeNull();
    }
    const users = await bench.gateway.database.db.selectFrom('user').select('email').execute();
    expect(users.map(({ email }) => email)).toEqual([OWNER.email]);
  });

  test('neither the secret nor what the provider hands out is kept or logged', async () => {
    await using bench = await startBoth({ sign_up: 'open' });
    await signUpOwner(bench.gateway);
    const visitor = new Visitor(bench.gateway.url);
    const back = bench.providers.authorize(await start(visitor, provider), GRACE);
    await visitor.get(back.href);
    const kept = await bench.gateway.database.db
      .selectFrom('sign_in_method')
      .selectAll()
      .where('provider_id', '=', provider)
      .execute();
    expect(kept).toMatchObject([{ access_token: null, refresh_token: null, id_token: null }]);
    const log = bench.gateway.logLines.join('');
    for (const secret of [CLIENT.client_secret, back.searchParams.get('code') ?? 'no code', 'gho_', 'ya29.'])
      expect(log).not.toContain(secret);
  });
});

test('a GitHub user who keeps their address private is known by their verified primary one', async () => {
  await using bench = await startBoth({ sign_up: 'open' });
  await signUpOwner(bench.gateway);
  const visitor = new Visitor(bench.gateway.url);
  await signIn(bench, visitor, { provider: 'github', person: { ...GRACE, isPrivate: true } });
  expect(await visitor.session()).toMatchObject({ user: { email: GRACE.email, email_verified: true } });
});
