import { describe, expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { linkIn, type MailServer, startMailServer } from '../../mail-server.ts';
import { CLIENT, startSocialProviders } from './social-providers.ts';

const PATH = '/api/dashboard/email-change';
const CONFIRM = `${PATH}/confirm`;
const NEW_EMAIL = 'olivia@new.example.com';
const MAX = { email: 'max@example.com', password: 'staple battery horse' };
const HOUR_MS = 60 * 60 * 1000;

const mailedBy = ({ url }: MailServer) => ({ smtp_url: url, from: 'turnpike@example.com' });
const previewOf = (token: string) => `${PATH}?${new URLSearchParams({ token })}`;

/** Without a mail server the operator reads the links. */
function lastToken({ announcements }: TestGateway): string {
  return tokenOf(/https?:\S+/.exec(announcements.at(-1) ?? '')?.[0] ?? '');
}

async function ask(bench: TestGateway, visitor: Visitor, email = NEW_EMAIL, password = OWNER.password) {
  const answer = await visitor.post(PATH, { email, password });
  expect([answer.status, answer.body]).toEqual([200, { sent: true }]);
  return lastToken(bench);
}

const emailOf = async (visitor: Visitor) => (await visitor.session())?.user.email;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('the link in the new mailbox changes the address once; every other session ends, and the old mailbox hears of it', async () => {
    await using mails = await startMailServer();
    await using bench = await startGateway({ engine, config: { mail: mailedBy(mails) } });
    const owner = await signUpOwner(bench);
    const elsewhere = new Visitor(bench.url);
    await elsewhere.signIn(OWNER);
    await owner.post('/api/dashboard/invitations', { role: 'member' });
    await owner.post('/api/auth/request-password-reset', { email: OWNER.email });
    const reset = tokenOf(linkIn(await mails.next(OWNER.email)));

    const asked = await owner.post(PATH, { email: 'Olivia@New.Example.com', password: OWNER.password });
    expect([asked.status, asked.body]).toEqual([200, { sent: true }]);
    const link = linkIn(await mails.next(NEW_EMAIL));
    expect(link).toStartWith(`${bench.url}/change-email?token=`);
    const token = tokenOf(link);
    expect((await owner.get(previewOf(token))).body).toEqual({ email: NEW_EMAIL });
    expect(await emailOf(owner)).toBe(OWNER.email);

    const twins = await Promise.all([1, 2, 3].map(() => owner.post(CONFIRM, { token })));
    expect(twins.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await owner.post(CONFIRM, { token })).status).toBe(404);
    expect(await owner.session()).toMatchObject({
      user: { email: NEW_EMAIL, email_verified: true },
      account: { role: 'owner' },
    });
    expect(await elsewhere.session()).toBeNull();
    const notice = await mails.next(OWNER.email);
    expect(notice.subject).toContain('address was changed');
    expect(notice.text).not.toContain(NEW_EMAIL);
    expect((await owner.get('/api/dashboard/invitations')).body['list']).toHaveLength(1);

    expect((await elsewhere.signIn(OWNER)).status).toBe(401);
    const late = await elsewhere.post('/api/auth/reset-password', {
      token: reset,
      newPassword: 'the password of whoever has the old mailbox',
    });
    expect(late.status).toBe(400);
    expect((await elsewhere.signIn({ ...OWNER, email: NEW_EMAIL })).status).toBe(200);
  });

  test('of two who confirm the same address at once one gets it, and the other keeps their own', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const tokens = [await ask(bench, owner), await ask(bench, max, NEW_EMAIL, MAX.password)];
    const answers = await Promise.all(
      [owner, max].map((visitor, index) => visitor.post(CONFIRM, { token: tokens[index] })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const addresses = await Promise.all([emailOf(owner), emailOf(max)]);
    expect(addresses.filter((address) => address === NEW_EMAIL)).toHaveLength(1);
  });

  test('a link is for an hour, for the user who asked, and for the last address they asked for', async () => {
    const clock = new ManualClock(Date.now());
    await using bench = await startGateway({ engine, clock });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const first = await ask(bench, owner, 'first@example.com');
    const second = await ask(bench, owner, 'second@example.com');
    const theirs = await ask(bench, max, 'third@example.com', MAX.password);
    const refusals = [
      await owner.post(CONFIRM, { token: first }),
      await owner.post(CONFIRM, { token: theirs }),
      await owner.post(CONFIRM, { token: 'made-up' }),
      await owner.get(previewOf(theirs)),
      await owner.get(previewOf('made-up')),
    ];
    for (const { status, text } of refusals) expect([status, text]).toEqual([404, refusals[0]?.text ?? '']);
    clock.advance(HOUR_MS - 1);
    expect((await owner.get(previewOf(second))).status).toBe(200);
    clock.advance(1);
    expect((await owner.get(previewOf(second))).status).toBe(404);
    expect((await owner.post(CONFIRM, { token: second })).status).toBe(404);
    expect([await emailOf(owner), await emailOf(max)]).toEqual([OWNER.email, MAX.email]);
    await bench.gateway.accounts.forgetOld();
    expect(await bench.database.db.selectFrom('email_change').select('user_id').execute()).toEqual([]);
  });
});

