/** Exports: whole, exact, from one snapshot, for those who may have them, and no faster than they are read. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { FOCUS_COLUMNS } from '../../../src/exports/focus.ts';
import { signUpMember, signUpOwner } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { addGenerations, DAY_MS, FIRST_MS, readCsv } from './rig.ts';

const HOSTILE = '=HYPERLINK("http://x.example","click")';
const HOSTILE_KEYS = [HOSTILE, '\t=1+1', '  @SUM(A1)', '+1', '-1', '＝1', `a, "b"\r\nc`];
/** More than two pages. */
const MANY = 2345;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let accountId: string;
  let sum: bigint;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    const { db } = gateway.database;
    accountId = (await db.selectFrom('account').select('id').executeTakeFirstOrThrow()).id;
    const keys = await Promise.all(HOSTILE_KEYS.map((name) => makeKey(gateway, { name })));
    sum = 0n;
    // Many in the same millisecond, so that pages end within one.
    for (const [index, { hash }] of keys.entries()) {
      const count = index === 0 ? MANY : 3;
      const rest = { app_title: HOSTILE, cache_discount_nano_usd: -5 };
      sum += await addGenerations(gateway.database, {
        accountId,
        keyHash: hash,
        count,
        stepMs: index === 0 ? 0 : 1,
        rest,
      });
    }
    sum += await addGenerations(gateway.database, {
      ...{ accountId, keyHash: keys[1]?.hash ?? '', count: 10, startMs: FIRST_MS + DAY_MS },
    });
  });
  afterAll(() => gateway?.stop());

  const get = (query: string, init: RequestInit = {}) =>
    fetch(`${gateway.baseUrl}/exports/generations${query}`, {
      ...init,
      headers: { authorization: `Bearer ${gateway.managementKey}`, ...init.headers },
    });
  const TOTAL = MANY + 6 * 3 + 10;
  const NOVEMBER = 'start=2026-11-01&end=2026-12-01';

  test('CSV has every generation once, in order of time, its sums exact and its count told ahead', async () => {
    const answer = await get(`?${NOVEMBER}`);
    expect(answer.headers.get('x-total-count')).toBe(String(TOTAL));
    expect(answer.headers.get('content-disposition')).toContain('generations-2026-11-01-2026-12-01.csv');
    const rows = readCsv(await answer.text());
    expect(rows.length).toBe(TOTAL);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(TOTAL);
    expect(rows.reduce((total, { cost_nano_usd }) => total + BigInt(cost_nano_usd ?? ''), 0n)).toBe(sum);
    const times = rows.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort());
  });

  test('no text begins a formula, and numbers below zero are numbers', async () => {
    const rows = readCsv(await (await get(`?${NOVEMBER}`)).text());
    const names = new Set(rows.map(({ api_key_name }) => api_key_name));
    expect([...names].sort()).toEqual(
      HOSTILE_KEYS.map((name) => (name.startsWith('a,') ? name : `'${name}`)).sort(),
    );
    for (const { app_title, cache_discount_nano_usd } of rows.slice(0, 20)) {
      expect([app_title, cache_discount_nano_usd]).toEqual([`'${HOSTILE}`, '-5']);
    }
  });

  test('JSON lines say the same, texts as they are', async () => {
    const answer = await get(`?format=jsonl&${NOVEMBER}`);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const rows = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.length).toBe(TOTAL);
    expect(rows.reduce((total, { cost_nano_usd }) => total + BigInt(cost_nano_usd as number), 0n)).toBe(sum);
    expect(new Set(rows.map(({ api_key_name }) => api_key_name))).toEqual(new Set(HOSTILE_KEYS));
  });

  test('FOCUS has a row a day, key, model and provider, all mandatory columns, and the same sum', async () => {
    const rows = readCsv(await (await get(`?format=focus&${NOVEMBER}`)).text());
    expect(Object.keys(rows[0] ?? {})).toEqual(FOCUS_COLUMNS.map(([name]) => name));
    // Two models of each key on the first day, and of one key on the second.
    expect(rows.length).toBe(HOSTILE_KEYS.length + 1);
    expect(rows.reduce((total, { x_CostNanoUsd }) => total + BigInt(x_CostNanoUsd ?? ''), 0n)).toBe(sum);
    expect(rows.reduce((total, { x_Requests }) => total + Number(x_Requests), 0)).toBe(TOTAL);
    for (const row of rows) {
      for (const column of NEVER_NULL) expect([column, row[column] === '']).toEqual([column, false]);
      expect(row).toMatchObject({ BillingCurrency: 'USD', ChargeCategory: 'Usage', ChargeClass: '' });
      expect(row['BillingPeriodStart']).toBe('2026-11-01T00:00:00Z');
      expect(row['BillingPeriodEnd']).toBe('2026-12-01T00:00:00Z');
      expect(Date.parse(row['ChargePeriodEnd'] ?? '') - Date.parse(row['ChargePeriodStart'] ?? '')).toBe(
        DAY_MS,
      );
      expect(Number(row['ListUnitPrice']) * Number(row['PricingQuantity'])).toBeCloseTo(
        Number(row['ListCost']),
        9,
      );
    }
  });

  test('a client that takes gzip gets it, with the same content', async () => {
    const gzipped = await get(`?${NOVEMBER}`, {
      headers: { 'accept-encoding': 'gzip' },
      decompress: false,
    } as RequestInit);
    expect(gzipped.headers.get('content-encoding')).toBe('gzip');
    const bytes = await gzipped.bytes();
    const plain = await (await get(`?${NOVEMBER}`, { headers: { 'accept-encoding': 'identity' } })).bytes();
    expect(gunzipSync(bytes)).toEqual(Buffer.from(plain));
    expect(bytes.length * 5).toBeLessThan(plain.length);
  });

  test('what is settled while an export runs is neither in it nor in its count', async () => {
    const answer = await get(`?format=jsonl&${NOVEMBER}`, { headers: { 'accept-encoding': 'identity' } });
    const later = { accountId, keyHash: 'f'.repeat(64), count: 50, startMs: FIRST_MS + 20 * DAY_MS };
    await addGenerations(gateway.database, later);
    const lines = (await answer.text()).trimEnd().split('\n');
    expect([lines.length, answer.headers.get('x-total-count')]).toEqual([TOTAL, String(TOTAL)]);
    expect((await get(`?format=jsonl&${NOVEMBER}`)).headers.get('x-total-count')).toBe(String(TOTAL + 50));
    await gateway.database.db
      .deleteFrom('generation_record')
      .where('key_hash', '=', 'f'.repeat(64))
      .execute();
  });

  test('what has been dropped is told of where the period has some of it', async () => {
    const { db } = gateway.database;
    const said = async () => {
      const answer = await get(`?${NOVEMBER}`);
      await answer.text();
      return answer.headers.get('x-turnpike-complete-from');
    };
    expect(await said()).toBeNull();
    const droppedMs = Date.parse('2026-11-05T00:00:00Z');
    await db
      .insertInto('carried_through')
      .values({ id: 1, dropped_before_ms: droppedMs, folded_before: '' })
      .execute();
    expect(await said()).toBe('2026-11-05T00:00:00.000Z');
    await db
      .updateTable('carried_through')
      .set({ dropped_before_ms: Date.parse('2026-11-01') })
      .execute();
    expect(await said()).toBeNull();
    await db.deleteFrom('carried_through').execute();
  });

  test('an empty period is a head without rows', async () => {
    const answer = await get('?start=2020-01-01&end=2020-02-01');
    expect([answer.headers.get('x-total-count'), readCsv(await answer.text())]).toEqual(['0', []]);
  });

  test.each([
    ['', 'start'],
    ['?start=yesterday', 'start'],
    ['?start=2026-02-30', 'start'],
    ['?start=2026-11-02&end=2026-11-01', 'end'],
    ['?start=2024-01-01&end=2026-01-01', 'end'],
    ['?start=2026-11-01&end=2026-11-02T00:00', 'end'],
    ['?start=2026-11-01&format=pdf', 'format'],
    ['?start=2026-11-01&api_key_hash=x', 'api_key_hash'],
    ['?start=2026-11-01&start=2026-11-02', 'start'],
  ])('%s is a 400 that names %s', async (query, name) => {
    const answer = await get(query);
    expect([answer.status, (await answer.text()).includes(`"${name}: `)]).toEqual([400, true]);
  });

  test('an API key is refused; members get what their own keys did, and admins everything', async () => {
    const refused = await fetch(`${gateway.baseUrl}/exports/generations?${NOVEMBER}`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect(refused.status).toBe(403);
    const owner = await signUpOwner(gateway);
    const member = await signUpMember(gateway, owner, {
      ...{ email: 'm@example.com', password: 'a long enough password', role: 'member' },
    });
    const made = await member.post('/api/dashboard/keys', { name: 'Mine' });
    await addGenerations(gateway.database, { accountId, keyHash: String(made.body['hash']), count: 2 });
    const path = `/api/dashboard/exports/generations?${NOVEMBER}`;
    expect((await owner.get(path)).headers.get('x-total-count')).toBe(String(TOTAL + 2));
    const theirs = await member.get(path);
    expect(readCsv(theirs.text).map(({ api_key_name }) => api_key_name)).toEqual(['Mine', 'Mine']);
    const foreign = await member.get(`${path}&api_key_hash=${'0'.repeat(64)}`);
    expect([foreign.status, readCsv(foreign.text)]).toEqual([200, []]);
  });

  test('a reader that stops keeps one page waiting and lets the gateway serve; one that leaves frees its place', async () => {
    const keyHash = 'e'.repeat(64);
    const count = 20_000;
    await addGenerations(gateway.database, {
      accountId,
      keyHash,
      count,
      rest: { user_agent: 'x'.repeat(500) },
    });
    const readers = [0, 1].map(() =>
      stalledReader(gateway, `start=2026-11-01&api_key_hash=${keyHash}&format=jsonl`),
    );
    const taken = await Promise.all(readers.map(({ begun }) => begun));
    expect(taken).toEqual([true, true]);
    // Both places are taken, and everything else goes on.
    expect((await get(`?${NOVEMBER}`)).status).toBe(429);
    expect((await makeKey(gateway)).hash).toMatch(/^[0-9a-f]{64}$/);
    for (const reader of readers) reader.leave();
    let status = 429;
    for (let tries = 0; status === 429 && tries < 200; tries++) {
      await Bun.sleep(25);
      const answer = await get('?start=2020-01-01&end=2020-02-01');
      await answer.text();
      ({ status } = answer);
    }
    expect(status).toBe(200);
    expect(gateway.logLines.some((line) => line.includes('export_failed'))).toBe(false);
  });
});

/** Of FOCUS 1.2: the mandatory columns that a charge for usage may not leave empty. */
const NEVER_NULL = [
  ...['BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingCurrency', 'BillingPeriodEnd'],
  ...['BillingPeriodStart', 'ChargeCategory', 'ChargeDescription', 'ChargePeriodEnd', 'ChargePeriodStart'],
  ...['ContractedCost', 'EffectiveCost', 'InvoiceIssuerName', 'ListCost', 'PricingQuantity', 'PricingUnit'],
  ...['ProviderName', 'PublisherName', 'ServiceCategory', 'ServiceName'],
];

/** Takes the head and a little of the body, and then nothing more. */
function stalledReader(gateway: TestGateway, query: string) {
  const { hostname, port } = new URL(gateway.url);
  const begun = Promise.withResolvers<boolean>();
  const socket = connect(Number(port), hostname, () => {
    socket.write(
      `GET /api/v1/exports/generations?${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.managementKey}\r\n\r\n`,
    );
  });
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    socket.pause();
    begun.resolve(bytes.toString().startsWith('HTTP/1.1 200'));
  });
  return { begun: begun.promise, leave: () => socket.destroy() };
}
