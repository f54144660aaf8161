/** Activity and analytics as their callers see them: the official client, people in their browsers, and other accounts. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import type { Clock } from '../../../src/clock.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { type MadeKey, makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { chat, getJson, type Json } from '../faults/bench.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Runs on, from wherever a test sets it. */
class MovableClock implements Clock {
  #offsetMs = 0;
  set(nowMs: number): void {
    this.#offsetMs = nowMs - Date.now();
  }
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }
}

describe.each(engines)('figures on $name', ({ name: engine }) => {
  const clock = new MovableClock();
  const FRIDAY_NOON = Date.parse('2026-11-20T12:00:00Z');
  let bench: TestGateway;
  let manager: OpenRouter;
  let app: MadeKey;

  beforeAll(async () => {
    clock.set(FRIDAY_NOON);
    bench = await startGateway({ engine, clock });
    manager = new OpenRouter({
      apiKey: bench.managementKey,
      serverURL: bench.baseUrl,
      retryConfig: { strategy: 'none' },
    });
    app = await makeKey(bench, { name: 'App' });
    const headers = { 'http-referer': 'https://app.example/page?secret=1', 'x-title': 'The App' };
    for (let n = 0; n < 3; n += 1) await ask(app.key, { text: 'one two three' }, headers);
    await ask(app.key, { fake: { status: 500 } });
    clock.set(FRIDAY_NOON + 2 * HOUR_MS);
    await ask(bench.apiKey, { model: 'acme/reason' });
    await ask(bench.apiKey, { model: 'acme/small', fake: { cachedTokens: 2 }, text: 'a b c d' });
    clock.set(FRIDAY_NOON + DAY_MS);
  });
  afterAll(() => bench?.stop());

  async function ask(key: string, how: object, headers: Record<string, string> = {}): Promise<void> {
    const { text = 'one two three', model = 'acme/small', fake } = how as Json;
    const directive = fake === undefined ? '' : `!fake ${JSON.stringify(fake)}\n`;
    const answer = await fetch(`${bench.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: directive + text }] }),
    });
    await answer.text();
  }

  async function query(body: object, key = bench.managementKey) {
    const answer = await fetch(`${bench.baseUrl}/analytics/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as Json;
    return { status: answer.status, rows: json.data?.data as Json[], answer: json.data, error: json.error };
  }

  const day = { start: '2026-11-20T00:00:00Z', end: '2026-11-21T00:00:00Z' };

  test('the official client takes the activity of completed days, and each row is what its requests say', async () => {
    const { data } = await manager.analytics.getUserActivity({});
    const { db } = bench.database;
    const generations = await db.selectFrom('generations').selectAll().execute();
    expect(generations.length).toBe(6);
    const key = (row: Json) =>
      `${row.modelPermaslug ?? row.model_permaslug} ${row.endpointId ?? row.endpoint_tag}`;
    expect(data.map(key).sort()).toEqual([...new Set(generations.map(key))].sort());
    for (const row of data) {
      const own = generations.filter((generation) => key(generation) === key(row));
      const sum = (column: 'prompt_tokens' | 'completion_tokens' | 'reasoning_tokens') =>
        own.reduce((total, generation) => total + generation[column], 0);
      expect(row).toMatchObject({
        date: '2026-11-20',
        requests: own.length,
        usage: Number(own.reduce((total, { cost_nano_usd }) => total + cost_nano_usd, 0n)) / 1e9,
        byokUsageInference: 0,
        promptTokens: sum('prompt_tokens'),
        completionTokens: sum('completion_tokens'),
        reasoningTokens: sum('reasoning_tokens'),
        providerName: 'Acme',
      });
      expect(row).not.toHaveProperty('workspaceId');
    }
  });

  test('activity, analytics, the keys’ usage and the ledger are one sum, to the nano-USD', async () => {
    const activity = (await getJson(bench, '/activity', bench.managementKey)).data as Json[];
    const analytics = (await query({ metrics: ['total_usage', 'request_count'], time_range: day })).rows[0];
    const keys = (await getJson(bench, '/keys', bench.managementKey)).data as Json[];
    const nano = (rows: Json[]) => rows.reduce((sum, { usage }) => sum + Math.round(usage * 1e9), 0);
    const entries = await bench.database.db.selectFrom('ledger_entry').selectAll().execute();
    const debits = entries
      .filter(({ book, kind }) => book === 'customer_balance' && kind === 'usage')
      .reduce((sum, entry) => sum - entry.amount_nano_usd, 0n);
    expect(nano(activity)).toBeGreaterThan(0);
    expect(nano(activity)).toBe(Math.round(analytics.total_usage * 1e9));
    expect(nano(activity)).toBe(nano(keys));
    expect(BigInt(nano(activity))).toBe(debits);
    expect(activity.reduce((sum, { requests }) => sum + requests, 0)).toBe(analytics.request_count);
  });

  test('a running day is in no activity, and a day outside of the window is a 400', async () => {
    await ask(bench.apiKey, {});
    const of = (parameters: string) => getJson(bench, `/activity${parameters}`, bench.managementKey);
    const days = async (parameters = '') => (await of(parameters)).data.map(({ date }: Json) => date);
    expect(new Set(await days())).toEqual(new Set(['2026-11-20']));
    expect((await days('?date=2026-11-20')).length).toBeGreaterThan(0);
    expect(await days('?date=2026-11-19')).toEqual([]);
    expect(await days('?date=2026-10-22')).toEqual([]);
    for (const bad of ['2026-11-21', '2026-10-21', '2026-11-31', '20.11.2026'])
      expect((await of(`?date=${bad}`)).error.code).toBe(400);
    expect((await of('?group_by=model')).error.code).toBe(400);
    expect((await of(`?workspace_id=${crypto.randomUUID()}`)).error.code).toBe(404);
    const split = (await of('?group_by=workspace')).data;
    expect(split.every(({ workspace_id }: Json) => typeof workspace_id === 'string')).toBe(true);
    expect((await of(`?workspace_id=${split[0].workspace_id}`)).data).toEqual((await of('')).data);
    expect((await of(`?api_key_hash=${app.hash}`)).data.map(({ requests }: Json) => requests)).toEqual([4]);
    expect((await of(`?api_key_hash=${'0'.repeat(64)}`)).data).toEqual([]);
    expect((await of('?api_key_hash=App')).error.code).toBe(400);
  });

  test('the official client takes what can be asked, and every metric by every dimension', async () => {
    const { data: meta } = await manager.analytics.getAnalyticsMeta();
    const metrics = meta.metrics.map(({ name }) => name);
    expect(JSON.stringify(meta)).not.toContain('UNKNOWN');
    for (const { name } of meta.dimensions) {
      const { data } = await manager.analytics.queryAnalytics({
        requestBody: {
          ...{ metrics, dimensions: [name] },
          timeRange: { start: new Date(day.start), end: new Date(day.end) },
        },
      });
      expect(data.metadata).toMatchObject({ rowCount: data.data.length, truncated: false });
      // Of rows the client keeps nothing: they have no fixed members.
      const { rows } = await query({ metrics, dimensions: [name], time_range: day });
      expect(data.data.length).toBe(rows.length);
      const total = rows.reduce((sum: number, row: Json) => sum + row.request_count, 0);
      expect([name, total]).toEqual([name, 6]);
    }
  });

  test('by the hour, day, week and month the same requests stand in spans that begin in UTC', async () => {
    const spans = async (granularity: string) =>
      (await query({ metrics: ['request_count'], granularity, time_range: day })).rows.map((row) => [
        row[`date__${granularity}`],
        row.request_count,
      ]);
    expect(await spans('hour')).toEqual([
      ['2026-11-20T12:00:00.000Z', 4],
      ['2026-11-20T14:00:00.000Z', 2],
    ]);
    expect(await spans('day')).toEqual([['2026-11-20T00:00:00.000Z', 6]]);
    expect(await spans('week')).toEqual([['2026-11-16T00:00:00.000Z', 6]]);
    expect(await spans('month')).toEqual([['2026-11-01T00:00:00.000Z', 6]]);
    const minutes = await query({
      metrics: ['request_count', 'total_usage', 'error_count', 'latency_p50'],
      granularity: 'minute',
      time_range: { start: '2026-11-20T12:00:00Z', end: '2026-11-20T13:00:00Z' },
    });
    const hour = await query({
      metrics: ['request_count', 'total_usage', 'error_count'],
      time_range: { start: '2026-11-20T12:00:00Z', end: '2026-11-20T13:00:00Z' },
    });
    const sum = (name: string) => minutes.rows.reduce((total, row) => total + row[name], 0);
    for (const name of ['request_count', 'error_count']) expect(sum(name)).toBe(hour.rows[0][name]);
    expect(Math.round(sum('total_usage') * 1e9)).toBe(Math.round(hour.rows[0].total_usage * 1e9));
    expect(hour.rows[0].error_count).toBe(1);
  });

  test('filters take ids, not names; an unknown key is a warning and no row', async () => {
    const counted = async (field: string, operator: string, value: unknown, more = {}) => {
      const filters = [{ field, operator, value, ...more }];
      const { rows, answer } = await query({ metrics: ['request_count'], filters, time_range: day });
      return [rows[0].request_count, answer.warnings?.length ?? 0];
    };
    expect(await counted('api_key_id', 'eq', app.hash)).toEqual([4, 0]);
    expect(await counted('api_key_id', 'neq', app.hash)).toEqual([2, 0]);
    expect(await counted('api_key_id', 'eq', 'App')).toEqual([0, 1]);
    expect(await counted('api_key_id', 'eq', 7)).toEqual([0, 1]);
    expect(await counted('model', 'in', ['acme/reason', "x' OR 1=1 --"])).toEqual([1, 0]);
    expect(await counted('app', 'eq', 'https://app.example')).toEqual([3, 0]);
    expect(await counted('app', 'not_in', ['https://app.example'])).toEqual([0, 0]);
    expect(await counted('app', 'not_in', ['https://app.example'], { include_unset: true })).toEqual([3, 0]);
    expect(await counted('outcome', 'eq', 'failed')).toEqual([1, 0]);
    const { rows } = await query({ metrics: ['request_count'], dimensions: ['api_key_id'], time_range: day });
    expect(rows[0]).toEqual({ api_key_id: 'App', request_count: 4 });
  });

  test('order and limits hold, and say that they cut something off', async () => {
    const by = { metrics: ['total_usage'], dimensions: ['model'], time_range: day };
    const first = await query({ ...by, order_by: { field: 'request_count', direction: 'desc' }, limit: 1 });
    expect(first.rows.map(({ model }) => model)).toEqual(['acme/small']);
    expect(first.answer.metadata).toMatchObject({ row_count: 1, truncated: true });
    const last = await query({ ...by, order_by: { field: 'model', direction: 'asc' } });
    expect(last.rows.map(({ model }) => model)).toEqual(['acme/reason', 'acme/small']);
    const hours = { ...by, granularity: 'hour', order_by: { field: 'date', direction: 'desc' } };
    expect((await query(hours)).rows.length).toBe(3);
    expect((await query({ ...hours, group_limit: 1 })).answer.metadata).toMatchObject({
      ...{ row_count: 2, truncated: true },
    });
  });

  test.each([
    ['no metric', { metrics: [] }],
    ['an unknown metric', { metrics: ['constructor'] }],
    ['three dimensions', { metrics: ['request_count'], dimensions: ['model', 'app', 'user'] }],
    ['an unknown dimension', { metrics: ['request_count'], dimensions: ['h.account_id'] }],
    [
      'a time without seconds',
      { metrics: ['request_count'], time_range: { ...day, start: '2026-11-20T00:00Z' } },
    ],
    [
      'a time without a zone',
      { metrics: ['request_count'], time_range: { ...day, start: '2026-11-20T00:00:00' } },
    ],
    [
      'a range that ends before it begins',
      { metrics: ['request_count'], time_range: { start: day.end, end: day.start } },
    ],
    [
      'minutes of a month',
      {
        metrics: ['request_count'],
        granularity: 'minute',
        time_range: { start: '2026-10-20T00:00:00Z', end: day.end },
      },
    ],
    [
      'an order by what was not asked',
      { metrics: ['request_count'], order_by: { field: 'total_usage', direction: 'asc' } },
    ],
    [
      'a list for eq',
      { metrics: ['request_count'], filters: [{ field: 'model', operator: 'eq', value: ['x'] }] },
    ],
    [
      'an operator that is none',
      { metrics: ['request_count'], filters: [{ field: 'model', operator: 'like', value: 'x' }] },
    ],
    [
      'classifiers',
      { metrics: ['request_count'], classifier_dimensions: { classifier_id: crypto.randomUUID() } },
    ],
    ['no object', 'text'],
  ])('%s is a 400', async (_, body) => {
    const { status, error } = await query(body as object);
    expect([status, error?.code]).toEqual([400, 400]);
    expect(error.message.length).toBeGreaterThan(10);
  });

  test('members see what their own keys did, admins everything, and an API key nothing', async () => {
    const owner = await signUpOwner(bench);
    const member = await signUpMember(bench, owner, {
      email: 'max@example.com',
      password: 'correct horse staple',
    });
    const made = await member.post('/api/dashboard/keys', { name: 'Of Max' });
    const key = JSON.parse(made.text) as Json;
    await ask(key.key, {});
    const asked = async (who: Visitor) => {
      const body = { metrics: ['request_count'], dimensions: ['user'] };
      return (JSON.parse((await who.post('/api/dashboard/analytics/query', body)).text) as Json).data.data;
    };
    expect(await asked(member)).toEqual([
      expect.objectContaining({ user: 'Max Member', user_email: 'max@example.com', request_count: 1 }),
    ]);
    expect((await asked(owner)).reduce((sum: number, row: Json) => sum + row.request_count, 0)).toBe(8);
    expect((await query({ metrics: ['request_count'] }, bench.apiKey)).status).toBe(403);
    expect((await getJson(bench, '/activity')).error.code).toBe(403);
  });

  test('a request that was refused is found with its reason, as one row however often it came', async () => {
    const limited = await makeKey(bench, { name: 'Limited', limit: 0 });
    for (let n = 0; n < 20; n += 1)
      expect((await chat(bench, { key: limited.key, model: 'acme/small' })).status).toBe(402);
    expect((await chat(bench, { key: limited.key, model: 'acme/none' })).status).toBe(400);
    expect((await chat(bench, { key: limited.key, body: { messages: 'none' } })).status).toBe(400);
    const owner = new Visitor(bench.url);
    await owner.signIn(OWNER);
    const answer = await owner.get(`/api/dashboard/refusals?api_key_hash=${limited.hash}`);
    const { data } = JSON.parse(answer.text) as Json;
    expect(data.map(({ reason, requests, status }: Json) => [reason, requests, status])).toEqual([
      ['model_not_found', 1, 400],
      ['key_limit_exceeded', 20, 402],
      ['invalid_request', 1, 400],
    ]);
    expect(data[1]).toMatchObject({ api_key_name: 'Limited', path: '/api/v1/chat/completions' });
    expect(data[1].message).toContain('limit');
    // A failure of a provider has a generation, and is no refusal.
    const before = (JSON.parse((await owner.get('/api/dashboard/refusals')).text) as Json).data;
    expect(before.some(({ reason }: Json) => reason.startsWith('provider'))).toBe(false);
    const page = async (cursor: string) =>
      JSON.parse((await owner.get(`/api/dashboard/refusals?limit=2${cursor}`)).text) as Json;
    const first = await page('');
    const second = await page(`&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data]).toEqual(before);
  });

  test('a failed request says why', async () => {
    const { db } = bench.database;
    const failed = await db
      .selectFrom('generations')
      .select('id')
      .where('finish_reason', '=', 'error')
      .execute();
    const { data } = await getJson(bench, `/generation?id=${failed[0]?.id}`);
    expect(data.error).toEqual({
      ...{
        code: 'provider_unavailable',
        message: 'Provider returned error',
        status: 500,
        provider_name: 'Acme',
      },
    });
  });
});
