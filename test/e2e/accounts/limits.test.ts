import { expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';
import { startMailServer } from '../../mail-server.ts';

const PROXY = ['127.0.0.1'];
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, guesses at one account are refused whatever address they come from, for a while, and with the right one too',
  async (engine) => {
    const clock = new ManualClock(Date.now());
    await using bench = await startGateway({ engine, clock, config: { trusted_proxies: PROXY } });
    const owner = await signUpOwner(bench);
    const visitor = new Visitor(bench.url);
    const statusOf = async (index: number, password: string) =>
      (await visitor.post('/api/auth/sign-in/email', { ...OWNER, password }, from(`203.0.113.${index}`)))
        .status;
    const statuses = await Promise.all(
      Array.from({ length: 25 }, (_, index) => statusOf(index, `guess no ${index}`)),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(15);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const late = await visitor.post('/api/auth/sign-in/email', OWNER, from('198.51.100.1'));
    expect(late.status).toBe(429);
    expect(late.text).toContain('"rate_limit_exceeded"');
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(60);
    expect((await owner.get('/api/dashboard/sessions')).status).toBe(200);
    clock.advance(15 * 60_000);
    expect(await statusOf(99, OWNER.password)).toBe(200);
  },
);

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

test('mails to one address, sign-ups and a password asked for again are limited too', async () => {
  await using bench = await startGateway({
    config: { accounts: { sign_up: 'open' }, trusted_proxies: PROXY },
  });
  const owner = await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const lastOf = async (count: number, path: string, body: object, who = visitor): Promise<number[]> => {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) {
      statuses.push((await who.post(path, body, from(`203.0.113.${index}`))).status);
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
  const guess = { password: 'not the password' };
  const wrong = await visitor.post('/api/auth/sign-in/email', { ...guess, email: OWNER.email });
  const unknown = await visitor.post('/api/auth/sign-in/email', { ...guess, email: 'nobody@example.com' });
  expect([wrong.status, wrong.text]).toEqual([401, unknown.text]);
  expect([...wrong.headers.keys()].sort()).toEqual([...unknown.headers.keys()].sort());
});
