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
      if (!(await endsWithin(askDatabase(), PROBE_MS))) return 'the database does not answer';
    } catch {
      return 'the database cannot be reached';
    }
    // It may have been told to stop while a slow database was asked: an answer that comes late must not call it back.
    return isRetiring() ? 'stopping' : null;
  };
}
