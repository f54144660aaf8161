import { expect, spyOn, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';
import { startMailServer } from '../../mail-server.ts';
import { until } from '../faults/bench.ts';

const PROXY = ['127.0.0.1'];
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

const LATER = 'a password of my own';

/** From as many places as it takes. */
async function guessAt(
  visitor: Visitor,
  count: number,
  addressOf = (index: number) => `203.0.${index >> 8}.${index & 255}`,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let start = 0; start < count; start += 10) {
    const guesses = Array.from({ length: Math.min(10, count - start) }, (_, index) =>
      visitor.post(
        '/api/auth/sign-in/email',
        { ...OWNER, password: `guess no ${start + index}` },
        from(addressOf(start + index)),
      ),
    );
    statuses.push(...(await Promise.all(guesses)).map(({ status }) => status));
  }
  return statuses;
}

const numberOf = (statuses: readonly number[], wanted: number) =>
  statuses.filter((status) => status === wanted).length;

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, guesses at one account are few from each address and bounded from all, and keep no browser out that it knows',
  async (engine) => {
    const clock = new ManualClock(Date.now());
    await using bench = await startGateway({ engine, clock, config: { trusted_proxies: PROXY } });
    await signUpOwner(bench);
    const known = new Visitor(bench.url);
    await known.signIn(OWNER);
    const stranger = new Visitor(bench.url);

    const fromOne = await guessAt(stranger, 25, () => '203.0.113.7');
    expect([numberOf(fromOne, 401), numberOf(fromOne, 429)]).toEqual([15, 10]);
    const elsewhere = new Visitor(bench.url);
    const signIn = (visitor: Visitor, address: string, password = OWNER.password) =>
      visitor.post('/api/auth/sign-in/email', { ...OWNER, password }, from(address));
    // Whoever is elsewhere has not noticed.
    expect((await signIn(elsewhere, '198.51.100.1')).status).toBe(200);

    const fromAll = await guessAt(stranger, 110);
    // Fifteen of the first, one of each browser that came anew, and what is left of a hundred.
    expect(numberOf(fromAll, 401)).toBe(83);
    const newcomer = await signIn(new Visitor(bench.url), '198.51.100.3');
    expect(newcomer.status).toBe(429);
    expect(newcomer.text).toContain('"rate_limit_exceeded"');
    expect(Number(newcomer.headers.get('retry-after'))).toBeGreaterThan(60);
    for (const visitor of [known, elsewhere]) expect((await signIn(visitor, '203.0.113.7')).status).toBe(200);

    // The browser that is known guesses no better than a stranger.
    const own: number[] = [];
    for (let index = 0; index < 18; index++)
      own.push((await signIn(known, `192.0.2.${index}`, 'not the password')).status);
    expect([numberOf(own, 401), numberOf(own, 429)]).toEqual([15, 3]);
    expect((await signIn(elsewhere, '203.0.113.7')).status).toBe(200);
    clock.advance(15 * 60_000);
    expect((await signIn(new Visitor(bench.url), '198.51.100.3')).status).toBe(200);
  },
);

test('a new password by mail lets its owner in while others go on guessing', async () => {
  await using bench = await startGateway({ config: { trusted_proxies: PROXY } });
  await signUpOwner(bench);
  const stranger = new Visitor(bench.url);
  await guessAt(stranger, 105);
  const owner = new Visitor(bench.url);
  const signIn = (visitor: Visitor, password: string) =>
    visitor.post('/api/auth/sign-in/email', { ...OWNER, password }, from('198.51.100.1'));
  expect((await signIn(owner, OWNER.password)).status).toBe(429);
  await owner.post('/api/auth/request-password-reset', { email: OWNER.email }, from('198.51.100.1'));
  const links = () => bench.announcements.flatMap((line) => /https?:\S+\/reset-password\S+/.exec(line) ?? []);
  expect(await until(() => links().length === 1)).toBe(true);
  const reset = { token: tokenOf(links()[0] ?? ''), newPassword: LATER };
  expect((await owner.post('/api/auth/reset-password', reset, from('198.51.100.1'))).status).toBe(200);
  await guessAt(stranger, 105);
  expect((await signIn(new Visitor(bench.url), LATER)).status).toBe(429);
  expect((await signIn(owner, LATER)).status).toBe(200);
});

