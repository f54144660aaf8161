/** PostgreSQL stores no NUL, and half a character has no UTF-8 form: whoever sends either made a mistake, not we. */
import { expect, test } from 'bun:test';
import { isJsonObject } from '../../../src/json.ts';
import { OWNER, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway } from '../../harness.ts';

const ID = 'a%00b';

const paths = [
  ['DELETE', `/api/dashboard/sessions/${ID}`],
  ['PATCH', `/api/dashboard/members/${ID}`],
  ['DELETE', `/api/dashboard/members/${ID}`],
  ['DELETE', `/api/dashboard/invitations/${ID}`],
  ['PATCH', `/api/dashboard/apps/${ID}`],
  ['POST', `/api/dashboard/apps/${ID}/secret`],
  ['DELETE', `/api/dashboard/apps/${ID}`],
  ['PATCH', `/api/dashboard/workload-identity/issuers/${ID}`],
  ['DELETE', `/api/dashboard/workload-identity/policies/${ID}`],
  ['GET', `/api/dashboard/keys/${ID}`],
  ['PATCH', `/api/dashboard/keys/${ID}`],
  ['GET', `/api/auth/callback/${ID}`],
] as const;

const bodies = (bad: string): [string, object][] => [
  ['/api/auth/sign-in/email', { email: `${bad}@example.com`, password: OWNER.password }],
  ['/api/auth/sign-up/email', { ...OWNER, name: bad }],
  ['/api/auth/sign-up/email', { ...OWNER, password: `long enough ${bad}` }],
  ['/api/auth/reset-password', { token: bad, newPassword: OWNER.password }],
  ['/api/auth/request-password-reset', { email: `${bad}@example.com` }],
  ['/api/auth/verify-email', { token: bad, password: OWNER.password }],
  ['/api/auth/update-user', { name: bad }],
  ['/api/auth/passkey/delete-passkey', { id: bad }],
  ['/api/auth/passkey/update-passkey', { id: bad, name: 'Laptop' }],
  ['/api/auth/passkey/verify-authentication', { response: { id: 'x', response: { [bad]: 'x' } } }],
  ['/api/dashboard/invitations', { email: `a${bad}@example.com` }],
  ['/api/dashboard/invitations/accept', { token: bad }],
  ['/api/dashboard/keys', { name: bad }],
  ['/api/dashboard/apps', { name: bad, redirect_uris: ['https://app.example/'] }],
  ['/api/dashboard/workload-identity/issuers', { name: bad, issuer_url: 'https://a.example' }],
];

for (const { name: engine } of engines) {
  test(`a NUL in a path is an id that nobody has (${engine})`, async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    for (const [method, path] of paths) {
      const answer = await owner.send(method, path, { role: 'admin', name: 'x' });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const manages = { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' };
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { body: '{"name":"x"}' } : {};
      const answer = await fetch(`${bench.baseUrl}/keys/${ID}`, { method, headers: manages, ...body });
      expect([method, answer.status]).toEqual([method, 404]);
    }
  });

  test(`a NUL or half a character in a body is a 400 of the usual shape (${engine})`, async () => {
    await using bench = await startGateway({ engine, config: { accounts: { sign_up: 'open' } } });
    const owner = await signUpOwner(bench);
    for (const [path, body] of [...bodies('a\0b'), ...bodies('a\ud800b')]) {
      await expectRefusal(owner, path, body);
    }
    const manages = { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' };
    const { hash } = await makeKey(bench);
    for (const bad of ['a\0b', 'a\ud800b']) {
      for (const body of [{ name: bad }, { creator_user_id: bad }, { external: { user: bad } }]) {
        const sent = { method: 'POST', headers: manages, body: JSON.stringify({ name: 'x', ...body }) };
        expect((await fetch(`${bench.baseUrl}/keys`, sent)).status).toBe(400);
      }
      const sent = { method: 'PATCH', headers: manages, body: JSON.stringify({ name: bad }) };
      expect((await fetch(`${bench.baseUrl}/keys/${hash}`, sent)).status).toBe(400);
    }
  });
}

async function expectRefusal(visitor: Visitor, path: string, body: object): Promise<void> {
  const { status, body: answer } = await visitor.post(path, body);
  expect([path, body, status]).toEqual([path, body, 400]);
  expect([path, isJsonObject(answer['error']) && answer['error']['code']]).toEqual([path, 400]);
}
