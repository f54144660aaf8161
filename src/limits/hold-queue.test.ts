import { expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import type { Admission } from './admit.ts';
import { Hold } from './hold.ts';
import { HoldQueue } from './hold-queue.ts';
import { HeldByOthers } from './refusal.ts';
import { Scope } from './scope.ts';
import { keyLimit } from './scope-kinds/key-limit.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
/** Longer than any test runs. */
const LONG_MS = 60_000;

function scopeOf(limitNanoUsd: bigint): Scope {
  return new Scope({
    ...{ kind: 'key', id: 'k', refusal: keyLimit.refusal, settled: new Map(), isShared: false },
    limit: { limitNanoUsd, windowKind: 'all', countsByok: false },
  });
}

class Stop {
  hasBegun = false;
  readonly ends = new Set<() => void>();
  add(end: () => void): void {
    this.ends.add(end);
  }
  delete(end: () => void): void {
    this.ends.delete(end);
  }
  begin(): void {
    this.hasBegun = true;
    for (const end of this.ends) end();
  }
}

/** A scope that others hold all of, and requests that want an amount of it. */
function crowded(waitMs = LONG_MS) {
  const scope = scopeOf(100n);
  const held = new Hold([scope], 100n, NOW_MS);
  const stop = new Stop();
  const queue = new HoldQueue({ waitMs, stopping: stop });
  const tries: string[] = [];
  const admit = (name: string, amount: bigint): Promise<Admission> => {
    tries.push(name);
    if ((scope.availableNanoUsd(NOW_MS) ?? 0n) < amount)
      return Promise.reject(new HeldByOthers(scope, NOW_MS, { wantedTokens: 1, affordableTokens: 0 }));
    const hold = new Hold([scope], amount, NOW_MS);
    return Promise.resolve({
      ...{ hold, maxTokens: null, chargeCapNanoUsd: amount },
      ...{ endpoints: null, isScarce: false },
    });
  };
  const ask = (name: string, amount: bigint, leaving: AbortSignal | null = null) =>
    queue.admitted(
      new HeldByOthers(scope, NOW_MS, { wantedTokens: 1, affordableTokens: 0 }),
      () => admit(name, amount),
      leaving,
    );
  return { scope, held, stop, queue, tries, ask };
}

async function refused(asking: Promise<unknown>): Promise<unknown> {
  return await asking.then(
    () => 'admitted',
    (thrown: unknown) => (thrown instanceof TurnpikeError ? thrown.code : thrown),
  );
}

test('who waits is admitted when a hold ends, in the order of arrival, and a small one does not overtake a large one', async () => {
  const { held, tries, ask } = crowded();
  const done: string[] = [];
  const asking = [
    ask('large', 80n).then(({ hold }) => {
      done.push('large');
      return hold;
    }),
    ask('small', 30n).then(({ hold }) => {
      done.push('small');
      return hold;
    }),
  ];
  held.post(10n);
  const large = await asking[0];
  expect(done).toEqual(['large']);
  large?.post(10n);
  await asking[1];
  expect(done).toEqual(['large', 'small']);
  expect(tries[0]).toBe('large');
});

test('when the time is over the last refusal is the answer', async () => {
  const { ask, tries } = crowded(300);
  expect(await refused(ask('late', 1n))).toBe('in_flight_budget_exhausted');
  expect(tries).toContain('late');
});

test('where waiting is switched off nobody waits', async () => {
  const { ask, tries } = crowded(0);
  expect(await refused(ask('any', 1n))).toBe('in_flight_budget_exhausted');
  expect(tries).toEqual([]);
});

test('a client that leaves, and a gateway that stops, end the waiting', async () => {
  const { ask, stop, scope } = crowded();
  const leaving = new AbortController();
  const left = refused(ask('left', 1n, leaving.signal));
  const stopped = refused(ask('stopped', 1n));
  leaving.abort();
  expect(await left).toBe('in_flight_budget_exhausted');
  stop.begin();
  expect(await stopped).toBe('in_flight_budget_exhausted');
  expect(stop.ends.size).toBe(0);
  expect(scope.onHoldEnded).toBeNull();
});

test('another refusal, such as of a key that was revoked meanwhile, is told at once', async () => {
  const { scope, held, stop } = crowded();
  const queue = new HoldQueue({ waitMs: LONG_MS, stopping: stop });
  const revoked = () => Promise.reject(new TurnpikeError('key_disabled'));
  const asking = queue.admitted(
    new HeldByOthers(scope, NOW_MS, { wantedTokens: 1, affordableTokens: 0 }),
    revoked,
    null,
  );
  held.release();
  expect(await refused(asking)).toBe('key_disabled');
});

test('beyond a hundred of one scope nobody else waits', async () => {
  const { ask, held } = crowded();
  const waiting = Array.from({ length: 100 }, (_, at) => ask(`${at}`, 1n));
  expect(await refused(ask('one more', 1n))).toBe('in_flight_budget_exhausted');
  held.release();
  expect(await Promise.all(waiting)).toHaveLength(100);
});
