import { describe, expect, test } from 'bun:test';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { Passkey, totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse' };

async function enableTwoFactor(visitor: Visitor) {
  const enabled = await visitor.post('/api/auth/two-factor/enable', { password: OWNER.password });
  const uri = String(enabled.body['totpURI']);
  const backupCodes = enabled.body['backupCodes'] as readonly string[];
  const verified = await visitor.post('/api/auth/two-factor/verify-totp', {
    code: totpCode(uri, Date.now()),
  });
  await visitor.session();
  return { uri, backupCodes, verified };
}

async function addPasskey(visitor: Visitor, passkey: Passkey) {
  const options = await visitor.get('/api/auth/passkey/generate-register-options');
  const response = passkey.register(options.body as never);
  return await visitor.post('/api/auth/passkey/verify-registration', { response, name: 'Laptop' });
}

async function signInWith(visitor: Visitor, passkey: Passkey) {
  const options = await visitor.get('/api/auth/passkey/generate-authenticate-options');
  const response = passkey.assert(options.body as never);
  return await visitor.post('/api/auth/passkey/verify-authentication', { response });
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('with two factors the password alone is no session, and a code or a recovery code once makes it one', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const wrong = await owner.post('/api/auth/two-factor/enable', { password: 'not the password' });
    expect(wrong.status).toBe(400);
    const { uri, backupCodes, verified } = await enableTwoFactor(owner);
    expect(verified.status).toBe(200);
    expect(await owner.session()).toMatchObject({ user: { two_factor_enabled: true } });
    expect(backupCodes.length).toBeGreaterThanOrEqual(8);

    const visitor = new Visitor(bench.url);
    const first = await visitor.signIn(OWNER);
    expect(first.body).toMatchObject({ twoFactorRedirect: true });
    expect(await visitor.session()).toBeNull();
    expect((await visitor.post('/api/auth/two-factor/verify-totp', { code: '000000' })).status).toBe(401);
    // One works once, and the first turned it on.
    const code = totpCode(uri, Date.now() + 30_000);
    expect((await visitor.post('/api/auth/two-factor/verify-totp', { code, trustDevice: true })).status).toBe(
      200,
    );
    expect(await visitor.session()).not.toBeNull();
    expect([...visitor.cookies.keys()].join()).not.toContain('trust');

    const [recovery = ''] = backupCodes;
    const lost = new Visitor(bench.url);
    await lost.signIn(OWNER);
    expect((await lost.post('/api/auth/two-factor/verify-backup-code', { code: recovery })).status).toBe(200);
    expect(await lost.session()).not.toBeNull();
    const again = new Visitor(bench.url);
    await again.signIn(OWNER);
    expect((await again.post('/api/auth/two-factor/verify-backup-code', { code: recovery })).status).toBe(
      401,
    );
    expect(await again.session()).toBeNull();

    expect((await owner.post('/api/auth/two-factor/disable', { password: OWNER.password })).status).toBe(200);
    await again.signIn(OWNER);
    expect(await again.session()).not.toBeNull();
  });

  test('a code signs in once, also where two browsers show it at the same moment', async () => {
    await using bench = await startGateway({ engine });
    const { uri } = await enableTwoFactor(await signUpOwner(bench));
    // One that was not used to turn it on.
    const code = totpCode(uri, Date.now() + 30_000);
    const visitors = Array.from({ length: 4 }, () => new Visitor(bench.url));
    for (const visitor of visitors) await visitor.signIn(OWNER);
    const show = (visitor: Visitor) => visitor.post('/api/auth/two-factor/verify-totp', { code });
    const answers = await Promise.all(visitors.map(show));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    const sessions = await Promise.all(visitors.map((visitor) => visitor.session()));
    expect(sessions.filter((session) => session !== null)).toHaveLength(1);
  });

  test('somebody who has a passkey adds another, and signs in with either', async () => {
    await using bench = await startGateway({ engine, publicHost: 'localhost' });
    const owner = await signUpOwner(bench);
    const passkeys = [new Passkey(bench.config.publicUrl), new Passkey(bench.config.publicUrl)];
    for (const passkey of passkeys) expect((await addPasskey(owner, passkey)).status).toBe(200);
    const again = await owner.get('/api/auth/passkey/generate-register-options');
    expect((again.body['excludeCredentials'] as { id: string }[]).map(({ id }) => id).sort()).toEqual(
      passkeys.map(({ id }) => id.toString('base64url')).sort(),
    );
    for (const passkey of passkeys) {
      const visitor = new Visitor(bench.url);
      expect((await signInWith(visitor, passkey)).status).toBe(200);
      expect(await visitor.session()).not.toBeNull();
    }
  });

  test('a passkey signs in by itself, past the second factor, and no more once it is deleted', async () => {
    await using bench = await startGateway({ engine });
    const origin = bench.url;
    const owner = await signUpOwner(bench);
    const passkey = new Passkey(origin);
    const added = await addPasskey(owner, passkey);
    expect([added.status, added.text]).toEqual([200, added.text]);
    await enableTwoFactor(owner);
    const visitor = new Visitor(bench.url);
    expect((await signInWith(visitor, passkey)).status).toBe(200);
    expect(await visitor.session()).toMatchObject({ user: { email: OWNER.email } });

    const listed = await owner.get('/api/auth/passkey/list-user-passkeys');
    const [row] = listed.body['list'] as readonly { id: string; name: string }[];
    expect(row).toMatchObject({ name: 'Laptop' });
    const max = await signUpMember(bench, owner, MAX);
    const foreign = await max.post('/api/auth/passkey/delete-passkey', { id: row?.id });
    const unknown = await max.post('/api/auth/passkey/delete-passkey', { id: crypto.randomUUID() });
    expect(foreign.status).toBeGreaterThanOrEqual(400);
    expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text]);
    expect((await owner.post('/api/auth/passkey/delete-passkey', { id: row?.id })).status).toBe(200);
    expect((await signInWith(new Visitor(bench.url), passkey)).status).toBeGreaterThanOrEqual(400);
  });
});

