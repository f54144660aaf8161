/** The audit log as administrators read it: what happened, page by page, as a file, and whether anybody changed it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';

interface Shown {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly actor_kind: string;
  readonly actor: string | null;
  readonly action: string;
  readonly target: string | null;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly outcome: string;
  readonly hash: string;
}

interface Page {
  readonly data: readonly Shown[];
  readonly next_cursor: string | null;
  readonly chain: { readonly seq: number; readonly hash: string; readonly until: string | null };
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  const get = async (query = '', key = gateway.managementKey) =>
    await fetch(`${gateway.baseUrl}/audit${query}`, { headers: { authorization: `Bearer ${key}` } });
  const page = async (query = '') => (await (await get(query)).json()) as Page;
  const verify = async (...args: string[]) => {
    const { databaseUrl, dataDir, masterKey } = gateway.config;
    const env = {
      TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64'),
      ...(databaseUrl !== null && { TURNPIKE_DATABASE_URL: databaseUrl }),
    };
    return await turnpike({ dataDir, env }, 'audit', 'verify', ...args);
  };

  test('a change of a key stands there with who made it, from what to what, and with its link', async () => {
    const { key, hash } = await makeKey(gateway, { name: '=HYPERLINK("x")', limit: 5 });
    await fetch(`${gateway.baseUrl}/keys/${hash}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ limit: 7 }),
    });
    const { data, chain } = await page(`?target=${hash}`);
    expect(data.map(({ action }) => action)).toEqual(['key.changed', 'key.created']);
    const [updated] = data;
    expect(updated).toMatchObject({
      ...{ actor_kind: 'management_key', actor: hashOf(gateway.managementKey), outcome: 'success' },
      ...{ before: { limit_nano_usd: '5000000000' }, after: { limit_nano_usd: '7000000000' } },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(updated?.seq).toBeGreaterThan(data[1]?.seq ?? 0);
    expect(chain.seq).toBeGreaterThanOrEqual(updated?.seq ?? 0);
    expect(JSON.stringify(data)).not.toContain(key);
  });

  test('pages go on where the one before ended, each event once and newest first', async () => {
    for (let at = 0; at < 5; at++) await makeKey(gateway, { name: `key ${at}` });
    const all = (await page('?limit=200')).data.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: Page = await page(`?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...next.data.map(({ id }) => id));
      cursor = next.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
  });

  test('filters leave what they name: an action or its kind, an actor, a time', async () => {
    const member = await signUpMember(gateway, owner, {
      email: 'max@example.com',
      password: 'staple battery horse',
    });
    await member.post('/api/dashboard/keys', { name: 'of a member' });
    const userId = (await member.session())?.user.id ?? '';
    const byMember = await page(`?actor=${userId}&action=key`);
    expect(byMember.data.map(({ action, target }) => [action, target])).toEqual([
      ['key.created', expect.any(String)],
    ]);
    expect(
      (await page('?action=key.created&limit=200')).data.every(({ action }) => action === 'key.created'),
    ).toBe(true);
    expect((await page('?action=ke')).data).toEqual([]);
    const [newest] = (await page('?limit=1')).data;
    expect((await page(`?start=${newest?.at}&limit=200`)).data.map(({ id }) => id)).toContain(
      newest?.id ?? '',
    );
    expect((await page('?end=2020-01-01')).data).toEqual([]);
    expect((await page('?outcome=refused')).data).toEqual([]);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=x', 'cursor'],
    ['action=key.%25', 'action'],
    ['actor=', 'actor'],
    ['target=%00', 'target'],
    ['start=2026-02-30', 'start'],
    ['end=yesterday', 'end'],
    ['limit=1&limit=2', 'limit'],
  ])('%s is a 400 that names the parameter', async (query, name) => {
    const response = await get(`?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { message: string } }).error.message).toStartWith(
      `${name}: `,
    );
  });

  test('a file has every event once, and no cell that a spreadsheet calculates', async () => {
    const all = (await page('?limit=200')).data.map(({ id }) => id);
    const lines = (await (await get('/export?format=jsonl')).text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Shown).id)).toEqual(all);
    const csv = await get('/export?action=key');
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="audit-[0-9-]+\.csv"$/);
    const [head, ...rows] = (await csv.text()).split('\r\n');
    expect(head).toStartWith('id,seq,at,actor_kind,actor,');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.some((row) => /(^|,)"?[=+@]/.test(row))).toBe(false);
    expect((await get('/export?format=xls')).status).toBe(400);
  });

  test('what happened in another account is in nobody else’s log', async () => {
    const { db } = gateway.database;
    const foreign = {
      ...{ id: 'foreign-event', account_id: 'another-account', at_ms: Date.now(), actor_kind: 'user' },
      ...{ actor: 'another-user', address: null, action: 'key.created', target_kind: 'api_key', target: 'x' },
      ...{ before_json: null, after_json: null, outcome: 'success' },
    };
    await db.insertInto('audit_event').values(foreign).execute();
    expect((await page('?limit=200')).data.map(({ id }) => id)).not.toContain(foreign.id);
    expect((await page('?actor=another-user')).data).toEqual([]);
    expect(await (await get('/export')).text()).not.toContain('another-user');
  });

  test('people who manage the organisation read it, and nobody else', async () => {
    const { status, body } = await owner.get('/api/dashboard/audit?action=key');
    expect(status).toBe(200);
    expect((body['list'] as Shown[]).length).toBeGreaterThan(0);
    expect((await get('', gateway.apiKey)).status).toBe(403);
  });

  test('verify says that the log is right, holds it to what was noted, and finds what was changed', async () => {
    const first = await verify();
    expect(first).toMatchObject({ code: 0 });
    const noted = /--noted (\d+:[0-9a-f]{64})/.exec(first.text)?.[1] ?? '';
    await makeKey(gateway, { name: 'one more' });
    expect(await verify('--noted', noted)).toMatchObject({ code: 0 });
    const wrong = await verify('--noted', `1:${'0'.repeat(64)}`);
    expect(wrong.text).toContain('link 1 has the hash');
    expect(wrong.code).toBe(1);
    expect((await verify('--noted', 'x')).code).toBe(2);

    const [event] = (await page('?action=key.changed')).data;
    await gateway.database.db
      .updateTable('audit_event')
      .set({ after_json: '{"limit":"1000"}' })
      .where('id', '=', event?.id ?? '')
      .execute();
    const changed = await verify();
    expect(changed.code).toBe(1);
    expect(changed.text).toContain(
      `the event ${event?.id} of link ${event?.seq} is not what it was when it was linked`,
    );
  });
});
