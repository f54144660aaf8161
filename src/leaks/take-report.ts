/** A report of found secrets, taken: those of keys that work are quarantined, and whoever sent it hears which were ours. */
import type { KeyWriteServices } from '../keys/create-key.ts';
import { reportLeak } from '../keys/report-leak.ts';
import { secretsAmong } from '../keys/secrets-among.ts';
import type { Logger } from '../log.ts';
import type { Feedback, Match } from './github-report.ts';

export interface LeakServices extends KeyWriteServices {
  readonly logger: Logger;
  /** False: whoever owns a found key is told, and it goes on working. */
  readonly quarantines: boolean;
}

/** Throws 503 where not all of it could be seen to, so that it is sent again: what was done before is not done twice. */
export async function takeReport(
  services: LeakServices,
  source: string,
  matches: readonly Match[],
): Promise<Feedback[]> {
  const ours = await secretsAmong(
    services.database.db,
    matches.filter(({ isWellFormed }) => isWellFormed).map(({ hash }) => hash),
  );
  const seen = new Set<string>();
  for (const { hash, place, url } of matches) {
    if (!ours.has(hash) || seen.has(hash)) continue;
    seen.add(hash);
    await reportLeak(services, { hash, source, place, url }, services.quarantines);
  }
  services.logger.info('leaks_reported', { source, matches: matches.length, keys: seen.size });
  return matches.map(({ hash, type }) => ({
    token_hash: hash,
    token_type: type,
    label: ours.has(hash) ? 'true_positive' : 'false_positive',
  }));
}
