/** Access tokens that this gateway did not sign, or not like this, are no keys; and what it knows of one it does not compute again. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { ManualClock } from '../../../src/clock.ts';
import { SigningKeys } from '../../../src/workload-identity/signing-keys.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { createIssuer } from './issuer.ts';
import { AUDIENCE, accessTokenFor, trust } from './trust.ts';

const clock = new ManualClock(Date.now());
let gateway: TestGateway;
let good: string;
let sign: (changes?: JWTPayload, header?: object) => Promise<string>;

beforeAll(async () => {
  gateway = await startGateway({ clock });
  const issuer = await createIssuer();
  const { policyId } = await trust(
    gateway,
    { issuer_url: issuer.url, pinned_jwks: issuer.jwks },
    { subject: 'ci' },
  );
  const exp = Math.floor(Date.now() / 1000) + 3600;
  good = await accessTokenFor(gateway, policyId, await issuer.token({ sub: 'ci', aud: AUDIENCE, exp }));
  const { database, config } = gateway;
  const { kid, privateKey } = await new SigningKeys({
    database,
    clock,
    masterKey: config.masterKey,
  }).signer();
  sign = (changes = {}, header = {}) =>
    new SignJWT({ ...decodeJwt(good), ...changes })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
      .sign(privateKey);
});

afterAll(() => gateway.stop());

const ask = async (token: string) => {
  const answer = await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${token}` } });
  const { error } = (await answer.json()) as { error?: { metadata: { error_code: string } } };
  return `${answer.status} ${error?.metadata.error_code ?? ''}`.trim();
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('the token is good, and so is one signed like it', async () => {
  expect([await ask(good), await ask(await sign())]).toEqual(['200', '200']);
});

test.each<[string, JWTPayload, object]>([
  ['another type', {}, { typ: 'JWT' }],
  ['no type', {}, { typ: undefined }],
  ['an unknown key', {}, { kid: 'unknown' }],
  ['no key', {}, { kid: undefined }],
  ['another issuer', { iss: 'https://turnpike.example.com' }, {}],
  ['another audience', { aud: 'https://turnpike.example.com' }, {}],
  ['no end', { exp: undefined as never }, {}],
  ['no key to act as', { api_key_hash: undefined }, {}],
  ['a key to act as that is none', { api_key_hash: 'x' }, {}],
  ['a key to act as that does not exist', { api_key_hash: '0'.repeat(64) }, {}],
])('signed by us, but with %s', async (_case, changes, header) => {
  expect(await ask(await sign(changes, header))).toBe('401 invalid_api_key');
});

test('signed by somebody else, under the name of our key', async () => {
  const { privateKey } = await generateKeyPair('ES256');
  const header = { ...decodeProtectedHeader(good), alg: 'ES256' };
  const forged = await new SignJWT(decodeJwt(good)).setProtectedHeader(header).sign(privateKey);
  expect(await ask(forged)).toBe('401 invalid_api_key');
});

test('unsigned, or signed with what everybody can read', async () => {
  const { kid } = decodeProtectedHeader(good);
  const payload = good.split('.')[1];
  expect(await ask(`${part({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`)).toBe('401 invalid_api_key');
  const { keys } = (await (await fetch(`${gateway.baseUrl}/oauth/jwks`)).json()) as { keys: [object] };
  const secret = new TextEncoder().encode(JSON.stringify(keys[0]));
  const forged = await new SignJWT(decodeJwt(good))
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: kid ?? '' })
    .sign(secret);
  expect(await ask(forged)).toBe('401 invalid_api_key');
});

test('changed afterwards, so that it acts as another key or lives longer', async () => {
  const [header, , signature] = good.split('.');
  for (const changes of [{ api_key_hash: hashOf('x') }, { exp: 4_000_000_000 }, { sub: 'other' }]) {
    const payload = part({ ...decodeJwt(good), ...changes });
    expect(await ask(`${header}.${payload}.${signature}`)).toBe('401 invalid_api_key');
  }
});

test('what only begins like a token', async () => {
  for (const text of [
    'eyJ',
    'eyJhbGciOiJFUzI1NiJ9',
    'eyJ..',
    `eyJ${'A'.repeat(9000)}`,
    `${good}.x`,
    good.slice(0, -9),
  ])
    expect(await ask(text)).toBe('401 invalid_api_key');
});

test('a token ends at the second it says, known or not', async () => {
  const fresh = await sign({ jti: 'fresh' });
  const { exp = 0 } = decodeJwt(good);
  clock.set(exp * 1000 - 1);
  expect(await ask(good)).toBe('200');
  clock.set(exp * 1000);
  expect([await ask(good), await ask(fresh)]).toEqual(['401 key_expired', '401 key_expired']);
});
