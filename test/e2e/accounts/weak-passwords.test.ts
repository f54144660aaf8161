import { expect, test } from 'bun:test';
import { OWNER, setupToken, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { startGateway } from '../../harness.ts';
import { linkIn, startMailServer } from '../../mail-server.ts';

const GOOD = 'another long password';

test('a password that others would try first is refused at sign-up, at a change and at a reset, which stay open', async () => {
  await using mails = await startMailServer();
  const mail = { smtp_url: mails.url, from: 'turnpike@example.com' };
  await using bench = await startGateway({ config: { mail } });
  const invitation_token = await setupToken(bench);
  const weak = ['1234567890', 'Password123', OWNER.email, 'oliviaowner'];
  const newcomer = new Visitor(bench.url);
  for (const password of weak) {
    const person = { ...OWNER, password, invitation_token };
    const refused = await newcomer.post('/api/auth/sign-up/email', person);
    expect([password, refused.status]).toEqual([password, 400]);
    expect(refused.body).toMatchObject({
      code: 'PASSWORD_TOO_EASY',
      message: expect.stringMatching(/^password: must not be/),
    });
  }
  const owner = await signUpOwner(bench);
  for (const newPassword of weak) {
    const refused = await owner.post('/api/auth/change-password', {
      ...{ currentPassword: OWNER.password, newPassword },
    });
    expect([newPassword, refused.status]).toEqual([newPassword, 400]);
    expect(refused.body).toMatchObject({ code: 'PASSWORD_TOO_EASY' });
  }
  const visitor = new Visitor(bench.url);
  await visitor.post('/api/auth/request-password-reset', { email: OWNER.email });
  const token = tokenOf(linkIn(await mails.next(OWNER.email)));
  for (const newPassword of weak) {
    const refused = await visitor.post('/api/auth/reset-password', { token, newPassword });
    expect([newPassword, refused.status]).toEqual([newPassword, 400]);
    expect(refused.body).toMatchObject({
      code: 'PASSWORD_TOO_EASY',
      message: expect.stringMatching(/^newPassword: must not be/),
    });
  }
  const unknown = { token: 'x'.repeat(24), newPassword: OWNER.email };
  expect((await visitor.post('/api/auth/reset-password', unknown)).body).toMatchObject({
    code: 'INVALID_TOKEN',
  });
  expect((await visitor.post('/api/auth/reset-password', { token, newPassword: GOOD })).status).toBe(200);
  expect((await visitor.signIn({ ...OWNER, password: GOOD })).status).toBe(200);
});
