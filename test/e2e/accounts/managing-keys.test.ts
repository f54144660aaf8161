/** What people with a session do to keys and to the organisation, beyond the API: finding, management keys, a name. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { windowIds } from '../../../src/window.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let bench: TestGateway;
  let owner: Visitor;
  let member: Visitor;
  beforeAll(async () => {
    bench = await startGateway({ engine });
    owner = await signUpOwner(bench);
    member = await signUpMember(bench, owner, MAX);
  }, 120_000);
  afterAll(() => bench?.stop());

  const names = async (visitor: Visitor, query: string) => {
    const { body } = await visitor.get(`/api/dashboard/keys?include_disabled=true&${query}`);
    return (body['list'] as { name: string }[]).map(({ name }) => name);
  };

  test('keys are found by a part of their name as it is written, by state and by who made them', async () => {
    for (const name of ['Zoo 100%', 'zoo_a', 'Other']) await owner.post('/api/dashboard/keys', { name });
    await member.post('/api/dashboard/keys', { name: 'Zoo of Max' });
    expect(await names(owner, 'search=ZOO&order=name')).toEqual(['Zoo 100%', 'Zoo of Max', 'zoo_a']);
    expect(await names(owner, 'search=%25')).toEqual(['Zoo 100%']);
    expect((await owner.get('/api/dashboard/keys?order=most')).status).toBe(400);
    expect(await names(owner, 'search=_')).toEqual(['zoo_a']);
    expect(await names(owner, "search='")).toEqual([]);
    expect(await names(member, 'search=zoo')).toEqual(['Zoo of Max']);
    const [found] = (await member.get('/api/dashboard/keys?search=max')).body['list'] as {
      hash: string;
      creator_user_id: string;
    }[];
    expect(await names(owner, `creator_user_id=${found?.creator_user_id}`)).toEqual(['Zoo of Max']);
    // Whoever asks for others' keys still sees their own alone.
    expect(await names(member, 'creator_user_id=somebody')).toEqual(['Zoo of Max']);
    await owner.send('PATCH', `/api/dashboard/keys/${found?.hash}`, { disabled: true });
    expect(await names(owner, 'state=disabled')).toEqual(['Zoo of Max']);
    expect((await owner.get('/api/dashboard/keys?state=odd')).status).toBe(400);
  });

  test('keys come in the order of how much of their limit they have spent', async () => {
    const { db } = bench.database;
    const spend = async (name: string, limit: object, spent: object) => {
      await owner.post('/api/dashboard/keys', { name, ...limit });
      const { hash } = await db
        .selectFrom('api_key')
        .select('hash')
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      for (const [window_id, cost] of Object.entries(spent))
        await db
          .insertInto('usage_window')
          .values({
            ...{ scope_kind: 'key', scope_id: hash, window_id, requests: 1 },
            ...{ cost_nano_usd: BigInt(cost), byok_nano_usd: 0n },
          })
          .execute();
    };
    const { daily, monthly, all } = windowIds(Date.now());
    await spend('Share 3', { limit: 10 }, { [all]: 2_000_000_000, [daily]: 9_000_000_000 });
    await spend('Share 1', { limit: 1, limit_reset: 'daily' }, { [daily]: 950_000_000, [all]: 0 });
    await spend('Share none', {}, { [all]: 90_000_000_000 });
    await spend('Share 2', { limit: 100, limit_reset: 'monthly' }, { [monthly]: 50_000_000_000 });
    await spend('Share 4', { limit: 5 }, {});
    const shares = ['Share 1', 'Share 2', 'Share 3', 'Share 4', 'Share none'];
    expect(await names(owner, 'search=share&order=limit_spent')).toEqual(shares);
  });

  test('an admin makes a management key, which manages at once and ends when it is revoked', async () => {
    const made = await owner.post('/api/dashboard/management-keys', { name: 'Terraform' });
    expect(made.status).toBe(201);
    const { key, hash } = made.body as { key: string; hash: string };
    const ask = () => fetch(`${bench.baseUrl}/keys`, { headers: { authorization: `Bearer ${key}` } });
    expect((await ask()).status).toBe(200);
    const listed = (await owner.get('/api/dashboard/management-keys')).body['list'] as { hash: string }[];
    expect(listed.map((each) => each.hash)).toContain(hash);
    // Neither list reaches into the other.
    expect((await owner.get(`/api/dashboard/keys/${hash}`)).status).toBe(404);
    expect((await owner.send('DELETE', `/api/dashboard/management-keys/${hash}`)).status).toBe(200);
    expect((await ask()).status).toBe(401);
  });

  test('the organisation is named by an admin, and what is no name is told field by field', async () => {
    expect(
      (await owner.send('PATCH', '/api/dashboard/organisation', { name: ' Engines ' })).body,
    ).toMatchObject({
      name: 'Engines',
    });
    const session = (await member.get('/api/dashboard/session')).body as { session: { account: object } };
    expect(session.session.account).toMatchObject({ name: 'Engines' });
    const refused = await fetch(`${bench.url}/api/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: '', limit: -1 }),
    });
    expect(await refused.json()).toMatchObject({
      error: {
        code: 400,
        message: 'name: must not be empty',
        metadata: { issues: [{ path: ['name'] }, { path: ['limit'] }] },
      },
    });
    expect((await owner.send('PATCH', '/api/dashboard/organisation', { name: ' ' })).status).toBe(400);
  });
});
