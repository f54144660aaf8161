/** What happens, as people read it: who gets which letter, and who does not. */
import { expect, test } from 'bun:test';
import { tellNews } from '../../../src/notifications/tell.ts';
import type { Database } from '../../../src/storage/database.ts';
import { signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { type GithubStandIn, startGithub } from '../../github-reports.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const PASSWORD = 'a long enough password';

async function verified(database: Pick<Database, 'db'>) {
  await database.db.updateTable('user').set({ email_verified: 1 }).execute();
}

test('the owner of a leaked key and the admins have a letter, and nobody else; whoever wants none gets none', async () => {
  await using mail = await startMailServer();
  using github: GithubStandIn = startGithub();
  await using gateway = await startGateway({
    secretScanningKeysUrl: github.keysUrl,
    config: { mail: { smtp_url: mail.url, from: 'Turnpike <turnpike@example.com>' } },
  });
  const owner = await signUpOwner(gateway);
  const join = async (email: string) => {
    await owner.post('/api/dashboard/invitations', { email, role: 'member' });
    const visitor = new Visitor(gateway.url);
    const invitation_token = tokenOf(linkIn(await mail.next(email)));
    const person = { name: 'Somebody', email, password: PASSWORD, invitation_token };
    const joined = await visitor.post('/api/auth/sign-up/email', person);
    expect([joined.status, (await visitor.session())?.user.email]).toEqual([200, email]);
    return visitor;
  };
  const member = await join('max@example.com');
  await join('other@example.com');
  await verified(gateway.database);
  const made = await member.post('/api/dashboard/keys', { name: 'Max’s <key>' });
  const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
  const url = 'https://github.com/octocat/Hello-World/blob/main/.env';
  const { body, headers } = github.report([{ token: key, type: 'turnpike_api_key', url, source: 'commit' }]);
  await fetch(`${gateway.url}/webhooks/github-secret-scanning`, { method: 'POST', headers, body });
  const letterTo = async (address: string) => {
    for (;;) {
      const letter = await mail.next(address);
      if (letter.subject === 'An API key of yours is public') return letter;
    }
  };
  const letter = await letterTo('max@example.com');
  expect(letter.text).toContain('Max’s <key>');
  expect(letter.text).toContain(`${gateway.config.publicUrl}/keys/${hash}`);
  expect(letter.html).toContain('Max’s &lt;key&gt;');
  expect(`${letter.text}${letter.html}`).not.toContain(key);
  await letterTo('olivia@example.com');
  // The member wants no more of them; an admin still does.
  await member.send('PATCH', '/api/dashboard/notifications', { by_mail: { 'key.leaked': false } });
  const second = await member.post('/api/dashboard/keys', { name: 'Second' });
  const again = github.report([{ token: String(second.body['key']), type: 'turnpike_api_key' }]);
  const answer = await fetch(`${gateway.url}/webhooks/github-secret-scanning`, {
    ...{ method: 'POST', headers: again.headers, body: again.body },
  });
  expect(answer.status).toBe(200);
  expect((await letterTo('olivia@example.com')).text).toContain('Second');
  const leaked = mail.mails.filter(({ subject }) => subject === 'An API key of yours is public');
  expect(leaked.map(({ to }) => to?.[0]?.address).sort()).toEqual([
    ...['max@example.com', 'olivia@example.com', 'olivia@example.com'],
  ]);
});

test('a letter that the mail server refuses is tried again, and a sign-in from another browser is told of', async () => {
  await using mail = await startMailServer();
  let aheadMs = 0;
  await using gateway = await startGateway({
    clock: { nowMs: () => Date.now() + aheadMs },
    config: { mail: { smtp_url: mail.url, from: 'Turnpike <turnpike@example.com>' } },
  });
  await signUpOwner(gateway);
  await verified(gateway.database);
  aheadMs = 60 * 60_000;
  const stranger = new Visitor(gateway.url);
  await stranger.post(
    '/api/auth/sign-in/email',
    { email: 'olivia@example.com', password: 'correct horse battery' },
    { headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/150.0 <script>' } },
  );
  for (;;) {
    const letter = await mail.next('olivia@example.com');
    if (letter.subject !== 'You signed in from a new browser') continue;
    expect(letter.text).toContain('(Firefox)');
    expect(letter.text).not.toContain('script');
    expect(linkIn(letter)).toBe(`${gateway.config.publicUrl}/settings/account`);
    break;
  }
  mail.refuseAll();
  const { db } = gateway.database;
  await tellNews(db, {
    ...{ kind: 'credits.low', accountId: gateway.gateway.accounts.accountId, nowMs: Date.now() },
    data: { percent: 90, balance_usd: 1 },
  });
  const find = () =>
    db
      .selectFrom('notification_delivery')
      .innerJoin('notification', 'notification.id', 'notification_delivery.notification_id')
      .select(['notification_delivery.state', 'notification_delivery.attempts', 'last_problem'])
      .where('notification.kind', '=', 'credits.low')
      .executeTakeFirst();
  const endsAt = performance.now() + 30_000;
  while ((await find())?.last_problem == null && performance.now() < endsAt) await Bun.sleep(20);
  expect(await find()).toMatchObject({ state: 'waiting', last_problem: 'the mail server did not take it' });
});
