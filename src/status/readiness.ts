/** Whether requests may be sent here, and if not, why, in words that hold no secret. */
import { endsWithin } from '../clock.ts';

/** A probe that waits longer is given up by most orchestrators. */
const PROBE_MS = 2000;

export function createReadiness({
  isRetiring,
  journal,
  askDatabase,
}: {
  readonly isRetiring: () => boolean;
  readonly journal: { readonly failed: boolean };
  readonly askDatabase: () => Promise<unknown>;
}): () => Promise<string | null> {
  return async () => {
    if (isRetiring()) return 'stopping';
    if (journal.failed) return 'the journal cannot be written';
    try {
      return (await endsWithin(askDatabase(), PROBE_MS)) ? null : 'the database does not answer';
    } catch {
      return 'the database cannot be reached';
    }
  };
}
