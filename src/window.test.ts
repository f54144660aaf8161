import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { kindOfWindow, windowEndMs, windowId, windowIds, windowIdsNear } from './window.ts';

const DAY_MS = 86_400_000;

/** ISO 8601 by its definition: week 1 is the one with 4 January, found by walking day by day. */
function slowWeekId(nowMs: number): string {
  const day = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const weekday = (ms: number) => new Date(ms).getUTCDay() || 7;
  let monday = day;
  while (weekday(monday) !== 1) monday -= DAY_MS;
  for (const year of [1, 0, -1].map((step) => new Date(day).getUTCFullYear() + step)) {
    let first = Date.UTC(year, 0, 4);
    while (weekday(first) !== 1) first -= DAY_MS;
    if (first <= monday) return `${year}-W${String((monday - first) / DAY_MS / 7 + 1).padStart(2, '0')}`;
  }
  throw new Error('unreachable');
}

const instant = fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2400, 0, 1) });

test('ids agree with a slow reading of the calendar', () => {
  fc.assert(
    fc.property(instant, (nowMs) => {
      const iso = new Date(nowMs).toISOString();
      const weekly = slowWeekId(nowMs);
      expect(windowIds(nowMs)).toEqual({
        all: 'all',
        daily: iso.slice(0, 10),
        weekly,
        monthly: iso.slice(0, 7),
      });
    }),
    { numRuns: 1000 },
  );
});

test('near an instant are the windows of its day, of the day before and of the day after', () => {
  const ids = (iso: string) => [...windowIdsNear(Date.parse(iso))].sort();
  expect(ids('2026-11-18T12:00:00Z')).toEqual([
    '2026-11',
    '2026-11-17',
    '2026-11-18',
    '2026-11-19',
    '2026-W47',
    'all',
  ]);
  expect(ids('2026-06-01T00:00:00Z')).toEqual([
    '2026-05',
    '2026-05-31',
    '2026-06',
    '2026-06-01',
    '2026-06-02',
    '2026-W22',
    '2026-W23',
    'all',
  ]);
});

test('the end of a window is the first instant with another id', () => {
  fc.assert(
    fc.property(instant, fc.constantFrom('daily', 'weekly', 'monthly'), (nowMs, kind) => {
      const endMs = windowEndMs(kind, nowMs)!;
      expect(endMs).toBeGreaterThan(nowMs);
      expect(windowId(kind, endMs - 1)).toBe(windowId(kind, nowMs));
      expect(windowId(kind, endMs)).not.toBe(windowId(kind, nowMs));
    }),
  );
  expect(windowEndMs('all', 0)).toBeNull();
});

test('weeks turn on Monday, months in February, and years with their Thursday', () => {
  const at = (iso: string) => windowIds(Date.parse(iso));
  expect(at('2026-11-22T23:59:59.999Z').weekly).toBe('2026-W47');
  expect(at('2026-11-23T00:00:00.000Z').weekly).toBe('2026-W48');
  expect(at('2027-01-03T12:00:00Z').weekly).toBe('2026-W53');
  expect(at('2024-12-30T00:00:00Z').weekly).toBe('2025-W01');
  expect(at('2028-02-29T23:59:59.999Z')).toMatchObject({ daily: '2028-02-29', monthly: '2028-02' });
  expect(windowEndMs('monthly', Date.parse('2028-02-29T12:00:00Z'))).toBe(Date.UTC(2028, 2, 1));
});

test('every window tells its kind by its id', () => {
  for (const [kind, id] of Object.entries(windowIds(Date.parse('2026-11-20T12:00:00Z'))))
    expect(kindOfWindow(id) as string).toBe(kind);
});
