import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ManualClock } from '../clock.ts';
import { type WindowKind, windowId } from '../window.ts';
import { Hold } from './hold.ts';
import { Scope } from './scope.ts';
import type { ScopeLimit } from './scope-kind.ts';
import { keyLimit } from './scope-kinds/key-limit.ts';
import type { Spent } from './store.ts';

const KINDS: readonly WindowKind[] = ['all', 'daily', 'weekly', 'monthly'];
const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-11-20T12:00:00Z');

function scopeOf(
  options: { windowKind?: WindowKind; settled?: Map<string, Spent>; isShared?: boolean } = {},
): Scope {
  return new Scope({
    kind: 'key',
    id: 'k',
    refusal: keyLimit.refusal,
    limit: limitOf(1000n, options.windowKind ?? 'all'),
    settled: options.settled ?? new Map(),
    isShared: options.isShared ?? false,
  });
}

function limitOf(limitNanoUsd: bigint | null, windowKind: WindowKind, countsByok = false): ScopeLimit {
  return { limitNanoUsd, windowKind, countsByok };
}

/** What a scope should say, kept in the plainest way: every hold and every settled cost in a list, summed up when asked. */
class Ledger {
  limit: bigint | null = 1000n;
  windowKind: WindowKind = 'all';
  readonly settled: { atMs: number; cost: bigint }[] = [];
  readonly open = new Set<{ atMs: number; amount: bigint; hold: Hold }>();

  sums(nowMs: number): { settled: bigint; held: bigint } {
    const id = windowId(this.windowKind, nowMs);
    const isHere = ({ atMs }: { atMs: number }) => windowId(this.windowKind, atMs) === id;
    return {
      settled: this.settled.filter(isHere).reduce((sum, { cost }) => sum + cost, 0n),
      held: [...this.open].filter(isHere).reduce((sum, { amount }) => sum + amount, 0n),
    };
  }
}

interface World {
  clock: ManualClock;
  scopes: Scope[];
  ledgers: Ledger[];
  /** Set once a limit was lowered or a window changed: then what is spent may be above it. */
  tightened: boolean;
}

type Step = (world: World) => void;

const nth = <T>(items: Iterable<T>, at: number): T | undefined => {
  const all = [...items];
  return all[at % Math.max(1, all.length)];
};

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.bigInt(0n, 400n).map(
      (amount): Step =>
        ({ clock, scopes, ledgers }) => {
          const nowMs = clock.nowMs();
          const fits = scopes.every((scope) => {
            const available = scope.availableNanoUsd(nowMs);
            return available === null || amount <= available;
          });
          if (!fits) return;
          const taken = { atMs: nowMs, amount, hold: new Hold(scopes, amount, nowMs) };
          for (const ledger of ledgers) ledger.open.add(taken);
        },
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(20), fc.nat(100)).map(
      ([at, percent]): Step =>
        ({ ledgers }) => {
          const ended = nth(ledgers[0]!.open, at);
          if (ended === undefined) return;
          const cost = (ended.amount * BigInt(percent)) / 100n;
          if (percent === 0) ended.hold.release();
          else ended.hold.post(cost);
          expect(() => ended.hold.post(1n)).toThrow('exactly once');
          expect(() => ended.hold.release()).toThrow('exactly once');
          for (const ledger of ledgers) {
            ledger.open.delete(ended);
            ledger.settled.push({ atMs: ended.atMs, cost });
          }
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, DAY_MS / 2, DAY_MS, 7 * DAY_MS, 31 * DAY_MS).map(
      (ms): Step =>
        ({ clock }) =>
          clock.advance(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(1), fc.option(fc.bigInt(0n, 3000n)), fc.constantFrom(...KINDS)).map(
      ([which, limit, kind]): Step =>
        (world) => {
          const [scope, ledger] = [world.scopes[which]!, world.ledgers[which]!];
          scope.limit = limitOf(limit, kind);
          ledger.limit = limit;
          ledger.windowKind = kind;
          const { settled, held } = ledger.sums(world.clock.nowMs());
          if (limit !== null && settled + held > limit) world.tightened = true;
        },
    ),
  },
);

test('whatever is held, posted, released, changed or outlived, a scope says what a plain list of it all says, and stays within its limit', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (sequence) => {
      const world: World = {
        clock: new ManualClock(START_MS),
        scopes: [scopeOf(), scopeOf()],
        ledgers: [new Ledger(), new Ledger()],
        tightened: false,
      };
      for (const step of sequence) {
        step(world);
        const nowMs = world.clock.nowMs();
        for (const [at, scope] of world.scopes.entries()) {
          const ledger = world.ledgers[at]!;
          const { settled, held } = ledger.sums(nowMs);
          expect([scope.settledNanoUsd(nowMs), scope.heldNanoUsd(nowMs)]).toEqual([settled, held]);
          expect(scope.availableNanoUsd(nowMs)).toBe(
            ledger.limit === null ? null : ledger.limit - settled - held,
          );
          if (ledger.limit !== null && !world.tightened) expect(settled + held <= ledger.limit).toBe(true);
        }
      }
      expect(world.scopes[0]!.hasHolds()).toBe([...world.ledgers[0]!.open].some(({ amount }) => amount > 0n));
    }),
    { numRuns: 300 },
  );
});