test('a browser is known to whom it signed in, and to nobody else, and by no cookie that somebody made up', async () => {
  await using bench = await startGateway({ config: { trusted_proxies: PROXY } });
  const owner = await signUpOwner(bench);
  const max = { email: 'max@example.com', password: 'staple battery horse' };
  const member = await signUpMember(bench, owner, max);
  await guessAt(new Visitor(bench.url), 105);
  const cookie = member.cookies.get('turnpike.device') ?? '';
  expect(cookie).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{32}$/);
  const ownersCookie = owner.cookies.get('turnpike.device') ?? '';
  const [nonce] = cookie.split('.');
  const [, mark] = ownersCookie.split('.');
  for (const forged of [
    cookie,
    `${nonce}.${mark}`,
    `${ownersCookie}0`,
    `${nonce}.${'0'.repeat(32)}`,
    'x',
    '',
  ]) {
    const thief = new Visitor(bench.url);
    thief.cookies.set('turnpike.device', forged);
    const answer = await thief.post('/api/auth/sign-in/email', OWNER, from('198.51.100.1'));
    expect([forged, answer.status]).toEqual([forged, 429]);
  }
  const returned = new Visitor(bench.url);
  returned.cookies.set('turnpike.device', ownersCookie);
  const shared = await returned.post('/api/auth/sign-in/email', OWNER, from('198.51.100.1'));
  expect(shared.status).toBe(200);
  expect(await returned.post('/api/auth/sign-in/email', max, from('198.51.100.2'))).toMatchObject({
    status: 200,
  });
  expect(returned.cookies.get('turnpike.device')?.split('.')).toHaveLength(3);
});

test('whoever knows a password, and guesses at codes, keeps its owner out neither', async () => {
  await using bench = await startGateway({ config: { trusted_proxies: PROXY } });
  const owner = await signUpOwner(bench);
  const enabled = await owner.post('/api/auth/two-factor/enable', { password: OWNER.password });
  const uri = String(enabled.body['totpURI']);
  const code = () => totpCode(uri, Date.now() + 30_000);
  await owner.post('/api/auth/two-factor/verify-totp', { code: totpCode(uri, Date.now()) });
  const statuses: number[] = [];
  for (let place = 0; place < 12; place++) {
    const thief = new Visitor(bench.url);
    await thief.post('/api/auth/sign-in/email', OWNER, from(`203.0.113.${place}`));
    for (let guess = 0; guess < 4; guess++) {
      const body = { code: `00000${guess}` };
      statuses.push(
        (await thief.post('/api/auth/two-factor/verify-totp', body, from(`203.0.113.${place}`))).status,
      );
    }
  }
  expect(numberOf(statuses, 429)).toBe(12 * 4 - 30);
  const home = new Visitor(bench.url);
  home.cookies.set('turnpike.device', owner.cookies.get('turnpike.device') ?? '');
  await home.post('/api/auth/sign-in/email', OWNER, from('198.51.100.1'));
  const answer = await home.post('/api/auth/two-factor/verify-totp', { code: code() }, from('198.51.100.1'));
  expect(answer.status).toBe(200);
});

test('nobody keeps an invited person from signing up, nor anybody from the mail that they ask for', async () => {
  await using bench = await startGateway({
    config: { accounts: { sign_up: 'open' }, trusted_proxies: PROXY },
  });
  const owner = await signUpOwner(bench);
  const max = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
  const invited = await owner.post('/api/dashboard/invitations', { email: max.email, role: 'member' });
  const stranger = new Visitor(bench.url);
  const body = { ...max, password: 'short' };
  const tries = Array.from({ length: 33 }, (_, index) =>
    stranger.post('/api/auth/sign-up/email', body, from(`203.0.113.${index}`)),
  );
  expect(
    numberOf(
      (await Promise.all(tries)).map(({ status }) => status),
      429,
    ),
  ).toBe(3);
  const invitation_token = tokenOf(String(invited.body['link']));
  const joined = await new Visitor(bench.url).post(
    '/api/auth/sign-up/email',
    { ...max, invitation_token },
    from('198.51.100.1'),
  );
  expect(joined.status).toBe(200);

  const ask = (path: string, visitor: Visitor, address: string) =>
    visitor.post(path, { email: OWNER.email }, from(address));
  for (let index = 0; index < 22; index++)
    await ask('/api/auth/send-verification-email', stranger, `203.0.113.${index}`);
  expect((await ask('/api/auth/request-password-reset', stranger, '198.51.100.9')).status).toBe(200);
  const asked: number[] = [];
  for (let index = 0; index < 22; index++)
    asked.push((await ask('/api/auth/request-password-reset', stranger, `203.0.113.${index}`)).status);
  expect(numberOf(asked, 429)).toBe(3);
  expect((await ask('/api/auth/request-password-reset', owner, '198.51.100.1')).status).toBe(200);
});

test('guesses from one address are refused whatever account they are at, and other addresses go on', async () => {
  await using bench = await startGateway({ config: { trusted_proxies: PROXY } });
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const statuses: number[] = [];
  for (let index = 0; index < 70; index++) {
    const guess = { email: `user${index}@example.com`, password: 'x'.repeat(200) };
    statuses.push((await visitor.post('/api/auth/sign-in/email', guess, from('203.0.113.7'))).status);
  }
  expect(statuses.slice(60)).toEqual(new Array(10).fill(429));
  expect((await visitor.post('/api/auth/sign-in/email', OWNER, from('203.0.113.7'))).status).toBe(429);
  expect((await visitor.post('/api/auth/sign-in/email', OWNER, from('203.0.113.8'))).status).toBe(200);
});

