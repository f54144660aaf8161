/** Budgets and rate limits, built: their routes, and what `GET /key` says of them. */
import type { Clock } from '../clock.ts';
import type { Route } from '../http/route.ts';
import type { BudgetReader } from '../keys/usage.ts';
import type { ScopeKind } from '../limits/scope-kind.ts';
import type { ChangeFeed } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { layersOf } from './layers.ts';
import { budgetRoutes } from './routes.ts';
import type { SpendReader } from './spend.ts';

export interface Budgets extends BudgetReader {
  readonly routes: readonly Route[];
}

export function buildBudgets(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: readonly ScopeKind[];
  readonly usage: { ofScopes: SpendReader };
  readonly changes: Pick<ChangeFeed, 'poll'>;
  readonly readJson: (request: Request) => Promise<unknown>;
}): Budgets {
  const { database, kinds, clock, usage, changes, readJson } = options;
  const spend: SpendReader = (asked) => usage.ofScopes(asked);
  return {
    routes: budgetRoutes({ database, clock, spend, readJson, changed: () => changes.poll() }),
    layersOf: (principal) => layersOf({ kinds, spend, nowMs: clock.nowMs() }, principal),
  };
}