test('a new password that was set by mail voids the link to another address', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const token = await ask(bench, owner);
  await owner.post('/api/auth/request-password-reset', { email: OWNER.email });
  while (!bench.announcements.at(-1)?.includes('/reset-password')) await Bun.sleep(10);
  const newPassword = 'another long password';
  await owner.post('/api/auth/reset-password', { token: lastToken(bench), newPassword });
  expect((await owner.signIn({ ...OWNER, password: newPassword })).status).toBe(200);
  expect((await owner.get(previewOf(token))).status).toBe(404);
  expect((await owner.post(CONFIRM, { token })).status).toBe(404);
});

test('an address that somebody has is answered like any other, and its mailbox is told instead', async () => {
  await using mails = await startMailServer();
  await using bench = await startGateway({ config: { mail: mailedBy(mails) } });
  const owner = await signUpOwner(bench);
  const invited = await owner.post('/api/dashboard/invitations', { role: 'owner' });
  const invitation_token = tokenOf(String(invited.body['link']));
  const max = new Visitor(bench.url);
  await max.post('/api/auth/sign-up/email', { ...MAX, name: 'Max', invitation_token });
  await mails.next(MAX.email);
  const [taken, free] = [
    await owner.post(PATH, { email: 'MAX@example.COM', password: OWNER.password }),
    await owner.post(PATH, { email: NEW_EMAIL, password: OWNER.password }),
  ];
  expect([taken.status, taken.text]).toEqual([free.status, free.text]);
  expect([...taken.headers.keys()].sort()).toEqual([...free.headers.keys()].sort());
  const told = await mails.next(MAX.email);
  expect(told.subject).toContain('has an account already');
  expect(told.text).not.toContain('token=');
});

test('an address that was taken while the mail was on its way is refused, and everything stays as it was', async () => {
  await using bench = await startGateway({ config: { accounts: { sign_up: 'open' } } });
  const owner = await signUpOwner(bench);
  const token = await ask(bench, owner, MAX.email);
  await signUpMember(bench, owner, { ...MAX, email: 'MAX@example.com' });
  const elsewhere = new Visitor(bench.url);
  await elsewhere.signIn(OWNER);
  const refused = await owner.post(CONFIRM, { token });
  expect(refused.status).toBe(409);
  expect(refused.text).not.toContain(MAX.email);
  expect([await emailOf(owner), await emailOf(elsewhere)]).toEqual([OWNER.email, OWNER.email]);
});

test('without the right password, for no address or the same one, nothing is sent', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const wrong = await owner.post(PATH, { email: NEW_EMAIL, password: 'not the password' });
  expect([wrong.status, wrong.text]).toEqual([
    400,
    expect.stringContaining('password: this is not your password'),
  ]);
  for (const body of [
    { email: NEW_EMAIL },
    { email: NEW_EMAIL, password: '' },
    { email: NEW_EMAIL, password: 5 },
    { password: OWNER.password },
    { email: 'nobody', password: OWNER.password },
    { email: OWNER.email.toUpperCase(), password: OWNER.password },
  ]) {
    expect([body, (await owner.post(PATH, body)).status]).toEqual([body, 400]);
  }
  expect(bench.announcements).toEqual([]);
});

test('whoever has no password sets one first', async () => {
  using providers = await startSocialProviders();
  await using bench = await startGateway({ config: { accounts: { sign_up: 'open', github: CLIENT } } });
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const started = await visitor.post('/api/auth/sign-in/social', { provider: 'github', callbackURL: '/' });
  const person = { id: 1, name: 'Grace', email: 'grace@example.com', isVerified: true };
  await visitor.get(providers.authorize(String(started.body['url']), person).href);
  await visitor.session();
  const refused = await visitor.post(PATH, { email: NEW_EMAIL, password: 'any at all' });
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('Set a password first')]);
});

test('guesses at the password are counted with all others, and so are mails to one address', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++)
    statuses.push((await owner.post(PATH, { email: NEW_EMAIL, password: OWNER.password })).status);
  expect(statuses.slice(-2)).toEqual([200, 429]);
  for (let index = 0; index < 9; index++)
    await owner.post('/api/auth/two-factor/enable', { password: 'not the password' });
  const last = await owner.post(PATH, { email: 'another@example.com', password: OWNER.password });
  expect([last.status, last.headers.has('retry-after')]).toEqual([429, true]);
});

test('without a mail server the operator reads the link, in no log', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const token = await ask(bench, owner);
  expect(bench.announcements.at(-1)).toContain(NEW_EMAIL);
  expect((await owner.get(previewOf(token))).status).toBe(200);
  expect((await owner.post(CONFIRM, { token })).status).toBe(200);
  expect(await emailOf(owner)).toBe(NEW_EMAIL);
  expect(bench.logLines.join('')).not.toContain(token);
});
