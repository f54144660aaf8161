/** What of this process' memory another process may have made wrong, and is looked at anew. */
import type { KeyCache } from './auth/key-cache.ts';
import type { RunningStreams } from './inference/running-streams.ts';
import { learnMasterKeys } from './installation/master-key-change.ts';
import type { LeaseKeeper } from './limits/leases/keeper.ts';
import { changedScopes, type ScopeKind } from './limits/scope-kind.ts';
import type { Wallets } from './limits/wallets.ts';
import type { Logger } from './log.ts';
import { touchedBy } from './policy/guardrail-change.ts';
import type { ChangeFeed } from './storage/changes.ts';
import type { Database } from './storage/database.ts';

/** Call it before the feed starts. */
export function followChanges(services: {
  readonly changes: ChangeFeed;
  readonly keys: KeyCache;
  readonly runningStreams: RunningStreams;
  readonly wallets: Wallets;
  readonly leases: LeaseKeeper | null;
  readonly kinds: readonly ScopeKind[];
  readonly logger: Logger;
  readonly database: Database;
  readonly masterKey: Uint8Array;
}): void {
  const { changes, keys, runningStreams, wallets, leases, kinds, logger, database, masterKey } = services;
  const learn = () => {
    learnMasterKeys(database.db, masterKey).catch((error: unknown) =>
      logger.error('master_keys_not_read', { error }),
    );
  };
  changes.subscribe('master_key', learn);
  changes.subscribe('api_key', (hash) => {
    keys.invalidate(hash);
    runningStreams.keyChanged(hash);
  });
  changes.subscribe('workspace_limits', (workspaceId) =>
    keys.invalidateWhere((key) => key.workspaceId === workspaceId),
  );
  changes.subscribe('guardrail', (subjectId) => keys.invalidateWhere(touchedBy(subjectId)));
  const creditsReloadFailed = (error: unknown) => logger.error('credits_reload_failed', { error });
  changes.subscribe('account', (accountId) => {
    wallets.creditsChanged(accountId).catch(creditsReloadFailed);
  });
  for (const kind of kinds) {
    changes.subscribe(kind.changedBy, (subjectId) => {
      for (const scopeId of changedScopes(kind, subjectId, wallets.scopes)) {
        if (kind.holdersOf !== undefined) wallets.boundAnew(kind.kind, scopeId);
        leases?.changed(kind.kind, scopeId);
      }
    });
  }
  changes.onGap(() => {
    learn();
    keys.clear();
    for (const { kind, id } of wallets.scopes)
      if (wallets.kind(kind)?.holdersOf !== undefined) wallets.boundAnew(kind, id);
    runningStreams.recheck();
    wallets.allCreditsChanged().catch(creditsReloadFailed);
    leases?.allChanged();
  });
}
