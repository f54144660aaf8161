/** What is no good for an access token, each with the answer that RFC 6749 has for it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { ManualClock } from '../../../src/clock.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { AUDIENCE, exchange, GRANT_TYPE, JWT_TYPE, type Trust, trust } from './trust.ts';

const SUBJECT = 'repo:acme/shop:ref:refs/heads/main';
const nowSeconds = () => Math.floor(Date.now() / 1000);

let issuer: Issuer;
let gateway: TestGateway;
let trusted: Trust;

beforeAll(async () => {
  issuer = await createIssuer();
  gateway = await startGateway();
  trusted = await trust(
    gateway,
    { issuer_url: issuer.url, pinned_jwks: issuer.jwks },
    { subject: SUBJECT, required_scope: 'deploy', required_token_type: 'job' },
  );
});

afterAll(() => gateway.stop());

const GOOD = { sub: SUBJECT, aud: AUDIENCE, scopes: ['test', 'deploy'], token_type: 'job' };
const send = (subjectToken: string, fields: Record<string, string> = {}) =>
  exchange(gateway, { federation_policy_id: trusted.policyId, subject_token: subjectToken, ...fields });

/** Status, word, and whether there is a text to read. */
const outcome = async (subjectToken: string, fields?: Record<string, string>) => {
  const { status, body } = await send(subjectToken, fields);
  expect(Object.keys(body).sort()).toEqual(['error', 'error_description']);
  return `${status} ${body['error']}`;
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a token that fits is exchanged, and no cache may keep the answer', async () => {
  const { status, headers, body } = await send(await issuer.token(GOOD), {
    scope: 'inference',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: 'ignored',
    resource: 'https://ignored.example.com',
  });
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    access_token: expect.any(String),
    expires_in: expect.any(Number),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'inference',
    token_type: 'Bearer',
  });
});

