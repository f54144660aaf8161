import { expect, test } from 'bun:test';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const FROM = 'Turnpike <turnpike@example.com>';
const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const NEW_PASSWORD = 'another long password';

const openTo = (smtp_url: string) => ({
  config: { accounts: { sign_up: 'open' }, mail: { smtp_url, from: FROM } },
});

test('where sign-up is open, nobody is in before they open the mail and show the password again', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  expect((await visitor.post('/api/auth/sign-up/email', MAX)).status).toBe(200);
  expect(await visitor.session()).toBeNull();
  const early = await visitor.signIn(MAX);
  expect(early.status).toBe(403);
  expect(early.body).toMatchObject({ code: 'EMAIL_NOT_VERIFIED' });
  expect(await visitor.session()).toBeNull();

  const mail = await mails.next(MAX.email);
  expect(mail.from?.address).toBe('turnpike@example.com');
  expect(mail.html).toContain(linkIn(mail));
  expect(mail.html).not.toMatch(/<img|src=|<script/);
  const link = linkIn(mail);
  expect(link).toStartWith(`${bench.url}/verify-email?token=`);
  const token = tokenOf(link);
  const stranger = await visitor.post('/api/auth/verify-email', { token, password: 'not the password' });
  expect(stranger.status).toBe(401);
  expect((await visitor.signIn(MAX)).status).toBe(403);
  const forged = await visitor.post('/api/auth/verify-email', { token: `${token}x`, password: MAX.password });
  expect(forged.status).toBe(400);

  expect((await visitor.post('/api/auth/verify-email', { token, password: MAX.password })).status).toBe(200);
  expect(await visitor.session()).toMatchObject({
    account: { role: 'member' },
    user: { email_verified: true },
  });
});

test('a verification mail is sent again to who waits for one, and to nobody else', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  await visitor.post('/api/auth/sign-up/email', MAX);
  await mails.next(MAX.email);
  const answers = [OWNER.email, 'nobody@example.com', MAX.email].map((email) =>
    visitor.post('/api/auth/send-verification-email', { email }),
  );
  const [first, ...others] = await Promise.all(answers);
  for (const other of others)
    expect([other.status, other.text]).toEqual([first?.status ?? 0, first?.text ?? '']);
  expect(linkIn(await mails.next(MAX.email))).toContain('/verify-email?token=');
  expect(mails.mails).toHaveLength(2);
});

test('a forgotten password is set anew by mail: once, ending every session, and the old one is none any more', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  const owner = await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const unknown = await visitor.post('/api/auth/request-password-reset', { email: 'nobody@example.com' });
  const known = await visitor.post('/api/auth/request-password-reset', { email: OWNER.email });
  expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
  const token = tokenOf(linkIn(await mails.next(OWNER.email)));

  const short = await visitor.post('/api/auth/reset-password', { token, newPassword: 'short' });
  expect(short.status).toBe(400);
  const body = { token, newPassword: NEW_PASSWORD };
  const twins = await Promise.all([1, 2, 3].map(() => visitor.post('/api/auth/reset-password', body)));
  expect(twins.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  expect((await visitor.post('/api/auth/reset-password', body)).status).toBe(400);
  expect((await owner.get('/api/dashboard/sessions')).status).toBe(401);
  expect((await visitor.signIn(OWNER)).status).toBe(401);
  expect((await visitor.signIn({ ...OWNER, password: NEW_PASSWORD })).status).toBe(200);
  expect(await visitor.session()).not.toBeNull();
  expect((await mails.next(OWNER.email)).subject).toContain('changed');
  expect(mails.mails.some(({ to }) => to?.[0]?.address === 'nobody@example.com')).toBe(false);
});

test('a new password voids every link that was sent before it', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const tokens: string[] = [];
  for (let asked = 0; asked < 2; asked++) {
    await visitor.post('/api/auth/request-password-reset', { email: OWNER.email });
    tokens.push(tokenOf(linkIn(await mails.next(OWNER.email))));
  }
  const statuses: number[] = [];
  for (const token of tokens.reverse())
    statuses.push(
      (await visitor.post('/api/auth/reset-password', { token, newPassword: NEW_PASSWORD })).status,
    );
  expect(statuses).toEqual([200, 400]);
});

