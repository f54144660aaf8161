import { expect, test } from 'bun:test';
import { Scope } from './scope.ts';
import { workspaceBudget } from './scope-kinds/workspace-budget.ts';
import { Unheld } from './unheld.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const NAME = 'workspace w daily';
const spent = (costNanoUsd: bigint) => ({ costNanoUsd, byokNanoUsd: 0n });

function scopeWith(settledNanoUsd: bigint): Scope {
  return new Scope({
    ...{ kind: 'workspace', id: 'w daily', refusal: workspaceBudget.refusal, isShared: false },
    limit: { limitNanoUsd: 100n, windowKind: 'daily', countsByok: false },
    settled: new Map([['2026-11-20', spent(settledNanoUsd)]]),
    onlyWindow: 'daily',
  });
}

test('what counts in nothing but held scopes has nothing to tell', () => {
  expect(new Unheld().of([])).toBeNull();
});

test('requests that began without holding anything of a scope are counted there when they end', async () => {
  const unheld = new Unheld();
  const running = unheld.of([NAME, 'workspace w lifetime']);
  const scope = await unheld.loaded(NAME, async () => scopeWith(10n));
  running?.post(spent(30n), NOW_MS);
  running?.post(spent(0n), NOW_MS);
  unheld.of(['workspace other daily'])?.post(spent(50n), NOW_MS);
  expect([scope.availableNanoUsd(NOW_MS), scope.openHolds]).toEqual([60n, 0]);
});

test('a scope is read again where such a request ended while it was read: once, and exactly', async () => {
  const unheld = new Unheld();
  const running = unheld.of([NAME]);
  let [stored, reads] = [0n, 0];
  const scope = await unheld.loaded(NAME, async () => {
    reads += 1;
    const read = stored;
    await Promise.resolve();
    if (reads <= 2) {
      running?.post(spent(20n), NOW_MS);
      // Flushed before the next read begins.
      stored += 20n;
    }
    return scopeWith(read);
  });
  expect([reads, scope.availableNanoUsd(NOW_MS)]).toEqual([3, 60n]);
});

test('a load that fails leaves nothing behind', async () => {
  const unheld = new Unheld();
  const failed = unheld.loaded(NAME, async () => {
    throw new Error('away');
  });
  expect(failed).rejects.toThrow('away');
  await failed.catch(() => undefined);
  unheld.of([NAME])?.post(spent(20n), NOW_MS);
  expect((await unheld.loaded(NAME, async () => scopeWith(0n))).availableNanoUsd(NOW_MS)).toBe(100n);
});
