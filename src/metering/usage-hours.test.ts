import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { generationOf, split } from '../../test/generations.ts';
import type { Generation } from './generation.ts';
import {
  BOUNDS_MS,
  BUCKETS,
  bucketOf,
  DURATION_COLUMNS,
  LATENCY_COLUMNS,
  percentileMs,
} from './histogram.ts';
import { endFiguresIn, endFiguresOf, endMembers, startMembers } from './members.ts';
import { HourlySums, seriesOf } from './usage-hours.ts';

const AT_MS = Date.parse('2026-11-20T12:34:56Z');
const series = (more: Partial<Generation> = {}) => ({
  row: seriesOf({ accountId: 'a', keyHash: 'k', model: 'acme/small', isByok: 0 }, more),
  tags: [],
});
const nothing = endFiguresOf({});

test('figures are read from members whatever callers and providers write around them', () => {
  const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 40 }));
  const hostile = fc.constantFrom(
    ...['', '"prompt_tokens":9', '\\"cancelled":1', ',"attempts":', '{"finish_reason":"error"}', '\\', 'ä"'],
  );
  const text = fc.oneof(hostile, fc.string());
  const members = fc.record({
    ...{ prompt_tokens: count, completion_tokens: count, reasoning_tokens: count, cached_tokens: count },
    ...{ cache_write_tokens: count, latency_ms: fc.option(count), generation_time_ms: fc.option(count) },
    cache_discount_nano_usd: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    ...{
      session_id: text,
      tags: text,
      upstream_id: text,
      native_finish_reason: text,
      agent_id: fc.option(text),
    },
    finish_reason: fc.constantFrom('stop', 'error', null),
    cancelled: fc.constantFrom<0 | 1>(0, 1),
    attempts: fc.constantFrom('[]', '[{"provider":"A","tag":"a","model":"m","status":null,"latency_ms":77}]'),
  });
  fc.assert(
    fc.property(members, (given) => {
      const { start, end } = split(generationOf(given));
      const own = startMembers(start) + endMembers(end);
      expect(endFiguresIn(own)).toEqual(endFiguresOf(JSON.parse(`{${own}}`)));
      expect(endFiguresIn(own).prompt_tokens).toBe(given.prompt_tokens);
    }),
  );
});

test('requests add up by the hour in which they began, and by how they ended', () => {
  const sums = new HourlySums();
  const one = series();
  sums.add(one, AT_MS, 5n, { ...nothing, prompt_tokens: 3, latency_ms: 25, generation_time_ms: 40 });
  sums.add(one, AT_MS + 1, 7n, { ...nothing, prompt_tokens: 4, latency_ms: 31 });
  sums.add(one, AT_MS, 0n, { ...nothing, hasFailed: true });
  sums.add(one, AT_MS + 3_600_000, 1n, { ...nothing, isCancelled: true });
  const { hours } = sums.totals;
  expect(
    hours.map(({ hour_ms, outcome, requests, cost_nano_usd }) => [hour_ms, outcome, requests, cost_nano_usd]),
  ).toEqual([
    [Date.parse('2026-11-20T12:00:00Z'), 'complete', 2, 12n],
    [Date.parse('2026-11-20T12:00:00Z'), 'failed', 1, 0n],
    [Date.parse('2026-11-20T13:00:00Z'), 'cancelled', 1, 1n],
  ]);
  expect(hours[0]).toMatchObject({
    ...{ prompt_tokens: 7, latency_count: 2, latency_sum_ms: 56, duration_count: 1, duration_sum_ms: 40 },
    ...{ latency_b01: 1, latency_b02: 1, duration_b02: 1 },
  });
});

test('two contexts of one series are one row, whatever of them differs', () => {
  const sums = new HourlySums();
  sums.add(series({ user_agent: 'a', http_referer: 'https://app.example/one' }), AT_MS, 1n, nothing);
  sums.add(series({ user_agent: 'b', http_referer: 'https://app.example/two?q' }), AT_MS, 1n, nothing);
  sums.add(series({ http_referer: 'https://other.example' }), AT_MS, 1n, nothing);
  const { hours, series: known } = sums.totals;
  expect(hours.map(({ requests }) => requests).sort()).toEqual([1, 2]);
  expect(known.map(({ app_url }) => app_url).sort()).toEqual([
    'https://app.example',
    'https://other.example',
  ]);
});

test('an absurd count adds no more than the sum of an hour can hold', () => {
  const sums = new HourlySums();
  const absurd = {
    ...nothing,
    prompt_tokens: Number.MAX_SAFE_INTEGER,
    completion_tokens: -5,
    latency_ms: 1e15,
  };
  for (let n = 0; n < 2000; n += 1) sums.add(series(), AT_MS, 0n, absurd);
  expect(sums.totals.hours[0]).toMatchObject({
    prompt_tokens: 2e13,
    completion_tokens: 0,
    latency_b23: 2000,
  });
});

test('a percentile is within its bucket of the true one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 150_000 }), { minLength: 1 }),
      fc.constantFrom(0.5, 0.95),
      (times, share) => {
        const counts = Array.from({ length: BUCKETS }, () => 0);
        for (const ms of times) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1;
        const sorted = times.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        const bucket = bucketOf(exact);
        const estimate = percentileMs(counts, share) ?? -1;
        expect(estimate).toBeGreaterThanOrEqual(BOUNDS_MS[bucket - 1] ?? 0);
        expect(estimate).toBeLessThanOrEqual(BOUNDS_MS[bucket] ?? 0);
      },
    ),
  );
  expect(percentileMs([], 0.5)).toBeNull();
  expect([LATENCY_COLUMNS.length, DURATION_COLUMNS.length]).toEqual([BUCKETS, BUCKETS]);
});
