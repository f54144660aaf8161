import { describe, expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { Passkey } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { type StartOptions, startGateway, type TestGateway } from '../../harness.ts';
import { startMailServer } from '../../mail-server.ts';
import { startOpenIdProvider } from './openid-provider.ts';
import { CLIENT, type SocialPerson, type SocialProviders, startSocialProviders } from './social-providers.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse' };
/** The owner at GitHub, under another address. */
const OLLIE: SocialPerson = { id: 7, name: 'Ollie', email: 'ollie@home.example', isVerified: true };
const GRACE: SocialPerson = { id: 4711, name: 'Grace', email: 'grace@example.com', isVerified: true };
const DAY_MS = 24 * 60 * 60 * 1000;
const PAGES = { callbackURL: '/settings/account?connected=github', errorCallbackURL: '/settings/account' };

interface Bench extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly providers: SocialProviders;
}

async function startBoth({ config, ...options }: StartOptions = {}): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const providers = stack.use(await startSocialProviders());
  const accounts = { sign_up: 'open', github: CLIENT, google: CLIENT, ...config?.accounts };
  const gateway = stack.use(await startGateway({ ...options, config: { ...config, accounts } }));
  const kept = stack.move();
  return { gateway, providers, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Way {
  readonly id: string;
  readonly providerId: string;
  readonly createdAt: string;
  readonly isLast: boolean;
}

const listOf = async (visitor: Visitor) =>
  (await visitor.get('/api/auth/list-accounts')).body['list'] as readonly Way[];

const startLink = async (visitor: Visitor, provider = 'github') =>
  String((await visitor.post('/api/auth/link-social', { provider, ...PAGES })).body['url']);

/** Where the browser ends up at our site. */
async function comeBack(bench: Bench, visitor: Visitor, back: URL): Promise<string> {
  const answer = await visitor.get(back.href);
  await visitor.session();
  const { origin, pathname, searchParams } = new URL(answer.headers.get('location') ?? '');
  expect(origin).toBe(new URL(bench.gateway.url).origin);
  searchParams.delete('error_description');
  return [pathname, searchParams.toString()].filter((part) => part !== '').join('?');
}

const connect = async (bench: Bench, visitor: Visitor, person: SocialPerson, provider = 'github') =>
  await comeBack(bench, visitor, bench.providers.authorize(await startLink(visitor, provider), person));

async function signIn(bench: Bench, person: SocialPerson, provider = 'github'): Promise<Visitor> {
  const visitor = new Visitor(bench.gateway.url);
  const started = await visitor.post('/api/auth/sign-in/social', { provider, callbackURL: '/keys' });
  await comeBack(bench, visitor, bench.providers.authorize(String(started.body['url']), person));
  return visitor;
}

async function addPasskey(visitor: Visitor, origin: string): Promise<string> {
  const options = await visitor.get('/api/auth/passkey/generate-register-options');
  const response = new Passkey(origin).register(options.body as never);
  const added = await visitor.post('/api/auth/passkey/verify-registration', { response, name: 'Laptop' });
  expect([added.status, added.text]).toEqual([200, added.text]);
  const listed = await visitor.get('/api/auth/passkey/list-user-passkeys');
  return (listed.body['list'] as readonly { id: string }[])[0]?.id ?? '';
}

const disconnect = (visitor: Visitor, id = '') => visitor.post('/api/auth/unlink-account', { accountId: id });
const removePasskey = (visitor: Visitor, id: string) =>
  visitor.post('/api/auth/passkey/delete-passkey', { id });
const userIdOf = async (visitor: Visitor) => (await visitor.session())?.user.id ?? 'nobody';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('an account with another address is connected, signs its owner in, and no more once it is disconnected', async () => {
    await using bench = await startBoth({ engine, config: { accounts: { sign_up: 'invitation' } } });
    const owner = await signUpOwner(bench.gateway);
    expect(await listOf(owner)).toEqual([]);
    expect(await connect(bench, owner, OLLIE)).toBe('/settings/account?connected=github');
    const ways = await listOf(owner);
    expect(ways).toEqual([
      { id: expect.any(String), providerId: 'github', createdAt: expect.any(String), isLast: false },
    ]);
    expect(await owner.session()).toMatchObject({ user: { email: OWNER.email, name: OWNER.name } });
    expect(await userIdOf(await signIn(bench, OLLIE))).toBe(await userIdOf(owner));

    const max = await signUpMember(bench.gateway, owner, MAX);
    const foreign = await disconnect(max, ways[0]?.id);
    const unknown = await disconnect(max, crypto.randomUUID());
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);

    expect((await disconnect(owner, ways[0]?.id)).status).toBe(200);
    expect(await listOf(owner)).toEqual([]);
    expect(await (await signIn(bench, OLLIE)).session()).toBeNull();
  });

  test('of the last two ways in only one can be removed, however they are removed at once', async () => {
    await using bench = await startBoth({ engine });
    await signUpOwner(bench.gateway);
    const grace = await signIn(bench, GRACE);
    const passkey = await addPasskey(grace, bench.gateway.url);
    const [github] = await listOf(grace);
    expect(github?.isLast).toBe(false);
    const answers = await Promise.all([disconnect(grace, github?.id), removePasskey(grace, passkey)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('whoever keeps nothing but a passkey is still there after a week', async () => {
    const clock = new ManualClock(Date.now());
    await using bench = await startBoth({ engine, clock });
    await signUpOwner(bench.gateway);
    const grace = await signIn(bench, GRACE);
    const passkey = await addPasskey(grace, bench.gateway.url);
    const [github] = await listOf(grace);
    expect((await disconnect(grace, github?.id)).status).toBe(200);
    const last = await removePasskey(grace, passkey);
    expect([last.status, last.text]).toEqual([409, expect.stringContaining('Nothing else would let you in')]);
    clock.advance(8 * DAY_MS);
    await bench.gateway.gateway.accounts.forgetOld();
    const users = await bench.gateway.database.db.selectFrom('user').select('email').execute();
    expect(users.map(({ email }) => email).sort()).toEqual([GRACE.email, OWNER.email].sort());
  });
});

test('the only way in stays, until there is a password or another', async () => {
  await using bench = await startBoth();
  await signUpOwner(bench.gateway);
  const grace = await signIn(bench, GRACE);
  const [github] = await listOf(grace);
  expect(github).toMatchObject({ providerId: 'github', isLast: true });
  const refused = await disconnect(grace, github?.id);
  expect([refused.status, refused.text]).toEqual([
    409,
    expect.stringContaining('Nothing else would let you'),
  ]);
  expect(await connect(bench, grace, GRACE, 'google')).toBe('/settings/account?connected=github');
  expect((await listOf(grace)).map(({ isLast }) => isLast)).toEqual([false, false]);
  expect((await disconnect(grace, github?.id)).status).toBe(200);
  expect(await listOf(grace)).toMatchObject([{ providerId: 'google', isLast: true }]);
});

test('an account at a provider that the operator took away is listed, counts for nothing, and can go', async () => {
  await using bench = await startBoth();
  await signUpOwner(bench.gateway);
  const grace = await signIn(bench, GRACE);
  await connect(bench, grace, GRACE, 'google');
  await bench.gateway.database.db
    .updateTable('sign_in_method')
    .set({ provider_id: 'former' })
    .where('provider_id', '=', 'google')
    .execute();
  const [github, former] = await listOf(grace);
  expect([github, former]).toMatchObject([
    { providerId: 'github', isLast: true },
    { providerId: 'former', isLast: false },
  ]);
  expect((await disconnect(grace, github?.id)).status).toBe(409);
  expect((await disconnect(grace, former?.id)).status).toBe(200);
  expect(await listOf(grace)).toHaveLength(1);
});

test('that a connected account may have another address lets nobody in by their address alone', async () => {
  await using bench = await startBoth({ config: { accounts: { sign_up: 'invitation' } } });
  const owner = await signUpOwner(bench.gateway);
  await connect(bench, owner, OLLIE);
  const unverified = { ...GRACE, email: OWNER.email, isVerified: false };
  expect(await (await signIn(bench, unverified)).session()).toBeNull();
  const namesake = { ...OLLIE, id: 8 };
  expect(await (await signIn(bench, namesake)).session()).toBeNull();
  const verified = { ...unverified, isVerified: true };
  expect(await userIdOf(await signIn(bench, verified, 'google'))).toBe(await userIdOf(owner));
});

test('an account of somebody else, or one whose address its provider has not verified, is not connected', async () => {
  await using bench = await startBoth();
  const owner = await signUpOwner(bench.gateway);
  const grace = await signIn(bench, GRACE);
  expect(await connect(bench, owner, GRACE)).toBe(
    '/settings/account?error=account_already_linked_to_different_user',
  );
  expect(await connect(bench, owner, { ...OLLIE, isVerified: false })).toBe(
    '/settings/account?error=unable_to_link_account',
  );
  expect(await listOf(owner)).toEqual([]);
  expect(await userIdOf(await signIn(bench, GRACE))).toBe(await userIdOf(grace));
});

test('whoever says no at the provider, or meets one that fails, comes back to the account page, which says so', async () => {
  await using bench = await startBoth();
  const owner = await signUpOwner(bench.gateway);
  const denied = bench.providers.authorize(await startLink(owner), OLLIE);
  denied.searchParams.delete('code');
  denied.searchParams.set('error', 'access_denied');
  expect(await comeBack(bench, owner, denied)).toBe('/settings/account?error=access_denied');
  const used = await comeBack(bench, owner, denied);
  expect(used).toMatch(/^\/settings\/account\?error=(?:state_mismatch|please_restart_the_process)$/);
  for (const answer of [
    () => new Response('bad gateway', { status: 502 }),
    () => Response.json({ access_token: 'gho_nobody', token_type: 'bearer' }),
  ]) {
    bench.providers.failWith(answer);
    expect(await connect(bench, owner, OLLIE)).toMatch(/^\/settings\/account\?error=\w+$/);
  }
  expect(await listOf(owner)).toEqual([]);
});

test('a session that ended on the way to the provider and back connects nothing, nor does somebody else’s', async () => {
  await using bench = await startBoth();
  const owner = await signUpOwner(bench.gateway);
  const thief = new Visitor(bench.gateway.url);
  await thief.signIn(OWNER);
  const back = bench.providers.authorize(await startLink(thief), OLLIE);
  await owner.send('DELETE', '/api/dashboard/sessions');
  expect(await comeBack(bench, thief, back)).toBe('/settings/account?error=unable_to_link_account');

  await thief.signIn(OWNER);
  const again = bench.providers.authorize(await startLink(thief), OLLIE);
  await signUpMember(bench.gateway, owner, MAX);
  await thief.signIn(MAX);
  expect(await comeBack(bench, thief, again)).toBe('/settings/account?error=unable_to_link_account');
  expect(await listOf(owner)).toEqual([]);
  expect(await listOf(thief)).toEqual([]);
});

test('a day after the sign-in a session changes no way in', async () => {
  const clock = new ManualClock(Date.now());
  await using bench = await startBoth({ clock });
  const owner = await signUpOwner(bench.gateway);
  await connect(bench, owner, OLLIE);
  const passkey = await addPasskey(owner, bench.gateway.url);
  const [github] = await listOf(owner);
  clock.advance(DAY_MS + 60_000);
  for (const answer of [
    await owner.post('/api/auth/link-social', { provider: 'google', ...PAGES }),
    await disconnect(owner, github?.id),
    await owner.get('/api/auth/passkey/generate-register-options'),
    await owner.post('/api/auth/passkey/verify-registration', { response: {}, name: 'Laptop' }),
    await removePasskey(owner, passkey),
  ]) {
    expect([answer.status, answer.body['code']]).toEqual([403, 'SESSION_NOT_FRESH']);
  }
  expect(await listOf(owner)).toHaveLength(1);
  await owner.signIn(OWNER);
  clock.set(Date.now());
  expect((await removePasskey(owner, passkey)).status).toBe(200);
});

test('whoever is not signed in lists, connects and removes nothing', async () => {
  await using bench = await startBoth();
  const visitor = new Visitor(bench.gateway.url);
  for (const answer of [
    await visitor.get('/api/auth/list-accounts'),
    await visitor.post('/api/auth/link-social', { provider: 'github', ...PAGES }),
    await disconnect(visitor, crypto.randomUUID()),
    await removePasskey(visitor, crypto.randomUUID()),
    await visitor.get('/api/auth/passkey/generate-register-options'),
  ])
    expect(answer.status).toBe(401);
});

test('the owner of an account hears by mail of each way in that comes or goes, and a newcomer of none', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
  await using bench = await startBoth({ config: { mail } });
  const owner = await signUpOwner(bench.gateway);
  const next = async () => {
    const { subject, text } = await mails.next(OWNER.email);
    return `${subject}: ${text}`;
  };
  await connect(bench, owner, OLLIE);
  expect(await next()).toMatch(/was added.+with GitHub/s);
  await signIn(bench, { ...GRACE, email: OWNER.email }, 'google');
  expect(await next()).toMatch(/was added.+with Google/s);
  const passkey = await addPasskey(owner, bench.gateway.url);
  expect(await next()).toMatch(/was added.+with a passkey/s);
  await removePasskey(owner, passkey);
  expect(await next()).toMatch(/was removed.+with a passkey/s);
  await disconnect(owner, (await listOf(owner))[0]?.id);
  expect(await next()).toMatch(/was removed.+with GitHub/s);
  await signIn(bench, GRACE);
  await connect(bench, owner, OLLIE);
  await next();
  expect(mails.mails.filter(({ to }) => to?.[0]?.address === GRACE.email)).toEqual([]);
});

test('after a forgotten password the mail says what else still signs in', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
  await using bench = await startBoth({ config: { mail } });
  const owner = await signUpOwner(bench.gateway);
  const reset = async () => {
    await owner.post('/api/auth/request-password-reset', { email: OWNER.email });
    for (;;) {
      const { subject, text = '' } = await mails.next(OWNER.email);
      const [, token] = /reset-password\?token=(\S+)/.exec(text) ?? [];
      if (token !== undefined)
        await owner.post('/api/auth/reset-password', { token, newPassword: OWNER.password });
      if (subject === 'Your password was changed') return text;
    }
  };
  expect(await reset()).not.toContain('still');
  await owner.signIn(OWNER);
  await connect(bench, owner, OLLIE);
  await addPasskey(owner, bench.gateway.url);
  expect(await reset()).toContain('still be signed in to with GitHub, a passkey');
});

test('an account at an OpenID provider is connected as well', async () => {
  await using openId = await startOpenIdProvider();
  await using gateway = await startGateway({ config: { accounts: { oidc: [openId.config] } } });
  openId.register(`${gateway.url}/api/auth/callback/corp`);
  const owner = await signUpOwner(gateway);
  const person = { sub: 'olivia', email: 'o.owner@corp.example', email_verified: true, name: 'Olivia' };
  const back = await openId.authorize(await startLink(owner, 'corp'), person);
  const answer = await owner.get(back.href);
  expect(answer.headers.get('location')).toBe(`${gateway.url}${PAGES.callbackURL}`);
  expect(await listOf(owner)).toMatchObject([{ providerId: 'corp' }]);
});