test('a month is counted from its first day to its last, however many days and weeks pass in it', () => {
  // The order in which a database returns the rows of a scope is its own affair.
  const ids = ['2026-10', '2026-10-01', '2026-W40', 'all'];
  const firstMs = Date.parse('2026-10-01T00:00:00Z');
  const settled = new Map(ids.map((id) => [id, { costNanoUsd: 5n, byokNanoUsd: 0n }]));
  const scope = scopeOf({ windowKind: 'monthly', settled });
  for (let day = 0; day < 31; day++) new Hold([scope], 10n, firstMs + day * DAY_MS).post(10n);
  const lastMs = firstMs + 30 * DAY_MS;
  expect(scope.settledNanoUsd(lastMs)).toBe(315n);
  scope.limit = limitOf(1000n, 'all');
  expect(scope.settledNanoUsd(lastMs)).toBe(315n);
  scope.limit = limitOf(1000n, 'weekly');
  expect(scope.settledNanoUsd(lastMs)).toBe(60n);
});

test('a hold taken where a day, a week and a month begin at once is counted in all of them', () => {
  const beginsMs = Date.parse('2026-06-01T00:00:00Z');
  for (const kind of KINDS) {
    const scope = scopeOf({ windowKind: kind });
    for (let day = -8; day < 0; day++) new Hold([scope], 1n, beginsMs + day * DAY_MS).release();
    const hold = new Hold([scope], 700n, beginsMs);
    expect([kind, scope.availableNanoUsd(beginsMs)]).toEqual([kind, 300n]);
    hold.post(100n);
    expect([kind, scope.availableNanoUsd(beginsMs), scope.heldNanoUsd(beginsMs)]).toEqual([kind, 900n, 0n]);
  }
});

test('one request by a clock that is far behind, or a day ahead, forgets nothing that is spent', () => {
  for (const wrongMs of [START_MS - 300 * DAY_MS, START_MS + DAY_MS]) {
    for (const kind of KINDS) {
      const scope = scopeOf({ windowKind: kind });
      for (let day = -8; day <= 0; day++) new Hold([scope], 10n, START_MS + day * DAY_MS).post(10n);
      const spent = scope.settledNanoUsd(START_MS);
      new Hold([scope], 1n, wrongMs).release();
      expect([kind, scope.settledNanoUsd(START_MS)]).toEqual([kind, spent]);
    }
  }
});

test('a clock that was far ahead and is right again counts on in the windows of now, between free requests too', () => {
  for (const kind of KINDS) {
    const scope = scopeOf({ windowKind: kind });
    new Hold([scope], 1n, START_MS + 300 * DAY_MS).release();
    let spent = 0n;
    for (let day = -8; day <= 0; day++) {
      const nowMs = START_MS + day * DAY_MS;
      new Hold([scope], 0n, nowMs).release();
      new Hold([scope], 10n, nowMs).post(10n);
      if (windowId(kind, nowMs) === windowId(kind, START_MS)) spent += 10n;
    }
    expect([kind, scope.settledNanoUsd(START_MS)]).toEqual([kind, spent]);
  }
});

test('a clock that is set back over midnight, a Monday and the first of a month finds what was spent before', () => {
  const beginsMs = Date.parse('2026-06-01T00:00:00Z');
  for (const kind of KINDS) {
    const scope = scopeOf({ windowKind: kind });
    for (let day = -8; day < 0; day++) new Hold([scope], 10n, beginsMs + day * DAY_MS).post(10n);
    const spent = scope.settledNanoUsd(beginsMs - 1);
    for (const hour of [0, 9, 23]) new Hold([scope], 1n, beginsMs + hour * 3_600_000).release();
    expect([kind, scope.settledNanoUsd(beginsMs - 1)]).toEqual([kind, spent]);
  }
});

test('what the caller’s own provider key paid counts from when the limit counts it, and no longer than that', () => {
  const settled = new Map([['all', { costNanoUsd: 100n, byokNanoUsd: 30n }]]);
  const scope = scopeOf({ settled });
  new Hold([scope], 50n, START_MS).post(20n, { isByok: true });
  new Hold([scope], 50n, START_MS).post(5n);
  const limitCounting = (countsByok: boolean) => {
    scope.limit = limitOf(1000n, 'all', countsByok);
    return [scope.settledNanoUsd(START_MS), scope.availableNanoUsd(START_MS)];
  };
  expect(limitCounting(false)).toEqual([105n, 895n]);
  expect(limitCounting(true)).toEqual([155n, 845n]);
  expect(limitCounting(false)).toEqual([105n, 895n]);
});

