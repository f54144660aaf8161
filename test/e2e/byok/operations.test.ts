/** The own-key operations, by the official `@openrouter/sdk`, which validates every answer, and in what it does not send. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import {
  BadRequestResponseError,
  ForbiddenResponseError,
  NotFoundResponseError,
  UnauthorizedResponseError,
} from '@openrouter/sdk/models/errors';
import { signUpOwner } from '../../accounts.ts';
import { engines, rejectionOf } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { ByokRig } from './rig.ts';

const KEY = 'sk-proj-canary-0123456789abAbCd';
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: ByokRig;
  let manager: OpenRouter;
  const clientOf = (apiKey: string) =>
    new OpenRouter({ apiKey, serverURL: rig.gateway.baseUrl, retryConfig: { strategy: 'none' } });
  beforeAll(async () => {
    rig = await ByokRig.start({ engine });
    manager = clientOf(rig.gateway.managementKey);
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  test('the official client makes, reads, lists, changes and deletes one', async () => {
    const { data: made } = await manager.byok.create({
      createBYOKKeyRequest: { provider: 'openai', key: KEY, name: 'Production OpenAI Key' },
    });
    expect(made).toMatchObject({
      ...{ provider: 'openai', label: 'sk-...AbCd', name: 'Production OpenAI Key', disabled: false },
      ...{ isFallback: false, isRequired: false, isByokOnly: false, declaredZdr: null, sortOrder: 0 },
      ...{ allowedModels: null, allowedApiKeyHashes: null, allowedUserIds: null },
    });
    expect((await manager.byok.get({ id: made.id })).data).toEqual(made);
    const pages = await manager.byok.list({ limit: 1 });
    const listed: unknown[] = [];
    let total = 0;
    for await (const page of pages) {
      listed.push(...page.result.data);
      total = page.result.totalCount;
    }
    expect(listed).toEqual([made]);
    expect(total).toBe(1);
    const { data: changed } = await manager.byok.update({
      id: made.id,
      updateBYOKKeyRequest: {
        key: 'sk-proj-another-0123456789XyZw',
        name: null,
        allowedModels: ['openai/gpt-4o'],
      },
    });
    expect(changed).toMatchObject({
      id: made.id,
      label: 'sk-...XyZw',
      name: null,
      allowedModels: ['openai/gpt-4o'],
    });
    expect(await manager.byok.delete({ id: made.id })).toEqual({ deleted: true });
    expect(await rejectionOf(manager.byok.get({ id: made.id }))).toBeInstanceOf(NotFoundResponseError);
    const row = await rig.gateway.database.db.selectFrom('byok_key').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ sealed_secret: '', sealed_data_key: '' });
  });

  test('each declared error is what the official client knows it as', async () => {
    const stranger = clientOf(`sk-or-v1-${'0'.repeat(64)}`);
    const api = clientOf(rig.gateway.apiKey);
    const create = { createBYOKKeyRequest: { provider: 'openai' as const, key: KEY } };
    expect(await rejectionOf(stranger.byok.list())).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(stranger.byok.create(create))).toBeInstanceOf(UnauthorizedResponseError);
    expect(await rejectionOf(api.byok.create(create))).toBeInstanceOf(ForbiddenResponseError);
    const foreign = { ...create.createBYOKKeyRequest, workspaceId: UNKNOWN };
    expect(await rejectionOf(manager.byok.create({ createBYOKKeyRequest: foreign }))).toBeInstanceOf(
      BadRequestResponseError,
    );
    expect(await rejectionOf(manager.byok.list({ workspaceId: UNKNOWN }))).toBeInstanceOf(
      BadRequestResponseError,
    );
    for (const fails of [
      () => manager.byok.get({ id: UNKNOWN }),
      () => manager.byok.update({ id: UNKNOWN, updateBYOKKeyRequest: { name: 'x' } }),
      () => manager.byok.delete({ id: UNKNOWN }),
    ])
      expect(await rejectionOf(fails())).toBeInstanceOf(NotFoundResponseError);
  });

  const refused = async (body: object, word: string, method = 'POST', path = '/byok') => {
    const answer = await rig.call(method, path, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(word)]);
    expect(answer.text).not.toContain('canary');
  };

  test.each([
    [{ key: KEY }, 'provider'],
    [{ provider: 'openai' }, 'key'],
    [{ provider: 'openai', key: '' }, 'key'],
    [{ provider: 'openai', key: '   ' }, 'key'],
    [{ provider: 'openai', key: `${KEY} with a space` }, 'key'],
    [{ provider: 'nobody-knows', key: KEY }, 'provider'],
    [{ provider: 'openai', key: KEY, name: 'x'.repeat(256) }, 'name'],
    [{ provider: 'openai', key: KEY, workspace_id: null }, 'workspace_id'],
    [{ provider: 'openai', key: KEY, allowed_api_key_hashes: [] }, 'allowed_api_key_hashes'],
    [{ provider: 'openai', key: KEY, allowed_api_key_hashes: ['F'.repeat(64)] }, 'allowed_api_key_hashes'],
    [{ provider: 'openai', key: KEY, allowed_api_key_hashes: ['f'.repeat(64)] }, 'allowed_api_key_hashes'],
    [
      { provider: 'openai', key: KEY, allowed_models: Array.from({ length: 101 }, (_, at) => `a/${at}`) },
      'allowed_models',
    ],
    [{ provider: 'openai', key: KEY, allowed_user_ids: ['user_nobody'] }, 'allowed_user_ids'],
    [{ provider: 'openai', key: KEY, is_byok_only: true, is_fallback: true }, 'is_byok_only'],
    [{ provider: 'anthropic', key: KEY, declared_region: 'europe' }, 'declared_region'],
    [{ provider: 'openai', key: KEY, declared_region: 'europe' }, 'declared_region'],
    [{ provider: 'openai', key: KEY, base_url: 'http://api.example.com' }, 'base_url'],
  ])('what is wrong in %j is named, and nothing of the key is repeated', (body, word) => refused(body, word));

  test('omitted leaves, null takes away, a list replaces; two members must agree, whichever is stored', async () => {
    const { hash } = await makeKey(rig.gateway);
    const id = await rig.bring('acme', KEY, {
      allowed_api_key_hashes: [hash],
      allowed_models: ['a/b'],
      is_fallback: true,
    });
    const patched = async (body: object) => (await rig.call('PATCH', `/byok/${id}`, body)).json.data;
    expect(await patched({})).toMatchObject({ allowed_api_key_hashes: [hash], allowed_models: ['a/b'] });
    expect(await patched({ allowed_models: [] })).toMatchObject({ allowed_models: [] });
    expect(await patched({ allowed_models: null, allowed_api_key_hashes: null })).toMatchObject({
      ...{ allowed_models: null, allowed_api_key_hashes: null, is_fallback: true },
    });
    await refused({ is_byok_only: true }, 'is_byok_only', 'PATCH', `/byok/${id}`);
    await refused({ allowed_api_key_hashes: [] }, 'allowed_api_key_hashes', 'PATCH', `/byok/${id}`);
    expect(await patched({ is_byok_only: true, is_fallback: false })).toMatchObject({ is_byok_only: true });
    await rig.call('DELETE', `/byok/${id}`);
  });

  test('two who order the same keys at once, each in another way, both succeed; none is named twice', async () => {
    const owner = await signUpOwner(rig.gateway);
    const ids = await Promise.all(Array.from({ length: 12 }, () => rig.bring('mistral', KEY)));
    const order = (wanted: readonly string[]) =>
      owner.send('PUT', '/api/dashboard/byok-order', { ids: wanted });
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all([order(ids), order(ids.toReversed())]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    }
    const [first = ''] = ids;
    expect((await order([first, first.toUpperCase()])).status).toBe(400);
    for (const id of ids) await rig.call('DELETE', `/byok/${id}`);
  });

  test('one of another account looks like one that never was, and stays as it is', async () => {
    const id = await rig.bring('acme', KEY);
    const { db } = rig.gateway.database;
    const foreign = crypto.randomUUID();
    await db
      .insertInto('account')
      .values({ id: foreign, kind: 'personal', name: 'B', created_at_ms: 1 })
      .execute();
    await db
      .updateTable('byok_key')
      .set({ account_id: foreign, workspace_id: null })
      .where('id', '=', id)
      .execute();
    const row = () => db.selectFrom('byok_key').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const before = await row();
    for (const [method, end, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { disabled: true }],
      ['DELETE', '', undefined],
      ['POST', '/test', {}],
    ] as const) {
      const known = await rig.call(method, `/byok/${id}${end}`, body);
      const unknown = await rig.call(method, `/byok/${UNKNOWN}${end}`, body);
      expect([known.status, known.text]).toEqual([404, unknown.text]);
    }
    expect((await rig.call('GET', '/byok')).json.data).toEqual([]);
    expect(await row()).toEqual(before);
    await db.deleteFrom('byok_key').where('id', '=', id).execute();
  });

  test('another address wants the key again, and one that is private is refused', async () => {
    const id = await rig.bring('acme', KEY, { base_url: 'https://llm.example.com/v1/' });
    expect((await rig.call('GET', `/byok/${id}`)).json.data.base_url).toBe('https://llm.example.com/v1');
    await refused({ base_url: 'https://other.example.com/v1' }, 'key', 'PATCH', `/byok/${id}`);
    await refused({ base_url: null }, 'key', 'PATCH', `/byok/${id}`);
    expect((await rig.call('PATCH', `/byok/${id}`, { base_url: null, key: KEY })).json.data.base_url).toBe(
      null,
    );
    await rig.call('DELETE', `/byok/${id}`);
    for (const host of [
      ...[
        '127.1',
        '0x7f.1',
        '[::ffff:127.0.0.1]',
        '169.254.169.254',
        '100.100.100.200',
        '[64:ff9b::a9fe:a9fe]',
      ],
      ...['[fd00:ec2::254]', 'localhost.', '0', '１２７.０.０.１', '10.0.0.1', 'metadata.google.internal'],
    ])
      await refused({ provider: 'acme', key: KEY, base_url: `https://${host}/v1` }, 'base_url');
  });
});
