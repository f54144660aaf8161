/** Links that scanners of mail open before their receiver does, and forms that are sent twice. */
import { describe, expect, test } from 'bun:test';
import { OWNER, setupToken, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const LATER = 'a password of my own';

/** As a scanner opens it, and the page that it opens asks for data. */
async function scan(link: string): Promise<void> {
  const url = new URL(link);
  const token = tokenOf(link);
  for (const method of ['HEAD', 'GET', 'GET']) {
    const page = await fetch(link, { method, headers: { accept: 'text/html' } });
    expect([link, page.status]).toEqual([link, 200]);
  }
  for (const path of [
    '/api/dashboard/invitations/preview',
    '/api/dashboard/email-change',
    '/api/auth/verify-email',
  ])
    await fetch(`${url.origin}${path}?${new URLSearchParams({ token })}`);
  await fetch(`${url.origin}/api/auth/reset-password/${token}?callbackURL=/`);
}

/** How often each status came. */
const counted = (answers: readonly { status: number }[]) =>
  Object.fromEntries(
    Map.groupBy(answers, ({ status }) => status)
      .entries()
      .map(([status, all]) => [status, all.length]),
  );

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('no link is used up by opening it', async () => {
    await using mails = await startMailServer();
    const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
    await using bench = await startGateway({ engine, config: { mail, accounts: { sign_up: 'open' } } });
    const setup = `${bench.url}/setup?token=${await setupToken(bench)}`;
    await scan(setup);
    const owner = new Visitor(bench.url);
    await owner.post('/api/auth/sign-up/email', { ...OWNER, invitation_token: tokenOf(setup) });
    expect(await owner.session()).toMatchObject({ account: { role: 'owner' } });

    await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'admin' });
    const invitation = linkIn(await mails.next(MAX.email));
    await scan(invitation);
    const max = new Visitor(bench.url);
    await max.post('/api/auth/sign-up/email', { ...MAX, invitation_token: tokenOf(invitation) });
    expect(await max.session()).toMatchObject({ account: { role: 'admin' } });

    await max.post('/api/dashboard/email-change', { email: 'max@new.example.com', password: MAX.password });
    const change = linkIn(await mails.next('max@new.example.com'));
    await scan(change);
    const changed = await max.post('/api/dashboard/email-change/confirm', { token: tokenOf(change) });
    expect(changed.status).toBe(200);

    const ida = { ...MAX, email: 'ida@example.com' };
    const newcomer = new Visitor(bench.url);
    await newcomer.post('/api/auth/sign-up/email', ida);
    const verification = linkIn(await mails.next(ida.email));
    await scan(verification);
    expect((await newcomer.signIn(ida)).status).toBe(403);
    const proof = { token: tokenOf(verification), password: ida.password };
    expect((await newcomer.post('/api/auth/verify-email', proof)).status).toBe(200);

    await newcomer.post('/api/auth/request-password-reset', { email: ida.email });
    const reset = linkIn(await mails.next(ida.email));
    await scan(reset);
    const token = tokenOf(reset);
    expect((await newcomer.post('/api/auth/reset-password', { token, newPassword: LATER })).status).toBe(200);
    expect((await newcomer.signIn({ ...ida, password: LATER })).status).toBe(200);
  });

  test('of a form that is sent twice at once one works, and the other takes nothing away', async () => {
    await using mails = await startMailServer();
    const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
    await using bench = await startGateway({ engine, config: { mail } });
    const owner = await signUpOwner(bench);
    const twice = <T>(send: () => Promise<T>): Promise<[T, T]> => Promise.all([send(), send()]);

    await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'admin' });
    const invitation_token = tokenOf(linkIn(await mails.next(MAX.email)));
    const max = new Visitor(bench.url);
    await twice(() => max.post('/api/auth/sign-up/email', { ...MAX, invitation_token }));
    const again = new Visitor(bench.url);
    expect((await again.signIn(MAX)).status).toBe(200);
    expect(await again.session()).toMatchObject({ account: { role: 'admin' } });
    expect((await owner.get('/api/dashboard/members')).body['list']).toHaveLength(2);

    const link = String((await owner.post('/api/dashboard/invitations', { role: 'owner' })).body['link']);
    const joins = await twice(() =>
      again.post('/api/dashboard/invitations/accept', { token: tokenOf(link) }),
    );
    expect(counted(joins)).toEqual({ 200: 1, 404: 1 });
    expect(await again.session()).toMatchObject({ account: { role: 'owner' } });

    await again.post('/api/auth/request-password-reset', { email: MAX.email });
    const token = tokenOf(linkIn(await mails.next(MAX.email)));
    const resets = await twice(() =>
      new Visitor(bench.url).post('/api/auth/reset-password', { token, newPassword: LATER }),
    );
    expect(counted(resets)).toEqual({ 200: 1, 400: 1 });
    expect((await new Visitor(bench.url).signIn({ ...MAX, password: LATER })).status).toBe(200);
  });
});
