import { describe, expect, test } from 'bun:test';
import { createSessions } from '../../../src/accounts/sessions/sessions.ts';
import { ManualClock, systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/log.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';

const logger = createLogger({ level: 'error', write: () => {}, clock: systemClock });
const COOKIE = 'turnpike.session_token';
const NEW_PASSWORD = 'another long password';
const MAX = { email: 'max@example.com', password: 'staple battery horse' };
const DAY_MS = 24 * 60 * 60 * 1000;

interface Listed {
  readonly id: string;
  readonly is_current: boolean;
}

const listOf = async (visitor: Visitor) =>
  (await visitor.get('/api/dashboard/sessions')).body['list'] as readonly Listed[];

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('sessions are listed without their tokens, and one that is ended is ended at once', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const elsewhere = new Visitor(bench.url);
    await elsewhere.post('/api/auth/sign-in/email', OWNER, { headers: { 'user-agent': 'Elsewhere/1.0' } });
    const answer = await owner.get('/api/dashboard/sessions');
    expect(answer.body['list']).toMatchObject([
      { is_current: false, user_agent: 'Elsewhere/1.0', ip_address: '127.0.0.1' },
      { is_current: true },
    ]);
    for (const visitor of [owner, elsewhere]) {
      const token = decodeURIComponent(visitor.cookies.get(COOKIE) ?? '').split('.')[0] ?? '';
      expect(answer.text).not.toContain(token);
    }
    const other = (await listOf(owner)).find(({ is_current }) => !is_current);
    expect((await owner.send('DELETE', `/api/dashboard/sessions/${other?.id}`)).status).toBe(200);
    expect((await elsewhere.get('/api/dashboard/sessions')).status).toBe(401);
    expect((await elsewhere.get('/api/auth/list-accounts')).status).toBe(401);
    expect((await owner.send('DELETE', `/api/dashboard/sessions/${other?.id}`)).status).toBe(404);
  });

  test('what ends on one node is ended on every other with its next request', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const database = await openDatabase(bench.config);
    const { masterKey, publicUrl } = bench.config;
    const elsewhere = createSessions({ database, clock: systemClock, masterKey, publicUrl, logger });
    const request = new Request(bench.url, { headers: { cookie: owner.cookieHeader } });
    expect(await elsewhere.read(request)).toMatchObject({ email: OWNER.email, role: 'owner' });
    await owner.post('/api/auth/sign-out');
    expect(await elsewhere.read(request)).toBeNull();
    await database.close();
  });

  test('all other sessions end together, by the button and by a new password, whose own session is a new one', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const others = [new Visitor(bench.url), new Visitor(bench.url)] as const;
    await others[0].signIn(OWNER);
    await owner.send('DELETE', '/api/dashboard/sessions');
    expect(await others[0].session()).toBeNull();
    expect(await owner.session()).not.toBeNull();

    await others[1].signIn(OWNER);
    const before = owner.cookies.get(COOKIE);
    const wrong = { currentPassword: 'not the password', newPassword: NEW_PASSWORD };
    expect((await owner.post('/api/auth/change-password', wrong)).status).toBe(400);
    const right = { currentPassword: OWNER.password, newPassword: NEW_PASSWORD, revokeOtherSessions: false };
    expect((await owner.post('/api/auth/change-password', right)).status).toBe(200);
    expect(owner.cookies.get(COOKIE)).not.toBe(before ?? '');
    expect(await owner.session()).not.toBeNull();
    expect(await others[1].session()).toBeNull();
    expect(await listOf(owner)).toHaveLength(1);
  });

  test('a session ends when it lies unused for a week, and after thirty days whatever happens', async () => {
    const clock = new ManualClock(Date.now());
    await using bench = await startGateway({ engine, clock });
    const owner = await signUpOwner(bench);
    for (let day = 6; day < 30; day += 6) {
      clock.advance(6 * DAY_MS);
      expect((await owner.get('/api/dashboard/sessions')).status).toBe(200);
    }
    clock.advance(6 * DAY_MS + 60_000);
    expect((await owner.get('/api/dashboard/sessions')).status).toBe(401);
    clock.set(Date.now());
    const idle = new Visitor(bench.url);
    await idle.signIn(OWNER);
    clock.advance(7 * DAY_MS + 60_000);
    expect((await idle.get('/api/dashboard/sessions')).status).toBe(401);
    expect((await idle.post('/api/auth/update-user', { name: 'Late' })).status).toBe(401);
    expect(await bench.database.db.selectFrom('session').select('id').execute()).toEqual([]);
  });
});

