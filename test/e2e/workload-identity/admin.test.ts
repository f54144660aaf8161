/** Admins say whom the organisation trusts; everything they may say, on both databases, and the exchange that comes of it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { newId } from '../../../src/ids.ts';
import { OWNER, signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { AUDIENCE, exchange } from './trust.ts';

const BASE = '/api/dashboard/workload-identity';
const UNKNOWN = '01900000-0000-7000-8000-000000000000';

describe.each(engines)('$name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  let issuer: Issuer;
  let target: string;

  beforeAll(async () => {
    issuer = await createIssuer('RS256');
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
    target = hashOf(gateway.apiKey);
  });
  afterAll(() => gateway.stop());

  const addIssuer = async (fields: object = {}) => {
    const jwks = JSON.parse(issuer.jwks);
    return await owner.post(`${BASE}/issuers`, { name: 'CI', issuer_url: issuer.url, jwks, ...fields });
  };
  const addPolicy = async (fields: object = {}) =>
    await owner.post(`${BASE}/policies`, {
      ...{ name: 'Deployments', subject: 'ci', audience: AUDIENCE, target_key_hash: target },
      ...fields,
    });
  const listOf = async (what: string) => (await owner.get(`${BASE}/${what}`)).body['list'];
  const swap = async (policyId: unknown, claims: object = {}) =>
    await exchange(gateway, {
      federation_policy_id: String(policyId),
      subject_token: await issuer.token({ sub: 'ci', aud: AUDIENCE, ...claims }),
    });

  test('an issuer and a policy are made, listed, changed and deleted, and work in between', async () => {
    const made = await addIssuer();
    expect(made.status).toBe(201);
    const issuerId = made.body['id'];
    expect(made.body).toEqual({
      id: expect.any(String),
      ...{ name: 'CI', issuer_url: issuer.url, jwks_url: null, jwks: JSON.parse(issuer.jwks) },
      ...{ created_at: expect.any(String), updated_at: null },
    });
    expect(await listOf('issuers')).toEqual([made.body]);

    const policy = await addPolicy({ issuer_id: issuerId });
    expect(policy.status).toBe(201);
    expect(policy.body).toEqual({
      id: expect.any(String),
      ...{ name: 'Deployments', issuer_id: issuerId, subject: 'ci', audience: AUDIENCE },
      ...{ required_scope: null, required_token_type: null, condition: null },
      ...{ target_key_hash: target, enabled: true, created_at: expect.any(String), updated_at: null },
    });
    expect(await listOf('policies')).toEqual([policy.body]);
    const policyId = policy.body['id'];
    expect((await swap(policyId)).status).toBe(200);

    const path = `${BASE}/policies/${policyId}`;
    const paused = await owner.send('PATCH', path, { enabled: false, required_scope: 'deploy' });
    expect(paused.body).toMatchObject({ enabled: false, required_scope: 'deploy', subject: 'ci' });
    expect(paused.body['updated_at']).toBeString();
    expect((await swap(policyId, { scopes: ['deploy'] })).status).toBe(400);
    await owner.send('PATCH', path, { enabled: true });
    expect((await swap(policyId)).status).toBe(400);
    expect((await swap(policyId, { scopes: ['deploy'] })).status).toBe(200);
    await owner.send('PATCH', path, { required_scope: null });
    expect((await swap(policyId)).status).toBe(200);

    const issuerPath = `${BASE}/issuers/${issuerId}`;
    const moved = await owner.send('PATCH', issuerPath, { issuer_url: 'https://moved.example.com' });
    expect(moved.body).toMatchObject({ issuer_url: 'https://moved.example.com', name: 'CI' });
    expect((await swap(policyId)).status).toBe(400);
    expect((await swap(policyId, { iss: 'https://moved.example.com' })).status).toBe(200);

    expect((await owner.send('DELETE', issuerPath)).text).toBe('{"deleted":true}');
    expect([await listOf('issuers'), await listOf('policies')]).toEqual([[], []]);
    expect((await swap(policyId, { iss: 'https://moved.example.com' })).status).toBe(400);
    expect((await owner.send('DELETE', path)).status).toBe(404);
    for (const change of ['issuer_created', 'policy_changed', 'issuer_deleted'])
      expect(gateway.logLines.some((line) => line.includes(`"change":"${change}"`))).toBe(true);
  });

  test('of the same token at the same time, one exchange succeeds', async () => {
    const { id } = (await addPolicy({ issuer_id: (await addIssuer()).body['id'] })).body;
    const subjectToken = await issuer.token({ sub: 'ci', aud: AUDIENCE });
    const fields = { federation_policy_id: String(id), subject_token: subjectToken };
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(gateway, fields)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(19);
  });

  test.each<[string, object, string]>([
    ['no name', { name: '' }, 'name: '],
    ['an http address', { issuer_url: 'http://idp.example.com' }, 'issuer_url: must be an https URL'],
    ['localhost', { issuer_url: 'https://localhost' }, 'issuer_url: must not name a host of a private'],
    ['a name below localhost', { issuer_url: 'https://foo.localhost/x' }, 'issuer_url: must not name a host'],
    [
      'a cloud’s own host',
      { issuer_url: 'https://metadata.google.internal' },
      'issuer_url: must not name a host',
    ],
    ['keys at a bare name', { jwks: null, jwks_url: 'https://vault/keys' }, 'jwks_url: must not name a host'],
    [
      'an address in decimal',
      { jwks: null, jwks_url: 'https://2130706433/' },
      'jwks_url: must not name a private',
    ],
    ['a private address', { issuer_url: 'https://169.254.169.254' }, 'issuer_url: must not name a private'],
    ['a private JWKS address', { jwks: null, jwks_url: 'https://[fd00:ec2::254]/' }, 'jwks_url: must not'],
    ['a query', { issuer_url: 'https://idp.example.com/?tenant=1' }, 'issuer_url: must not have a "?"'],
    ['two sources of keys', { jwks_url: 'https://idp.example.com/jwks' }, 'jwks: cannot be given together'],
    ['no key set', { jwks: { keys: [] } }, 'jwks: must hold 1 to 100 keys'],
    ['a secret key', { jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }, 'jwks: must hold public keys only'],
    ['a key set that is too long', { jwks: { keys: [], x: 'x'.repeat(70_000) } }, 'jwks: must have at most'],
  ])('an issuer with %s is refused', async (_case, fields, message) => {
    const answer = await addIssuer(fields);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toMatchObject({ message: expect.stringContaining(message) });
  });

  test('a policy is refused that trusts too much, or leads where it must not', async () => {
    const issuerId = (await addIssuer()).body['id'];
    const personal = await owner.post('/api/dashboard/keys', { name: 'mine' });
    const { hash: personalHash } = personal.body as { hash: string };
    const messageFor = async (fields: object) => {
      const answer = await addPolicy({ issuer_id: issuerId, ...fields });
      expect(answer.status).toBe(400);
      return (answer.body['error'] as { message: string }).message;
    };
    expect(await messageFor({ subject: null })).toStartWith('subject: is required: conditions are not');
    expect(await messageFor({ subject: '' })).toStartWith('subject: must not be empty');
    expect(await messageFor({ condition: 'subject.startsWith("repo:")' })).toStartWith(
      'condition: conditions are not available yet',
    );
    expect(await messageFor({ audience: undefined })).toStartWith('audience: ');
    expect(await messageFor({ issuer_id: UNKNOWN })).toBe('issuer_id: no such issuer');
    expect(await messageFor({ target_key_hash: 'x' })).toStartWith('target_key_hash: must be the hash');
    for (const hash of ['0'.repeat(64), personalHash, hashOf(gateway.managementKey)])
      expect(await messageFor({ target_key_hash: hash })).toStartWith('target_key_hash: must be an API key');
    const { id } = (await addPolicy({ issuer_id: issuerId })).body;
    const patched = await owner.send('PATCH', `${BASE}/policies/${id}`, { target_key_hash: personalHash });
    expect(patched.status).toBe(400);
  });

  test('the keys that a policy may lead to are listed', async () => {
    const key = await makeKey(gateway, { name: 'for workloads' });
    const keys = (await listOf('target-keys')) as Record<string, unknown>[];
    expect(keys).toContainEqual({
      ...{ hash: key.hash, name: 'for workloads', label: expect.any(String), disabled: false },
      workspace_id: expect.any(String),
    });
    expect(keys.some(({ hash }) => hash === hashOf(gateway.managementKey))).toBe(false);
  });

  test('what belongs to others, or to nobody, is not found', async () => {
    const foreign = await makeForeignTrust(gateway, target);
    for (const [what, ids] of [
      ['issuers', [foreign.issuerId, UNKNOWN, 'x', '%00']],
      ['policies', [foreign.policyId, UNKNOWN, 'x', '%00']],
    ] as const) {
      for (const id of ids) {
        const path = `${BASE}/${what}/${id}`;
        expect((await owner.send('PATCH', path, { name: 'stolen' })).status).toBe(404);
        expect((await owner.send('DELETE', path)).status).toBe(404);
      }
      expect(JSON.stringify(await listOf(what))).not.toContain('of somebody else');
    }
    const answer = await addPolicy({ issuer_id: foreign.issuerId });
    expect(answer.body['error']).toMatchObject({ message: 'issuer_id: no such issuer' });
  });

  test('members, strangers and pages of others are kept out', async () => {
    const member = await signUpMember(gateway, owner, { email: 'm@example.com', password: OWNER.password });
    for (const path of [`${BASE}/issuers`, `${BASE}/policies`, `${BASE}/target-keys`]) {
      expect((await member.get(path)).status).toBe(403);
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
    }
    expect((await member.post(`${BASE}/issuers`, {})).status).toBe(403);
    expect((await owner.post(`${BASE}/issuers`, {}, { origin: 'https://evil.example.com' })).status).toBe(
      403,
    );
    const withoutToken = await owner.post(`${BASE}/issuers`, {}, { headers: { 'x-csrf-token': 'x' } });
    expect(withoutToken.status).toBe(403);
  });
});

/** As an account beside ours would have it. */
async function makeForeignTrust({ database: { db } }: TestGateway, target: string) {
  const [accountId, issuerId, policyId] = [newId(), newId(), newId()];
  const times = { created_at_ms: 1, updated_at_ms: null };
  await db
    .insertInto('account')
    .values({ id: accountId, kind: 'organisation', name: 'others', created_at_ms: 1 })
    .execute();
  await db
    .insertInto('federation_issuer')
    .values({
      ...{ id: issuerId, account_id: accountId, name: 'of somebody else', ...times },
      ...{ issuer_url: 'https://idp.example.org', jwks_url: null, pinned_jwks: null },
    })
    .execute();
  await db
    .insertInto('federation_policy')
    .values({
      ...{ id: policyId, account_id: accountId, issuer_id: issuerId, name: 'of somebody else', ...times },
      ...{ subject: 's', audience: 'a', required_scope: null, required_token_type: null },
      ...{ target_key_hash: target, enabled: 1 },
    })
    .execute();
  return { issuerId, policyId };
}