test('so is one among several audiences, and one sent as JSON', async () => {
  expect((await send(await issuer.token({ ...GOOD, aud: ['other', AUDIENCE] }))).status).toBe(200);
  const answer = await fetch(`${gateway.baseUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer nonsense' },
    body: JSON.stringify({
      grant_type: GRANT_TYPE,
      subject_token_type: JWT_TYPE,
      federation_policy_id: trusted.policyId,
      subject_token: await issuer.token(GOOD),
    }),
  });
  expect(answer.status).toBe(200);
});

test.each(['ES256', 'RS256'] as const)(
  'so is one that does not name its key, whichever of several %s keys signed it',
  async (alg) => {
    const [first, second, stranger] = [
      await createIssuer(alg),
      await createIssuer(alg),
      await createIssuer(alg),
    ];
    const others = [await createIssuer('ES256'), await createIssuer('RS256')];
    const keys = [...others, first, second].map(({ publicJwk: { kid: _, ...jwk } }) => jwk);
    const { policyId } = await trust(
      gateway,
      { issuer_url: issuer.url, pinned_jwks: JSON.stringify({ keys }) },
      { subject: SUBJECT },
    );
    const statusOf = async (signer: Issuer, claims = {}) => {
      const subject_token = await signer.token({ ...GOOD, ...claims }, { kid: undefined as never });
      return (await exchange(gateway, { federation_policy_id: policyId, subject_token })).status;
    };
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
    expect(await statusOf(stranger)).toBe(400);
    expect(await statusOf(second, { exp: nowSeconds() - 60 })).toBe(400);
  },
);

test('an access token made of a token that is about to end ends with it', async () => {
  const { body } = await send(await issuer.token({ ...GOOD, exp: nowSeconds() + 30 }));
  expect(body['expires_in']).toBeGreaterThan(0);
  expect(body['expires_in']).toBeLessThanOrEqual(30);
});

describe('invalid_grant, with one text for every reason', () => {
  const texts = new Set<unknown>();
  const refused = async (subjectToken: string, policyId = trusted.policyId) => {
    const { status, body } = await exchange(gateway, {
      federation_policy_id: policyId,
      subject_token: subjectToken,
    });
    texts.add(body['error_description']);
    return `${status} ${body['error']}`;
  };
  afterAll(() => expect(texts.size).toBe(1));

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://other.example.com' }],
    ['the issuer with a slash', { iss: 'https://idp.example.com/' }],
    ['no issuer', { iss: undefined }],
    ['another subject', { sub: `${SUBJECT}x` }],
    ['the subject in other letters', { sub: SUBJECT.toUpperCase() }],
    ['no subject', { sub: undefined }],
    ['a subject that is no text', { sub: 1 }],
    ['a subject that is too long', { sub: 'x'.repeat(513) }],
    ['another audience', { aud: 'https://elsewhere.example.com' }],
    ['no audience', { aud: undefined }],
    ['an audience that is too long beside the right one', { aud: [AUDIENCE, 'x'.repeat(513)] }],
    ['scopes without the right one', { scopes: ['test'] }],
    ['scopes in a text', { scopes: 'test deploy' }],
    ['a scope in other letters', { scopes: ['Deploy'] }],
    ['more than sixteen scopes', { scopes: ['deploy', ...Array.from({ length: 16 }, (_, n) => `s${n}`)] }],
    ['no scopes, but a scope', { scopes: undefined, scope: 'deploy' }],
    ['another token_type', { token_type: 'Job' }],
    ['no token_type', { token_type: undefined }],
    ['an end in the past', { exp: nowSeconds() - 1 }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: 'tomorrow' }],
    ['an end that no calendar has', { exp: 1e300 }],
    ['an end a little beyond all calendars', { exp: 8.64e12 + 1 }],
    ['a beginning in the future', { nbf: nowSeconds() + 60 }],
  ])('%s', async (_case, changes) => {
    expect(await refused(await issuer.token({ ...GOOD, ...changes }))).toBe('400 invalid_grant');
  });

  test('another key of the same name', async () => {
    const stranger = await createIssuer();
    expect(await refused(await stranger.token(GOOD))).toBe('400 invalid_grant');
  });

  test('a key that its issuer does not show', async () => {
    expect(await refused(await issuer.token(GOOD, { kid: 'unknown' }))).toBe('400 invalid_grant');
  });

  test('a payload that was changed afterwards', async () => {
    const [header, , signature] = (await issuer.token(GOOD)).split('.');
    const forged = part({ ...GOOD, iss: issuer.url, exp: nowSeconds() + 300 });
    expect(await refused(`${header}.${forged}.${signature}`)).toBe('400 invalid_grant');
  });

  test.each(['none', 'None', 'NONE'])('alg %s', async (alg) => {
    const payload = part({ ...GOOD, iss: issuer.url, exp: nowSeconds() + 300 });
    expect(await refused(`${part({ alg, kid: issuer.publicJwk.kid })}.${payload}.`)).toBe(
      '400 invalid_grant',
    );
  });

  test('HS256 with the public key for a secret', async () => {
    const publicKey = await importJWK(issuer.publicJwk, 'ES256', { extractable: true });
    if (publicKey instanceof Uint8Array) throw new Error('not a public key');
    for (const secret of [await exportSPKI(publicKey), issuer.jwks, JSON.stringify(issuer.publicJwk)]) {
      const forged = await new SignJWT({ ...GOOD, iss: issuer.url, exp: nowSeconds() + 300 })
        .setProtectedHeader({ alg: 'HS256', kid: 'pinned-ES256' })
        .sign(new TextEncoder().encode(secret));
      expect(await refused(forged)).toBe('400 invalid_grant');
    }
  });

  test('a key that the token itself brings', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await crypto.subtle.exportKey('jwk', publicKey);
    const forged = await new SignJWT({ ...GOOD, iss: issuer.url, exp: nowSeconds() + 300 })
      .setProtectedHeader({
        alg: 'ES256',
        kid: 'pinned-ES256',
        jwk: jwk as never,
        jku: 'https://evil.example.com',
      })
      .sign(privateKey);
    expect(await refused(forged)).toBe('400 invalid_grant');
  });

  test('algorithms beside ES256 and RS256', async () => {
    const other = await generateKeyPair('PS256', { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey('jwk', other.publicKey)), alg: undefined, kid: 'ps' };
    const { policyId } = await trust(
      gateway,
      { issuer_url: issuer.url, pinned_jwks: JSON.stringify({ keys: [jwk] }) },
      { subject: SUBJECT },
    );
    const token = await new SignJWT({ ...GOOD, iss: issuer.url, exp: nowSeconds() + 300 })
      .setProtectedHeader({ alg: 'PS256', kid: 'ps' })
      .sign(other.privateKey);
    expect(await refused(token, policyId)).toBe('400 invalid_grant');
  });

  test('a critical header that is not understood', async () => {
    const token = await new SignJWT({ ...GOOD })
      .setProtectedHeader({ alg: 'ES256' })
      .sign((await generateKeyPair('ES256')).privateKey);
    const [, payload, signature] = token.split('.');
    const header = part({ alg: 'ES256', kid: 'pinned-ES256', crit: ['exp'], exp: 1 });
    expect(await refused(`${header}.${payload}.${signature}`)).toBe('400 invalid_grant');
  });

  test('a policy that does not exist, and one that is paused', async () => {
    const token = await issuer.token(GOOD);
    expect(await refused(token, crypto.randomUUID())).toBe('400 invalid_grant');
    const paused = await trust(
      gateway,
      { issuer_url: issuer.url, pinned_jwks: issuer.jwks },
      { subject: SUBJECT, enabled: 0 },
    );
    expect(await refused(token, paused.policyId)).toBe('400 invalid_grant');
  });

  test('a target key that has expired', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { hash } = await makeKey(gateway, { expires_at: expiresAt });
    const { policyId } = await trust(
      gateway,
      { issuer_url: issuer.url, pinned_jwks: issuer.jwks },
      { subject: SUBJECT, target_key_hash: hash },
    );
    await gateway.database.db
      .updateTable('api_key')
      .set({ expires_at_ms: Date.now() - 1 })
      .where('hash', '=', hash)
      .execute();
    expect(await refused(await issuer.token(GOOD), policyId)).toBe('400 invalid_grant');
  });

  test('a token that was exchanged before, by its jti or as it is', async () => {
    const named = await issuer.token(GOOD);
    const unnamed = await issuer.token({ ...GOOD, jti: undefined });
    for (const token of [named, unnamed]) {
      expect((await send(token)).status).toBe(200);
      expect(await refused(token)).toBe('400 invalid_grant');
    }
    const jti = 'once';
    expect((await send(await issuer.token({ ...GOOD, jti }))).status).toBe(200);
    expect(await refused(await issuer.token({ ...GOOD, jti, exp: nowSeconds() + 200 }))).toBe(
      '400 invalid_grant',
    );
  });

  test('a token that was exchanged before, with the twin of its signature', async () => {
    const token = await issuer.token({ ...GOOD, jti: undefined, nonce: 'twin' });
    expect((await send(token)).status).toBe(200);
    expect(await refused(withTwinSignature(token))).toBe('400 invalid_grant');
    // What makes the case worth its lines: under a policy that has not seen the token, the twin is good.
    const { policyId } = await trust(
      gateway,
      { issuer_url: issuer.url, pinned_jwks: issuer.jwks },
      { subject: SUBJECT },
    );
    const fresh = await exchange(gateway, {
      federation_policy_id: policyId,
      subject_token: withTwinSignature(token),
    });
    expect(fresh.status).toBe(200);
  });
});

describe('invalid_request', () => {
  test.each<[string, Record<string, string>]>([
    ['no subject_token', { subject_token: '' }],
    ['a subject_token that is no JWT', { subject_token: 'secret' }],
    ['an encrypted one', { subject_token: 'eyJhbGciOiJkaXIifQ..a.b.c' }],
    ['one whose payload is not JSON', { subject_token: `${part({ alg: 'ES256' })}.AAAA.AAAA` }],
    ['one beyond 16 KB', { subject_token: `${part({ alg: 'ES256' })}.${'A'.repeat(16 * 1024)}.AAAA` }],
    ['no subject_token_type', { subject_token_type: '' }],
    ['another subject_token_type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['another requested_token_type', { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' }],
    ['no federation_policy_id', { federation_policy_id: '' }],
    ['a federation_policy_id that is none', { federation_policy_id: "1' OR '1'='1" }],
  ])('%s', async (_case, fields) => {
    expect(await outcome(await issuer.token(GOOD), fields)).toBe('400 invalid_request');
  });

  test('a field that is given twice', async () => {
    const body = new URLSearchParams([
      ['grant_type', GRANT_TYPE],
      ['federation_policy_id', trusted.policyId],
      ['federation_policy_id', crypto.randomUUID()],
    ]);
    const answer = await fetch(`${gateway.baseUrl}/oauth/token`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
  });

  test('a body beyond 32 KB is 413', async () => {
    expect(await outcome('x'.repeat(33 * 1024))).toBe('413 invalid_request');
  });

  test('too many from one address are 429, which says when to come back', async () => {
    // However slow the machine is, it is one and the same minute.
    await using own = await startGateway({ clock: new ManualClock(Date.now()) });
    const tokens = Array.from({ length: 301 }, () =>
      exchange(own, { federation_policy_id: crypto.randomUUID(), subject_token: 'x' }),
    );
    const refusals = (await Promise.all(tokens)).filter(({ status }) => status === 429);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]?.body).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
    expect(Number(refusals[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

test('another scope than inference is invalid_scope', async () => {
  expect(await outcome(await issuer.token(GOOD), { scope: 'management' })).toBe('400 invalid_scope');
  expect(await outcome(await issuer.token(GOOD), { scope: 'inference management' })).toBe(
    '400 invalid_scope',
  );
});

test('another grant is unsupported_grant_type', async () => {
  expect(await outcome(await issuer.token(GOOD), { grant_type: 'password' })).toBe(
    '400 unsupported_grant_type',
  );
});

/** Of an ECDSA signature (r, s), (r, n − s) is one too. */
function withTwinSignature(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header, payload, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const twin = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), twin]).toString('base64url')}`;
}
