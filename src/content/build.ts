/** What keeps prompts and answers, built, and told of every change of a workspace's setting. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { ChangeFeed } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { ContentLog } from './content-log.ts';
import { type ContentServices, forgetOldContent } from './keep-content.ts';
import type { DropReason } from './recording.ts';

export interface ContentKeeping {
  readonly log: ContentLog;
  readonly services: ContentServices;
  /** To be called now and then: what has been kept for long enough goes. */
  forgetOld(): Promise<void>;
}

/** Call before the feed starts, and `log.reload` after. */
export function buildContent(options: {
  config: Pick<Config, 'masterKey' | 'contentLogging' | 'retention'>;
  database: Database;
  clock: Clock;
  logger: Logger;
  changes: ChangeFeed;
  onDropped: (reason: DropReason) => void;
}): ContentKeeping {
  const { config, database, clock, logger, changes, onDropped } = options;
  const { masterKey, contentLogging: limits, retention } = config;
  const log = new ContentLog({ database, clock, logger, masterKey, limits, onDropped });
  changes.subscribe('content_logging', () => void log.reload());
  changes.onGap(() => void log.reload());
  return {
    log,
    services: {
      ...{ database, clock, masterKey, isAllowed: limits.allowed },
      changed: async () => {
        await log.reload();
        await changes.poll();
      },
      flushed: () => log.flushed(),
    },
    forgetOld: () => forgetOldContent({ database, clock, generationsDays: retention.generationsDays }),
  };
}
