/** Budgets and rate limits, built: their routes, what `GET /key` says of them, and who is told of them. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { BudgetReader } from '../keys/usage.ts';
import type { ScopeKind } from '../limits/scope-kind.ts';
import type { Wallets } from '../limits/wallets.ts';
import type { Logger } from '../log.ts';
import type { ChangeFeed } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { BudgetAlerts } from './alerts.ts';
import { layersOf } from './layers.ts';
import type { RateTargets } from './rate-target.ts';
import type { BudgetServices } from './read-budgets.ts';
import type { SpendReader } from './spend.ts';

export interface Budgets extends BudgetReader {
  /** What the routes work with. */
  readonly services: BudgetServices;
  stop(): Promise<void>;
}

type Counters = Parameters<BudgetAlerts['flushed']>[0];

export function buildBudgets(options: {
  readonly config: Pick<Config, 'figures'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spending: {
    readonly kinds: readonly ScopeKind[];
    /** With all that was settled before on this node; and what the database has by now. */
    readonly usage: { readonly ofScopes: SpendReader; readonly storedOfScopes: SpendReader };
    readonly wallets: Pick<Wallets, 'walletOf'>;
    readonly onFlushed: (listener: (counters: Counters) => void) => void;
  };
  readonly changes: Pick<ChangeFeed, 'poll' | 'subscribe'>;
  readonly readJson: (request: Request) => Promise<unknown>;
  readonly targets: RateTargets;
}): Budgets {
  const { config, database, clock, logger, spending, changes, readJson, targets } = options;
  const { kinds, usage, wallets } = spending;
  const spend: SpendReader = (asked) => usage.ofScopes(asked);
  const stored: SpendReader = (asked) => usage.storedOfScopes(asked);
  const alerts = new BudgetAlerts({ database, clock, logger, kinds, stored });
  spending.onFlushed((counters) => alerts.flushed(counters));
  changes.subscribe('workspace_limits', (workspaceId) => alerts.changed(workspaceId));
  alerts.start().catch((error: unknown) => logger.warn('budget_not_looked_at', { error }));
  return {
    services: {
      ...{ ...targets, database, clock, spend, readJson, changed: () => changes.poll() },
      tagNames: new Set(config.figures.tags),
    },
    layersOf: async (principal) => {
      // What came to apply to it counts what it has spent from then on, whether or not it has asked for anything since.
      if (principal.kind === 'api') await wallets.walletOf(principal);
      return await layersOf({ kinds, spend, nowMs: clock.nowMs() }, principal);
    },
    stop: () => alerts.stop(),
  };
}
