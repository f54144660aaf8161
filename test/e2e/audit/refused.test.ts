/** What somebody who is known tried to change and may not: in the log with who it was, and not as often as they try. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

interface Refused {
  readonly actor_kind: string;
  readonly actor: string;
  readonly target: string;
  readonly after: { code: string; status: number; path: string; earlier_repeats: number };
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const send = async (key: string, method: string, path: string) =>
    (
      await fetch(`${gateway.baseUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '{}' }),
      })
    ).status;
  async function refusedTo(actor: string, count: number): Promise<readonly Refused[]> {
    for (;;) {
      const response = await fetch(
        `${gateway.baseUrl}/audit?action=access.refused&actor=${actor}&outcome=refused`,
        {
          headers: { authorization: `Bearer ${gateway.managementKey}` },
        },
      );
      const { data } = (await response.json()) as { data: Refused[] };
      if (data.length >= count) return data;
      await Bun.sleep(20);
    }
  }

  test('an API key that asks for what a management key may stands there once, and its repeats with the next', async () => {
    const { key, hash } = await makeKey(gateway);
    for (let at = 0; at < 5; at++) expect(await send(key, 'DELETE', `/keys/${'0'.repeat(64)}`)).toBe(403);
    expect(await send(key, 'GET', '/keys')).toBe(403);
    const [first, ...others] = await refusedTo(hash, 1);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      ...{ actor_kind: 'api_key', actor: hash, target: 'DELETE /api/v1/keys/:hash' },
      after: {
        code: 'management_key_required',
        status: 403,
        path: `/api/v1/keys/${'0'.repeat(64)}`,
        earlier_repeats: 0,
      },
    });
    gateway.anHourLater();
    expect(await send(key, 'DELETE', '/keys/another')).toBe(403);
    expect((await refusedTo(hash, 2))[0]).toMatchObject({
      after: { path: '/api/v1/keys/another', earlier_repeats: 4 },
    });
  });

  test('a key that was disabled is named when it is used', async () => {
    const { key, hash } = await makeKey(gateway);
    await fetch(`${gateway.baseUrl}/keys/${hash}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
      body: '{"disabled":true}',
    });
    expect(await send(key, 'POST', '/keys')).toBe(403);
    expect(await refusedTo(hash, 1)).toMatchObject([
      { actor_kind: 'api_key', target: 'POST /api/v1/keys', after: { code: 'key_disabled' } },
    ]);
  });

  test('a member who asks for what an administrator may is named', async () => {
    const visitor = await signUpMember(gateway, owner, {
      ...{ email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery' },
    });
    const id = (await visitor.session())?.user.id ?? '';
    expect(
      (await visitor.post('/api/dashboard/invitations', { email: 'x@example.com', role: 'owner' })).status,
    ).toBe(403);
    expect(await refusedTo(id, 1)).toMatchObject([
      { actor_kind: 'user', target: 'POST /api/dashboard/invitations', after: { code: 'role_required' } },
    ]);
  });

  test('a key that nobody has leaves nothing', async () => {
    const unknown = `sk-or-v1-${'0'.repeat(64)}`;
    expect(await send(unknown, 'POST', '/keys')).toBe(401);
    const events = await gateway.database.db
      .selectFrom('audit_event')
      .selectAll()
      .where('actor', '=', hashOf(unknown))
      .execute();
    expect(events).toEqual([]);
  });
});
