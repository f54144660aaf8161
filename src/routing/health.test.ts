import { expect, test } from 'bun:test';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { refused } from './__fixtures__/scripted.ts';
import { EndpointHealth } from './health.ts';

const candidate = { model: modelOf(), endpoint: endpointOf({ provider: providerOf() }) };
const NOW_MS = 10_000_000;

test('an outage lasts half a minute, or as long as the provider says', () => {
  for (const [retryAfterSeconds, lastsMs] of [
    [null, 30_000],
    [5, 30_000],
    [90, 90_000],
  ] as const) {
    const health = new EndpointHealth();
    health.failed(candidate, refused(503, { retryAfterSeconds }), NOW_MS);
    expect(health.standingOf(candidate, NOW_MS + lastsMs - 1)).toBe('down');
    expect(health.isUnstable(candidate, NOW_MS + lastsMs)).toBe(false);
  }
});

test('an outage is over where the clock was set back since', () => {
  const health = new EndpointHealth();
  health.failed(candidate, refused(503), NOW_MS);
  expect(health.isUnstable(candidate, NOW_MS - 3_600_000)).toBe(false);
  expect(health.isUnstable(candidate, NOW_MS)).toBe(true);
});

test('what is about the operator’s key counts against the uptime and is no outage; a limit and the caller’s own fault are neither', () => {
  const health = new EndpointHealth();
  for (const status of [401, 402, 403, 429, 400]) health.failed(candidate, refused(status), NOW_MS);
  expect(health.isUnstable(candidate, NOW_MS)).toBe(false);
  expect(health.statisticsOf(candidate)?.uptime(5, NOW_MS)).toEqual({ requests: 3, share: 0 });
});

test('an endpoint of which every key sits out stands last, and is told so', () => {
  let sitsOut = true;
  const health = new EndpointHealth(() => sitsOut);
  expect([health.standingOf(candidate, NOW_MS), health.isUnstable(candidate, NOW_MS)]).toEqual([
    'down',
    true,
  ]);
  sitsOut = false;
  expect(health.standingOf(candidate, NOW_MS)).toBe('well');
});
