import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import { type DayCount, FreeRequests } from './free-requests.ts';

const NOON_MS = Date.parse('2026-11-20T12:00:00Z');
const MINUTE_MS = 60_000;

type Limits = ConstructorParameters<typeof FreeRequests>[0]['limits'];
const limits = {
  freeRequestsPerMinute: 20,
  freeRequestsPerDay: 50,
  freeRequestsPerDayWithCredits: 1000,
} as Limits;

const TODAY = '2026-11-20';

interface Counted {
  purchasedNanoUsd?: bigint;
  usedToday?: number;
  readAgain?: () => Promise<DayCount[]>;
}

function counter({ purchasedNanoUsd = 0n, usedToday = 0, readAgain }: Counted = {}): FreeRequests {
  return new FreeRequests({
    ...{ limits, purchasedNanoUsd, readAgain, nowMs: NOON_MS },
    stored: [{ windowId: TODAY, requests: usedToday }],
  });
}

function refusal(free: FreeRequests, nowMs: number): TurnpikeError {
  try {
    free.take(nowMs);
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
  }
  throw new Error('it was let through');
}

/** As many as the minute allows, minute by minute. */
function takeSlowly(free: FreeRequests, count: number): number {
  let nowMs = NOON_MS;
  for (let taken = 0; taken < count; taken++) {
    nowMs = NOON_MS + Math.floor(taken / 20) * MINUTE_MS;
    free.take(nowMs);
  }
  return nowMs + MINUTE_MS;
}

test('twenty requests pass within a minute, and the next is told to the second when it may come back', () => {
  const free = counter();
  for (let taken = 0; taken < 20; taken++) free.take(NOON_MS + taken * 1000);
  const error = refusal(free, NOON_MS + 19_500);
  const resetMs = NOON_MS + MINUTE_MS;
  const headers = {
    'X-RateLimit-Limit': '20',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(resetMs),
  };
  expect([error.status, error.message]).toEqual([429, 'Rate limit exceeded: free-models-per-min']);
  expect(error.retryAfterSeconds).toBe(41);
  expect(error.headers).toEqual(headers);
  expect(error.metadata).toMatchObject({ limit_source: 'openrouter_free_tier_minute', headers });
  refusal(free, resetMs - 1);
  free.take(resetMs);
  refusal(free, resetMs);
});

test('refused requests count neither against the minute nor against the day', () => {
  const free = counter();
  for (let taken = 0; taken < 20; taken++) free.take(NOON_MS);
  for (let tried = 0; tried < 100; tried++) refusal(free, NOON_MS + tried);
  expect(free.today(NOON_MS)).toEqual({ limit: 50, used: 20 });
  free.take(NOON_MS + MINUTE_MS);
});

test('fifty a day without credits bought; the fifty-first names the day and its end', () => {
  const free = counter();
  const nowMs = takeSlowly(free, 50);
  const error = refusal(free, nowMs);
  expect(error.message).toBe('Rate limit exceeded: free-models-per-day');
  expect(error.metadata['limit_source']).toBe('openrouter_free_tier_daily');
  expect(error.headers['X-RateLimit-Reset']).toBe(String(Date.parse('2026-11-21T00:00:00Z')));
  expect(error.headers['X-RateLimit-Limit']).toBe('50');
});

test('what an earlier process counted today is counted on', () => {
  const free = counter({ usedToday: 49 });
  free.take(NOON_MS);
  expect(refusal(free, NOON_MS + MINUTE_MS).message).toContain('per-day');
});

test('the higher ceiling holds from nine credits bought, at once', () => {
  const free = counter({ usedToday: 50, purchasedNanoUsd: 8_999_999_999n });
  refusal(free, NOON_MS);
  free.purchasedNanoUsd = 9_000_000_000n;
  free.take(NOON_MS);
  expect(free.today(NOON_MS)).toEqual({ limit: 1000, used: 51 });
  const spent = counter({ usedToday: 1000, purchasedNanoUsd: 9_000_000_000n });
  expect(refusal(spent, NOON_MS).message).toBe('Rate limit exceeded: free-models-per-day-high-balance');
});

test('the day turns at UTC midnight, the minute does not', () => {
  const free = counter({ usedToday: 30 });
  const midnightMs = Date.parse('2026-11-21T00:00:00Z');
  for (let taken = 0; taken < 20; taken++) free.take(midnightMs - 1);
  expect(refusal(free, midnightMs).message).toContain('per-min');
  expect(free.today(midnightMs)).toEqual({ limit: 50, used: 0 });
  free.take(midnightMs - 1 + MINUTE_MS);
  expect(free.today(midnightMs + MINUTE_MS).used).toBe(1);
});

test('a clock that is set back over midnight grants no second day, however far off it was meanwhile', () => {
  const free = counter({ usedToday: 30 });
  let nowMs = takeSlowly(free, 20);
  const midnightMs = Date.parse('2026-11-21T00:00:00Z');
  for (const days of [0, -300, -400, -500]) {
    free.take(midnightMs + days * 86_400_000);
    nowMs += MINUTE_MS;
    expect(refusal(free, nowMs).message).toContain('per-day');
  }
  expect(free.today(midnightMs).used).toBe(1);
});

describe('on several nodes', () => {
  test('what the others served is read again while the limit is used, and counts beside what is unflushed here', async () => {
    let requests = 0;
    let reads = 0;
    const readAgain = async () => {
      reads += 1;
      return [{ windowId: TODAY, requests }];
    };
    const free = counter({ readAgain });
    free.take(NOON_MS);
    free.take(NOON_MS + 1999);
    expect(reads).toBe(0);
    requests = 45;
    free.take(NOON_MS + 2000);
    await Bun.sleep(0);
    expect([reads, free.today(NOON_MS + 2000).used]).toEqual([1, 48]);
    free.flushed(TODAY, 2);
    free.flushed('all', 2);
    expect(free.today(NOON_MS + 2000).used).toBe(48);
    requests = 47;
    free.take(NOON_MS + 4000);
    await Bun.sleep(0);
    expect([reads, free.today(NOON_MS + 4000).used]).toEqual([2, 49]);
    requests = 48;
    free.take(NOON_MS + 6000);
    await Bun.sleep(0);
    expect(refusal(free, NOON_MS + 6001).message).toContain('per-day');
  });

  test('a node that cannot read goes by what it knows, and asks again', async () => {
    let isDown = true;
    const readAgain = async () => {
      if (isDown) throw new Error('the database is gone');
      return [{ windowId: TODAY, requests: 50 }];
    };
    const free = counter({ readAgain });
    free.take(NOON_MS + 2000);
    await Bun.sleep(0);
    free.take(NOON_MS + 3000);
    isDown = false;
    free.take(NOON_MS - 60_000);
    await Bun.sleep(0);
    expect(refusal(free, NOON_MS + MINUTE_MS).message).toContain('per-day');
  });
});
