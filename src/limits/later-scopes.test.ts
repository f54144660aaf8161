import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Budgets, budgetOf, guardrails, workspaceBudgets } from '../../test/budgets.ts';
import { engines, type TestDatabase } from '../../test/databases.ts';
import type { Principal } from '../auth/principal.ts';
import { ManualClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { addUsage } from '../metering/store.ts';
import { Hold } from './hold.ts';
import type { Scope } from './scope.ts';
import { scopeKinds } from './scope-kinds/all.ts';
import { counterReader } from './store.ts';
import { type Wallet, Wallets } from './wallets.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

function principalOf(keyHash: string, version = 1, members: Partial<Principal> = {}): Principal {
  return {
    ...{ keyHash, kind: 'api', accountId: 'account', workspaceId: 'w', name: '', label: '', version },
    ...{ creatorUserId: `of-${keyHash}`, externalUser: null, limitNanoUsd: null, limitReset: null },
    ...{ includeByokInLimit: false, disabled: false, expiresAtMs: null, cutStreamsWhenRevoked: false },
    ...members,
  };
}

/** Without those of the workspace, in which every request counts. */
function idsOf({ scopes }: Wallet): string[] {
  return scopes.filter(({ kind }) => kind !== 'workspace').map(({ kind, id }) => `${kind}:${id}`);
}

function scopeAt(wallet: Wallet, id: string): Scope {
  const scope = wallet.scopes.find((scope) => scope.id === id);
  if (scope === undefined) throw new Error(`the wallet has no scope ${id}`);
  return scope;
}

for (const engine of engines) {
  describe(`scopes that begin later, on ${engine.name}`, () => {
    let opened: TestDatabase;
    let budgets: Budgets;
    let run = 0;
    beforeAll(async () => {
      opened = await engine.open();
    });
    afterAll(() => opened.dispose());

    function newWallets({ flushed = async () => {} } = {}): { wallets: Wallets; clock: ManualClock } {
      budgets = new Map();
      run += 1;
      const clock = new ManualClock(NOW_MS);
      const wallets = new Wallets({
        readCounters: counterReader(opened.database),
        ...{ clock, flushed, isShared: false, maxWallets: 10 },
        limits: {} as Config['limits'],
        kinds: [...scopeKinds({ mode: 'off' }), workspaceBudgets(budgets), guardrails(budgets)],
        readCredits: async () => ({ creditsNanoUsd: 0n, purchasedNanoUsd: 0n }),
      });
      return { wallets, clock };
    }

    const spend = (scope_kind: string, scope_id: string, cost_nano_usd: bigint) =>
      opened.database.transaction((trx) =>
        addUsage(trx, [
          { ...{ scope_kind, scope_id, window_id: 'all' }, cost_nano_usd, byok_nano_usd: 0n, requests: 1 },
        ]),
      );

    test('a budget that is set after the first request is loaded, with all that was spent, before the next is admitted', async () => {
      const { wallets } = newWallets();
      const workspaceId = `later-${run}`;
      const before = await wallets.walletOf(principalOf('a', 1, { workspaceId }));
      expect(idsOf(before)).toEqual(['account:account', 'key:a']);
      await spend('budget', `${workspaceId} all`, 70n);
      budgets.set(`${workspaceId} all`, budgetOf(100n));
      budgets.set(`${workspaceId} member of-a`, budgetOf(50n));
      const asked = wallets.walletOf(principalOf('a', 2, { workspaceId }));
      expect(asked).toBeInstanceOf(Promise);
      const after = await asked;
      expect(idsOf(after)).toEqual([
        'account:account',
        'key:a',
        `budget:${workspaceId} all`,
        `budget:${workspaceId} member of-a`,
      ]);
      expect(scopeAt(after, `${workspaceId} all`).availableNanoUsd(NOW_MS)).toBe(30n);
      expect(wallets.walletOf(principalOf('a', 2, { workspaceId }))).toBe(after);
    });

    test('a budget that another key has brought in is at hand at once, and the two spend from one', async () => {
      const { wallets } = newWallets();
      const workspaceId = `shared-${run}`;
      await wallets.walletOf(principalOf('a', 1, { workspaceId }));
      await wallets.walletOf(principalOf('b', 1, { workspaceId }));
      budgets.set(`${workspaceId} all`, budgetOf(100n));
      const first = await wallets.walletOf(principalOf('a', 2, { workspaceId }));
      new Hold(first.scopes, 60n, NOW_MS);
      const second = wallets.walletOf(principalOf('b', 2, { workspaceId }));
      expect(second).not.toBeInstanceOf(Promise);
      expect(scopeAt(await second, `${workspaceId} all`).availableNanoUsd(NOW_MS)).toBe(40n);
    });

    test('a request ends in the scopes that it began in, whether one has come or gone since', async () => {
      const { wallets } = newWallets();
      const workspaceId = `running-${run}`;
      const [all, day] = [`${workspaceId} all`, `${workspaceId} day`];
      budgets.set(day, budgetOf(100n, { windowKind: 'daily' }));
      const before = await wallets.walletOf(principalOf('a', 1, { workspaceId }));
      const early = new Hold(before.scopes, 60n, NOW_MS);
      budgets.delete(day);
      budgets.set(all, budgetOf(100n));
      const after = await wallets.walletOf(principalOf('a', 2, { workspaceId }));
      expect(idsOf(after)).toEqual(['account:account', 'key:a', `budget:${all}`]);
      early.post(60n);
      expect(scopeAt(before, day).settledNanoUsd(NOW_MS)).toBe(60n);
      expect(scopeAt(after, all).availableNanoUsd(NOW_MS)).toBe(100n);
      // Back again: it is the one that the hold was posted in, not a second beside it.
      budgets.set(day, budgetOf(100n, { windowKind: 'daily' }));
      const again = await wallets.walletOf(principalOf('a', 3, { workspaceId }));
      expect(scopeAt(again, day)).toBe(scopeAt(before, day));
      expect(scopeAt(again, day).availableNanoUsd(NOW_MS)).toBe(40n);
    });

    test('a lower limit of a scope at hand binds at once, while another scope of the same change is being loaded', async () => {
      const reading = { at: Promise.resolve() };
      const { wallets } = newWallets({ flushed: () => reading.at });
      const workspaceId = `two-${run}`;
      const wallet = await wallets.walletOf(principalOf('a', 1, { workspaceId, limitNanoUsd: 100n }));
      const gate = Promise.withResolvers<void>();
      reading.at = gate.promise;
      budgets.set(`${workspaceId} all`, budgetOf(100n));
      const newer = wallets.walletOf(principalOf('a', 2, { workspaceId, limitNanoUsd: 5n }));
      expect(scopeAt(wallet, 'a').availableNanoUsd(NOW_MS)).toBe(5n);
      // A slower request with the older snapshot waits for the budget too.
      const older = wallets.walletOf(principalOf('a', 1, { workspaceId, limitNanoUsd: 100n }));
      expect(older).toBeInstanceOf(Promise);
      gate.resolve();
      expect(await older).toBe(await newer);
      expect(scopeAt(await newer, 'a').availableNanoUsd(NOW_MS)).toBe(5n);
    });

    test('while a new scope cannot be read, its requests get 503, and the next one tries again', async () => {
      let fails = false;
      const { wallets } = newWallets({
        flushed: async () => {
          if (fails) throw new Error('down');
        },
      });
      const workspaceId = `down-${run}`;
      await wallets.walletOf(principalOf('a', 1, { workspaceId }));
      fails = true;
      budgets.set(`${workspaceId} all`, budgetOf(100n));
      for (const version of [2, 2, 1]) {
        const asked = Promise.resolve(wallets.walletOf(principalOf('a', version, { workspaceId })));
        expect(await asked.catch((error) => error)).toMatchObject({ code: 'unavailable', status: 503 });
      }
      fails = false;
      const wallet = await wallets.walletOf(principalOf('a', 2, { workspaceId }));
      expect(scopeAt(wallet, `${workspaceId} all`).availableNanoUsd(NOW_MS)).toBe(100n);
    });

    test('a key that still has an older snapshot does not bring an older limit of a shared scope back', async () => {
      const { wallets } = newWallets();
      const workspaceId = `stale-${run}`;
      const all = `${workspaceId} all`;
      budgets.set(all, budgetOf(10n, { version: 2 }));
      const wallet = await wallets.walletOf(principalOf('a', 1, { workspaceId }));
      budgets.set(all, budgetOf(100n, { version: 1 }));
      await wallets.walletOf(principalOf('b', 1, { workspaceId }));
      expect(scopeAt(wallet, all).availableNanoUsd(NOW_MS)).toBe(10n);
      budgets.set(all, budgetOf(7n, { version: 3 }));
      await wallets.walletOf(principalOf('b', 2, { workspaceId }));
      expect(scopeAt(wallet, all).availableNanoUsd(NOW_MS)).toBe(7n);
    });

    test('a key’s own scopes are forgotten with it, those of before included, and never while one is held', async () => {
      const { wallets, clock } = newWallets();
      budgets.set('guard a', budgetOf(100n));
      budgets.set('guard b', budgetOf(100n));
      budgets.set('w all', budgetOf(100n));
      const before = await wallets.walletOf(principalOf('a'));
      const held = await wallets.walletOf(principalOf('b'));
      new Hold([scopeAt(held, 'guard b')], 10n, NOW_MS);
      budgets.delete('guard a');
      expect(idsOf(await wallets.walletOf(principalOf('a', 2)))).not.toContain('guardrail:guard a');
      clock.advance(61_000);
      for (let n = 0; n < 30; n++) await wallets.walletOf(principalOf(`k${n}`));
      expect(wallets.scope('guardrail', 'guard a')).toBeUndefined();
      expect(wallets.scope('guardrail', 'guard b')).toBe(scopeAt(held, 'guard b'));
      expect(wallets.scope('budget', 'w all')).toBe(scopeAt(before, 'w all'));
    });

    test('whatever scopes come and go while requests run, none holds and spends more than its limit, or loses a charge', async () => {
      const step = fc.record({
        act: fc.constantFrom('ask', 'ask', 'ask', 'end', 'end', 'change'),
        key: fc.nat(2),
        scope: fc.nat(5),
        amount: fc.bigInt(0n, 40n),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const { wallets } = newWallets();
          const workspaceId = `any-${run}`;
          const keys = ['a', 'b', 'c'].map((key) => `${key}-${run}`);
          const names = [
            ...[`${workspaceId} all`, `${workspaceId} day`, `${workspaceId} member of-${keys[0]}`],
            ...keys.map((key) => `guard ${key}`),
          ];
          const limitOf = new Map<string, bigint>();
          const model = new Map<string, { settled: bigint; held: bigint }>();
          const running: { hold: Hold; scopes: readonly Scope[] }[] = [];
          let version = 1;
          for (const { act, key, scope, amount } of steps) {
            const name = names[scope] ?? '';
            if (act === 'change') {
              version += 1;
              if (budgets.has(name)) budgets.delete(name);
              else budgets.set(name, budgetOf(limitOf.get(name) ?? 100n + amount));
              limitOf.set(name, budgets.get(name)?.limitNanoUsd ?? limitOf.get(name) ?? 0n);
            } else if (act === 'ask') {
              const { scopes } = await wallets.walletOf(
                principalOf(keys[key] ?? '', version, { workspaceId }),
              );
              const mayRun = scopes.every((one) => (one.availableNanoUsd(NOW_MS) ?? amount) >= amount);
              if (!mayRun) continue;
              running.push({ hold: new Hold(scopes, amount, NOW_MS), scopes });
              for (const { id } of scopes) sumsOf(model, id).held += amount;
            } else {
              const [ended] = running.splice(0, 1);
              if (ended === undefined) continue;
              const cost = ended.hold.amountNanoUsd - ended.hold.amountNanoUsd / 3n;
              ended.hold.post(cost);
              for (const { id } of ended.scopes) {
                sumsOf(model, id).held -= ended.hold.amountNanoUsd;
                sumsOf(model, id).settled += cost;
              }
            }
            for (const one of wallets.scopes) {
              const { settled, held } = sumsOf(model, one.id);
              expect([one.id, one.settledNanoUsd(NOW_MS), one.heldNanoUsd(NOW_MS)]).toEqual([
                one.id,
                settled,
                held,
              ]);
              const limit = limitOf.get(one.id);
              if (limit !== undefined) expect(settled + held).toBeLessThanOrEqual(limit);
            }
          }
        }),
        { numRuns: engine.name === 'sqlite' ? 60 : 15 },
      );
    });
  });
}

function sumsOf(
  model: Map<string, { settled: bigint; held: bigint }>,
  id: string,
): { settled: bigint; held: bigint } {
  const found = model.get(id) ?? { settled: 0n, held: 0n };
  model.set(id, found);
  return found;
}