/** A shared scope that has leased 500. */
function leasingScope(windowKind: WindowKind = 'all'): Scope {
  const scope = scopeOf({ windowKind, isShared: true });
  scope.leaseFor(windowId(windowKind, START_MS), START_MS).grantedNanoUsd = 500n;
  return scope;
}

test('whoever pays, a flush takes out of the lease what was spent, and nothing is owed any more', () => {
  const scope = leasingScope();
  new Hold([scope], 50n, START_MS).post(20n, { isByok: true });
  new Hold([scope], 50n, START_MS).post(5n);
  expect([scope.owedNanoUsd('all'), scope.freeOfLeaseNanoUsd('all')]).toEqual([25n, 475n]);
  scope.flushed('all', { costNanoUsd: 5n, byokNanoUsd: 20n });
  expect([scope.owedNanoUsd('all'), scope.freeOfLeaseNanoUsd('all')]).toEqual([0n, 475n]);
  scope.limit = limitOf(1000n, 'all', true);
  expect(scope.settledNanoUsd(START_MS)).toBe(25n);
});

test('what other nodes settled is learnt with what is unflushed here, unless the database may have that already', () => {
  for (const countsByok of [false, true]) {
    for (const [knowsNoLaterFlush, unflushed] of [
      [true, { costNanoUsd: 5n, byokNanoUsd: 20n }],
      [false, { costNanoUsd: 0n, byokNanoUsd: 0n }],
    ] as const) {
      const scope = leasingScope();
      scope.limit = limitOf(1000n, 'all', countsByok);
      new Hold([scope], 50n, START_MS).post(20n, { isByok: true });
      new Hold([scope], 50n, START_MS).post(5n);
      scope.learnSettled('all', { costNanoUsd: 100n, byokNanoUsd: 70n }, { knowsNoLaterFlush });
      const settled = 100n + unflushed.costNanoUsd + (countsByok ? 70n + unflushed.byokNanoUsd : 0n);
      expect(scope.settledNanoUsd(START_MS)).toBe(settled);
      scope.learnSettled('all', { costNanoUsd: 1n, byokNanoUsd: 1n }, { knowsNoLaterFlush });
      expect(scope.settledNanoUsd(START_MS)).toBe(settled);
    }
  }
});

test('a node spends neither beyond its lease nor beyond a limit that was lowered below the lease', () => {
  const scope = leasingScope();
  expect(scope.availableNanoUsd(START_MS)).toBe(500n);
  scope.limit = limitOf(100n, 'all');
  expect(scope.availableNanoUsd(START_MS)).toBe(100n);
  scope.limit = limitOf(null, 'all');
  expect(scope.availableNanoUsd(START_MS)).toBeNull();
});

test('a past window in which something is unflushed here stays owed, until it is flushed', () => {
  const scope = leasingScope('daily');
  const day = windowId('daily', START_MS);
  new Hold([scope], 50n, START_MS).post(30n);
  for (let later = 1; later < 30; later++) new Hold([scope], 1n, START_MS + later * DAY_MS).release();
  expect([scope.owedNanoUsd(day), scope.freeOfLeaseNanoUsd(day)]).toEqual([30n, 470n]);
  scope.flushed(day, { costNanoUsd: 30n, byokNanoUsd: 0n });
  expect([scope.owedNanoUsd(day), scope.freeOfLeaseNanoUsd(day)]).toEqual([0n, 470n]);
});

test('a request that ends after midnight is settled on the day it began', () => {
  const beforeMs = Date.parse('2026-11-20T23:59:59.999Z');
  const scope = scopeOf({ windowKind: 'daily' });
  const hold = new Hold([scope], 900n, beforeMs);
  expect(scope.availableNanoUsd(beforeMs + 1)).toBe(1000n);
  hold.post(400n);
  expect(scope.settledNanoUsd(beforeMs + 1)).toBe(0n);
  expect(scope.settledNanoUsd(beforeMs)).toBe(400n);
});

test('a hold that outlives every window it was taken in still keeps the scope in memory, until it ends', () => {
  const scope = scopeOf({ windowKind: 'daily' });
  const hold = new Hold([scope], 1n, START_MS);
  for (let day = 1; day < 400; day++) new Hold([scope], 1n, START_MS + day * DAY_MS).post(1n);
  expect(scope.hasHolds()).toBe(true);
  hold.post(1n);
  expect(scope.hasHolds()).toBe(false);
});
