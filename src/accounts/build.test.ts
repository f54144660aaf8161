import { describe, expect, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { ensureInstance } from '../keys/bootstrap.ts';
import { createLogger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import { buildAccounts } from './build.ts';
import { createSetupLink } from './members/invitations.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const PUBLIC_URL = 'http://ai.example.com/gateway';
const OLIVIA = { name: 'Olivia', email: 'olivia@example.com', password: 'correct horse battery' };

async function accountsOn(database: Database, clock: ManualClock, publicUrl = PUBLIC_URL) {
  const { accountId } = await ensureInstance({ database, clock, bootstrapManagementKey: null });
  const announcements: string[] = [];
  const accounts = buildAccounts({
    ...{ database, clock, accountId },
    config: {
      accounts: { signUp: 'open', github: null, google: null, oidc: [] },
      ...{ mail: null, publicUrl, masterKey: new Uint8Array(32).fill(7) },
    },
    logger: createLogger({ level: 'debug', write: () => {}, clock }),
    announce: (line) => void announcements.push(line),
    keyChanged: async () => {},
  });
  const post = async (path: string, body: Record<string, unknown>, cookie = '') => {
    const endpoint = accounts.endpoints.find((each) => each.path === path);
    const url = new URL(`${publicUrl}/api/auth${path}`);
    const answer = await endpoint?.answer(
      { request: new Request(url.href, { headers: { cookie } }), url, clientAddress: '192.0.2.1' },
      body,
    );
    return answer ?? new Response(null, { status: 404 });
  };
  const { db } = database;
  const left = async () => [
    (await db.selectFrom('user').select('id').execute()).length,
    (await db.selectFrom('session').select('id').execute()).length,
    (await db.selectFrom('invitation').select('id').execute()).length,
  ];
  return { accounts, announcements, post, left };
}

describe.each(engines.map((engine) => [engine.name, engine] as const))('on %s', (_name, engine) => {
  test('what is over is forgotten: sessions, links, and users who never got in', async () => {
    const { database, dispose } = await engine.open();
    const clock = new ManualClock(Date.now());
    const { accounts, post, left } = await accountsOn(database, clock);
    const link = await createSetupLink(accounts, accounts.accountId);
    const invitation_token = new URL(link ?? '').searchParams.get('token');
    expect((await post('/sign-up/email', { ...OLIVIA, invitation_token })).status).toBe(200);
    await post('/sign-up/email', { ...OLIVIA, email: 'never@example.com' });
    await accounts.forgetOld();
    expect(await left()).toEqual([2, 1, 1]);
    clock.advance(10 * DAY_MS);
    await accounts.forgetOld();
    expect(await left()).toEqual([1, 0, 0]);
    await accounts.close();
    await dispose();
  });
});

test('behind a proxy that adds a path, links and cookies are as visitors see them', async () => {
  const [engine] = engines;
  if (engine === undefined) throw new Error('there is no engine');
  const { database, dispose } = await engine.open();
  const { accounts, announcements, post } = await accountsOn(database, new ManualClock(Date.now()));
  const link = await createSetupLink(accounts, accounts.accountId);
  expect(link).toStartWith(`${PUBLIC_URL}/setup?token=`);
  const invitation_token = new URL(link ?? '').searchParams.get('token');
  const signedUp = await post('/sign-up/email', { ...OLIVIA, invitation_token });
  expect(signedUp.headers.getSetCookie()[0]).toContain('Path=/');
  const signedIn = await post('/sign-in/email', OLIVIA);
  const [cookie = ''] = signedIn.headers.getSetCookie();
  const request = new Request(PUBLIC_URL, { headers: { cookie: cookie.split(';')[0] ?? '' } });
  expect(await accounts.sessions.read(request)).toMatchObject({ email: OLIVIA.email, role: 'owner' });
  await post('/request-password-reset', { email: OLIVIA.email });
  await accounts.close();
  expect(announcements.at(-1)).toContain(`${PUBLIC_URL}/reset-password?token=`);
  await dispose();
});

test('over https a session is in a cookie that no other host can plant, from the sign-in to the sign-out', async () => {
  const [engine] = engines;
  if (engine === undefined) throw new Error('there is no engine');
  const { database, dispose } = await engine.open();
  const publicUrl = 'https://ai.example.com';
  const { accounts, post } = await accountsOn(database, new ManualClock(Date.now()), publicUrl);
  const link = await createSetupLink(accounts, accounts.accountId);
  await post('/sign-up/email', {
    ...OLIVIA,
    invitation_token: new URL(link ?? '').searchParams.get('token'),
  });
  const cookies = (await post('/sign-in/email', OLIVIA)).headers.getSetCookie();
  expect(cookies.length).toBeGreaterThan(0);
  for (const line of cookies) {
    expect(line).toMatch(/^__Host-turnpike\.\w+=/);
    expect(line.split('; ')).toEqual(
      expect.arrayContaining(['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']),
    );
    expect(line).not.toContain('Domain');
  }
  const pair = cookies.find((line) => line.includes('session_token'))?.split(';')[0] ?? '';
  const read = (cookie: string) => accounts.sessions.read(new Request(publicUrl, { headers: { cookie } }));
  expect(await read(pair)).toMatchObject({ email: OLIVIA.email });
  expect(await read(pair.replace('__Host-', '__Secure-'))).toBeNull();
  const enabled = await post('/two-factor/enable', { password: OLIVIA.password }, pair);
  expect(enabled.status).toBe(200);
  expect((await post('/sign-out', {}, pair)).status).toBe(200);
  expect(await read(pair)).toBeNull();
  await accounts.close();
  await dispose();
});