test('wrong codes are refused for a while, and a new try at the password gives no new ones', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const { uri } = await enableTwoFactor(owner);
  const visitor = new Visitor(bench.url);
  const statuses: number[] = [];
  for (let challenge = 0; challenge < 4; challenge++) {
    await visitor.signIn(OWNER);
    for (let guess = 0; guess < 4; guess++) {
      statuses.push(
        (await visitor.post('/api/auth/two-factor/verify-totp', { code: `00000${guess}` })).status,
      );
    }
  }
  expect(statuses.at(-1)).toBe(429);
  const code = totpCode(uri, Date.now());
  const locked = await visitor.post('/api/auth/two-factor/verify-totp', { code });
  expect(locked.status).toBe(429);
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(600);
  expect(await visitor.session()).toBeNull();
});

test('a passkey that does not ask who holds it, or comes from another site, is not taken', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const unverified = await addPasskey(owner, new Passkey(bench.url, { isUserVerified: false }));
  expect(unverified.status).toBeGreaterThanOrEqual(400);
  const elsewhere = await addPasskey(owner, new Passkey('https://evil.example'));
  expect(elsewhere.status).toBeGreaterThanOrEqual(400);
  const mine = new Passkey(bench.url);
  expect((await addPasskey(owner, mine)).status).toBe(200);
  const visitor = new Visitor(bench.url);
  expect((await signInWith(visitor, new Passkey(bench.url))).status).toBeGreaterThanOrEqual(400);

  const options = await visitor.get('/api/auth/passkey/generate-authenticate-options');
  const response = mine.assert(options.body as never);
  expect((await visitor.post('/api/auth/passkey/verify-authentication', { response })).status).toBe(200);
  const replay = new Visitor(bench.url);
  replay.cookies.set(
    'turnpike.better-auth-passkey',
    visitor.cookies.get('turnpike.better-auth-passkey') ?? '',
  );
  expect(
    (await replay.post('/api/auth/passkey/verify-authentication', { response })).status,
  ).toBeGreaterThanOrEqual(400);
});
