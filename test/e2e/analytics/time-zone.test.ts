/** The pages' days, weeks and months are those of the organisation's zone; the API's are UTC's. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Clock } from '../../../src/clock.ts';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

/** Around the end of summer time in New York, 2026-11-01T06:00:00Z. */
const ASKED = [
  '2026-10-31T03:30:00Z',
  '2026-11-01T03:30:00Z',
  '2026-11-01T04:10:00Z',
  '2026-11-01T05:30:00Z',
  '2026-11-01T06:30:00Z',
  '2026-11-02T04:30:00Z',
  '2026-11-02T05:00:00Z',
  '2026-11-02T18:20:00Z',
  '2026-11-02T19:10:00Z',
];
const RANGE = { start: '2026-10-01T00:00:00Z', end: '2026-12-01T00:00:00Z' };

describe.each(engines)('on $name', ({ name: engine }) => {
  let offsetMs = 0;
  const clock: Clock = { nowMs: () => Date.now() + offsetMs };
  let gateway: TestGateway;
  let owner: Visitor;
  beforeAll(async () => {
    const setClock = (iso: string) => {
      offsetMs = Date.parse(iso) - Date.now();
    };
    setClock('2026-10-31T03:00:00Z');
    gateway = await startGateway({ engine, clock });
    for (const iso of ASKED) {
      setClock(iso);
      const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'one' }] }),
      });
      expect([iso, answer.status]).toEqual([iso, 200]);
      await answer.text();
    }
    setClock('2026-11-03T12:00:00Z');
    owner = await signUpOwner(gateway);
  });
  afterAll(() => gateway?.stop());

  async function figures(zone: string, granularity: string): Promise<Record<string, number>> {
    expect((await owner.send('PATCH', '/api/dashboard/organisation', { time_zone: zone })).status).toBe(200);
    const body = { metrics: ['request_count'], granularity, time_range: RANGE };
    const { body: answer } = await owner.post('/api/dashboard/analytics/query', body);
    return rowsOf(answer['data'], granularity);
  }

  function rowsOf(rows: unknown, granularity: string): Record<string, number> {
    return Object.fromEntries(
      (rows as Record<string, string | number>[]).map((row) => [
        String(row[`date__${granularity}`]).replace('.000Z', 'Z'),
        Number(row['request_count']),
      ]),
    );
  }

  test('a day of 25 hours has all of them', async () => {
    expect(await figures('America/New_York', 'day')).toEqual({
      '2026-10-30T04:00:00Z': 1,
      '2026-10-31T04:00:00Z': 1,
      '2026-11-01T04:00:00Z': 4,
      '2026-11-02T05:00:00Z': 3,
    });
  });

  test('of a zone that is off by half an hour, a day has the hours that begin in it', async () => {
    expect(await figures('Asia/Kolkata', 'day')).toEqual({
      '2026-10-30T18:30:00Z': 1,
      '2026-10-31T18:30:00Z': 4,
      // 18:20 UTC is 23:50 there, and so is told; 19:10 is the next day.
      '2026-11-01T18:30:00Z': 3,
      '2026-11-02T18:30:00Z': 1,
    });
  });

  test('weeks and months are cut by it too, hours are everywhere the same', async () => {
    expect(await figures('America/New_York', 'week')).toEqual({
      '2026-10-26T04:00:00Z': 6,
      '2026-11-02T05:00:00Z': 3,
    });
    expect(await figures('America/New_York', 'month')).toEqual({
      '2026-10-01T04:00:00Z': 2,
      '2026-11-01T04:00:00Z': 7,
    });
    expect(await figures('Asia/Kolkata', 'hour')).toEqual(await figures('UTC', 'hour'));
  });

  test('the API goes on in UTC', async () => {
    await owner.send('PATCH', '/api/dashboard/organisation', { time_zone: 'America/New_York' });
    const answer = await fetch(`${gateway.baseUrl}/analytics/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ metrics: ['request_count'], granularity: 'day', time_range: RANGE }),
    });
    const { data } = (await answer.json()) as { data: { data: unknown } };
    expect(rowsOf(data.data, 'day')).toEqual({
      '2026-10-31T00:00:00Z': 1,
      '2026-11-01T00:00:00Z': 4,
      '2026-11-02T00:00:00Z': 4,
    });
  });
});
