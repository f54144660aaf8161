/** An admin who sees the link of an invitation can sign up with it under the address that it names: that shows nothing. */
import { describe, expect, test } from 'bun:test';
import { createInvitation } from '../../../src/accounts/members/invitations.ts';
import { confirmEmail, OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { Passkey, totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';
import { until } from '../faults/bench.ts';
import { type Person, startOpenIdProvider } from './openid-provider.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const AT_PROVIDER: Person = { sub: 'max-1', email: MAX.email, email_verified: true, name: 'Max of Corp' };

async function startBoth(
  engine: 'sqlite' | 'postgres',
  mail: { smtp_url: string; from: string } | null = null,
) {
  await using stack = new AsyncDisposableStack();
  const provider = stack.use(await startOpenIdProvider());
  const config = { accounts: { oidc: [provider.config] }, mail };
  const bench = stack.use(await startGateway({ engine, config }));
  provider.register(`${bench.url}/api/auth/callback/corp`);
  const kept = stack.move();
  const signInAtProvider = async (visitor: Visitor, person = AT_PROVIDER): Promise<string | null> => {
    const body = { provider: 'corp', callbackURL: '/keys', errorCallbackURL: '/sign-in' };
    const started = await visitor.post('/api/auth/sign-in/social', body);
    const answer = await visitor.get((await provider.authorize(String(started.body['url']), person)).href);
    await visitor.session();
    return new URL(answer.headers.get('location') ?? '', bench.url).searchParams.get('error');
  };
  return { bench, signInAtProvider, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('whoever got in by a link that an admin saw is joined with nobody until they show that the address is theirs', async () => {
    await using both = await startBoth(engine);
    const { bench } = both;
    const owner = await signUpOwner(bench);
    const claimed = await signUpMember(bench, owner, MAX);
    expect(await claimed.session()).toMatchObject({ user: { email: MAX.email, email_verified: false } });

    const true_max = new Visitor(bench.url);
    expect(await both.signInAtProvider(true_max)).toBe('account_not_linked');
    expect(await true_max.session()).toBeNull();

    await confirmEmail(bench, claimed, MAX);
    expect(await claimed.session()).toMatchObject({ user: { email: MAX.email, email_verified: true } });
    expect(await both.signInAtProvider(true_max)).toBeNull();
    expect((await true_max.session())?.user.id).toBe((await claimed.session())?.user.id ?? '');
  });

  test('they connect an account at a provider themselves, as anybody who is signed in', async () => {
    await using both = await startBoth(engine);
    const claimed = await signUpMember(both.bench, await signUpOwner(both.bench), MAX);
    const again = new Visitor(both.bench.url);
    await again.signIn(MAX);
    expect(await again.session()).not.toBeNull();
    const ways = await claimed.get('/api/auth/list-accounts');
    expect(ways.status).toBe(200);
  });

  test('whoever resets the password by mail has the address, and nothing that was laid beside it is a way in', async () => {
    await using both = await startBoth(engine);
    const { bench } = both;
    const owner = await signUpOwner(bench);
    const squatter = await signUpMember(bench, owner, MAX);
    const passkey = new Passkey(bench.url);
    const options = await squatter.get('/api/auth/passkey/generate-register-options');
    const response = passkey.register(options.body as never);
    const added = await squatter.post('/api/auth/passkey/verify-registration', { response, name: 'Mine' });
    expect(added.status).toBe(200);
    const enabled = await squatter.post('/api/auth/two-factor/enable', { password: MAX.password });
    const code = totpCode(String(enabled.body['totpURI']), Date.now());
    expect((await squatter.post('/api/auth/two-factor/verify-totp', { code })).status).toBe(200);

    const max = new Visitor(bench.url);
    await max.post('/api/auth/request-password-reset', { email: MAX.email });
    const links = () =>
      bench.announcements.flatMap((line) => /https?:\S+\/reset-password\S+/.exec(line) ?? []);
    expect(await until(() => links().length === 1)).toBe(true);
    const [link = ''] = links();
    const newPassword = 'a password of my own';
    const reset = await max.post('/api/auth/reset-password', { token: tokenOf(link), newPassword });
    expect(reset.status).toBe(200);
    expect((await max.signIn({ ...MAX, password: newPassword })).body).not.toHaveProperty(
      'twoFactorRedirect',
    );
    expect(await max.session()).toMatchObject({ user: { email_verified: true, two_factor_enabled: false } });
    expect(await squatter.session()).toBeNull();
    const thief = new Visitor(bench.url);
    const ask = await thief.get('/api/auth/passkey/generate-authenticate-options');
    const shown = await thief.post('/api/auth/passkey/verify-authentication', {
      response: passkey.assert(ask.body as never),
    });
    expect(shown.status).toBe(401);
    expect((await thief.signIn(MAX)).status).toBe(401);
  });

  test('an invitation that was mailed, and one by the operator, vouch for their address', async () => {
    await using mails = await startMailServer();
    await using both = await startBoth(engine, { smtp_url: mails.url, from: 'turnpike@example.com' });
    const { bench } = both;
    const owner = await signUpOwner(bench);
    await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'member' });
    const invitation_token = tokenOf(linkIn(await mails.next(MAX.email)));
    const max = new Visitor(bench.url);
    await max.post('/api/auth/sign-up/email', { ...MAX, invitation_token });
    expect(await max.session()).toMatchObject({ user: { email_verified: true } });
    const elsewhere = new Visitor(bench.url);
    expect(await both.signInAtProvider(elsewhere)).toBeNull();

    const { accounts } = bench.gateway;
    const wish = {
      accountId: accounts.accountId,
      email: 'ida@example.com',
      role: 'member',
      invitedByUserId: null,
    } as const;
    const { link } = await createInvitation(accounts, wish);
    const ida = new Visitor(bench.url);
    const person = { ...MAX, email: wish.email, invitation_token: tokenOf(link) };
    await ida.post('/api/auth/sign-up/email', person);
    expect(await ida.session()).toMatchObject({ user: { email_verified: true } });
  });

  test('where there is mail, a link that an admin saw is good for a sign-up that the mailbox has to confirm', async () => {
    await using mails = await startMailServer();
    await using both = await startBoth(engine, { smtp_url: mails.url, from: 'turnpike@example.com' });
    const { bench } = both;
    const owner = await signUpOwner(bench);
    const invitedByUserId = (await owner.session())?.user.id ?? '';
    const { accounts } = bench.gateway;
    // As it was made before the operator set up the mail server.
    const wish = { accountId: accounts.accountId, email: MAX.email, role: 'admin', invitedByUserId } as const;
    const { link } = await createInvitation(accounts, wish);
    const admin = new Visitor(bench.url);
    const person = { ...MAX, invitation_token: tokenOf(link) };
    expect((await admin.post('/api/auth/sign-up/email', person)).status).toBe(200);
    expect(await admin.session()).toBeNull();
    expect((await admin.signIn(MAX)).status).toBe(403);
    const token = tokenOf(linkIn(await mails.next(MAX.email)));
    const verified = await admin.post('/api/auth/verify-email', { token, password: MAX.password });
    expect(verified.status).toBe(200);
    expect(await admin.session()).toMatchObject({
      account: { role: 'admin' },
      user: { email_verified: true },
    });
  });

  test('by way of a provider that has not verified the address, such a link lets nobody in', async () => {
    await using both = await startBoth(engine);
    const { bench } = both;
    const owner = await signUpOwner(bench);
    const invited = await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'member' });
    const token = tokenOf(String(invited.body['link']));
    const admin = new Visitor(bench.url);
    await admin.post('/api/dashboard/invitations/accept', { token });
    const unverified = { ...AT_PROVIDER, email_verified: false };
    expect(await both.signInAtProvider(admin, unverified)).toBe('EMAIL_NOT_VERIFIED');
    expect(await admin.session()).toBeNull();
    expect((await owner.get('/api/dashboard/members')).body['list']).toHaveLength(1);
    expect((await owner.session())?.user.email).toBe(OWNER.email);
  });
});
