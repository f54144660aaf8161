/** The audit log as the gateway keeps it while it runs: what is chained behind a change, and what was refused. */
import type { KnownCaller } from '../auth/caller-refused.ts';
import type { Clock } from '../clock.ts';
import type { TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import { linkEvents } from './chain.ts';
import { withoutTexts } from './record.ts';
import { RefusedAttempts } from './refused-attempts.ts';

/** Of a change that somebody asked for who may not make it. */
export interface ChangeRefused {
  readonly caller: KnownCaller;
  readonly address: string;
  /** As it was sent, without its query. */
  readonly path: string;
}

export function buildAudit({
  database,
  clock,
  logger,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}) {
  const link = () => {
    linkEvents(database).catch((error: unknown) => logger.warn('audit_not_linked', { error }));
  };
  const attempts = new RefusedAttempts({
    ...{ db: database.db, clock },
    onEvent: (event) => {
      logger.info('audit', withoutTexts(event));
      link();
    },
    onError: (error) => logger.warn('audit_refusal_not_written', { error }),
  });
  return {
    /** Gives every event its link, behind whoever made it. */
    link,
    refused: (
      route: { readonly method: string; readonly path: string },
      { caller, address, path }: ChangeRefused,
      { code, status }: TurnpikeError,
    ) =>
      attempts.add({
        actor: { kind: caller.kind, id: caller.id, address },
        accountId: caller.accountId,
        ...{ what: `${route.method} ${route.path}`, path, code, status },
      }),
  };
}