test('who signed up with an address of somebody else loses it to whoever resets the password by mail', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  const [stranger, max] = [new Visitor(bench.url), new Visitor(bench.url)];
  await signUpOwner(bench);
  await stranger.post('/api/auth/sign-up/email', { ...MAX, password: 'the password of a stranger' });
  await mails.next(MAX.email);
  await max.post('/api/auth/request-password-reset', { email: MAX.email });
  const token = tokenOf(linkIn(await mails.next(MAX.email)));
  await max.post('/api/auth/reset-password', { token, newPassword: MAX.password });
  expect((await max.signIn(MAX)).status).toBe(200);
  expect(await max.session()).toMatchObject({ user: { email_verified: true } });
  expect((await stranger.signIn({ ...MAX, password: 'the password of a stranger' })).status).toBe(401);
});

test('signing up with an address that has an account looks like any other sign-up, and tells its owner by mail', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway(openTo(mails.url));
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const taken = await visitor.post('/api/auth/sign-up/email', { ...MAX, email: OWNER.email });
  const fresh = await visitor.post('/api/auth/sign-up/email', MAX);
  const shapeOf = (text: string) => text.replace(/"(id|email|createdAt|updatedAt)":"[^"]*"/g, '"$1":""');
  expect([taken.status, shapeOf(taken.text)]).toEqual([fresh.status, shapeOf(fresh.text)]);
  expect([...taken.headers.keys()].sort()).toEqual([...fresh.headers.keys()].sort());
  expect((await mails.next(OWNER.email)).subject).toContain('already');
  expect((await visitor.signIn(OWNER)).status).toBe(200);
});

test('an invitation is mailed to its receiver, and shown to nobody else', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway({ config: { mail: { smtp_url: mails.url, from: FROM } } });
  const owner = await signUpOwner(bench);
  const invited = await owner.post('/api/dashboard/invitations', { email: MAX.email, role: 'member' });
  expect(invited.body).toMatchObject({ email: MAX.email, link: null });
  const mail = await mails.next(MAX.email);
  expect(mail.text).toContain(OWNER.name);
  const visitor = new Visitor(bench.url);
  const invitation_token = tokenOf(linkIn(mail));
  await visitor.post('/api/auth/sign-up/email', { ...MAX, invitation_token });
  expect(await visitor.session()).toMatchObject({ account: { role: 'member' } });
});

test('a mail server that refuses, or is not there, keeps nobody from signing up, and no link gets into the log', async () => {
  await using mails = await startMailServer();
  mails.refuseAll();
  for (const url of [mails.url, 'smtp://127.0.0.1:1']) {
    await using bench = await startGateway(openTo(url));
    await signUpOwner(bench);
    const visitor = new Visitor(bench.url);
    expect((await visitor.post('/api/auth/sign-up/email', MAX)).status).toBe(200);
    expect((await visitor.signIn(MAX)).status).toBe(403);
    while (!bench.logLines.some((line) => line.includes('mail_failed'))) await Bun.sleep(10);
    expect(bench.logLines.join('')).not.toMatch(/verify-email|token=|eyJ/);
    expect(bench.announcements.join('')).not.toContain('verify-email');
  }
});

test('without a mail server the operator reads the link, in no log, and the pages know', async () => {
  await using bench = await startGateway({ config: { accounts: { sign_up: 'open' } } });
  const owner = await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  expect((await visitor.get('/api/dashboard/session')).body).toMatchObject({ sign_in: { mail: false } });
  await visitor.post('/api/auth/sign-up/email', MAX);
  const [line = ''] = bench.announcements;
  expect(line).toContain(MAX.email);
  const token = tokenOf(/https?:\S+/.exec(line)?.[0] ?? '');
  expect(bench.logLines.join('')).not.toContain(token);
  expect((await visitor.post('/api/auth/verify-email', { token, password: MAX.password })).status).toBe(200);
  expect(await visitor.session()).not.toBeNull();
  await signUpMember(bench, owner, { email: 'mia@example.com', password: MAX.password });
});
