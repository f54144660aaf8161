/** Whom the alerts look at behind a flush, and what that costs. */
import { expect, spyOn, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { newId } from '../ids.ts';
import { scopeKinds } from '../limits/scope-kinds/all.ts';
import { createLogger } from '../log.ts';
import { type BudgetInterval, WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import { buildBudgets } from './build.ts';
import type { ScopeWindow } from './spend.ts';

const INTERVALS: readonly BudgetInterval[] = ['daily', 'weekly', 'monthly', 'lifetime'];

test.each(engines)(
  'on $name, nothing is flushed for an alert, and a workspace without budgets costs no look',
  async ({ open }) => {
    await using stack = new AsyncDisposableStack();
    const { database } = stack.adopt(await open(), (opened) => opened.dispose());
    const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
    const asked: ScopeWindow[] = [];
    let flushes = 0;
    let flushed: (counters: readonly { scope_kind: string; scope_id: string }[]) => void = () => undefined;
    const kinds = scopeKinds({ mode: 'off' });
    const kind = kinds.find((one) => one.kind === WORKSPACE_SCOPE);
    if (kind === undefined) throw new Error('workspaces have no scope');
    const limitsRead = spyOn(kind, 'readLimit');
    stack.defer(() => limitsRead.mockRestore());
    const budgets = buildBudgets({
      ...{ database, clock, config: { figures: { tags: [] } } as never, kinds },
      logger: createLogger({ level: 'debug', write: () => undefined, clock }),
      spending: {
        kinds,
        wallets: { walletOf: () => Promise.reject(new Error('nobody asks for money')) },
        usage: {
          ofScopes: async (scopes) => {
            flushes += 1;
            return scopes.map(() => ({ costNanoUsd: 0n, byokNanoUsd: 0n }));
          },
          storedOfScopes: async (scopes) => {
            asked.push(...scopes);
            return scopes.map(() => ({ costNanoUsd: 60n, byokNanoUsd: 0n }));
          },
        },
        onFlushed: (listener) => {
          flushed = listener;
        },
      },
      changes: { poll: async () => undefined, subscribe: () => undefined },
      readJson: async () => ({}),
      targets: { isMember: async () => false, catalogue: () => Promise.reject() as never },
    });
    const place = { account_id: newId(), id: newId() };
    const { db } = database;
    await db
      .insertInto('account')
      .values({ id: place.account_id, kind: 'organisation', name: 'Acme', created_at_ms: 1 } as never)
      .execute();
    await db
      .insertInto('workspace')
      .values({ ...place, name: 'Research', slug: 'research', is_default: 0, created_at_ms: 1 } as never)
      .execute();
    await db
      .insertInto('workspace_budget')
      .values({
        ...{ workspace_id: place.id, period: 'monthly', id: newId(), limit_nano_usd: 100n },
        ...{ created_at_ms: 1, updated_at_ms: 1 },
      })
      .execute();
    const without = Array.from({ length: 600 }, () => newId());
    flushed(
      [...without, place.id].flatMap((id) =>
        INTERVALS.map((interval) => ({ scope_kind: WORKSPACE_SCOPE, scope_id: `${id} ${interval}` })),
      ),
    );
    await budgets.stop();
    expect(flushes).toBe(0);
    expect(asked).toEqual([{ kind: WORKSPACE_SCOPE, id: `${place.id} monthly`, windowId: '2026-11' }]);
    expect(limitsRead).toHaveBeenCalledTimes(1);
    const told = await db.selectFrom('budget_alert').select(['scope_id', 'percent']).execute();
    expect(told).toEqual([{ scope_id: `${place.id} monthly`, percent: 50 }]);
  },
);
