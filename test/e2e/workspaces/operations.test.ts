/** The workspace operations, by the official `@openrouter/sdk`, which validates every answer, and in what it does not send. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import {
  BadRequestResponseError,
  ForbiddenResponseError,
  NotFoundResponseError,
  UnauthorizedResponseError,
} from '@openrouter/sdk/models/errors';
import { sql } from 'kysely';
import { recordChange } from '../../../src/storage/changes.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines, rejectionOf } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let manager: OpenRouter;
  let owner: Visitor;
  const clientOf = (apiKey: string) =>
    new OpenRouter({ apiKey, serverURL: gateway.baseUrl, retryConfig: { strategy: 'none' } });
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    manager = clientOf(gateway.managementKey);
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const call = callerOf(() => gateway);
  const chat = (key: string, model = 'acme/small') =>
    call('POST', '/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] }, key);
  const slug = () => `w-${crypto.randomUUID().slice(0, 8)}`;
  const make = async (more: object = {}): Promise<{ id: string; slug: string }> => {
    const { status, json, text } = await call('POST', '/workspaces', { name: 'Made', slug: slug(), ...more });
    if (status !== 201) throw new Error(text);
    return json.data;
  };
  const keyIn = async (workspaceId: string, more: object = {}): Promise<{ key: string; hash: string }> => {
    const { status, json, text } = await call('POST', '/keys', {
      name: 'k',
      workspace_id: workspaceId,
      ...more,
    });
    if (status !== 201) throw new Error(text);
    return { key: json.key, hash: json.data.hash };
  };
  const join = async (role: 'member' | 'admin' = 'member') => {
    const email = `${crypto.randomUUID()}@example.com`;
    const visitor = await signUpMember(gateway, owner, { email, password: 'correct horse battery', role });
    return { visitor, id: (await visitor.session())?.user.id ?? '', email };
  };
  const deletedIds = async () =>
    (
      await gateway.database.db
        .selectFrom('workspace')
        .selectAll()
        .where('deleted_at_ms', 'is not', null)
        .execute()
    ).map(({ id }) => id);

  test('the official client makes, reads, lists, changes and deletes one, by id and by slug', async () => {
    const name = slug();
    const { data: made } = await manager.workspaces.create({
      createWorkspaceRequest: { name: 'Production', slug: name, description: 'What we sell' },
    });
    expect(made).toMatchObject({
      ...{ name: 'Production', slug: name, description: 'What we sell', updatedAt: null, createdBy: null },
      ...{ defaultTextModel: null, defaultImageModel: null, defaultProviderSort: null },
      ...{ isObservabilityIoLoggingEnabled: false, isObservabilityBroadcastEnabled: false },
      ...{ isDataDiscountLoggingEnabled: false, ioLoggingSamplingRate: 1, ioLoggingApiKeyIds: null },
      disabledServerTools: null,
    });
    expect((await manager.workspaces.get({ id: made.id })).data).toEqual(made);
    expect((await manager.workspaces.get({ id: name })).data).toEqual(made);
    const listed: string[] = [];
    let total = 0;
    for await (const page of await manager.workspaces.list({ limit: 1 })) {
      listed.push(...page.result.data.map(({ slug }) => slug));
      total = page.result.totalCount;
    }
    expect(listed[0]).toBe('default');
    expect(listed).toContain(name);
    expect(total).toBe(listed.length);
    const { data: changed } = await manager.workspaces.update({
      id: name,
      updateWorkspaceRequest: {
        ...{ description: null, defaultProviderSort: 'throughput', defaultTextModel: 'acme/small' },
        disabledServerTools: ['openrouter:web_search'],
      },
    });
    expect(changed).toMatchObject({
      ...{ name: 'Production', description: null, defaultProviderSort: 'throughput' },
      disabledServerTools: ['openrouter:web_search'],
    });
    expect(changed.updatedAt).not.toBeNull();
    expect(await manager.workspaces.delete({ id: name })).toEqual({ deleted: true });
    expect(await rejectionOf(manager.workspaces.get({ id: made.id }))).toBeInstanceOf(NotFoundResponseError);
    // Its slug is free again.
    expect((await call('POST', '/workspaces', { name: 'Again', slug: name })).status).toBe(201);
  });

  test('each declared error is what the official client knows it as', async () => {
    const stranger = clientOf(`sk-or-v1-${'0'.repeat(64)}`);
    const api = clientOf(gateway.apiKey);
    const create = (more = {}) => ({ createWorkspaceRequest: { name: 'x', slug: slug(), ...more } });
    expect(await rejectionOf(stranger.workspaces.create(create()))).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(stranger.workspaces.list())).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(api.workspaces.create(create()))).toBeInstanceOf(ForbiddenResponseError);
    expect(await rejectionOf(manager.workspaces.create(create({ slug: 'default' })))).toBeInstanceOf(
      BadRequestResponseError,
    );
    const users = { userIds: ['nobody'] };
    const { id } = await make();
    for (const fails of [
      () => manager.workspaces.get({ id: UNKNOWN }),
      () => manager.workspaces.update({ id: UNKNOWN, updateWorkspaceRequest: { name: 'x' } }),
      () => manager.workspaces.delete({ id: 'no-such-slug' }),
      () => manager.workspaces.listMembers({ id: UNKNOWN }),
      () => manager.workspaces.bulkAddMembers({ id: UNKNOWN, bulkAddWorkspaceMembersRequest: users }),
      () => manager.workspaces.bulkRemoveMembers({ id: UNKNOWN, bulkRemoveWorkspaceMembersRequest: users }),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(NotFoundResponseError);
    for (const fails of [
      () => manager.workspaces.update({ id, updateWorkspaceRequest: { slug: 'default' } }),
      () => manager.workspaces.delete({ id: 'default' }),
      () => manager.workspaces.bulkAddMembers({ id, bulkAddWorkspaceMembersRequest: users }),
      () => manager.workspaces.bulkRemoveMembers({ id: 'default', bulkRemoveWorkspaceMembersRequest: users }),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(BadRequestResponseError);
    for (const fails of [
      () => api.workspaces.update({ id, updateWorkspaceRequest: { name: 'x' } }),
      () => api.workspaces.delete({ id }),
      () => api.workspaces.bulkAddMembers({ id, bulkAddWorkspaceMembersRequest: users }),
      () => api.workspaces.bulkRemoveMembers({ id, bulkRemoveWorkspaceMembersRequest: users }),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(ForbiddenResponseError);
    expect(await rejectionOf(stranger.workspaces.listMembers({ id }))).toBeInstanceOf(
      UnauthorizedResponseError,
    );
    expect(await rejectionOf(stranger.organization.listMembers())).toBeInstanceOf(UnauthorizedResponseError);
  });

  test.each([
    [{ slug: 'x' }, 'name'],
    [{ name: 'x' }, 'slug'],
    [{ name: '  ', slug: 'x' }, 'name'],
    [{ name: 'x'.repeat(101), slug: 'x' }, 'name'],
    [{ name: 'x', slug: 'X' }, 'slug'],
    [{ name: 'x', slug: 'a--b' }, 'slug'],
    [{ name: 'x', slug: '-a' }, 'slug'],
    [{ name: 'x', slug: 'a'.repeat(51) }, 'slug'],
    [{ name: 'x', slug: 'x', description: 'x'.repeat(501) }, 'description'],
    [{ name: 'x', slug: 'x', default_provider_sort: 'cheapest' }, 'default_provider_sort'],
    [{ name: 'x', slug: 'x', disabled_server_tools: ['openrouter:teleport'] }, 'disabled_server_tools'],
    [{ name: 'x', slug: 'x', io_logging_sampling_rate: 0 }, 'io_logging_sampling_rate'],
    [{ name: 'x', slug: 'x', io_logging_sampling_rate: 1.1 }, 'io_logging_sampling_rate'],
    [{ name: 'x', slug: 'x', io_logging_api_key_ids: [1] }, 'io_logging_api_key_ids'],
    [{ name: 'x', slug: 'x', io_logging_api_key_ids: [0.5] }, 'io_logging_api_key_ids'],
    [
      { name: 'x', slug: 'x', is_observability_io_logging_enabled: 'yes' },
      'is_observability_io_logging_enabled',
    ],
  ])('what is wrong in %j is named, and no workspace is made', async (body, word) => {
    const before = (await call('GET', '/workspaces')).json.total_count;
    const answer = await call('POST', '/workspaces', body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(word)]);
    expect((await call('GET', '/workspaces')).json.total_count).toBe(before);
  });

  test('what of its requests is kept is one setting, by whichever address it is read; keys are named by numbers', async () => {
    const { id } = await make();
    const { hash } = await keyIn(id);
    const number = Number.parseInt(hash.slice(0, 12), 16);
    const changed = await call('PATCH', `/workspaces/${id}`, {
      ...{ is_observability_io_logging_enabled: true, io_logging_sampling_rate: 0.25 },
      io_logging_api_key_ids: [number],
    });
    expect(changed.json.data).toMatchObject({
      ...{ is_observability_io_logging_enabled: true, io_logging_sampling_rate: 0.25 },
      io_logging_api_key_ids: [number],
    });
    const setting = await call('GET', `/content-logging?workspace_id=${id}`);
    expect(setting.json.data).toMatchObject({ enabled: true, sampling_rate: 0.25, api_key_hashes: [hash] });
    const none = { disabled_server_tools: [], io_logging_api_key_ids: null };
    expect((await call('PATCH', `/workspaces/${id}`, none)).json.data).toMatchObject({
      ...{ disabled_server_tools: null, io_logging_api_key_ids: null, io_logging_sampling_rate: 0.25 },
    });
  });

  test('a slug that looks like an id is found after the ids, and two accounts may have the same', async () => {
    const { id } = await make();
    const shadow = await make({ slug: id });
    expect((await call('GET', `/workspaces/${id}`)).json.data.id).toBe(id);
    expect((await call('GET', `/workspaces/${id.toUpperCase()}`)).json.data.id).toBe(id);
    expect((await call('GET', `/workspaces/${shadow.id}`)).json.data.slug).toBe(id);
    const { db } = gateway.database;
    const other = crypto.randomUUID();
    await db
      .insertInto('account')
      .values({ id: other, kind: 'organisation', name: 'Other', created_at_ms: 1 })
      .execute();
    const foreign = crypto.randomUUID();
    await db
      .insertInto('workspace')
      .values({ id: foreign, account_id: other, name: 'D', slug: 'default', is_default: 1, created_at_ms: 1 })
      .execute();
    const [theirs, nobodys] = [
      await call('GET', `/workspaces/${foreign}`),
      await call('GET', `/workspaces/${UNKNOWN}`),
    ];
    expect(theirs.status).toBe(404);
    const shape = ({ json }: typeof theirs) => ({ ...json, error: { ...json.error, metadata: undefined } });
    expect(shape(theirs)).toEqual(shape(nobodys));
    for (const [method, path, body] of [
      ['PATCH', `/workspaces/${foreign}`, { name: 'Mine' }],
      ['DELETE', `/workspaces/${foreign}`, undefined],
      ['GET', `/workspaces/${foreign}/members`, undefined],
      ['POST', `/workspaces/${foreign}/members/add`, { user_ids: ['x'] }],
    ] as const)
      expect([path, (await call(method, path, body)).status]).toEqual([path, 404]);
    const row = await db
      .selectFrom('workspace')
      .selectAll()
      .where('id', '=', foreign)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ name: 'D', deleted_at_ms: null });
    expect((await call('POST', '/keys', { name: 'x', workspace_id: foreign })).status).toBe(400);
  });

  test('a workspace with a working key stays; once its keys are disabled it goes, and they never work again', async () => {
    const { id, slug: name } = await make();
    const { key, hash } = await keyIn(id);
    expect((await chat(key)).status).toBe(200);
    const refused = await call('DELETE', `/workspaces/${name}`);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('1 active API key')]);
    expect((await chat(key)).status).toBe(200);
    await call('PATCH', `/keys/${hash}`, { disabled: true });
    expect((await call('DELETE', `/workspaces/${name}`)).status).toBe(200);
    const enabled = await call('PATCH', `/keys/${hash}`, { disabled: false });
    expect([enabled.status, enabled.text]).toEqual([400, expect.stringContaining('was deleted')]);
    expect((await chat(key)).status).toBe(403);
    expect((await call('POST', '/keys', { name: 'late', workspace_id: id })).status).toBe(400);
    expect(await deletedIds()).toContain(id);
  });

  if (engine === 'postgres')
    test('a workspace that is deleted while one of its keys is changed waits for that, and neither for the other', async () => {
      const { id } = await make();
      const { hash } = await keyIn(id);
      expect((await call('PATCH', `/keys/${hash}`, { disabled: true })).status).toBe(200);
      const limits = { subject: 'api_key', requests_per_minute: 5 };
      expect((await call('POST', `/workspaces/${id}/rate-limits`, limits)).status).toBe(201);
      const { database } = gateway;
      const deleting = Promise.withResolvers<{ status: number }>();
      // As a change of the key does it.
      await database.transaction(async (trx) => {
        await trx.updateTable('api_key').set({ name: 'other' }).where('hash', '=', hash).execute();
        call('DELETE', `/workspaces/${id}`).then(deleting.resolve, deleting.reject);
        for (let waiting = 0; waiting === 0; ) {
          const { rows } = await sql<{ count: number }>`
            SELECT COUNT(*)::int AS count FROM pg_locks WHERE NOT granted`.execute(database.db);
          waiting = rows[0]?.count ?? 0;
        }
        await recordChange(trx, 'api_key', hash, Date.now());
      });
      expect((await deleting.promise).status).toBe(200);
    });

  test('members: everybody is one of the default workspace; others are added with the role they have, again without harm', async () => {
    const [max, ada] = [await join(), await join('admin')];
    const { id } = await make();
    const people = (await manager.organization.listMembers({ limit: 1 })) as AsyncIterable<{
      result: {
        data: { id: string; role: string; firstName: string | null; lastName: string | null }[];
        totalCount: number;
      };
    }>;
    const everybody: string[] = [];
    for await (const page of people) {
      everybody.push(...page.result.data.map((one) => one.id));
      expect(page.result.totalCount).toBeGreaterThanOrEqual(3);
    }
    expect(everybody).toEqual(expect.arrayContaining([max.id, ada.id]));
    const implicit = await call('GET', '/workspaces/default/members?limit=100');
    expect(implicit.json.total_count).toBe(everybody.length);
    expect(implicit.json.data.map((row: { user_id: string }) => row.user_id).sort()).toEqual(
      [...everybody].sort(),
    );
    const again = await call('GET', '/workspaces/default/members?limit=100');
    expect(again.json).toEqual(implicit.json);

    const added = await manager.workspaces.bulkAddMembers({
      id,
      bulkAddWorkspaceMembersRequest: { userIds: [max.id, ada.id] },
    });
    expect(added.addedCount).toBe(2);
    expect(added.data.map(({ userId, role, workspaceId }) => [userId, role, workspaceId])).toEqual([
      [max.id, 'member', id],
      [ada.id, 'admin', id],
    ]);
    const twice = await call('POST', `/workspaces/${id}/members/add`, { user_ids: [max.id] });
    expect([twice.status, twice.json.added_count]).toEqual([200, 1]);
    const rows: unknown[] = [];
    for await (const page of await manager.workspaces.listMembers({ id, limit: 1 }))
      rows.push(...page.result.data);
    expect(rows).toHaveLength(2);

    // Whoever is made an admin of the organisation is one here at once.
    await owner.send('PATCH', `/api/dashboard/members/${max.id}`, { role: 'admin' });
    const now = await call('GET', `/workspaces/${id}/members`);
    expect(now.json.data.map((row: { role: string }) => row.role)).toEqual(['admin', 'admin']);

    const mixed = await call('POST', `/workspaces/${id}/members/add`, { user_ids: [max.id, 'nobody'] });
    expect([mixed.status, mixed.text]).toEqual([400, expect.stringContaining('user_ids')]);
    expect((await call('POST', `/workspaces/${id}/members/remove`, { user_ids: [] })).status).toBe(400);
    const removed = await manager.workspaces.bulkRemoveMembers({
      id,
      bulkRemoveWorkspaceMembersRequest: { userIds: [max.id, 'nobody'] },
    });
    expect(removed).toEqual({ removedCount: 1 });
  });

  test('whoever has a working key in a workspace stays in it, and so does everybody else of the batch', async () => {
    const [busy, idle] = [await join(), await join()];
    const { id } = await make();
    await call('POST', `/workspaces/${id}/members/add`, { user_ids: [busy.id, idle.id] });
    const { hash } = await keyIn(id, { creator_user_id: busy.id });
    const refused = await call('POST', `/workspaces/${id}/members/remove`, { user_ids: [idle.id, busy.id] });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(busy.id)]);
    expect((await call('GET', `/workspaces/${id}/members`)).json.total_count).toBe(2);
    await call('PATCH', `/keys/${hash}`, { disabled: true });
    const removed = await call('POST', `/workspaces/${id}/members/remove`, { user_ids: [idle.id, busy.id] });
    expect(removed.json).toEqual({ removed_count: 2 });
  });

  test('a key is made for somebody only where they work', async () => {
    const max = await join();
    const { id } = await make();
    const stranger = await call('POST', '/keys', { name: 'x', workspace_id: id, creator_user_id: max.id });
    expect([stranger.status, stranger.text]).toEqual([400, expect.stringContaining('workspace_id')]);
    await call('POST', `/workspaces/${id}/members/add`, { user_ids: [max.id] });
    expect((await keyIn(id, { creator_user_id: max.id })).hash).toHaveLength(64);
  });

  test('keys are listed by workspace, and without one those of the default workspace', async () => {
    const { id } = await make();
    const { hash } = await keyIn(id);
    const hashes = async (query: string) =>
      (await call('GET', `/keys${query}`)).json.data.map((key: { hash: string }) => key.hash);
    expect(await hashes(`?workspace_id=${id}`)).toEqual([hash]);
    expect(await hashes('')).not.toContain(hash);
    expect(await hashes(`?workspace_id=${UNKNOWN}`)).toEqual([]);
    expect((await call('GET', `/keys/${hash}`)).json.data.workspace_id).toBe(id);
    expect((await call('GET', `/activity?workspace_id=${id}`)).status).toBe(200);
    const own = await call('POST', '/byok', { provider: 'acme', key: 'sk-own-0123456789', workspace_id: id });
    expect([own.status, own.json.data.workspace_id]).toEqual([201, id]);
    await call('PATCH', `/keys/${hash}`, { disabled: true });
    await call('DELETE', `/workspaces/${id}`);
    // What was brought for it alone went with it, and can be opened by nobody.
    const row = await gateway.database.db
      .selectFrom('byok_key')
      .selectAll()
      .where('workspace_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ sealed_secret: '', sealed_data_key: '' });
  });

  test('external users are registered, listed, changed and deactivated, by the text that requests name them by', async () => {
    const made = await call('POST', '/external-users', { user: 'Käufer/1' });
    expect([made.status, made.json.data]).toEqual([
      201,
      expect.objectContaining({ user: 'Käufer/1', is_active: true }),
    ]);
    expect(Object.keys(made.json.data).sort()).toEqual(['created_at', 'is_active', 'updated_at', 'user']);
    expect((await call('POST', '/external-users', { user: 'Käufer/1' })).status).toBe(409);
    expect((await call('POST', '/external-users', { user: 'käufer/1' })).status).toBe(201);
    const path = `/external-users/${encodeURIComponent('Käufer/1')}`;
    expect((await call('GET', path)).json.data).toEqual(made.json.data);
    expect((await call('PATCH', path, {})).status).toBe(400);
    const gone = await call('DELETE', path);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await call('GET', path)).json.data.is_active).toBe(false);
    const list = async (query: string) => {
      const { json } = await call('GET', `/external-users${query}`);
      return [json.total_count, json.data.map((row: { user: string }) => row.user)];
    };
    expect(await list('')).toEqual([1, ['käufer/1']]);
    expect(await list('?include_inactive=true&limit=1')).toEqual([2, ['Käufer/1']]);
    expect(await list(`?include_inactive=true&user=${encodeURIComponent('Käufer/1')}`)).toEqual([
      1,
      ['Käufer/1'],
    ]);
    expect((await call('PATCH', path, { is_active: true })).json.data.is_active).toBe(true);
    for (const user of ['', ' x', 'x ', 'x'.repeat(513), 'a\0b', 7, null])
      expect([user, (await call('POST', '/external-users', { user })).status]).toEqual([user, 400]);
    for (const [method, body] of [['GET'], ['PATCH', { is_active: true }], ['DELETE']] as const)
      expect((await call(method, '/external-users/nobody', body)).status).toBe(404);
    expect((await call('POST', '/external-users', { user: 'y' }, gateway.apiKey)).status).toBe(403);
  });

  test('the settings of the organisation are read and changed, and show its keys only the models they may use', async () => {
    const before = (await call('GET', '/organization/settings')).json.data;
    expect(before).toEqual({
      ...{ id: expect.any(String), is_filtered_model_catalog_enabled: false },
      ...{ key_rotation_days: null, is_key_rotation_enforced: false },
    });
    const child = await call(
      'POST',
      '/key/children',
      { name: 'narrow', models: ['acme/small'] },
      gateway.apiKey,
    );
    expect(child.status).toBe(201);
    const shown = async (key?: string) => {
      const answer = await fetch(`${gateway.baseUrl}/models`, {
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      });
      return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    const everything = await shown();
    expect(await shown(child.json.key)).toEqual(everything);
    const changed = await call('PATCH', '/organization/settings', {
      is_filtered_model_catalog_enabled: true,
    });
    expect(changed.json.data).toEqual({ ...before, is_filtered_model_catalog_enabled: true });
    const routers = everything.filter((id) => id.startsWith('openrouter/'));
    const offered = await shown(child.json.key);
    expect(offered.filter((id) => !routers.includes(id))).toEqual(['acme/small']);
    expect(await shown(gateway.apiKey)).toEqual(everything);
    expect(await shown()).toEqual(everything);
    const mine = await call('GET', '/models/user', undefined, child.json.key);
    expect(mine.json.data.map((model: { id: string }) => model.id)).toEqual(offered);
    expect(offered).toContain('openrouter/auto');
    for (let time = 0; time < 5; time++) {
      const routed = await chat(child.json.key, 'openrouter/auto');
      expect([routed.status, JSON.parse(routed.text).model]).toEqual([200, 'acme/small']);
    }
    await call('PATCH', '/organization/settings', { is_filtered_model_catalog_enabled: false });
    expect((await call('PATCH', '/organization/settings', { key_rotation_days: 0 })).status).toBe(400);
    expect((await call('GET', '/organization/settings', undefined, gateway.apiKey)).status).toBe(403);
  });

  test('the default workspace goes only when that was confirmed, with all its keys; then a workspace has to be named', async () => {
    const { key } = await keyIn((await call('GET', '/workspaces/default')).json.data.id);
    expect((await call('DELETE', '/workspaces/default')).status).toBe(400);
    expect((await call('DELETE', '/workspaces/default?confirm_default_workspace_deletion=1')).status).toBe(
      400,
    );
    expect((await chat(key)).status).toBe(200);
    const { id } = await make();
    const gone = await call('DELETE', '/workspaces/default?confirm_default_workspace_deletion=true');
    expect([gone.status, gone.json]).toEqual([200, { deleted: true }]);
    expect((await chat(key)).status).toBe(403);
    expect((await chat(gateway.apiKey)).status).toBe(403);
    const unnamed = await call('POST', '/keys', { name: 'x' });
    expect([unnamed.status, unnamed.text]).toEqual([400, expect.stringContaining('workspace_id')]);
    expect((await call('POST', '/byok', { provider: 'acme', key: 'sk-own-0123456789' })).status).toBe(400);
    expect((await call('GET', '/keys')).json.data).toEqual([]);
    expect((await call('GET', '/workspaces/default')).status).toBe(404);
    expect((await keyIn(id)).hash).toHaveLength(64);
  });
});
