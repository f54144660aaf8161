/** How often keys, members and models may ask: whoever is named, by whichever name, and whatever takes their place. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { newId } from '../../../src/ids.ts';
import { signUpOwner } from '../../accounts.ts';
import { type Called, callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

/** Too little for any request that costs something. */
const NEXT_TO_NOTHING_USD = 0.000001;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let ownerId = '';
  const clock = new ManualClock(Date.now());
  beforeAll(async () => {
    gateway = await startGateway({
      ...{ engine, clock },
      config: {
        budgets: {
          on_exhaust: 'downgrade',
          downgrade: [{ from: 'acme/small', to: 'acme/free:free' }],
        },
      },
    });
    const owner = await signUpOwner(gateway);
    ownerId = (await owner.session())?.user.id ?? '';
  });
  afterAll(() => gateway?.stop());
  // Of the minute before nothing is left.
  beforeEach(() => clock.advance(60_000));

  const call = callerOf(() => gateway);
  const chat = async (key: string, more: object = {}): Promise<Called> =>
    await call(
      'POST',
      '/chat/completions',
      {
        ...{ model: 'acme/small', max_tokens: 10, messages: [{ role: 'user', content: 'one two three' }] },
        ...more,
      },
      key,
    );
  const statuses = async (...keys: string[]) => {
    const all: number[] = [];
    for (const key of keys) all.push((await chat(key)).status);
    return all;
  };
  const workspace = async (): Promise<string> =>
    (await call('POST', '/workspaces', { name: 'Rated', slug: `rated-${newId()}` })).json.data.id;
  const limit = async (workspaceId: string, body: object): Promise<Called> =>
    await call('POST', `/workspaces/${workspaceId}/rate-limits`, body);
  const childOf = async (key: string): Promise<{ key: string; hash: string }> => {
    const { json } = await call('POST', '/key/children', { name: 'child' }, key);
    return { key: json.key, hash: json.data.hash };
  };

  test('a rate of one key binds it by the hash that is shown of it, however often it is rotated, and names it so', async () => {
    const id = await workspace();
    const made = await makeKey(gateway, { workspace_id: id });
    const other = await makeKey(gateway, { workspace_id: id });
    const first = (await call('POST', `/keys/${made.hash}/rotate`, {})).json;
    const created = await limit(id, {
      ...{ subject: 'api_key', target: first.data.hash, requests_per_minute: 2 },
    });
    expect([created.status, created.json.data.target]).toEqual([201, first.data.hash]);
    expect(await statuses(first.key, first.key, first.key)).toEqual([200, 200, 429]);
    expect(await statuses(other.key)).toEqual([200]);
    const second = (await call('POST', `/keys/${first.data.hash}/rotate`, { old_valid_for_seconds: 60 }))
      .json;
    expect(await statuses(second.key, first.key)).toEqual([429, 429]);
    const listed = (await call('GET', `/workspaces/${id}/rate-limits`)).json.data;
    expect(listed).toEqual([{ ...created.json.data, target: second.data.hash }]);
    const changed = await call('PATCH', `/workspaces/${id}/rate-limits/${listed[0].id}`, {
      requests_per_minute: 3,
    });
    expect(changed.json.data).toMatchObject({ target: second.data.hash, requests_per_minute: 3 });
    expect(await statuses(second.key, second.key)).toEqual([200, 429]);
    // Under either name it is the same key, which has a rate already.
    for (const target of [first.data.hash, second.data.hash])
      expect((await limit(id, { subject: 'api_key', target, requests_per_minute: 9 })).status).toBe(409);
    clock.advance(60_000);
    // The secret before has ended, and so has its name.
    const gone = await limit(id, { subject: 'api_key', target: first.data.hash, requests_per_minute: 9 });
    expect(gone.status).toBe(400);
  });

  test('what is no key of the workspace, no member and no model is no target, and another account’s is none either', async () => {
    const id = await workspace();
    const { db } = gateway.database;
    const elsewhere = await makeKey(gateway, { workspace_id: await workspace() });
    const deleted = await makeKey(gateway, { workspace_id: id });
    await call('DELETE', `/keys/${deleted.hash}`);
    const foreign = await makeKey(gateway, { workspace_id: id });
    const account = await db.selectFrom('account').selectAll().executeTakeFirstOrThrow();
    const accountId = newId();
    await db
      .insertInto('account')
      .values({ ...account, id: accountId })
      .execute();
    await db.updateTable('api_key').set({ account_id: accountId }).where('hash', '=', foreign.hash).execute();
    const management = await db
      .selectFrom('api_key')
      .select('hash')
      .where('kind', '=', 'management')
      .executeTakeFirstOrThrow();
    const keys = [elsewhere, deleted, foreign, management].map(({ hash }) => hash);
    const answers: [string, number, unknown][] = [];
    for (const [subject, targets] of [
      ['api_key', [...keys, 'f'.repeat(64), 'F'.repeat(64), 'no hash']],
      ['member', [newId(), 'nobody', `${ownerId} `]],
      ['model', ['acme/none', 'acme/small:nitro', '~acme/small-latest', '*']],
    ] as const)
      for (const target of targets) {
        const { status, json } = await limit(id, { subject, target, requests_per_minute: 1 });
        answers.push([subject, status, json.error?.message]);
      }
    expect(answers).toEqual([
      ...Array(7).fill(['api_key', 400, 'target: must be the hash of an API key of this workspace']),
      ...Array(3).fill(['member', 400, 'target: must be the id of a member of the organization']),
      ...Array(4).fill([
        'model',
        400,
        'target: must be the id of a model that this gateway offers, without a variant',
      ]),
    ]);
    expect((await call('GET', `/workspaces/${id}/rate-limits`)).json.data).toEqual([]);
    const known = [
      { subject: 'member', target: ownerId },
      { subject: 'model', target: 'ACME/Small' },
    ];
    const made: unknown[] = [];
    for (const body of known) made.push((await limit(id, { ...body, requests_per_minute: 1 })).json.data);
    expect(made).toMatchObject([{ target: ownerId }, { target: 'acme/small' }]);
  });

  test('children ask out of the rates of the keys that made them, and each out of its own', async () => {
    const id = await workspace();
    const mother = await makeKey(gateway, { workspace_id: id });
    const [ann, ben] = [await childOf(mother.key), await childOf(mother.key)];
    const grandchild = await childOf(ann.key);
    expect((await limit(id, { subject: 'api_key', requests_per_minute: 3 })).status).toBe(201);
    // Whoever makes more keys may not ask more often by them.
    expect(await statuses(ann.key, ben.key, grandchild.key)).toEqual([200, 200, 200]);
    expect(await statuses(mother.key, ann.key, ben.key, grandchild.key)).toEqual([429, 429, 429, 429]);
    clock.advance(60_000);
    const own = { subject: 'api_key', target: ann.hash, requests_per_minute: 1 };
    expect((await limit(id, own)).status).toBe(201);
    expect(await statuses(grandchild.key, ann.key, ben.key, mother.key)).toEqual([200, 429, 200, 200]);
    expect(await statuses(mother.key)).toEqual([429]);
  });

  test('tokens of children are taken from the keys that made them, down to what the minute leaves', async () => {
    const id = await workspace();
    const mother = await makeKey(gateway, { workspace_id: id });
    const child = await childOf(mother.key);
    await limit(id, { subject: 'api_key', target: mother.hash, tokens_per_minute: 1000 });
    gateway.provider.clearRequests();
    expect((await chat(child.key, { max_tokens: undefined })).status).toBe(200);
    const sent = gateway.provider.requests.at(-1)?.body as { max_tokens: number };
    expect(sent.max_tokens).toBeWithin(256, 1000);
    expect((await chat(child.key, { max_tokens: 1001 })).status).toBe(429);
  });

  describe('where a model takes over because the money is spent', () => {
    const spentKey = async (workspaceId: string) =>
      await makeKey(gateway, { workspace_id: workspaceId, limit: NEXT_TO_NOTHING_USD });

    test('its own rates are asked, and those of the model that does not answer are free again', async () => {
      const id = await workspace();
      const spent = await spentKey(id);
      await limit(id, { subject: 'model', target: 'acme/free:free', requests_per_minute: 2 });
      await limit(id, { subject: 'model', target: 'acme/small', requests_per_minute: 1 });
      const answered: unknown[] = [];
      for (let time = 0; time < 3; time += 1) {
        const { status, json } = await chat(spent.key);
        answered.push([status, json.model ?? json.error.metadata.scope]);
      }
      expect(answered).toEqual([
        [200, 'acme/free:free'],
        [200, 'acme/free:free'],
        [429, 'model'],
      ]);
      await call('PATCH', `/keys/${spent.hash}`, { limit: 5 });
      expect(await statuses(spent.key, spent.key)).toEqual([200, 429]);
    });

    test('it is told to write no more than its own minute leaves', async () => {
      const id = await workspace();
      const { key } = await spentKey(id);
      await limit(id, { subject: 'model', target: 'acme/free:free', tokens_per_minute: 700 });
      gateway.provider.clearRequests();
      expect((await chat(key, { max_tokens: undefined })).json.model).toBe('acme/free:free');
      const sent = gateway.provider.requests.at(-1)?.body as { max_tokens: number };
      expect(sent.max_tokens).toBeWithin(256, 700);
      expect((await chat(key, { max_tokens: 701 })).status).toBe(429);
    });

    test('a rate of the key counts the request once', async () => {
      const id = await workspace();
      const { key } = await spentKey(id);
      await limit(id, { subject: 'api_key', requests_per_minute: 2 });
      expect(await statuses(key, key, key)).toEqual([200, 200, 429]);
    });
  });
});
