import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  beginningOf,
  DAY_MS,
  HOUR_MS,
  instantOf,
  isTimeZone,
  offsetMsAt,
  offsetsBetween,
} from './time-zone.ts';

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const ZONES = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe'],
  ...['Pacific/Apia', 'America/Sao_Paulo', 'Asia/Beirut', 'America/Havana', 'Africa/Casablanca'],
];

describe('where a day begins', () => {
  test.each([
    // Berlin's longest and shortest day of the year.
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['Asia/Kolkata', '2026-11-20T18:29:59Z', '2026-11-19T18:30:00Z', '2026-11-20T18:30:00Z'],
    // Clocks here were set from midnight to one o'clock: the day began with the latter.
    ['America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
    // And here from one o'clock to midnight: the day began the first time.
    ['America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    // The 30th of December 2011 never came.
    ['Pacific/Apia', '2011-12-31T12:00:00Z', '2011-12-31T10:00:00Z', '2012-01-01T10:00:00Z'],
  ])('in %s, of %s', (zone, moment, begins, ends) => {
    expect(iso(beginningOf(zone, 'day', at(moment)))).toBe(begins);
    expect(iso(beginningOf(zone, 'day', at(moment), 1))).toBe(ends);
  });

  test('weeks begin on Monday and months on the first, by the clocks there', () => {
    const sunday = at('2026-11-01T23:30:00Z');
    expect(iso(beginningOf('UTC', 'week', sunday))).toBe('2026-10-26T00:00:00Z');
    expect(iso(beginningOf('Europe/Berlin', 'week', sunday))).toBe('2026-11-01T23:00:00Z');
    expect(iso(beginningOf('America/New_York', 'month', at('2026-11-01T03:00:00Z')))).toBe(
      '2026-10-01T04:00:00Z',
    );
    expect(iso(beginningOf('Asia/Kolkata', 'month', sunday, -12))).toBe('2025-10-31T18:30:00Z');
  });
});

test('a moment lies in the day that begins before it and ends after it, in every zone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: at('2016-01-01T00:00:00Z'), max: at('2036-01-01T00:00:00Z') }),
      (zone, moment) => {
        for (const unit of ['day', 'week', 'month'] as const) {
          const begins = beginningOf(zone, unit, moment);
          expect(begins).toBeLessThanOrEqual(moment);
          expect(beginningOf(zone, unit, moment, 1)).toBeGreaterThan(moment);
          expect(beginningOf(zone, unit, begins)).toBe(begins);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('what clocks show leads back to the moment, but for the hour that they show twice', () => {
  const twice = at('2026-10-25T01:30:00Z');
  expect(instantOf('Europe/Berlin', twice + offsetMsAt('Europe/Berlin', twice))).toBe(twice - HOUR_MS);
  const once = at('2026-07-01T10:20:30Z');
  expect(instantOf('Europe/Berlin', once + offsetMsAt('Europe/Berlin', once))).toBe(once);
});

test('the offsets of a year change when clocks are set, and at no other moment', () => {
  const spans = offsetsBetween('Europe/Berlin', at('2026-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z'));
  expect(spans.map(({ offsetMs, untilMs }) => [offsetMs / HOUR_MS, untilMs && iso(untilMs)])).toEqual([
    [1, '2026-03-29T01:00:00Z'],
    [2, '2026-10-25T01:00:00Z'],
    [1, null],
  ]);
  expect(offsetsBetween('Asia/Kolkata', 0, 30 * DAY_MS).length).toBe(1);
});

test.each([
  ['UTC', true],
  ['Europe/Berlin', true],
  ['America/Argentina/ComodRivadavia', true],
  ['Etc/GMT+5', true],
  ['Europe/Atlantis', false],
  ['+05:30', false],
  ['', false],
  ['../../etc/passwd', false],
  ["Europe/Berlin'; --", false],
])('%p is the name of a zone: %p', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
