/** What workspaces, and guardrails for their members and keys, may spend: set through the API, and kept to the last request. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { newId } from '../../../src/ids.ts';
import { dropSome } from '../../../src/metering/retention-store.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

/** What one request of these costs: 17 tokens of prompt, 3 of answer, and the request itself. */
const ONE_USD = 0.00010285;
/** Room for two of them, where each is held with a little more. */
const TWO_USD = 0.00025;

const VECTORS = {
  ...{ id: 'acme/vectors', context_length: 8192, output_modalities: ['embeddings'] },
  endpoints: [{ provider: 'acme', model: 'vectors', pricing: { prompt: '0.00000002', completion: '0' } }],
};

interface Failure {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly metadata: Record<string, unknown>;
  };
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({
      engine,
      config: { figures: { tags: ['project', 'team'] }, models: [VECTORS] },
    });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const byKey = async (method: string, path: string, body?: object, key = gateway.managementKey) => {
    const answer = await fetch(`${gateway.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
  };
  const chat = (key: string, more: object = {}) =>
    byKey(
      'POST',
      '/chat/completions',
      {
        model: 'acme/small',
        max_tokens: 10,
        messages: [{ role: 'user', content: 'one two three' }],
        ...more,
      },
      key,
    );
  let made = 0;
  const workspace = async (name = 'Research') => {
    made += 1;
    const { account_id } = await gateway.database.db
      .selectFrom('workspace')
      .select('account_id')
      .executeTakeFirstOrThrow();
    const row = { id: newId(), account_id, name, slug: `w-${made}`, is_default: 0 as const };
    const columns = await gateway.database.db.selectFrom('workspace').selectAll().executeTakeFirstOrThrow();
    await gateway.database.db
      .insertInto('workspace')
      .values({ ...columns, ...row, created_at_ms: 1 })
      .execute();
    return { ...row, path: `/workspaces/${row.id}` };
  };
  const foreignWorkspace = async () => {
    const { db } = gateway.database;
    const account = await db.selectFrom('account').selectAll().executeTakeFirstOrThrow();
    const [account_id, own] = [newId(), await workspace('Elsewhere')];
    await db
      .insertInto('account')
      .values({ ...account, id: account_id })
      .execute();
    await db.updateTable('workspace').set({ account_id }).where('id', '=', own.id).execute();
    return own;
  };
  const faultInLedger = async () =>
    (await gateway.database.snapshot(async (db) => await verifyLedger(db))).fault;

  test('the official SDK lists, sets, reads and removes budgets, by id and by slug', async () => {
    const { id, slug } = await workspace();
    const client = new OpenRouter({ apiKey: gateway.managementKey, serverURL: gateway.baseUrl });
    expect(await client.workspaces.listBudgets({ workspaceRef: id })).toEqual({
      data: [],
      includeByokInBudgets: false,
    });
    const set = await client.workspaces.setBudget({
      ...{ workspaceRef: id, interval: 'monthly' },
      upsertWorkspaceBudgetRequest: { limitUsd: 500, includeByokInBudgets: true },
    });
    expect(set).toMatchObject({
      data: { workspaceId: id, limitUsd: 500, resetInterval: 'monthly' },
      includeByokInBudgets: true,
    });
    expect(set.data.updatedAt).toBe(set.data.createdAt);
    await client.workspaces.setBudget({
      ...{ workspaceRef: slug, interval: 'lifetime' },
      upsertWorkspaceBudgetRequest: { limitUsd: 5000 },
    });
    const { data, includeByokInBudgets } = await client.workspaces.listBudgets({ workspaceRef: slug });
    expect(data.map(({ resetInterval, limitUsd }) => [resetInterval, limitUsd])).toEqual([
      ['monthly', 500],
      [null, 5000],
    ]);
    expect(includeByokInBudgets).toBe(true);
    const again = await client.workspaces.setBudget({
      ...{ workspaceRef: id, interval: 'monthly' },
      upsertWorkspaceBudgetRequest: { limitUsd: 400 },
    });
    expect([again.data.id, again.data.limitUsd]).toEqual([set.data.id, 400]);
    expect((await client.workspaces.getBudget({ workspaceRef: id, interval: 'monthly' })).data).toEqual(
      again.data,
    );
    for (let time = 0; time < 2; time += 1)
      expect(await client.workspaces.deleteBudget({ workspaceRef: id, interval: 'monthly' })).toEqual({
        deleted: true,
      });
    expect((await byKey('GET', `/workspaces/${id}/budgets/monthly`)).status).toBe(404);
  });

  test('a shorter time may not have as much as a longer one, and a wrong body or interval changes nothing', async () => {
    const { path } = await workspace();
    const put = (interval: string, body: object) => byKey('PUT', `${path}/budgets/${interval}`, body);
    expect((await put('weekly', { limit_usd: 50 })).status).toBe(200);
    for (const [interval, limit] of [
      ['daily', 50],
      ['daily', 51],
      ['monthly', 50],
      ['lifetime', 49.5],
    ] as const) {
      const { status, body } = await put(interval, { limit_usd: limit });
      expect([status, body.error.message]).toEqual([400, expect.stringContaining('$50.00')]);
      expect(body.error.message).toContain(`$${limit.toFixed(2)}`);
    }
    for (const body of [{}, { limit_usd: 0 }, { limit_usd: -1 }, { limit_usd: '5' }, { limit_usd: 1e-10 }])
      expect((await put('daily', body)).status).toBe(400);
    expect((await put('daily', { limit_usd: 1, include_byok_in_budgets: 'yes' })).status).toBe(400);
    expect((await put('yearly', { limit_usd: 1 })).status).toBe(400);
    expect((await byKey('DELETE', `${path}/budgets/hourly`)).status).toBe(400);
    for (const ref of [newId(), 'nowhere', (await foreignWorkspace()).id, (await foreignWorkspace()).slug]) {
      const answers = [
        await byKey('GET', `/workspaces/${ref}/budgets`),
        await byKey('PUT', `/workspaces/${ref}/budgets/daily`, { limit_usd: 1 }),
        await byKey('POST', `/workspaces/${ref}/rate-limits`, { subject: 'api_key', requests_per_minute: 1 }),
      ];
      expect(answers.map(({ status, body }) => [status, body.error.message])).toEqual(
        Array(3).fill([404, 'Resource not found']),
      );
    }
    expect((await byKey('GET', `${path}/budgets`)).body.data).toHaveLength(1);
  });

  test('a budget is kept by all keys of its workspace together, and counts what was spent before it was set', async () => {
    const { id, path } = await workspace('Research "and" Development');
    const keys = [
      await makeKey(gateway, { workspace_id: id }),
      await makeKey(gateway, { workspace_id: id }),
    ] as const;
    expect((await chat(keys[0].key)).status).toBe(200);
    await byKey('PUT', `${path}/budgets/daily`, { limit_usd: TWO_USD });
    await byKey('PUT', `${path}/budgets/lifetime`, { limit_usd: 5 });
    expect((await chat(keys[1].key)).status).toBe(200);
    const refused = await chat(keys[0].key);
    const { error } = refused.body as Failure;
    expect(refused.status).toBe(403);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(error.message).toStartWith(
      'Budget limit exceeded (daily limit): workspace "Research "and" Development" has a daily budget of $0.00025.',
    );
    const tomorrow = new Date();
    tomorrow.setUTCHours(24, 0, 0, 0);
    expect(error.metadata).toMatchObject({
      ...{ error_code: 'workspace_budget_exceeded', limit_source: 'openrouter_workspace_budget' },
      ...{ scope: 'workspace', limit_usd: TWO_USD, spend_usd: 2 * ONE_USD },
      resets_at: tomorrow.toISOString(),
    });
    // The other workspace's keys go on.
    expect((await chat(gateway.apiKey)).status).toBe(200);
    const layers = (await byKey('GET', '/key', undefined, keys[1].key)).body.data;
    const [lifetime, daily] = layers.budgets;
    expect(Object.keys(daily).sort()).toEqual(
      [
        ...['budget_id', 'guardrail_id', 'include_byok', 'limit_usd', 'remaining_usd'],
        ...['reset_interval', 'resets_at', 'scope', 'spend_usd'],
      ].sort(),
    );
    expect(lifetime).toMatchObject({
      scope: 'workspace',
      limit_usd: 5,
      reset_interval: null,
      resets_at: null,
    });
    expect(daily).toMatchObject({
      ...{ scope: 'workspace', limit_usd: TWO_USD, spend_usd: 2 * ONE_USD, reset_interval: 'daily' },
      ...{ guardrail_id: null, include_byok: false, budget_id: expect.stringContaining('-') },
    });
    expect(layers.effective_budget).toEqual(daily);
    // Raised, it lets the next request pass; taken away, every one.
    await byKey('PUT', `${path}/budgets/daily`, { limit_usd: TWO_USD + ONE_USD });
    expect((await chat(keys[0].key)).status).toBe(200);
    expect((await chat(keys[0].key)).status).toBe(403);
    await byKey('DELETE', `${path}/budgets/daily`);
    expect((await chat(keys[0].key)).status).toBe(200);
    expect(await faultInLedger()).toBeNull();
  });

  test('with every layer spent, the first in the order of the layers says no', async () => {
    const { id, path } = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: id, limit: 0.0001 });
    await byKey('PUT', `${path}/budgets/daily`, { limit_usd: 0.00005 });
    await byKey('PUT', `${path}/budgets/lifetime`, { limit_usd: 0.00006 });
    const { status, body } = await chat(key);
    // The broadest that is exceeded, and before the key's own limit.
    expect([status, body.error.message]).toEqual([
      403,
      expect.stringContaining('lifetime budget of $0.00006'),
    ]);
  });

  async function guardrail(
    row: { applies_to: 'assigned' | 'workspace'; limit_usd: number; reset?: 'daily' },
    place: { id: string; account_id: string },
  ): Promise<string> {
    const id = newId();
    await gateway.database.db
      .insertInto('guardrail')
      .values({
        ...{ account_id: place.account_id, id, workspace_id: place.id, applies_to: row.applies_to, name: id },
        ...{ limit_nano_usd: BigInt(Math.round(row.limit_usd * 1e9)), reset_interval: row.reset ?? null },
        ...{ include_byok_in_budgets: 0, created_at_ms: 1 },
      })
      .execute();
    return id;
  }

  test('a guardrail gives each key its own sum, and each member one over all the keys that they made', async () => {
    const place = await workspace();
    const email = `${newId()}@example.com`;
    const member = await signUpMember(gateway, owner, { email, password: 'correct horse battery' });
    const userId = (await member.session())?.user.id ?? '';
    const joined = await byKey('POST', `${place.path}/members/add`, { user_ids: [userId] });
    expect(joined.body.added_count).toBe(1);
    const id = await guardrail({ applies_to: 'workspace', limit_usd: TWO_USD, reset: 'daily' }, place);
    const ofMember = [
      await makeKey(gateway, { workspace_id: place.id, creator_user_id: userId }),
      await makeKey(gateway, { workspace_id: place.id, creator_user_id: userId }),
    ] as const;
    const ofNobody = await makeKey(gateway, { workspace_id: place.id });
    expect((await chat(ofMember[0].key)).status).toBe(200);
    expect((await chat(ofMember[1].key)).status).toBe(200);
    const refused = await chat(ofMember[1].key);
    expect(refused.status).toBe(403);
    expect(refused.body.error.metadata).toMatchObject({
      ...{ error_code: 'guardrail_budget_exceeded', limit_source: 'openrouter_guardrail_budget' },
      ...{ scope: 'workspace_default_member', limit_usd: TWO_USD, spend_usd: 2 * ONE_USD },
    });
    // A new key of theirs does not begin anew.
    const another = await makeKey(gateway, { workspace_id: place.id, creator_user_id: userId });
    expect((await chat(another.key)).status).toBe(403);
    // A key of the workspace itself has a sum of its own.
    expect((await chat(ofNobody.key)).status).toBe(200);
    expect((await chat(ofNobody.key)).status).toBe(200);
    const other = await chat(ofNobody.key);
    expect([other.status, other.body.error.metadata.scope]).toEqual([403, 'workspace_default_key']);
    const { budgets, effective_budget } = (await byKey('GET', '/key', undefined, ofMember[0].key)).body.data;
    expect(budgets.map((layer: { scope: string }) => layer.scope)).toEqual([
      'workspace_default_member',
      'workspace_default_key',
    ]);
    expect(effective_budget).toMatchObject({
      ...{ scope: 'workspace_default_member', guardrail_id: id, budget_id: null, limit_usd: TWO_USD },
      spend_usd: 2 * ONE_USD,
    });
    expect(await faultInLedger()).toBeNull();
  });

  test('a budget of a tag is kept by whoever sends it, for one value or for each by itself', async () => {
    const { id, path } = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: id });
    const tagged = (metadata: object) => chat(key, { metadata });
    const each = { tag: 'project', interval: 'fiscal-04', limit_usd: TWO_USD };
    const created = await byKey('POST', `${path}/tag-budgets`, each);
    expect([created.status, created.body.data]).toEqual([
      201,
      expect.objectContaining({ tag: 'project', value: null, interval: 'fiscal-04', spend: [] }),
    ]);
    expect((await byKey('POST', `${path}/tag-budgets`, each)).status).toBe(409);
    for (const wrong of [
      { tag: 'unknown', interval: 'daily', limit_usd: 1 },
      { tag: 'project', interval: 'fiscal-01', limit_usd: 1 },
      { tag: 'project', interval: 'daily', limit_usd: 0 },
      { tag: 'project', value: '', interval: 'daily', limit_usd: 1 },
    ])
      expect((await byKey('POST', `${path}/tag-budgets`, wrong)).status).toBe(400);
    for (const project of ['alpha', 'alpha', 'beta']) expect((await tagged({ project })).status).toBe(200);
    const refused = await tagged({ project: 'alpha', team: 'red' });
    const { error } = refused.body as Failure;
    expect([refused.status, error.metadata]).toEqual([
      403,
      expect.objectContaining({
        ...{ error_code: 'tag_budget_exceeded', limit_source: 'turnpike_tag_budget', scope: 'tag' },
        ...{ limit_usd: TWO_USD, spend_usd: 2 * ONE_USD },
      }),
    ]);
    expect(error.message).toStartWith(
      'Budget limit exceeded (fiscal year limit): requests tagged project=alpha',
    );
    expect(new Date(String(error.metadata['resets_at'])).getUTCMonth()).toBe(3);
    expect((await tagged({ project: 'beta' })).status).toBe(200);
    expect((await chat(key)).status).toBe(200);
    const team = { tag: 'team', value: 'red', interval: 'quarterly', limit_usd: 1 };
    const { body: other } = await byKey('POST', `${path}/tag-budgets`, team);
    await byKey('PATCH', `${path}/tag-budgets/${other.data.id}`, { limit_usd: 0.00001 });
    expect((await tagged({ team: 'red' })).status).toBe(403);
    expect((await tagged({ team: 'blue' })).status).toBe(200);
    const { body: list } = await byKey('GET', `${path}/tag-budgets`);
    expect(list.data[0].spend).toEqual(
      ['alpha', 'beta'].map((value) => ({
        ...{ value, spend_usd: 2 * ONE_USD, remaining_usd: expect.closeTo(TWO_USD - 2 * ONE_USD, 12) },
      })),
    );
    expect((await byKey('DELETE', `${path}/tag-budgets/${other.data.id}`)).body).toEqual({ deleted: true });
    expect((await tagged({ team: 'red' })).status).toBe(200);
    expect((await byKey('DELETE', `${path}/tag-budgets/${other.data.id}`)).status).toBe(404);
    expect(await faultInLedger()).toBeNull();
  });

  test('each part of a budget is told once, and those that a lower budget has behind it at once', async () => {
    const { id, path } = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: id });
    const told = async () =>
      (await byKey('GET', `${path}/budget-alerts`)).body.data.map(
        ({ percent, limit_usd, scope, of }: Record<string, unknown>) => [percent, limit_usd, scope, of],
      );
    const untilTold = async (count: number) => {
      for (let look = 0; look < 100 && (await told()).length < count; look += 1) await Bun.sleep(50);
      return await told();
    };
    expect((await byKey('PUT', `${path}/budget-alerts`, { percents: [90, 40, 40] })).body).toEqual({
      data: { percents: [40, 90] },
    });
    for (const percents of [[0], [101], [1.5], 'all', [...Array(11).keys()].map((n) => n + 1)])
      expect((await byKey('PUT', `${path}/budget-alerts`, { percents })).status).toBe(400);
    await byKey('PUT', `${path}/budgets/monthly`, { limit_usd: TWO_USD });
    expect((await chat(key)).status).toBe(200);
    expect(await untilTold(1)).toEqual([[40, TWO_USD, 'workspace', 'monthly']]);
    expect((await chat(key)).status).toBe(200);
    await byKey('PUT', `${path}/budgets/monthly`, { limit_usd: 2 * ONE_USD });
    expect(await untilTold(3)).toEqual([
      [90, 2 * ONE_USD, 'workspace', 'monthly'],
      [40, 2 * ONE_USD, 'workspace', 'monthly'],
      [40, TWO_USD, 'workspace', 'monthly'],
    ]);
    const events = gateway.logLines.filter((line) => line.includes('"budget_alert"') && line.includes(id));
    expect(events).toHaveLength(3);
  });

  test('no more requests pass in a minute than a rate lets, for whomever it is', async () => {
    const { id, path } = await workspace();
    const keys = [
      await makeKey(gateway, { workspace_id: id }),
      await makeKey(gateway, { workspace_id: id }),
    ] as const;
    const set = (body: object) => byKey('POST', `${path}/rate-limits`, body);
    for (const wrong of [
      { subject: 'planet', requests_per_minute: 1 },
      { subject: 'api_key' },
      { subject: 'api_key', requests_per_minute: 0 },
      { subject: 'workspace', target: 'x', requests_per_minute: 1 },
    ])
      expect((await set(wrong)).status).toBe(400);
    expect((await set({ subject: 'api_key', requests_per_minute: 3 })).status).toBe(201);
    expect((await set({ subject: 'api_key', requests_per_minute: 4 })).status).toBe(409);
    await freshMinute();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => chat(keys[at % 2 === 0 ? 0 : 1].key)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(6).fill(200),
      ...Array(6).fill(429),
    ]);
    const refused = answers.find(({ status }) => status === 429);
    const secondsLeft = Number(refused?.headers.get('retry-after'));
    expect(secondsLeft).toBeWithin(1, 61);
    expect(refused?.body.error.metadata).toMatchObject({
      ...{
        error_code: 'rate_limit_exceeded',
        limit_source: 'turnpike_rate_limit',
        scope: 'api_key',
        limit: 3,
      },
    });
    for (const [name, value] of [
      ['x-ratelimit-limit', '3'],
      ['x-ratelimit-remaining', '0'],
      ['x-ratelimit-limit-requests', '3'],
      ['x-ratelimit-remaining-requests', '0'],
      ['anthropic-ratelimit-requests-limit', '3'],
    ] as const)
      expect(refused?.headers.get(name)).toBe(value);
    const resetMs = Number(refused?.headers.get('x-ratelimit-reset'));
    expect([resetMs % 60_000, resetMs > Date.now() - 60_000, resetMs <= Date.now() + 60_000]).toEqual([
      0,
      true,
      true,
    ]);
    const [limit] = (await byKey('GET', `${path}/rate-limits`)).body.data;
    await byKey('PATCH', `${path}/rate-limits/${limit.id}`, { requests_per_minute: 1000 });
    expect((await chat(keys[0].key)).status).toBe(200);
    expect((await set({ subject: 'model', target: 'acme/small', requests_per_minute: 1 })).status).toBe(201);
    expect([(await chat(keys[0].key)).status, (await chat(keys[1].key)).status]).toEqual([200, 429]);
    expect((await chat(keys[1].key, { model: 'acme/reason' })).status).toBe(200);
  });

  test('tokens are counted as what they came to, and a cap that nobody named is what the minute leaves', async () => {
    const { id, path } = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: id });
    await byKey('POST', `${path}/rate-limits`, { subject: 'workspace', tokens_per_minute: 2000 });
    await freshMinute();
    gateway.provider.clearRequests();
    // 16,384 were the model's own.
    expect((await chat(key, { max_tokens: undefined })).status).toBe(200);
    const sent = gateway.provider.requests.at(-1)?.body as { max_tokens: number };
    expect(sent.max_tokens).toBeWithin(256, 2000);
    // What it did not write is free again.
    for (let time = 0; time < 3; time += 1) expect((await chat(key, { max_tokens: 1000 })).status).toBe(200);
    const tooLarge = await chat(key, { max_tokens: 2001 });
    expect([tooLarge.status, tooLarge.headers.get('retry-after')]).toEqual([429, null]);
    expect(tooLarge.body.error.message).toContain('Request too large');
    gateway.provider.script({ times: 2, behaviour: { delayMs: 2000 } });
    const both = await Promise.all([chat(key, { max_tokens: 1200 }), chat(key, { max_tokens: 1200 })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 429]);
    gateway.provider.clearScripts();
  });

  test('a guardrail counts what was spent since its time began, also while it did not bind the key', async () => {
    const { id } = await workspace();
    const { key, hash } = await makeKey(gateway, { workspace_id: id });
    expect((await chat(key)).status).toBe(200);
    const { data: guardrail } = (
      await byKey('POST', '/guardrails', { name: newId(), workspace_id: id, limit_usd: TWO_USD })
    ).body;
    const bind = () => byKey('POST', `/guardrails/${guardrail.id}/assignments/keys`, { key_hashes: [hash] });
    expect((await bind()).body.assigned_count).toBe(1);
    const [layer] = (await byKey('GET', '/key', undefined, key)).body.data.budgets;
    expect(layer).toMatchObject({ scope: 'api_key', guardrail_id: guardrail.id, spend_usd: ONE_USD });
    expect([(await chat(key)).status, (await chat(key)).status]).toEqual([200, 403]);
    await byKey('POST', `/guardrails/${guardrail.id}/assignments/keys/remove`, { key_hashes: [hash] });
    expect((await chat(key)).status).toBe(200);
    await byKey('PATCH', `/guardrails/${guardrail.id}`, { limit_usd: 3 * ONE_USD + TWO_USD / 2 });
    expect((await bind()).body.assigned_count).toBe(1);
    expect([(await chat(key)).status, (await chat(key)).status]).toEqual([200, 403]);
    const refused = await chat(key);
    expect(refused.body.error.metadata).toMatchObject({ scope: 'api_key', spend_usd: 4 * ONE_USD });
    expect(await faultInLedger()).toBeNull();
  });

  test('a budget that is set while requests run counts them when they end', async () => {
    const { id, path } = await workspace();
    const keys = [
      await makeKey(gateway, { workspace_id: id }),
      await makeKey(gateway, { workspace_id: id }),
    ] as const;
    gateway.provider.clearRequests();
    gateway.provider.script({ behaviour: { delayMs: 1500 } });
    const running = chat(keys[0].key);
    while (gateway.provider.requests.length === 0) await Bun.sleep(5);
    await byKey('PUT', `${path}/budgets/monthly`, { limit_usd: TWO_USD });
    // It is counted in memory by now, and does not know of the one that runs.
    expect((await chat(keys[1].key)).status).toBe(200);
    expect((await running).status).toBe(200);
    const refused = await chat(keys[1].key);
    expect([refused.status, refused.body.error.metadata]).toEqual([
      403,
      expect.objectContaining({ scope: 'workspace', spend_usd: 2 * ONE_USD }),
    ]);
    expect(await faultInLedger()).toBeNull();
  });

  test('children and rotated keys spend from the budgets of their workspace, guardrail, member and tag', async () => {
    const place = await workspace();
    const parent = await makeKey(gateway, { workspace_id: place.id });
    const { key: child } = (await byKey('POST', '/key/children', { name: 'Child' }, parent.key)).body;
    await byKey('POST', `${place.path}/tag-budgets`, { tag: 'team', interval: 'daily', limit_usd: 1 });
    await byKey('PUT', `${place.path}/budgets/daily`, { limit_usd: 1 });
    await guardrail({ applies_to: 'workspace', limit_usd: 3 * ONE_USD + TWO_USD / 2 }, place);
    expect((await chat(child, { metadata: { team: 'red' } })).status).toBe(200);
    const rotated = (await byKey('POST', `/keys/${parent.hash}/rotate`, {})).body;
    expect((await chat(rotated.key, { metadata: { team: 'red' } })).status).toBe(200);
    expect((await chat(child, { metadata: { team: 'red' } })).status).toBe(200);
    const spent = async (key: string) =>
      (await byKey('GET', '/key', undefined, key)).body.data.budgets.map(
        ({ scope, spend_usd }: { scope: string; spend_usd: number }) => [scope, spend_usd],
      );
    expect(await spent(rotated.key)).toEqual([
      ['workspace_default_key', 3 * ONE_USD],
      ['workspace', 3 * ONE_USD],
    ]);
    // Its own sum, and that of the key that made it.
    expect((await spent(child)).sort()).toEqual([
      ['workspace', 3 * ONE_USD],
      ['workspace_default_key', 2 * ONE_USD],
      ['workspace_default_key', 3 * ONE_USD],
    ]);
    const { body: tags } = await byKey('GET', `${place.path}/tag-budgets`);
    expect(tags.data[0].spend).toMatchObject([{ value: 'red', spend_usd: 3 * ONE_USD }]);
    expect((await chat(rotated.key)).status).toBe(200);
    expect([(await chat(rotated.key)).status, (await chat(child)).status]).toEqual([403, 403]);
    expect(await faultInLedger()).toBeNull();
  });

  test('every door says no in its own shape where a guardrail allows no more', async () => {
    const place = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: place.id });
    const id = await guardrail({ applies_to: 'workspace', limit_usd: 0 }, place);
    const messages = [{ role: 'user', content: 'Hi' }];
    const doors = {
      '/chat/completions': { model: 'acme/small', messages },
      '/chat/completions?stream': { model: 'acme/small', messages, stream: true },
      '/completions': { model: 'acme/small', prompt: 'Hi' },
      '/messages': { model: 'acme/small', max_tokens: 10, messages },
      '/responses': { model: 'acme/small', input: 'Hi' },
      '/embeddings': { model: 'acme/vectors', input: 'Hi' },
    };
    for (const [path, body] of Object.entries(doors)) {
      const { status, body: answer } = await byKey('POST', path, body, key);
      expect([path, status]).toEqual([path, 403]);
      const { error } = answer;
      if (path === '/messages') {
        expect([answer.type, error.type]).toEqual(['error', 'permission_error']);
        expect(answer.metadata ?? error.metadata).toMatchObject({
          limit_source: 'openrouter_guardrail_budget',
        });
        continue;
      }
      expect([path, error.code, error.metadata]).toEqual([
        path,
        403,
        expect.objectContaining({
          ...{ error_type: 'permission_denied', limit_source: 'openrouter_guardrail_budget' },
          ...{ scope: 'workspace_default_key', limit_usd: 0, spend_usd: 0, resets_at: null },
          remedy_hint: expect.any(String),
        }),
      ]);
      expect(error.message).toStartWith('Budget limit exceeded (total limit)');
    }
    const gemini = await fetch(
      `${gateway.baseUrl.replace('/api/v1', '/api/v1beta')}/models/acme/small:generateContent`,
      {
        method: 'POST',
        headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }),
      },
    );
    expect([gemini.status, await gemini.json()]).toEqual([
      403,
      { error: expect.objectContaining({ code: 403, status: 'PERMISSION_DENIED' }) },
    ]);
    expect(id).not.toBe('');
  });

  test('what ends with a workspace: its budgets, those of its tags, and its rates, each with an event', async () => {
    const made = await byKey('POST', '/workspaces', { name: 'Short', slug: `short-${newId()}` });
    const { id } = made.body.data;
    const path = `/workspaces/${id}`;
    const { key, hash } = await makeKey(gateway, { workspace_id: id });
    await byKey('PUT', `${path}/budgets/weekly`, { limit_usd: 5 });
    await byKey('POST', `${path}/tag-budgets`, { tag: 'team', interval: 'daily', limit_usd: 1 });
    await byKey('POST', `${path}/rate-limits`, { subject: 'api_key', requests_per_minute: 100 });
    expect((await chat(key)).status).toBe(200);
    await byKey('PATCH', `/keys/${hash}`, { disabled: true });
    expect((await byKey('DELETE', path)).body).toEqual({ deleted: true });
    const { db } = gateway.database;
    for (const table of ['workspace_budget', 'tag_budget', 'rate_limit', 'workspace_limits'] as const)
      expect(await db.selectFrom(table).selectAll().where('workspace_id', '=', id).execute()).toEqual([]);
    const ended = await db
      .selectFrom('audit_event')
      .select('action')
      .where('before_json', 'like', `%${id}%`)
      .execute();
    expect(ended.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['tag_budget.deleted', 'rate_limit.deleted']),
    );
    const removed = db
      .selectFrom('audit_event')
      .select('before_json')
      .where('action', '=', 'workspace_budget.removed')
      .where('target', '=', id);
    expect(await removed.execute()).toEqual([
      { before_json: expect.stringContaining('"weekly_limit_nano_usd"') },
    ]);
    expect((await byKey('GET', `${path}/budgets`)).status).toBe(404);
    expect((await byKey('PUT', `${path}/budgets/daily`, { limit_usd: 1 })).status).toBe(404);
    expect(await faultInLedger()).toBeNull();
  });

  test('what counted in workspaces still does when its generations are dropped', async () => {
    const { id, path } = await workspace();
    const { key } = await makeKey(gateway, { workspace_id: id });
    await byKey('PUT', `${path}/budgets/lifetime`, { limit_usd: TWO_USD });
    for (const status of [200, 200, 403]) expect((await chat(key)).status).toBe(status);
    const { database } = gateway;
    await database.db.updateTable('generation_record').set({ is_rolled_up: 1 }).execute();
    let dropped = 0;
    for (let count = 1; count > 0; dropped += count)
      count = await database.transaction((trx) => dropSome(trx, engine, Date.now() + 1000, 500));
    expect(dropped).toBeGreaterThan(2);
    expect(await faultInLedger()).toBeNull();
    expect((await chat(key)).status).toBe(403);
  });

  /** Enough of this minute is left for a handful of requests. */
  async function freshMinute(): Promise<void> {
    const leftMs = 60_000 - (Date.now() % 60_000);
    if (leftMs < 20_000) await Bun.sleep(leftMs + 50);
  }
});
