import { expect, test } from 'bun:test';
import { run } from '../../../src/cli/users.ts';
import { OWNER, signUpOwner, Visitor } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const NEW_PASSWORD = 'another long password';

test('who changes how their account is protected hears of it by mail, without a secret in it', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
  await using bench = await startGateway({ config: { mail } });
  const owner = await signUpOwner(bench);
  const { password } = OWNER;
  const nextIs = async (what: RegExp) => {
    const letter = await mails.next(OWNER.email);
    expect(`${letter.subject}: ${letter.text}`).toMatch(what);
    expect(new URL(linkIn(letter)).search).toBe('');
    return letter;
  };
  const enabled = await owner.post('/api/auth/two-factor/enable', { password });
  const uri = String(enabled.body['totpURI']);
  const backupCodes = enabled.body['backupCodes'] as readonly string[];
  const wrong = await owner.post('/api/auth/two-factor/verify-totp', { code: '000000' });
  expect(wrong.status).toBe(401);
  await owner.post('/api/auth/two-factor/verify-totp', { code: totpCode(uri, Date.now()) });
  const letter = await nextIs(/two-factor.+turned on/is);
  for (const secret of [new URL(uri).searchParams.get('secret') ?? '', ...backupCodes, password])
    expect(letter.text).not.toContain(secret);

  const visitor = new Visitor(bench.url);
  await visitor.signIn(OWNER);
  const second = { code: totpCode(uri, Date.now() + 30_000) };
  expect((await visitor.post('/api/auth/two-factor/verify-totp', second)).status).toBe(200);
  await owner.session();
  await owner.post('/api/auth/two-factor/generate-backup-codes', { password: 'not the password' });
  await owner.post('/api/auth/two-factor/generate-backup-codes', { password });
  await nextIs(/recovery codes.+made/is);

  const change = { currentPassword: password, newPassword: NEW_PASSWORD };
  await owner.post('/api/auth/change-password', { ...change, currentPassword: 'not the password' });
  expect((await owner.post('/api/auth/change-password', change)).status).toBe(200);
  await nextIs(/password was changed/);
  await owner.session();
  expect((await owner.post('/api/auth/two-factor/disable', { password: NEW_PASSWORD })).status).toBe(200);
  await nextIs(/two-factor.+turned off/is);
  expect(mails.mails).toHaveLength(4);
});

test('whose second factor the operator takes off is told by mail, once', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
  await using bench = await startGateway({ config: { mail } });
  const owner = await signUpOwner(bench);
  const enabled = await owner.post('/api/auth/two-factor/enable', { password: OWNER.password });
  const code = totpCode(String(enabled.body['totpURI']), Date.now());
  await owner.post('/api/auth/two-factor/verify-totp', { code });
  await mails.next(OWNER.email);
  for (let round = 0; round < 2; round += 1)
    expect(await run(['two-factor-off', OWNER.email], { config: bench.config, print: () => {} })).toBe(0);
  expect((await mails.next(OWNER.email)).text).toMatch(/turned off/);
  expect(mails.mails).toHaveLength(2);
});
