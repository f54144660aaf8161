import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { OWNER, setupToken, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const NEW_PASSWORD = 'another long password';

/** Every row of every table, as one text. */
async function everythingIn({ database }: TestGateway): Promise<string> {
  const { db, engine } = database;
  const tables =
    engine === 'sqlite'
      ? sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`
      : sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
  const { rows } = await tables.execute(db);
  const contents = await Promise.all(
    rows.map(async ({ name }) => (await sql`SELECT * FROM ${sql.table(name)}`.execute(db)).rows),
  );
  return JSON.stringify(contents, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no password, code or token of a mail, a link or an app is in the log, or in the clear in the database',
  async (engine) => {
    await using mails = await startMailServer();
    const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
    await using bench = await startGateway({ engine, config: { accounts: { sign_up: 'open' }, mail } });
    const secrets = new Map<string, string>([
      ['the first password', OWNER.password],
      ['a second password', MAX.password],
      ['a new password', NEW_PASSWORD],
    ]);
    const seen: string[] = [];
    /** While it still works, so that nothing has been deleted yet. */
    const look = async () => seen.push(await everythingIn(bench));

    secrets.set('an unused setup link', await setupToken(bench));
    await look();
    const owner = await signUpOwner(bench);
    const invited = await owner.post('/api/dashboard/invitations', { role: 'member' });
    secrets.set('an invitation', tokenOf(String(invited.body['link'])));

    const enabled = await owner.post('/api/auth/two-factor/enable', { password: OWNER.password });
    const uri = String(enabled.body['totpURI']);
    secrets.set('the secret of the app', new URL(uri).searchParams.get('secret') ?? '');
    for (const code of enabled.body['backupCodes'] as string[]) secrets.set(`recovery code ${code}`, code);
    await owner.post('/api/auth/two-factor/verify-totp', { code: totpCode(uri, Date.now()) });
    await look();

    const visitor = new Visitor(bench.url);
    await visitor.post('/api/auth/sign-up/email', MAX);
    const verification = tokenOf(linkIn(await mails.next(MAX.email)));
    secrets.set('a verification token', verification);
    await visitor.post('/api/auth/verify-email', { token: verification, password: MAX.password });
    await visitor.post('/api/auth/request-password-reset', { email: MAX.email });
    const reset = tokenOf(linkIn(await mails.next(MAX.email)));
    secrets.set('a reset token', reset);
    await look();
    await visitor.session();
    const email = 'max@new.example.com';
    await visitor.post('/api/dashboard/email-change', { email, password: MAX.password });
    const change = tokenOf(linkIn(await mails.next(email)));
    secrets.set('the token of a change of address', change);
    await visitor.get(`/api/dashboard/email-change?${new URLSearchParams({ token: change })}`);
    await look();
    for (const { cookies } of [owner, visitor]) {
      for (const [name, value] of cookies) secrets.set(`the cookie ${name}`, decodeURIComponent(value));
    }
    await visitor.post('/api/auth/reset-password', { token: reset, newPassword: NEW_PASSWORD });
    await visitor.signIn({ email: MAX.email, password: 'a wrong password' });
    await look();

    for (const [what, secret] of secrets) {
      expect(secret.length).toBeGreaterThan(8);
      expect([what, seen.some((rows) => rows.includes(secret))]).toEqual([what, false]);
      expect([what, bench.logLines.some((line) => line.includes(secret))]).toEqual([what, false]);
    }
    expect(bench.announcements).toEqual([]);
  },
);

test('a secret of the operator is in no answer of the pages', async () => {
  const credentials = { client_id: 'the-client', client_secret: 'the-client-secret' };
  const mail = { smtp_url: 'smtp://user:the-mail-password@127.0.0.1:1', from: 'turnpike@example.com' };
  await using bench = await startGateway({ config: { accounts: { github: credentials }, mail } });
  const owner = await signUpOwner(bench);
  await signUpMember(bench, owner, { ...MAX, email: 'mia@example.com' }).catch(() => undefined);
  const answers = await Promise.all(
    ['session', 'sessions', 'members', 'invitations'].map((page) => owner.get(`/api/dashboard/${page}`)),
  );
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text).not.toMatch(/the-client-secret|the-mail-password/);
  }
  while (!bench.logLines.some((line) => line.includes('mail_failed'))) await Bun.sleep(10);
  expect(bench.logLines.join('')).not.toContain('the-mail-password');
});
