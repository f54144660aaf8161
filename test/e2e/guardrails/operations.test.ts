/** The guardrail operations, by the official `@openrouter/sdk`, which validates every answer, and in what it does not send. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import {
  BadRequestResponseError,
  ForbiddenResponseError,
  NotFoundResponseError,
  UnauthorizedResponseError,
} from '@openrouter/sdk/models/errors';
import { engines, rejectionOf } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { GuardrailRig } from './rig.ts';

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: GuardrailRig;
  let manager: OpenRouter;
  const clientOf = (apiKey: string) =>
    new OpenRouter({ apiKey, serverURL: rig.gateway.baseUrl, retryConfig: { strategy: 'none' } });
  beforeAll(async () => {
    rig = await GuardrailRig.start({ engine });
    manager = clientOf(rig.gateway.managementKey);
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  test('the official client makes, reads, lists, changes and deletes one', async () => {
    const { data: made } = await manager.guardrails.create({
      createGuardrailRequest: {
        ...{ name: 'Only small', description: 'For the interns', limitUsd: 50, resetInterval: 'daily' },
        allowedModels: ['ACME/small:nitro', 'acme/twice'],
        ignoredProviders: ['Learner'],
        enforceZdr: true,
        enforceZdrGoogle: false,
        contentFilterBuiltins: [{ slug: 'email', action: 'redact' }],
        contentFilters: [{ pattern: 'ACME-[0-9]+', action: 'block' }],
        allowedDataRegions: ['global', 'us'],
      },
    });
    expect(made).toMatchObject({
      ...{ name: 'Only small', description: 'For the interns', limitUsd: 50, resetInterval: 'daily' },
      ...{ allowedModels: ['acme/small', 'acme/twice'], ignoredModels: null },
      ...{ allowedProviders: null, ignoredProviders: ['learner'], allowedDataRegions: ['global', 'us'] },
      ...{ enforceZdr: null, enforceZdrGoogle: false, enforceZdrAnthropic: true, enforceZdrOther: true },
      ...{ contentFilterBuiltins: [{ slug: 'email', action: 'redact' }], includeByokInBudgets: false },
      ...{ contentFilters: [{ pattern: 'ACME-[0-9]+', action: 'block', label: null }], updatedAt: null },
      workspaceId: await rig.workspaceId(),
    });
    expect((await manager.guardrails.get({ id: made.id })).data).toEqual(made);
    const { data: changed } = await manager.guardrails.update({
      id: made.id,
      updateGuardrailRequest: { allowedModels: null, ignoredModels: ['acme/reason'], enforceZdrOther: null },
    });
    expect(changed).toMatchObject({
      ...{ id: made.id, allowedModels: null, ignoredModels: ['acme/reason'], description: 'For the interns' },
      ...{ enforceZdrOther: null, enforceZdrXai: true },
    });
    expect(changed.updatedAt).not.toBeNull();
    const listed: string[] = [];
    for await (const page of await manager.guardrails.list({ limit: 1 })) {
      expect(page.result.totalCount).toBe(2);
      listed.push(...page.result.data.map(({ name }) => name));
    }
    expect(listed).toEqual([`Workspace ${await rig.workspaceId()} Default`, 'Only small']);
    expect(await manager.guardrails.delete({ id: made.id })).toEqual({ deleted: true });
    expect(await rejectionOf(manager.guardrails.get({ id: made.id }))).toBeInstanceOf(NotFoundResponseError);
  });

  test('the official client assigns keys and members, lists them and takes them off; the next guardrail takes the place of one', async () => {
    const [first, second] = [await rig.guardrail({ name: 'First' }), await rig.guardrail({ name: 'Second' })];
    const [one, two] = [await makeKey(rig.gateway), await makeKey(rig.gateway)];
    const user = await rig.member();
    const keysOf = async (id: string) => {
      const rows: { keyHash: string; keyName: string; keyLabel: string; guardrailId: string }[] = [];
      for await (const page of await manager.guardrails.listGuardrailKeyAssignments({ id }))
        rows.push(...page.result.data);
      return rows;
    };
    const assign = (id: string, keyHashes: string[]) =>
      manager.guardrails.bulkAssignKeys({ id, bulkAssignKeysRequest: { keyHashes } });
    expect(await assign(first, [one.hash, two.hash])).toEqual({ assignedCount: 2 });
    expect(await assign(second, [two.hash])).toEqual({ assignedCount: 1 });
    expect((await keysOf(first)).map(({ keyHash }) => keyHash)).toEqual([one.hash]);
    expect(await keysOf(second)).toMatchObject([
      { keyHash: two.hash, keyName: 'made by a test', guardrailId: second, assignedBy: null },
    ]);
    const everywhere: string[] = [];
    for await (const page of await manager.guardrails.listKeyAssignments({ limit: 1 })) {
      expect(page.result.totalCount).toBe(2);
      everywhere.push(...page.result.data.map(({ keyHash }) => keyHash));
    }
    expect(everywhere.toSorted()).toEqual([one.hash, two.hash].toSorted());
    const members = { memberUserIds: [user] };
    expect(
      await manager.guardrails.bulkAssignMembers({ id: first, bulkAssignMembersRequest: members }),
    ).toEqual({
      assignedCount: 1,
    });
    const ofFirst = await manager.guardrails.listGuardrailMemberAssignments({ id: first });
    for await (const page of ofFirst)
      expect(page.result.data).toMatchObject([
        { userId: user, guardrailId: first, organizationId: await rig.accountId() },
      ]);
    for await (const page of await manager.guardrails.listMemberAssignments({}))
      expect(page.result.totalCount).toBe(1);
    const free = { memberUserIds: [user, 'somebody else'] };
    expect(
      await manager.guardrails.bulkUnassignMembers({ id: first, bulkUnassignMembersRequest: free }),
    ).toEqual({ unassignedCount: 1 });
    // Of the other guardrail.
    const wrong = { keyHashes: [two.hash] };
    expect(await manager.guardrails.bulkUnassignKeys({ id: first, bulkUnassignKeysRequest: wrong })).toEqual({
      unassignedCount: 0,
    });
    expect(
      await manager.guardrails.bulkUnassignKeys({
        id: first,
        bulkUnassignKeysRequest: { keyHashes: [one.hash] },
      }),
    ).toEqual({ unassignedCount: 1 });
    await manager.guardrails.delete({ id: second });
    expect((await rig.call('GET', '/guardrails/assignments/keys')).json.total_count).toBe(0);
  });

  test('two who assign the same keys to different guardrails at once, in whatever order, both succeed', async () => {
    const guardrails = [await rig.guardrail({ name: 'One' }), await rig.guardrail({ name: 'Other' })];
    const made = await Promise.all(Array.from({ length: 20 }, () => makeKey(rig.gateway)));
    const hashes = made.map(({ hash }) => hash);
    const orders = [hashes, hashes.toReversed()];
    for (let round = 0; round < 3; round += 1) {
      const counts = await Promise.all(
        guardrails.map((id, at) =>
          manager.guardrails.bulkAssignKeys({ id, bulkAssignKeysRequest: { keyHashes: orders[at] ?? [] } }),
        ),
      );
      expect(counts).toEqual([{ assignedCount: 20 }, { assignedCount: 20 }]);
    }
    for (const id of guardrails) await manager.guardrails.delete({ id });
  });

  test('each declared error is what the official client knows it as', async () => {
    const stranger = clientOf(`sk-or-v1-${'0'.repeat(64)}`);
    const api = clientOf(rig.gateway.apiKey);
    const create = { createGuardrailRequest: { name: 'x' } };
    expect(await rejectionOf(stranger.guardrails.list())).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(stranger.guardrails.create(create))).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(api.guardrails.create(create))).toBeInstanceOf(ForbiddenResponseError);
    const foreign = { createGuardrailRequest: { name: 'x', workspaceId: UNKNOWN } };
    expect(await rejectionOf(manager.guardrails.create(foreign))).toBeInstanceOf(BadRequestResponseError);
    expect(await rejectionOf(manager.guardrails.list({ workspaceId: UNKNOWN }))).toBeInstanceOf(
      BadRequestResponseError,
    );
    const id = await rig.guardrail();
    const keys = { keyHashes: ['f'.repeat(64)] };
    expect(
      await rejectionOf(manager.guardrails.bulkAssignKeys({ id, bulkAssignKeysRequest: keys })),
    ).toBeInstanceOf(BadRequestResponseError);
    const { hash } = (await rig.call('POST', '/keys', { name: 'of the first key' })).json.data;
    const managementHash = new Bun.CryptoHasher('sha256').update(rig.gateway.managementKey).digest('hex');
    const mixed = { keyHashes: [hash, managementHash] };
    expect(
      await rejectionOf(manager.guardrails.bulkAssignKeys({ id, bulkAssignKeysRequest: mixed })),
    ).toBeInstanceOf(ForbiddenResponseError);
    expect((await rig.call('GET', `/guardrails/${id}/assignments/keys`)).json).toEqual({
      data: [],
      total_count: 0,
    });
    const members = { memberUserIds: ['nobody'] };
    expect(
      await rejectionOf(manager.guardrails.bulkAssignMembers({ id, bulkAssignMembersRequest: members })),
    ).toBeInstanceOf(BadRequestResponseError);
    for (const fails of [
      () => manager.guardrails.get({ id: UNKNOWN }),
      () => manager.guardrails.update({ id: UNKNOWN, updateGuardrailRequest: { name: 'x' } }),
      () => manager.guardrails.delete({ id: UNKNOWN }),
      () => manager.guardrails.listGuardrailKeyAssignments({ id: UNKNOWN }),
      () => manager.guardrails.listGuardrailMemberAssignments({ id: UNKNOWN }),
      () => manager.guardrails.bulkAssignKeys({ id: UNKNOWN, bulkAssignKeysRequest: keys }),
      () => manager.guardrails.bulkUnassignKeys({ id: UNKNOWN, bulkUnassignKeysRequest: keys }),
      () => manager.guardrails.bulkAssignMembers({ id: UNKNOWN, bulkAssignMembersRequest: members }),
      () => manager.guardrails.bulkUnassignMembers({ id: UNKNOWN, bulkUnassignMembersRequest: members }),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(NotFoundResponseError);
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: null }, 'name'],
    [{ name: 'x', description: 'x'.repeat(1001) }, 'description'],
    [{ name: 'x', limit_usd: -1 }, 'limit_usd'],
    [{ name: 'x', limit_usd: '5' }, 'limit_usd'],
    [{ name: 'x', reset_interval: 'yearly' }, 'reset_interval'],
    [{ name: 'x', include_byok_in_budgets: null }, 'include_byok_in_budgets'],
    [{ name: 'x', allowed_models: [] }, 'allowed_models'],
    [{ name: 'x', ignored_models: [] }, 'ignored_models'],
    [{ name: 'x', allowed_providers: [] }, 'allowed_providers'],
    [{ name: 'x', ignored_providers: [] }, 'ignored_providers'],
    [{ name: 'x', allowed_data_regions: [] }, 'allowed_data_regions'],
    [{ name: 'x', allowed_data_regions: ['mars'] }, 'allowed_data_regions'],
    [{ name: 'x', allowed_models: ['acme/nothing-like-it'] }, 'allowed_models'],
    [{ name: 'x', allowed_models: ['openrouter/auto'] }, 'allowed_models'],
    [{ name: 'x', allowed_models: [7] }, 'allowed_models'],
    [{ name: 'x', allowed_providers: ['nobody-knows'] }, 'allowed_providers'],
    [{ name: 'x', enforce_zdr_xai: 'yes' }, 'enforce_zdr_xai'],
    [{ name: 'x', content_filter_builtins: [{ slug: 'iban', action: 'block' }] }, 'content_filter_builtins'],
    [{ name: 'x', content_filter_builtins: [{ slug: 'email' }] }, 'content_filter_builtins'],
    [{ name: 'x', content_filters: [{ pattern: 'a', action: 'hide' }] }, 'content_filters'],
    [{ name: 'x', content_filters: [{ pattern: 'a', action: 'flag', label: 'x'.repeat(101) }] }, 'label'],
    [{ name: 'x', workspace_id: 'default' }, 'workspace_id'],
    ['x', 'JSON object'],
  ])('%j is refused, and makes nothing', async (body, word) => {
    const before = (await rig.call('GET', '/guardrails')).json.total_count;
    const answer = await rig.call('POST', '/guardrails', body);
    expect([answer.status, answer.json.error.message]).toEqual([400, expect.stringContaining(word)]);
    expect((await rig.call('GET', '/guardrails')).json.total_count).toBe(before);
  });

  test.each(['(a+)+$', '(a|a)*', '(?=a)', '(?<!a)b', '(a)\\1', '(?<n>a)\\k<n>', '[', '(', '*', ''])(
    'the pattern %s is refused by its name, by POST and by PATCH',
    async (pattern) => {
      const id = await rig.guardrail({ content_filters: [{ pattern: 'ok', action: 'flag' }] });
      const filters = { content_filters: [{ pattern, action: 'block' }] };
      for (const answer of [
        await rig.call('POST', '/guardrails', { name: 'x', ...filters }),
        await rig.call('PATCH', `/guardrails/${id}`, filters),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.json.error.metadata.error_name).toBe('invalid_regex_pattern');
      }
      const { data } = (await rig.call('GET', `/guardrails/${id}`)).json;
      expect(data.content_filters).toEqual([{ pattern: 'ok', action: 'flag', label: null }]);
    },
  );

  test('a pattern of 100,000 characters is taken and one more refused, quickly', async () => {
    const started = performance.now();
    const filters = (length: number) => ({
      name: 'x',
      content_filters: [{ pattern: 'a'.repeat(length), action: 'flag' }],
    });
    expect((await rig.call('POST', '/guardrails', filters(100_000))).status).toBe(201);
    expect((await rig.call('POST', '/guardrails', filters(100_001))).status).toBe(400);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('members that are none of the caller’s to set are ignored', async () => {
    const id = await rig.guardrail({
      id: UNKNOWN,
      applies_to: 'account',
      created_at: '2020-01-01T00:00:00Z',
    });
    expect(id).not.toBe(UNKNOWN);
    await rig.must('PATCH', `/guardrails/${id}`, { workspace_id: UNKNOWN, applies_to: 'workspace' });
    const { data } = (await rig.call('GET', `/guardrails/${id}`)).json;
    expect(data).toMatchObject({ workspace_id: await rig.workspaceId(), applies_to: null });
  });

  describe('the default guardrail of a workspace', () => {
    const idOf = async () => (await rig.call('GET', '/guardrails')).json.data[0].id as string;

    test('is there before anybody configured it, under an id of version 5 that stays', async () => {
      const id = await idOf();
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(
        await rig.gateway.database.db.selectFrom('guardrail').select('id').where('id', '=', id).execute(),
      ).toEqual([]);
      expect((await rig.call('GET', `/guardrails/${id}`)).json.data).toMatchObject({
        ...{ allowed_models: null, limit_usd: null, updated_at: null, applies_to: 'workspace' },
      });
      const changed = await rig.must('PATCH', `/guardrails/${id}`, { ignored_providers: ['keeper'] });
      expect(changed.json.data).toMatchObject({ id, ignored_providers: ['keeper'] });
      expect((await rig.call('GET', `/guardrails/${id}`)).json).toEqual(changed.json);
      expect(await idOf()).toBe(id);
      expect((await rig.must('DELETE', `/guardrails/${id}`)).json).toEqual({ deleted: true });
      expect((await rig.call('GET', `/guardrails/${id}`)).json.data.ignored_providers).toBeNull();
    });

    test('cannot be renamed, not even with other fields, nor assigned', async () => {
      const id = await idOf();
      const renamed = await rig.call('PATCH', `/guardrails/${id}`, {
        name: 'Mine',
        allowed_models: ['acme/small'],
      });
      expect(renamed.status).toBe(400);
      expect((await rig.call('GET', `/guardrails/${id}`)).json.data.allowed_models).toBeNull();
      const { hash } = await makeKey(rig.gateway);
      const keys = { key_hashes: [hash] };
      expect((await rig.call('POST', `/guardrails/${id}/assignments/keys`, keys)).status).toBe(400);
      const members = { member_user_ids: [await rig.member()] };
      expect((await rig.call('POST', `/guardrails/${id}/assignments/members`, members)).status).toBe(400);
    });

    test('binds once when two configure it at the same moment, and neither change is half there', async () => {
      const id = await idOf();
      const answers = await Promise.all(
        ['acme/small', 'acme/twice', 'acme/reason'].map((slug) =>
          rig.call('PATCH', `/guardrails/${id}`, { allowed_models: [slug] }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
      expect(statuses).toContain(200);
      const rows = await rig.gateway.database.db
        .selectFrom('guardrail')
        .selectAll()
        .where('id', '=', id)
        .execute();
      expect(rows).toHaveLength(1);
      await rig.must('DELETE', `/guardrails/${id}`);
    });
  });
});