test('signing in gives a session that no cookie from before has fixed, and signing out ends it', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const planted = owner.cookies.get(COOKIE) ?? '';
  const victim = new Visitor(bench.url);
  victim.cookies.set(COOKIE, planted);
  await victim.signIn(OWNER);
  const own = victim.cookies.get(COOKIE) ?? '';
  expect(own).not.toBe(planted);
  expect((await victim.post('/api/auth/sign-out')).status).toBe(200);
  const replay = new Visitor(bench.url);
  replay.cookies.set(COOKIE, own);
  expect(await replay.session()).toBeNull();
});

test('the row of a session signs nobody in: its token is nothing without our signature', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const [row] = await bench.database.db.selectFrom('session').select('token').execute();
  const token = row?.token ?? '';
  expect(decodeURIComponent(owner.cookies.get(COOKIE) ?? '')).toStartWith(`${token}.`);
  const forged = Buffer.from(new Uint8Array(32).fill(1)).toString('base64');
  for (const cookie of [
    token,
    `${token}.`,
    `${token}.${encodeURIComponent(forged)}`,
    `.${token}`,
    '%E0%A4%A',
  ]) {
    const thief = new Visitor(bench.url);
    thief.cookies.set(COOKIE, cookie);
    expect(await thief.session()).toBeNull();
    expect((await thief.get('/api/auth/list-accounts')).status).toBe(401);
  }
});

test('the sessions of somebody else are nowhere to be found', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const max = await signUpMember(bench, owner, MAX);
  const foreign = (await max.session())?.id ?? '';
  const unknown = await owner.send('DELETE', `/api/dashboard/sessions/${crypto.randomUUID()}`);
  const theirs = await owner.send('DELETE', `/api/dashboard/sessions/${foreign}`);
  expect([theirs.status, theirs.text]).toEqual([404, unknown.text]);
  expect(await max.session()).not.toBeNull();
});

test('every change is refused to a page of another origin, and to one that does not know the CSRF token', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const writes = bench.gateway.routes.filter(
    ({ method, path }) => method !== 'GET' && /^\/api\/(?:auth|dashboard)\//.test(path),
  );
  expect(writes.length).toBeGreaterThan(25);
  for (const { method, path, access } of writes) {
    const address = path.replace(/:\w+/g, crypto.randomUUID());
    for (const origin of ['https://evil.example', 'null', null]) {
      const answer = await owner.send(method, address, {}, { origin });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    if (access !== 'session') continue;
    const tokenless = await owner.send(method, address, {}, { headers: { 'x-csrf-token': '0'.repeat(64) } });
    expect([path, tokenless.status]).toEqual([path, 403]);
    expect(tokenless.text).toContain('foreign_request');
  }
  expect(await owner.session()).not.toBeNull();
});

test('over https the cookie is for secure connections alone', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const value = owner.cookies.get(COOKIE) ?? '';
  const sessions = createSessions({
    database: bench.database,
    clock: systemClock,
    masterKey: bench.config.masterKey,
    publicUrl: 'https://turnpike.example',
    logger,
  });
  const withCookie = (name: string) =>
    new Request('https://turnpike.example', { headers: { cookie: `${name}=${value}` } });
  expect(await sessions.read(withCookie(`__Host-${COOKIE}`))).toMatchObject({ email: OWNER.email });
  expect(await sessions.read(withCookie(COOKIE))).toBeNull();
});

test('a gateway that is reached under another name of its own signs people in there too', async () => {
  await using bench = await startGateway();
  await signUpOwner(bench);
  const elsewhere = bench.url.replace('127.0.0.1', 'localhost');
  const visitor = new Visitor(elsewhere);
  expect((await visitor.signIn(OWNER)).status).toBe(200);
  expect(await visitor.session()).not.toBeNull();
  expect((await visitor.send('DELETE', '/api/dashboard/sessions')).status).toBe(200);
  const crossed = await visitor.post('/api/auth/sign-in/email', OWNER, { origin: 'http://localhost:1' });
  expect(crossed.status).toBe(403);
});
