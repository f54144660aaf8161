/** By which API a request came, and what its caller calls it: as figures, activity, generations and exports tell it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { MOST } from '../../../src/metering/labels.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { askDoor, DOOR_CASES } from '../content/rig.ts';
import { getJson, type Json } from '../faults/bench.ts';

const DAY_MS = 24 * 3_600_000;
const [CHAT] = DOOR_CASES;
if (CHAT === undefined) throw new Error('there is no door');

describe.each(engines)('labels on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let nowMs = Date.parse('2026-11-20T12:00:00Z');

  beforeAll(async () => {
    const pricing = { prompt: '0.00000002', completion: '0' };
    gateway = await startGateway({
      ...{ engine, clock: { nowMs: () => nowMs } },
      config: {
        figures: { tags: ['team', 'env', 'run', 'project'] },
        models: [
          {
            ...{ id: 'acme/vectors', context_length: 8192, output_modalities: ['embeddings'] },
            endpoints: [{ provider: 'acme', model: 'vectors-2026', pricing }],
          },
        ],
      },
    });
  });
  afterAll(() => gateway?.stop());

  async function post(path: string, body: object, key = gateway.apiKey): Promise<Response> {
    return await fetch(gateway.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async function query(body: object) {
    const json: Json = await (
      await post('/api/v1/analytics/query', { metrics: ['request_count'], ...body }, gateway.managementKey)
    ).json();
    return { rows: json.data?.data as Json[], error: json.error };
  }

  const countsBy = async (dimension: string, more: object = {}) =>
    Object.fromEntries(
      (await query({ dimensions: [dimension], ...more })).rows.map((row) => [
        row[dimension],
        row.request_count,
      ]),
    );

  test('every API is told apart, whatever it was asked for', async () => {
    for (const door of DOOR_CASES)
      for (const stream of [false, true]) {
        const { status, id } = await askDoor(gateway, door, 'hello', { stream });
        expect([door.name, status, id.startsWith('gen-')]).toEqual([door.name, 200, true]);
      }
    const vectors = { model: 'acme/vectors', input: 'hello', metadata: { team: 'search' } };
    expect((await post('/api/v1/embeddings', vectors)).status).toBe(200);
    const embedded = { content: { parts: [{ text: 'hello' }] } };
    const google = await post('/api/v1beta/models/acme/vectors:embedContent', embedded);
    expect(google.status).toBe(200);
    const { data } = await getJson(gateway, `/generation?id=${google.headers.get('x-generation-id')}`);
    expect(data).toMatchObject({ api_type: 'embeddings', door: 'gemini', tags: {} });
    expect(await countsBy('door')).toEqual({
      ...{ chat: 2, completions: 2, messages: 2, responses: 2, gemini: 5, embeddings: 1 },
    });
    expect(await countsBy('api_type')).toEqual({ completions: 12, embeddings: 2 });
    const filters = [{ field: 'door', operator: 'in', value: ['gemini', 'messages'] }];
    expect((await query({ filters })).rows).toEqual([{ request_count: 7 }]);
  });

  test('tags of every API that has them are dimensions, with what has none beside them', async () => {
    const user = [{ role: 'user', content: 'hello' }];
    const model = 'acme/small';
    const tagged: [string, object][] = [
      ['/api/v1/chat/completions', { model, messages: user, metadata: { team: 'search', env: 'prod' } }],
      ['/api/v1/responses', { model, input: 'hello', metadata: { team: 'search' } }],
      [
        '/api/v1/messages',
        { model, max_tokens: 9, messages: user, metadata: { user_id: 'them', team: 'ads' } },
      ],
      [
        '/api/v1beta/models/acme/small:generateContent',
        { contents: [{ role: 'user', parts: [{ text: 'hello' }] }], labels: { team: 'ads' } },
      ],
    ];
    for (const [path, body] of tagged) {
      const answer = await post(path, body);
      expect([path, answer.status]).toEqual([path, 200]);
    }
    expect(await countsBy('tag.team')).toEqual({ search: 3, ads: 2, null: 13 });
    expect(await countsBy('tag.env')).toEqual({ prod: 1, null: 17 });
    expect(await countsBy('tag.never')).toEqual({ null: 18 });
    const of = async (operator: string, value: unknown, more: object = {}) =>
      (await query({ filters: [{ field: 'tag.team', operator, value, ...more }] })).rows[0].request_count;
    expect(await of('eq', 'search')).toBe(3);
    expect(await of('not_in', ['search'])).toBe(2);
    expect(await of('not_in', ['search'], { include_unset: true })).toBe(15);
    const crossed = await query({ dimensions: ['tag.team', 'tag.env'], granularity: 'hour' });
    expect(crossed.rows.length).toBe(4);
    expect(crossed.rows).toContainEqual({
      date__hour: '2026-11-20T12:00:00.000Z',
      ...{ 'tag.team': 'search', 'tag.env': 'prod', request_count: 1 },
    });
  });

  test('the official client reads which tags there are, and a name that is none is a 400', async () => {
    const manager = new OpenRouter({ apiKey: gateway.managementKey, serverURL: gateway.baseUrl });
    const { data } = await manager.analytics.getAnalyticsMeta();
    const names = data.dimensions.map(({ name }) => name);
    for (const name of ['door', 'origin', 'api_type', 'tag.team', 'tag.env']) expect(names).toContain(name);
    for (const dimension of ['tag.', "tag.a'b", 'tag.*', `tag.${'x'.repeat(65)}`, 'tags', 'session_id']) {
      const { error } = await query({ dimensions: [dimension] });
      expect([dimension, error?.code]).toEqual([dimension, 400]);
    }
    const longest = ['a', 'b'].map((end) => `tag.${'x'.repeat(63)}${end}`);
    expect((await query({ dimensions: longest })).rows).toEqual([
      { [longest[0] ?? '']: null, [longest[1] ?? '']: null, request_count: 18 },
    ]);
    const minutes = await query({ dimensions: ['tag.team'], granularity: 'minute' });
    expect(minutes.error).toMatchObject({ code: 400, message: expect.stringContaining('by the hour') });
    const byDoor = await query({ dimensions: ['door'], granularity: 'minute' });
    expect(byDoor.rows.reduce((sum, row) => sum + row.request_count, 0)).toBe(18);
  });

  test('activity by API and by tag is the same requests as without', async () => {
    nowMs += DAY_MS;
    const of = async (parameters: string) =>
      getJson(gateway, `/activity${parameters}`, gateway.managementKey);
    const sums = (rows: Json[]) => [
      rows.reduce((sum, { requests }) => sum + requests, 0),
      rows.reduce((sum, { usage }) => sum + Math.round(usage * 1e9), 0),
    ];
    const plain = (await of('')).data;
    expect(sums(plain)[0]).toBe(18);
    for (const row of plain) expect(Object.keys(row)).not.toContain('door');
    const doors: Json[] = (await of('?group_by=door')).data;
    expect(sums(doors)).toEqual(sums(plain));
    expect(new Set(doors.map(({ door }) => door)).size).toBe(6);
    const teams: Json[] = (await of('?group_by=tag.team')).data;
    expect(sums(teams)).toEqual(sums(plain));
    expect(new Set(teams.map((row) => row['tag.team']))).toEqual(new Set([null, 'search', 'ads']));
    for (const wrong of ['tag.', 'model', 'tag.*'])
      expect((await of(`?group_by=${wrong}`)).error.code).toBe(400);
  });

  test('exports have the API and the tags of each request', async () => {
    const text = await (
      await fetch(`${gateway.baseUrl}/exports/generations?start=2026-11-20&format=jsonl`, {
        headers: { authorization: `Bearer ${gateway.managementKey}` },
      })
    ).text();
    const rows: Json[] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.filter(({ door }) => door === 'gemini').length).toBe(6);
    expect(
      rows
        .map(({ tags }) => tags)
        .filter((tags) => tags !== null)
        .sort(),
    ).toEqual([
      ...['{"env":"prod","team":"search"}', '{"team":"ads"}', '{"team":"ads"}'],
      ...['{"team":"search"}', '{"team":"search"}'],
    ]);
  });

  test('another tag and another app with every request make a bounded number of rows, and lose no request', async () => {
    nowMs += DAY_MS;
    const start = new Date(nowMs - (nowMs % DAY_MS)).toISOString();
    const before = await rowCount();
    const count = MOST.values + 60;
    for (let n = 0; n < count; n += 1) {
      const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
          ...{ 'http-referer': `https://app-${n}.example`, 'x-title': `App ${n}` },
        },
        body: JSON.stringify({
          ...{ model: 'acme/small', messages: [{ role: 'user', content: 'hello' }] },
          metadata: { run: `run-${n}`, team: `team-${n % 2}` },
        }),
      });
      expect(answer.status).toBe(200);
    }
    const range = { time_range: { start, end: new Date(nowMs + 1000).toISOString() }, limit: 1000 };
    const runs = await countsBy('tag.run', range);
    expect(runs['other']).toBe(60);
    expect(Object.values(runs).reduce((sum: number, each) => sum + Number(each), 0)).toBe(count);
    expect(await countsBy('tag.team', range)).toEqual({ 'team-0': count / 2, 'team-1': count / 2 });
    expect((await countsBy('app', range))['other']).toBe(60);
    // What came too late is one row for each team.
    expect((await rowCount()) - before).toBe(MOST.values + 2);
  });

  test('members are told of the tags of their own keys alone', async () => {
    const owner = await signUpOwner(gateway);
    const member = await signUpMember(gateway, owner, {
      ...{ email: 'max@example.com', password: 'correct horse staple' },
    });
    const { key }: Json = JSON.parse((await member.post('/api/dashboard/keys', { name: 'Of Max' })).text);
    const body = { model: 'acme/small', messages: [{ role: 'user', content: 'hello' }] };
    await post('/api/v1/chat/completions', { ...body, metadata: { project: 'x' } }, key);
    await query({});
    const tagsOf = async (who: Visitor) =>
      (JSON.parse((await who.get('/api/dashboard/analytics/meta')).text) as Json).data.dimensions
        .map(({ name }: Json) => name)
        .filter((name: string) => name.startsWith('tag.'));
    expect(await tagsOf(member)).toEqual(['tag.project']);
    expect(await tagsOf(owner)).toEqual(['tag.env', 'tag.project', 'tag.run', 'tag.team']);
  });

  async function rowCount(): Promise<number> {
    await query({});
    const { rows } = await gateway.database.db
      .selectFrom('usage_hour')
      .select((column) => column.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    return Number(rows);
  }
});
