import { describe, expect, test } from 'bun:test';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../test/accounts.ts';
import { totpCode } from '../../test/authenticators.ts';
import { engines } from '../../test/databases.ts';
import { startGateway, type TestGateway } from '../../test/harness.ts';
import { run } from './users.ts';

const MAX = { name: 'Max', email: 'max@example.com', password: 'staple battery horse' };
const NEW_PASSWORD = 'another long password';

async function users({ config }: Pick<TestGateway, 'config'>, ...args: string[]) {
  const lines: string[] = [];
  const code = await run(args, { config, print: (line) => lines.push(line) });
  return { code, text: lines.join('\n') };
}

const linkOf = (text: string) => /https?:\S+/.exec(text)?.[0] ?? '';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('the operator invites, lets back in and removes people, and the running server follows', async () => {
    await using bench = await startGateway({ engine });
    expect((await users(bench, 'list')).text).toContain('Nobody yet');
    const owner = await signUpOwner(bench);
    const invited = await users(bench, 'invite', 'MAX@example.com', '--role', 'admin');
    const max = new Visitor(bench.url);
    const invitation_token = tokenOf(linkOf(invited.text));
    await max.post('/api/auth/sign-up/email', { ...MAX, invitation_token });
    expect(await max.session()).toMatchObject({ account: { role: 'admin' } });
    const listed = await users(bench, 'list');
    expect(listed.text).toMatch(/owner .*olivia@example\.com.*\nadmin .*max@example\.com {2}"Max"/);
    expect(JSON.parse((await users(bench, 'list', '--json')).text)).toHaveLength(2);

    const reset = await users(bench, 'reset-link', MAX.email);
    const token = tokenOf(linkOf(reset.text));
    const visitor = new Visitor(bench.url);
    await visitor.post('/api/auth/reset-password', { token, newPassword: NEW_PASSWORD });
    expect(await max.session()).toBeNull();
    expect((await visitor.signIn({ ...MAX, password: NEW_PASSWORD })).status).toBe(200);

    expect((await users(bench, 'remove', MAX.email)).code).toBe(0);
    expect(await visitor.session()).toBeNull();
    expect(await users(bench, 'remove', MAX.email)).toEqual({ code: 1, text: `${MAX.email} is no member` });
    expect(await owner.session()).not.toBeNull();
  });
});

test('somebody who lost their second factor gets in with the password once the operator has taken it off', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const enabled = await owner.post('/api/auth/two-factor/enable', { password: OWNER.password });
  const code = totpCode(String(enabled.body['totpURI']), Date.now());
  await owner.post('/api/auth/two-factor/verify-totp', { code });
  const visitor = new Visitor(bench.url);
  await visitor.signIn(OWNER);
  expect(await visitor.session()).toBeNull();
  expect((await users(bench, 'two-factor-off', OWNER.email)).code).toBe(0);
  await visitor.signIn(OWNER);
  expect(await visitor.session()).toMatchObject({ user: { two_factor_enabled: false } });
});

test('the last owner stays, unknown people are told, and a wrong command line shows how it goes', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  await signUpMember(bench, owner, MAX);
  expect(await users(bench, 'remove', OWNER.email)).toMatchObject({ code: 1 });
  expect(await owner.session()).not.toBeNull();
  for (const command of ['remove', 'reset-link', 'two-factor-off']) {
    expect(await users(bench, command, 'nobody@example.com')).toMatchObject({ code: 1 });
  }
  for (const args of [
    [],
    ['lsit'],
    ['invite'],
    ['invite', 'x', 'y'],
    ['invite', MAX.email, '--role', 'king'],
  ]) {
    const { code, text } = await users(bench, ...args);
    expect([args, code]).toEqual([args, 2]);
    expect(text).toContain('usage: turnpike users');
  }
});
