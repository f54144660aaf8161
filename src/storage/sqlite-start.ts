/** Why a gateway cannot start on its SQLite file, by SQLite's result codes, and whether waiting can mend it. */
import { DatabaseStartError, DatabaseUnavailableError } from './outage.ts';

/** Another program has locked the file (a backup, an open shell, a file on a network share) and lets go of it in time. */
export const LOCKED_REMEDY =
  'Another program has locked the database file: end it (`fuser` names it), or wait for it. Copy a database with `turnpike backup` and keep it off network shares';

export function isLockedByAnother(thrown: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(causeOf(thrown)));
}

/** An error for the operator, in one line with the remedy, where waiting is no use; null for everything else. */
export function hopelessSqliteStart(thrown: unknown, file: string): DatabaseStartError | null {
  const cause = causeOf(thrown);
  const remedy = remedyFor(codeOf(cause), file);
  if (remedy === null || !(cause instanceof Error)) return null;
  return new DatabaseStartError(`The database ${file} cannot be used: ${cause.message}. ${remedy}`, cause);
}

function remedyFor(code: string, file: string): string | null {
  if (/^SQLITE_(?:NOTADB|CORRUPT)/.test(code))
    return `It is damaged, or another program wrote it. Keep it aside and restore a backup (docs/operating.md, "Backup and restore")`;
  if (/^SQLITE_FULL/.test(code)) return 'Free some space on its disk';
  if (/^(?:SQLITE_(?:READONLY|CANTOPEN)|EACCES|EPERM|EISDIR|EROFS)/.test(code))
    return `Let the user that runs the gateway write ${file} and the directory it is in`;
  if (/^SQLITE_IOERR/.test(code))
    return 'Its disk fails, or is a network share: move the data directory to a local disk';
  return null;
}

const causeOf = (thrown: unknown): unknown =>
  thrown instanceof DatabaseUnavailableError ? thrown.cause : thrown;

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
