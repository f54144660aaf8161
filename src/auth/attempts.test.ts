import { describe, expect, test } from 'bun:test';
import { engines, rejectionOf } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { createAttempts, forgetOldAttempts, sourceOf } from './attempts.ts';

const RULE = { max: 3, windowMs: 60_000 };
const masterKey = new Uint8Array(32).fill(7);

describe.each(engines.map((engine) => [engine.name, engine] as const))('on %s', (_name, engine) => {
  test('attempts are refused over the maximum until the window ends, and the refusal says when', async () => {
    const { database, dispose } = await engine.open();
    const clock = new ManualClock(1_700_000_000_000);
    const attempts = createAttempts({ database, clock, masterKey });
    for (let count = 0; count < RULE.max; count++) await attempts.count('sign-in a@example.com', RULE);
    clock.advance(10_000);
    const refusal = await rejectionOf(attempts.count('sign-in a@example.com', RULE));
    expect(refusal).toBeInstanceOf(TurnpikeError);
    expect(refusal).toMatchObject({ status: 429, code: 'rate_limit_exceeded', retryAfterSeconds: 50 });
    await attempts.count('sign-in b@example.com', RULE);
    clock.advance(50_000);
    await attempts.count('sign-in a@example.com', RULE);
    await dispose();
  });

  test('attempts at the same moment are all counted', async () => {
    const { database, dispose } = await engine.open();
    const twins = [1, 2].map(() => createAttempts({ database, clock: new ManualClock(1000), masterKey }));
    const tries = Array.from({ length: 20 }, (_, index) => twins[index % 2]?.count('code', RULE));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(RULE.max);
    await dispose();
  });

  test('a success forgets the attempts before it, and time those whose window is over', async () => {
    const { database, dispose } = await engine.open();
    const clock = new ManualClock(1000);
    const attempts = createAttempts({ database, clock, masterKey });
    for (let count = 0; count < RULE.max; count++) await attempts.count('password', RULE);
    await attempts.forget('password');
    await attempts.count('password', RULE);
    await forgetOldAttempts({ database, clock });
    const kept = await database.db.selectFrom('attempt_count').selectAll().execute();
    expect(kept.map((row) => row.attempts)).toEqual([1]);
    expect(JSON.stringify(kept)).not.toContain('password');
    clock.advance(RULE.windowMs);
    await forgetOldAttempts({ database, clock });
    expect(await database.db.selectFrom('attempt_count').selectAll().execute()).toEqual([]);
    await dispose();
  });
});

test('an IPv6 address counts as its network, an IPv4 address as itself', () => {
  expect(sourceOf('192.0.2.7')).toBe('192.0.2.7');
  expect(sourceOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(sourceOf('2001:0DB8:0001:0002::9')).toBe('2001:db8:1:2::/64');
  expect(sourceOf('::1')).toBe('0:0:0:0::/64');
  expect(sourceOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});
