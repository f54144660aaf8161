import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { EndpointStatistics, LISTED_MINUTES, QUANTILES, ROUTING_MINUTES } from './statistics.ts';

const MINUTE_MS = 60_000;
const NOON_MS = Date.parse('2026-11-20T12:00:00Z');
/** Four steps to each doubling: a figure is off by half a step at most. */
const TOLERANCE = 2 ** (1 / 8) * 1.001;

test('quantiles are those of what was measured, to within a tenth', () => {
  const seconds = fc.double({ min: 0.001, max: 600, noNaN: true });
  fc.assert(
    fc.property(fc.array(seconds, { minLength: 1, maxLength: 200 }), (measured) => {
      const statistics = new EndpointStatistics();
      for (const [at, latency] of measured.entries())
        statistics.answered(latency * 1000, 1 / latency, NOON_MS + (at % ROUTING_MINUTES) * MINUTE_MS);
      const nowMs = NOON_MS + (ROUTING_MINUTES - 1) * MINUTE_MS;
      const ascending = measured.toSorted((a, b) => a - b);
      for (const quantile of QUANTILES) {
        const share = Number(quantile.slice(1)) / 100;
        const truth = ascending[Math.max(1, Math.ceil(ascending.length * share)) - 1] ?? 0;
        const known = [
          statistics.latencySeconds(ROUTING_MINUTES, nowMs)?.[quantile] ?? 0,
          1 / (statistics.tokensPerSecond(ROUTING_MINUTES, nowMs)?.[quantile] ?? 0),
        ];
        for (const figure of known) {
          expect(figure).toBeLessThanOrEqual(truth * TOLERANCE);
          expect(figure).toBeGreaterThanOrEqual(truth / TOLERANCE);
        }
      }
    }),
  );
});

test('what is longer ago than asked for does not count, and is forgotten', () => {
  const statistics = new EndpointStatistics();
  statistics.answered(100, 50, NOON_MS);
  statistics.failed(NOON_MS);
  const uptime = (minutes: number, laterMinutes: number) =>
    statistics.uptime(minutes, NOON_MS + laterMinutes * MINUTE_MS).requests;
  expect([uptime(ROUTING_MINUTES, 4), uptime(ROUTING_MINUTES, 5)]).toEqual([2, 0]);
  expect([uptime(LISTED_MINUTES, 29), uptime(LISTED_MINUTES, 30)]).toEqual([2, 0]);
  expect(statistics.latencySeconds(ROUTING_MINUTES, NOON_MS + 5 * MINUTE_MS)).toBeNull();
  expect(statistics.uptimeOfDay(NOON_MS + 23 * 60 * MINUTE_MS)).toEqual({ requests: 2, share: 0.5 });
  expect(statistics.uptimeOfDay(NOON_MS + 24 * 60 * MINUTE_MS)).toEqual({ requests: 0, share: 1 });
  // The same slot of the ring, half an hour later.
  statistics.answered(null, null, NOON_MS + LISTED_MINUTES * MINUTE_MS);
  expect(uptime(LISTED_MINUTES, LISTED_MINUTES)).toBe(1);
});

test('a clock that was set back finds nothing of the future', () => {
  const statistics = new EndpointStatistics();
  statistics.failed(NOON_MS + 10 * MINUTE_MS);
  expect(statistics.uptime(LISTED_MINUTES, NOON_MS)).toEqual({ requests: 0, share: 1 });
});
