/** The exchange against a real OpenID provider, by the official SDK, and what can be done with the token. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import {
  type Algorithm,
  type IdentityProvider,
  startIdentityProvider,
  WORKLOAD,
} from './identity-provider.ts';
import { AUDIENCE, accessTokenFor, exchange, GRANT_TYPE, JWT_TYPE, type Trust, trust } from './trust.ts';

let provider: IdentityProvider;
let gateway: TestGateway;
let discovered: Trust;

beforeAll(async () => {
  provider = await startIdentityProvider();
  gateway = await startGateway({ config: { egress: { private_hosts: [provider.host] } } });
  discovered = await trust(gateway, { issuer_url: provider.url }, { subject: WORKLOAD });
});

afterAll(async () => {
  await gateway.stop();
  await provider[Symbol.asyncDispose]();
});

const client = (apiKey?: string | (() => Promise<string>)) =>
  new OpenRouter({
    serverURL: gateway.baseUrl,
    retryConfig: { strategy: 'none' },
    ...(apiKey === undefined ? {} : { apiKey }),
  });

const asks = async (credential: string, path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${gateway.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', ...init.headers },
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
};

const chat = (credential: string) =>
  asks(credential, '/api/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }] }),
  });

describe('the official SDK', () => {
  test.each(['ES256', 'RS256'] as const)(
    'swaps a token signed with %s and chats with what it gets',
    async (algorithm: Algorithm) => {
      const subjectToken = await provider.token(AUDIENCE, algorithm);
      const answer = await client().oAuth.createOauthToken({
        tokenExchangeRequest: {
          grantType: GRANT_TYPE,
          subjectTokenType: JWT_TYPE,
          federationPolicyId: discovered.policyId,
          subjectToken,
        },
      });
      expect(answer.tokenType).toBe('Bearer');
      expect(answer.issuedTokenType).toBe('urn:ietf:params:oauth:token-type:access_token');
      expect(answer.scope).toBe('inference');
      expect(answer.expiresIn).toBeGreaterThan(0);
      expect(answer.expiresIn).toBeLessThanOrEqual(300);
      const reply = await client(async () => answer.accessToken).chat.send({
        chatRequest: { model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }] },
      });
      expect(reply).toHaveProperty('choices');
    },
  );

  test('reads the key set, which verifies the token', async () => {
    const { keys } = await client().oAuth.listOauthJwks();
    expect(keys.length).toBeGreaterThan(0);
    const token = await accessTokenFor(gateway, discovered.policyId, await provider.token(AUDIENCE));
    const keySet = createRemoteJWKSet(new URL(`${gateway.baseUrl}/oauth/jwks`));
    const { payload, protectedHeader } = await jwtVerify(token, keySet, { issuer: gateway.url });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]?.kid ?? '' });
    expect(payload).toMatchObject({
      sub: WORKLOAD,
      aud: `${gateway.url}/api/v1`,
      federation_policy_id: discovered.policyId,
      federation_issuer_id: discovered.issuerId,
    });
  });

  test('understands a refusal', async () => {
    const subjectToken = await provider.token('https://elsewhere.example.com');
    const request = {
      grantType: GRANT_TYPE,
      subjectTokenType: JWT_TYPE,
      federationPolicyId: discovered.policyId,
      subjectToken,
    } as const;
    const refusal = await client()
      .oAuth.createOauthToken({ tokenExchangeRequest: request })
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    expect(refusal).toMatchObject({ statusCode: 400, error: 'invalid_grant' });
  });
});

describe('the access token', () => {
  test('lives no longer than the token it was made from, and at most a quarter of an hour', async () => {
    const subjectToken = await provider.token(AUDIENCE);
    const token = await accessTokenFor(gateway, discovered.policyId, subjectToken);
    const { exp = 0, iat = 0 } = decodeJwt(token);
    expect(exp).toBeLessThanOrEqual(decodeJwt(subjectToken).exp ?? 0);
    expect(exp - iat).toBeLessThanOrEqual(900);
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt');
  });

  test('is the target key in everything, and works where that works', async () => {
    const key = await makeKey(gateway, { name: 'for CI', limit: 5 });
    const { policyId } = await trust(
      gateway,
      { issuer_url: provider.url, jwks_url: provider.jwksUrl },
      { subject: WORKLOAD, target_key_hash: key.hash },
    );
    const token = await accessTokenFor(gateway, policyId, await provider.token(AUDIENCE));
    const described = await asks(token, '/api/v1/key');
    expect(described.status).toBe(200);
    expect(described.body['data']).toMatchObject({ name: 'for CI', limit: 5 });
    expect((await chat(token)).status).toBe(200);
    const generations = () =>
      gateway.database.db.selectFrom('generations').select('id').where('key_hash', '=', key.hash).execute();
    const endsAt = performance.now() + 20_000;
    while ((await generations()).length === 0 && performance.now() < endsAt) await Bun.sleep(20);
    expect(await generations()).toHaveLength(1);
  });

  test('is forbidden where keys and rights are handed out', async () => {
    const token = await accessTokenFor(gateway, discovered.policyId, await provider.token(AUDIENCE));
    const body = JSON.stringify({ callback_url: 'https://app.example.com/cb', name: 'mine' });
    const statuses = await Promise.all(
      [
        ['GET', '/api/v1/keys'],
        ['POST', '/api/v1/keys'],
        ['DELETE', `/api/v1/keys/${hashOf(gateway.apiKey)}`],
        ['GET', '/api/v1/credits'],
        ['POST', '/api/v1/auth/keys/code'],
      ].map(async ([method = '', path = '']) => {
        const init = method === 'POST' ? { method, body } : { method };
        return `${method} ${path} ${(await asks(token, path, init)).status}`;
      }),
    );
    expect(statuses.every((line) => line.endsWith(' 403'))).toBe(true);
  });

  test('dies with its key', async () => {
    const key = await makeKey(gateway);
    const { policyId } = await trust(
      gateway,
      { issuer_url: provider.url },
      { subject: WORKLOAD, target_key_hash: key.hash },
    );
    const token = await accessTokenFor(gateway, policyId, await provider.token(AUDIENCE));
    expect((await chat(token)).status).toBe(200);
    const path = `/api/v1/keys/${key.hash}`;
    const patch = { method: 'PATCH', body: JSON.stringify({ disabled: true }) };
    expect((await asks(gateway.managementKey, path, patch)).status).toBe(200);
    expect((await chat(token)).status).toBe(403);
    expect((await asks(gateway.managementKey, path, { method: 'DELETE' })).status).toBe(200);
    expect((await chat(token)).status).toBe(401);
    const again = await exchange(gateway, {
      federation_policy_id: policyId,
      subject_token: await provider.token(AUDIENCE),
    });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('outlives its policy, which only stops new ones', async () => {
    const paused = await trust(gateway, { issuer_url: provider.url }, { subject: WORKLOAD });
    const token = await accessTokenFor(gateway, paused.policyId, await provider.token(AUDIENCE));
    await paused.pause();
    expect((await chat(token)).status).toBe(200);
    const again = await exchange(gateway, {
      federation_policy_id: paused.policyId,
      subject_token: await provider.token(AUDIENCE),
    });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
  });
});

test('claims that the policy asks for are checked', async () => {
  const outcome = async (checks: { required_scope?: string; required_token_type?: string }) => {
    const { policyId } = await trust(gateway, { issuer_url: provider.url }, { subject: WORKLOAD, ...checks });
    const subjectToken = await provider.token(AUDIENCE);
    return (await exchange(gateway, { federation_policy_id: policyId, subject_token: subjectToken })).status;
  };
  expect(await outcome({ required_scope: 'deploy', required_token_type: 'job' })).toBe(200);
  expect(await outcome({ required_scope: 'Deploy' })).toBe(400);
  expect(await outcome({ required_token_type: 'at+jwt' })).toBe(400);
});

test('the provider is asked for its keys once, however many tokens come', async () => {
  await using other = await startIdentityProvider();
  await using own = await startGateway({ config: { egress: { private_hosts: [other.host] } } });
  const { policyId } = await trust(own, { issuer_url: other.url }, { subject: WORKLOAD });
  for (let round = 0; round < 3; round += 1) await accessTokenFor(own, policyId, await other.token(AUDIENCE));
  expect(other.requests.filter((path) => path === '/jwks')).toHaveLength(1);
  other.break();
  const { status } = await exchange(own, {
    federation_policy_id: policyId,
    subject_token: await provider.token(AUDIENCE),
  });
  expect(status).toBe(400);
});

test('a provider that cannot be asked is a 503 that says when to come back', async () => {
  await using other = await startIdentityProvider();
  const subjectToken = await other.token(AUDIENCE);
  await using own = await startGateway({ config: { egress: { private_hosts: [other.host] } } });
  const { policyId } = await trust(own, { issuer_url: other.url }, { subject: WORKLOAD });
  other.break();
  const answer = await exchange(own, { federation_policy_id: policyId, subject_token: subjectToken });
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject({
    error: 'temporarily_unavailable',
    error_description: expect.any(String),
  });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a provider on this machine that nobody vouches for is not reached', async () => {
  await using own = await startGateway();
  const { policyId } = await trust(own, { issuer_url: provider.url }, { subject: WORKLOAD });
  const subjectToken = await provider.token(AUDIENCE);
  const before = provider.requests.length;
  const answer = await exchange(own, { federation_policy_id: policyId, subject_token: subjectToken });
  expect(answer.status).toBe(503);
  expect(provider.requests.length).toBe(before);
});

test('no token stands in a log or in the database', async () => {
  const subjectToken = await provider.token(AUDIENCE);
  const token = await accessTokenFor(gateway, discovered.policyId, subjectToken);
  await exchange(gateway, { federation_policy_id: discovered.policyId, subject_token: subjectToken });
  await chat(token);
  const secrets = [subjectToken, token].flatMap((text) => [text, text.split('.')[1] ?? text]);
  const log = gateway.logLines.join('\n');
  const file = await Bun.file(`${gateway.dataDir}/turnpike.sqlite`).text();
  const wal = await Bun.file(`${gateway.dataDir}/turnpike.sqlite-wal`).text();
  for (const secret of secrets) {
    expect(log.includes(secret)).toBe(false);
    expect((file + wal).includes(secret)).toBe(false);
  }
  expect(log).toContain('token_exchanged');
  expect(log).toContain('the token was exchanged before');
});
