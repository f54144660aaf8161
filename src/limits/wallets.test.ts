import { expect, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import type { ParentLimit, Principal } from '../auth/principal.ts';
import { ManualClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { CreditTotals } from '../credits/credits.ts';
import { addUsage } from '../metering/store.ts';
import type { Policy, PolicyBudget } from '../policy/policy.ts';
import { admit } from './admit.ts';
import { Hold } from './hold.ts';
import type { Scope } from './scope.ts';
import type { ScopeKind } from './scope-kind.ts';
import { accountCredits } from './scope-kinds/account-credits.ts';
import { guardrailBudgets } from './scope-kinds/guardrail-budget.ts';
import { keyLimit } from './scope-kinds/key-limit.ts';
import { counterReader } from './store.ts';
import { type Wallet, Wallets } from './wallets.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

function principalOf(members: Partial<Principal> = {}): Principal {
  return {
    keyHash: 'key',
    kind: 'api',
    accountId: 'account',
    workspaceId: 'workspace',
    name: '',
    label: '',
    creatorUserId: null,
    externalUser: null,
    limitNanoUsd: 100n,
    limitReset: null,
    includeByokInLimit: false,
    disabled: false,
    expiresAtMs: null,
    cutStreamsWhenRevoked: false,
    version: 1,
    ...members,
  };
}

function scopeOf(wallet: Wallet, kind: string): Scope {
  const scope = wallet.scopes.find((scope) => scope.kind === kind);
  if (scope === undefined) throw new Error(`no scope of kind ${kind}`);
  return scope;
}

/** For what happens behind a request's back; that it never did is for the caller to find. */
async function until(isDone: () => boolean): Promise<void> {
  for (let waited = 0; waited < 300 && !isDone(); waited += 1) await Bun.sleep(10);
}

const sqlite = engines[0]!;

async function withWallets(
  work: (world: {
    wallets: Wallets;
    clock: ManualClock;
    spend: (scopeKind: string, scopeId: string, cost: bigint, windowId?: string) => Promise<void>;
    credits: { totals: CreditTotals; read: (() => Promise<CreditTotals>) | null };
    calls: { flushed: number };
    onFlush: { run: () => Promise<void> };
    /** Another node's, on the same database. */
    otherWallets: () => Wallets;
  }) => Promise<void>,
  {
    isShared = false,
    kinds = [accountCredits({ mode: 'prepaid' }), keyLimit],
  }: { isShared?: boolean; kinds?: readonly ScopeKind[] } = {},
): Promise<void> {
  const opened = await sqlite.open();
  const clock = new ManualClock(NOW_MS);
  const calls = { flushed: 0 };
  const onFlush = { run: async () => {} };
  const credits: { totals: CreditTotals; read: (() => Promise<CreditTotals>) | null } = {
    totals: { creditsNanoUsd: 1000n, purchasedNanoUsd: 0n },
    read: null,
  };
  const limits = { freeRequestsPerMinute: 20, freeRequestsPerDay: 50, freeRequestsPerDayWithCredits: 1000 };
  const newWallets = () =>
    new Wallets({
      readCounters: counterReader(opened.database),
      clock,
      limits: limits as Config['limits'],
      kinds,
      isShared,
      readCredits: async () => (credits.read === null ? credits.totals : await credits.read()),
      flushed: async () => {
        calls.flushed += 1;
        await onFlush.run();
      },
      maxWallets: 10,
    });
  const wallets = newWallets();
  const spend = (scope_kind: string, scope_id: string, cost_nano_usd: bigint, window_id = 'all') =>
    opened.database.transaction((trx) =>
      addUsage(trx, [{ scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd: 3n, requests: 2 }]),
    );
  try {
    await work({ wallets, clock, spend, credits, calls, onFlush, otherWallets: newWallets });
  } finally {
    await opened.dispose();
  }
}

test('a wallet is loaded once, from all that is spent, the journal’s part included, and is at hand from then on', async () => {
  await withWallets(async ({ wallets, spend, calls, onFlush }) => {
    const flush = async () => {
      await spend('key', 'key', 40n);
      await spend('account', 'account', 300n);
      await spend('free', 'account', 0n, '2026-11-20');
    };
    let flushing: Promise<void> | undefined;
    onFlush.run = () => {
      flushing ??= flush();
      return flushing;
    };
    const [first, second] = await Promise.all([
      wallets.walletOf(principalOf()),
      wallets.walletOf(principalOf()),
    ]);
    expect(scopeOf(first, 'key')).toBe(scopeOf(second, 'key'));
    expect(first.account).toBe(second.account);
    expect(scopeOf(first, 'key').availableNanoUsd(NOW_MS)).toBe(60n);
    expect(scopeOf(first, 'account').availableNanoUsd(NOW_MS)).toBe(700n);
    expect(first.account.free.today(NOW_MS)).toEqual({ limit: 50, used: 2 });
    const flushes = calls.flushed;
    const again = wallets.walletOf(principalOf());
    expect(again).not.toBeInstanceOf(Promise);
    expect(scopeOf(await again, 'key')).toBe(scopeOf(first, 'key'));
    expect(calls.flushed).toBe(flushes);
  });
});

test('own-provider spend counts towards a key’s limit only where the key says so, and from when it does', async () => {
  await withWallets(async ({ wallets, spend }) => {
    await spend('key', 'key', 40n);
    await spend('key', 'other', 40n);
    const other = await wallets.walletOf(principalOf({ keyHash: 'other', includeByokInLimit: true }));
    expect(scopeOf(await wallets.walletOf(principalOf()), 'key').availableNanoUsd(NOW_MS)).toBe(60n);
    expect(scopeOf(other, 'key').availableNanoUsd(NOW_MS)).toBe(57n);
    const changed = await wallets.walletOf(principalOf({ version: 2, includeByokInLimit: true }));
    expect(scopeOf(changed, 'key').availableNanoUsd(NOW_MS)).toBe(57n);
  });
});

test('a clock set back or forward over midnight after a key was loaded finds the other day as it was', async () => {
  await withWallets(async ({ wallets, clock, spend }) => {
    for (const day of ['2026-11-20', '2026-11-21', '2026-11-22']) await spend('key', 'key', 100n, day);
    clock.set(Date.parse('2026-11-21T00:00:01Z'));
    const key = scopeOf(await wallets.walletOf(principalOf({ limitReset: 'daily' })), 'key');
    for (const at of ['2026-11-20T23:59:56Z', '2026-11-22T00:00:00Z'])
      expect(key.availableNanoUsd(Date.parse(at))).toBe(0n);
  });
});

test('a failed load is tried again by the next request', async () => {
  await withWallets(async ({ wallets, onFlush }) => {
    onFlush.run = () => Promise.reject(new Error('down'));
    expect(await Promise.resolve(wallets.walletOf(principalOf())).catch((error) => error)).toMatchObject({
      code: 'unavailable',
      status: 503,
    });
    onFlush.run = async () => {};
    expect(scopeOf(await wallets.walletOf(principalOf()), 'key').limit.limitNanoUsd).toBe(100n);
  });
});

test('a newer snapshot brings its limit and window; an older one, still in use somewhere, changes nothing', async () => {
  await withWallets(async ({ wallets }) => {
    const key = scopeOf(await wallets.walletOf(principalOf({ version: 5 })), 'key');
    await wallets.walletOf(principalOf({ version: 7, limitNanoUsd: 7n, limitReset: 'daily' }));
    expect([key.limit.limitNanoUsd, key.limit.windowKind]).toEqual([7n, 'daily']);
    await wallets.walletOf(principalOf({ version: 6, limitNanoUsd: null }));
    expect([key.limit.limitNanoUsd, key.limit.windowKind]).toEqual([7n, 'daily']);
  });
});

test('keys with holds, and keys just given to a request, are never forgotten; idle ones are, and load again', async () => {
  await withWallets(async ({ wallets, clock }) => {
    const held = await wallets.walletOf(principalOf({ keyHash: 'held' }));
    const hold = new Hold([scopeOf(held, 'key')], 50n, NOW_MS);
    const idle = await wallets.walletOf(principalOf({ keyHash: 'idle' }));
    clock.advance(61_000);
    const fresh = await wallets.walletOf(principalOf({ keyHash: 'fresh' }));
    for (let n = 0; n < 30; n++) await wallets.walletOf(principalOf({ keyHash: `k${n}` }));
    expect(scopeOf(await wallets.walletOf(principalOf({ keyHash: 'held' })), 'key')).toBe(
      scopeOf(held, 'key'),
    );
    expect(scopeOf(await wallets.walletOf(principalOf({ keyHash: 'fresh' })), 'key')).toBe(
      scopeOf(fresh, 'key'),
    );
    expect(scopeOf(await wallets.walletOf(principalOf({ keyHash: 'idle' })), 'key')).not.toBe(
      scopeOf(idle, 'key'),
    );
    hold.release();
  });
});

test('changed credits take effect at once, also when they change while the account is being loaded', async () => {
  await withWallets(async ({ wallets, credits }) => {
    const early = Promise.withResolvers<CreditTotals>();
    credits.read = () => early.promise;
    const loading = wallets.accountOf('account');
    await Bun.sleep(5);
    credits.read = null;
    credits.totals = { creditsNanoUsd: 9_000_000_000n, purchasedNanoUsd: 9_000_000_000n };
    const changed = wallets.creditsChanged('account');
    early.resolve({ creditsNanoUsd: 0n, purchasedNanoUsd: 0n });
    const account = await loading;
    await changed;
    const wallet = await wallets.walletOf(principalOf());
    expect(scopeOf(wallet, 'account').limit.limitNanoUsd).toBe(9_000_000_000n);
    expect(account.free.today(NOW_MS).limit).toBe(1000);
    expect(account.credits).toEqual(credits.totals);
  });
});

test('changed credits are the limit of a key in use, and of one that is first used after the change', async () => {
  await withWallets(async ({ wallets, credits }) => {
    const used = scopeOf(await wallets.walletOf(principalOf({ keyHash: 'used' })), 'account');
    credits.totals = { creditsNanoUsd: 10n, purchasedNanoUsd: 0n };
    await wallets.creditsChanged('account');
    const unused = await wallets.walletOf(principalOf({ keyHash: 'unused' }));
    expect(scopeOf(unused, 'account').availableNanoUsd(NOW_MS)).toBe(10n);
    credits.totals = { creditsNanoUsd: 20n, purchasedNanoUsd: 0n };
    await wallets.creditsChanged('account');
    await wallets.walletOf(principalOf({ keyHash: 'used' }));
    expect(used.availableNanoUsd(NOW_MS)).toBe(20n);
  });
});

test('credits and limits that change while a key is being loaded bind the requests that wait for it', async () => {
  await withWallets(async ({ wallets, credits, onFlush }) => {
    await wallets.accountOf('account');
    const counted = Promise.withResolvers<void>();
    onFlush.run = () => counted.promise;
    const early = wallets.walletOf(principalOf({ version: 1, limitNanoUsd: 100n }));
    const later = wallets.walletOf(principalOf({ version: 2, limitNanoUsd: 5n }));
    credits.totals = { creditsNanoUsd: 10n, purchasedNanoUsd: 0n };
    await wallets.creditsChanged('account');
    counted.resolve();
    for (const wallet of [await early, await later]) {
      expect(scopeOf(wallet, 'account').availableNanoUsd(NOW_MS)).toBe(10n);
      expect(scopeOf(wallet, 'key').availableNanoUsd(NOW_MS)).toBe(5n);
    }
  });
});

test('a slow read of credits never replaces a later one', async () => {
  await withWallets(async ({ wallets, credits }) => {
    const account = await wallets.accountOf('account');
    const slow = Promise.withResolvers<CreditTotals>();
    credits.read = () => slow.promise;
    const first = wallets.creditsChanged('account');
    await Bun.sleep(1);
    credits.read = async () => ({ creditsNanoUsd: 2n, purchasedNanoUsd: 0n });
    await wallets.creditsChanged('account');
    slow.resolve({ creditsNanoUsd: 1n, purchasedNanoUsd: 0n });
    await first;
    expect(account.credits.creditsNanoUsd).toBe(2n);
  });
});

test('a node counts the free requests that another has served, a moment after they are in the database', async () => {
  await withWallets(
    async ({ wallets, clock, spend, otherWallets }) => {
      const other = otherWallets();
      const [here, there] = [await wallets.accountOf('account'), await other.accountOf('account')];
      there.free.take(NOW_MS);
      there.free.take(NOW_MS);
      await spend('free', 'account', 0n, '2026-11-20');
      other.flushed([
        ...['2026-11-20', 'all'].map((window_id) => ({
          ...{ scope_kind: 'free', scope_id: 'account', window_id },
          ...{ cost_nano_usd: 0n, byok_nano_usd: 0n, requests: 2 },
        })),
      ]);
      here.free.take(NOW_MS);
      clock.advance(3000);
      for (const { free } of [here, there]) free.take(clock.nowMs());
      const used = () => [here, there].map(({ free }) => free.today(clock.nowMs()).used);
      await until(() => used()[0] === 4);
      expect(used()).toEqual([4, 3]);
    },
    { isShared: true },
  );
});

test('a balance that changed credits make negative is known on every node, whichever of them spent the money', async () => {
  await withWallets(
    async ({ wallets, spend, credits }) => {
      const account = scopeOf(await wallets.walletOf(principalOf()), 'account');
      await spend('account', 'account', 300n);
      credits.totals = { creditsNanoUsd: 200n, purchasedNanoUsd: 0n };
      await wallets.creditsChanged('account');
      await wallets.walletOf(principalOf());
      expect(account.settledNanoUsd(NOW_MS) > (account.limit.limitNanoUsd ?? 0n)).toBe(true);
    },
    { isShared: true },
  );
});

test('a node that serves free requests alone learns what others spend', async () => {
  await withWallets(
    async ({ wallets, clock, spend }) => {
      const wallet = await wallets.walletOf(principalOf());
      await spend('account', 'account', 300n);
      clock.advance(2000);
      wallet.account.free.take(clock.nowMs());
      const account = scopeOf(wallet, 'account');
      await until(() => account.settledNanoUsd(clock.nowMs()) === 300n);
      expect(account.settledNanoUsd(clock.nowMs())).toBe(300n);
    },
    { isShared: true },
  );
});

test('credits change also while the counters cannot be read', async () => {
  await withWallets(
    async ({ wallets, credits, onFlush }) => {
      const account = await wallets.accountOf('account');
      await wallets.walletOf(principalOf());
      onFlush.run = () => Promise.reject(new Error('down'));
      credits.totals = { creditsNanoUsd: 10n, purchasedNanoUsd: 0n };
      await wallets.creditsChanged('account').catch(() => undefined);
      expect(account.credits.creditsNanoUsd).toBe(10n);
    },
    { isShared: true },
  );
});

test('keys with leases are never forgotten: what this node owes against them would be forgotten too', async () => {
  await withWallets(
    async ({ wallets, clock }) => {
      const leased = scopeOf(await wallets.walletOf(principalOf({ keyHash: 'leased' })), 'key');
      leased.leaseFor('all', NOW_MS).grantedNanoUsd = 50n;
      const idle = scopeOf(await wallets.walletOf(principalOf({ keyHash: 'idle' })), 'key');
      clock.advance(61_000);
      for (let n = 0; n < 30; n++) await wallets.walletOf(principalOf({ keyHash: `k${n}` }));
      expect(scopeOf(await wallets.walletOf(principalOf({ keyHash: 'leased' })), 'key')).toBe(leased);
      expect(scopeOf(await wallets.walletOf(principalOf({ keyHash: 'idle' })), 'key')).not.toBe(idle);
    },
    { isShared: true },
  );
});

test('a request that slept until its wallet was forgotten is told to come again, and holds nothing that nobody counts', async () => {
  await withWallets(async ({ wallets, clock }) => {
    const wallet = await wallets.walletOf(principalOf({ keyHash: 'asleep' }));
    clock.advance(61_000);
    for (let n = 0; n < 30; n++) await wallets.walletOf(principalOf({ keyHash: `k${n}` }));
    const size = { promptTokensBound: 0, imageCount: 0, choices: 1, maxTokens: 1 };
    const request = {
      wallet,
      size,
      endpoints: [],
      unpriced: [],
      promptOverheadTokens: () => 0,
      defaultMaxTokens: 1,
      maxHoldNanoUsd: null,
    };
    expect(() => admit({ ...request, nowMs: clock.nowMs() })).toThrow(
      expect.objectContaining({ code: 'unavailable', status: 503 }),
    );
    expect(scopeOf(wallet, 'key').openHolds).toBe(0);
  });
});

test('however many keys come and go, what guardrails let each of them spend is forgotten with it, children’s parents too', async () => {
  await withWallets(
    async ({ wallets, clock }) => {
      const budgetOf = (holderId: string): PolicyBudget => ({
        ...{ guardrailId: 'guardrail', guardrailScope: 'workspace', holder: 'key', holderId },
        ...{ limitNanoUsd: 100n, resetInterval: null, includesByok: false },
      });
      const boundBy = (...holders: string[]) =>
        ({ budgets: holders.map(budgetOf) }) as Pick<Policy, 'budgets'> as Policy;
      const parentLimit = (id: string): ParentLimit => ({
        ...{ id, limitNanoUsd: 100n, windowKind: 'all', countsByok: false, version: 1 },
      });
      const held = await wallets.walletOf(principalOf({ keyHash: 'held', policy: boundBy('held') }));
      const guardrail = scopeOf(held, 'guardrail_default_key');
      const hold = new Hold([guardrail], 50n, NOW_MS);
      const counts: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        for (let n = 0; n < 10; n += 1) {
          const [parent, keyHash] = [`parent-${round}-${n}`, `child-${round}-${n}`];
          const more = { isChild: true, parentLimits: [parentLimit(parent)] };
          await wallets.walletOf(principalOf({ keyHash, ...more, policy: boundBy(keyHash, parent) }));
        }
        clock.advance(61_000);
        counts.push([...wallets.scopes].length);
      }
      expect(Math.max(...counts)).toBeLessThan(60);
      expect(counts.at(-1)).toBe(counts[1]);
      // What is held of it counts on.
      const again = await wallets.walletOf(principalOf({ keyHash: 'held', policy: boundBy('held') }));
      expect(scopeOf(again, 'guardrail_default_key')).toBe(guardrail);
      hold.release();
    },
    { kinds: [accountCredits({ mode: 'prepaid' }), ...guardrailBudgets, keyLimit] },
  );
});

test('a key that is idle while its children ask stays counted in what they count against', async () => {
  await withWallets(async ({ wallets, clock }) => {
    const parent = await wallets.walletOf(principalOf({ keyHash: 'parent' }));
    const child = principalOf({
      ...{ keyHash: 'child', isChild: true },
      parentLimits: [{ id: 'parent', limitNanoUsd: 100n, windowKind: 'all', countsByok: false, version: 1 }],
    });
    const sharedBy = async () => (await wallets.walletOf(child)).scopes.find(({ id }) => id === 'parent');
    for (let round = 0; round < 3; round += 1) {
      clock.advance(61_000);
      expect(await sharedBy()).toBe(scopeOf(parent, 'key'));
      for (let n = 0; n < 12; n += 1) await wallets.walletOf(principalOf({ keyHash: `k-${round}-${n}` }));
    }
    const again = await wallets.walletOf(principalOf({ keyHash: 'parent' }));
    expect(scopeOf(again, 'key')).toBe(scopeOf(parent, 'key'));
  });
});