test('without a trusted proxy a made-up X-Forwarded-For is no way around', async () => {
  await using bench = await startGateway();
  const visitor = new Visitor(bench.url);
  const statuses: number[] = [];
  for (let index = 0; index < 125; index++) {
    const answer = await visitor.send(
      'GET',
      '/api/dashboard/invitations/preview?token=x',
      {},
      from(`203.0.113.${index}`),
    );
    statuses.push(answer.status);
  }
  expect(statuses.slice(0, 120)).toEqual(new Array(120).fill(404));
  expect(statuses.slice(120)).toEqual(new Array(5).fill(429));
});

test('behind a trusted proxy on this machine each visitor has a count, whatever they claim before it', async () => {
  await using bench = await startGateway({ config: { trusted_proxies: PROXY } });
  // As nginx does, it appends the address that it heard from.
  await using proxy = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const heardFrom = request.headers.get('x-heard-from') ?? '';
      const claimed = request.headers.get('x-forwarded-for');
      const list = claimed === null ? heardFrom : `${claimed}, ${heardFrom}`;
      return await fetch(`${bench.url}${pathname}${search}`, { headers: { 'x-forwarded-for': list } });
    },
  });
  const preview = async (heardFrom: string, claimed: string) => {
    const answer = await fetch(`${proxy.url}api/dashboard/invitations/preview?token=x`, {
      headers: { 'x-heard-from': heardFrom, 'x-forwarded-for': claimed },
    });
    return answer.status;
  };
  const statuses: number[] = [];
  for (let index = 0; index < 125; index++)
    statuses.push(await preview('203.0.113.7', `198.51.100.${index}`));
  expect(statuses.slice(120)).toEqual(new Array(5).fill(429));
  expect(await preview('203.0.113.8', '203.0.113.7')).toBe(404);
});

test('mails to one address, sign-ups and a password asked for again are limited too', async () => {
  await using bench = await startGateway({
    config: { accounts: { sign_up: 'open' }, trusted_proxies: PROXY },
  });
  const owner = await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const lastOf = async (count: number, path: string, body: object, who = visitor): Promise<number[]> => {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) {
      statuses.push((await who.post(path, body, from('203.0.113.1'))).status);
    }
    return statuses.slice(-2);
  };
  expect(await lastOf(6, '/api/auth/request-password-reset', { email: 'a@example.com' })).toEqual([200, 429]);
  expect(await lastOf(6, '/api/auth/send-verification-email', { email: 'b@example.com' })).toEqual([
    200, 429,
  ]);
  const short = { ...OWNER, email: 'c@example.com', password: 'short' };
  expect(await lastOf(6, '/api/auth/sign-up/email', short)).toEqual([400, 429]);
  const wrong = { currentPassword: 'not the password', newPassword: 'another long password' };
  expect(await lastOf(16, '/api/auth/change-password', wrong, owner)).toEqual([400, 429]);
});

test('one mailbox gets five invitations an hour, whoever sends them, and may still ask for mail itself', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'Turnpike <turnpike@example.com>' };
  await using bench = await startGateway({ config: { mail } });
  const owner = await signUpOwner(bench);
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++) {
    statuses.push((await owner.post('/api/dashboard/invitations', { email: 'max@example.com' })).status);
  }
  expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  expect((await owner.post('/api/dashboard/invitations', { email: 'ida@example.com' })).status).toBe(201);
  const asked = await owner.post('/api/auth/request-password-reset', { email: 'max@example.com' });
  expect(asked.status).toBe(200);
});

test('one admin invites a whole team at once, and no more than 200 people an hour', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const ada = await signUpMember(bench, owner, { ...OWNER, email: 'ada@example.com', role: 'admin' });
  const invite = async () => (await ada.post('/api/dashboard/invitations', { role: 'member' })).status;
  const statuses = await Promise.all(Array.from({ length: 203 }, invite));
  expect(statuses.filter((status) => status === 201)).toHaveLength(200);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  expect((await owner.post('/api/dashboard/invitations', { role: 'member' })).status).toBe(201);
});

test('an unknown address and a wrong password are answered alike, and cost a hash each', async () => {
  await using bench = await startGateway();
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const [hashing, verifying] = [spyOn(Bun.password, 'hash'), spyOn(Bun.password, 'verify')];
  try {
    const guess = async (email: string) => {
      const before = hashing.mock.calls.length + verifying.mock.calls.length;
      const answer = await visitor.post('/api/auth/sign-in/email', { password: 'not the password', email });
      return { answer, hashes: hashing.mock.calls.length + verifying.mock.calls.length - before };
    };
    const wrong = await guess(OWNER.email);
    const unknown = await guess('nobody@example.com');
    expect([wrong.answer.status, wrong.answer.text]).toEqual([401, unknown.answer.text]);
    expect([...wrong.answer.headers.keys()].sort()).toEqual([...unknown.answer.headers.keys()].sort());
    expect([wrong.hashes, unknown.hashes]).toEqual([1, 1]);
  } finally {
    hashing.mockRestore();
    verifying.mockRestore();
  }
});
