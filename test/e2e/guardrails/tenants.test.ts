/** Guardrails of two accounts on one gateway: what is another's looks like what is not there, in every path, body and filter. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { newId } from '../../../src/ids.ts';
import { addKey } from '../../../src/keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../../../src/keys/keys.ts';
import { accountGuardrailId, defaultGuardrailId } from '../../../src/policy/default-guardrail.ts';
import { insertAccount, insertWorkspace } from '../../../src/tenancy/store.ts';
import { engines } from '../../databases.ts';
import { GuardrailRig } from './rig.ts';

async function addTenant({ gateway: { database } }: GuardrailRig) {
  const [api, management] = [newKeySecret(), newKeySecret()];
  const [accountId, workspaceId] = [newId(), newId()];
  const nowMs = Date.now();
  await database.transaction(async (trx) => {
    await insertAccount(trx, { id: accountId, kind: 'organisation', name: 'Beta', created_at_ms: nowMs });
    await insertWorkspace(trx, {
      ...{ id: workspaceId, account_id: accountId, name: 'B', slug: 'b', is_default: 1 },
      created_at_ms: nowMs,
    });
    const key = parseNewKey({ name: 'of Beta' }, nowMs);
    const whose = { key, accountId, workspaceId, creatorUserId: null, nowMs };
    await addKey(trx, newKeyRow({ ...whose, secret: api, kind: 'api' }));
    await addKey(trx, newKeyRow({ ...whose, secret: management, kind: 'management' }));
  });
  return { accountId, workspaceId, api, management };
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: GuardrailRig;
  let beta: Awaited<ReturnType<typeof addTenant>>;
  let ours: string;
  let user: string;
  let hash: string;
  beforeAll(async () => {
    rig = await GuardrailRig.start({ engine });
    beta = await addTenant(rig);
    ({ hash } = await rig.boundKey({ name: 'Ours', allowed_models: ['acme/small'] }));
    ours = (await rig.call('GET', '/guardrails/assignments/keys')).json.data[0].guardrail_id;
    user = await rig.member();
    await rig.must('POST', `/guardrails/${ours}/assignments/members`, { member_user_ids: [user] });
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  const asBeta = (method: string, path: string, body?: object) =>
    rig.call(method, path, body, beta.management.key);
  const rows = async () =>
    Promise.all(
      (['guardrail', 'guardrail_key', 'guardrail_member'] as const).map((table) =>
        rig.gateway.database.db.selectFrom(table).selectAll().orderBy('id').execute(),
      ),
    );

  test('in every path an id of another account answers as one of nobody, and changes nothing', async () => {
    const before = await rows();
    const keys = { key_hashes: [beta.api.hash] };
    const foreign = [
      ours,
      defaultGuardrailId(await rig.workspaceId()),
      accountGuardrailId(await rig.accountId()),
    ];
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', { name: 'Theirs' }],
      ['DELETE', ''],
      ['GET', '/assignments/keys'],
      ['POST', '/assignments/keys', keys],
      ['POST', '/assignments/keys/remove', { key_hashes: [hash] }],
      ['GET', '/assignments/members'],
      ['POST', '/assignments/members', { member_user_ids: [user] }],
      ['POST', '/assignments/members/remove', { member_user_ids: [user] }],
    ] as const) {
      const unknown = await asBeta(method, `/guardrails/${newId()}${path}`, body);
      expect(unknown.status).toBe(404);
      for (const id of foreign)
        expect(await asBeta(method, `/guardrails/${id}${path}`, body)).toEqual(unknown);
    }
    expect(await rows()).toEqual(before);
  });

  test('in bodies and filters a key, a member and a workspace of another account answer as ones of nobody', async () => {
    const made = await asBeta('POST', '/guardrails', { name: 'Theirs', allowed_models: ['acme/twice'] });
    const id = made.json.data.id as string;
    const before = await rows();
    const keys = (of: string) =>
      asBeta('POST', `/guardrails/${id}/assignments/keys`, { key_hashes: [beta.api.hash, of] });
    expect(await keys(hash)).toEqual(await keys('f'.repeat(64)));
    const members = (of: string) =>
      asBeta('POST', `/guardrails/${id}/assignments/members`, { member_user_ids: [of] });
    expect(await members(user)).toEqual(await members(newId()));
    const place = await rig.workspaceId();
    const inPlace = (of: string) => asBeta('POST', '/guardrails', { name: 'x', workspace_id: of });
    expect(await inPlace(place)).toEqual(await inPlace(newId()));
    const listed = (of: string) => asBeta('GET', `/guardrails?workspace_id=${of}`);
    expect(await listed(place)).toEqual(await listed(newId()));
    const freed = (of: object, kind: string) =>
      asBeta('POST', `/guardrails/${id}/assignments/${kind}/remove`, of);
    expect((await freed({ key_hashes: [hash] }, 'keys')).json).toEqual({ unassigned_count: 0 });
    expect((await freed({ member_user_ids: [user] }, 'members')).json).toEqual({ unassigned_count: 0 });
    expect(await rows()).toEqual(before);
  });

  test('lists hold one’s own alone, and a guardrail over everybody binds one’s own keys alone', async () => {
    for (const path of ['/guardrails/assignments/keys', '/guardrails/assignments/members'])
      expect((await asBeta('GET', path)).json).toEqual({ data: [], total_count: 0 });
    const names = (await asBeta('GET', '/guardrails')).json.data.map(({ name }: { name: string }) => name);
    expect(names).not.toContain('Ours');
    const everybody = accountGuardrailId(beta.accountId);
    expect(
      (await asBeta('PATCH', `/guardrails/${everybody}`, { ignored_models: ['acme/small'] })).status,
    ).toBe(200);
    expect((await rig.ask(beta.api.key)).status).toBe(403);
    expect((await rig.ask(rig.gateway.apiKey)).status).toBe(200);
    expect((await asBeta('PATCH', `/guardrails/${everybody}`, { limit_usd: 5 })).status).toBe(400);
    expect((await asBeta('DELETE', `/guardrails/${everybody}`)).status).toBe(200);
    expect((await rig.ask(beta.api.key)).status).toBe(200);
  });

  test.each([
    'offset=-1',
    'limit=0',
    'limit=101',
    'offset=1e3',
    'limit=x',
    'limit=1&limit=2',
    'workspace_id=x',
  ])('the query ?%s is refused', async (query) => {
    expect((await rig.call('GET', `/guardrails?${query}`)).status).toBe(400);
  });
});
