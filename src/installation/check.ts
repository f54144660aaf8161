/** Database, data directory and master key must belong together before a gateway starts: what is missing is named, never made anew. */
import { existsSync } from 'node:fs';
import { isoFromMs } from '../clock.ts';
import { NO_GATEWAY_HERE, RecoveryError } from '../recovery-error.ts';
import type { Database, DatabaseOptions } from '../storage/database.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { type DataDir, isUsed, readDataDir, signsOfUse } from './data-dir.ts';
import { type JournalPosition, listJournals, readInstanceId, readNewestGenerationMs } from './store.ts';

type Place = Pick<DatabaseOptions, 'databaseUrl' | 'dataDir'>;

/** Before the database is opened, since opening makes an empty one where there is none. Throws `RecoveryError`. */
export function refuseLostDatabaseFile({ databaseUrl, dataDir }: Place): void {
  if (databaseUrl !== null || existsSync(sqlitePath(dataDir))) return;
  const dir = readDataDir(dataDir);
  if (isUsed(dir)) throw emptyDatabase(dir, `there is no ${sqlitePath(dataDir)}`);
}

/** The same for whatever is no start: it finds a database, or makes none. */
export function refuseMissingDatabaseFile(place: Place): void {
  refuseLostDatabaseFile(place);
  const path = sqlitePath(place.dataDir);
  if (place.databaseUrl === null && !existsSync(path))
    throw new RecoveryError(`There is no ${path}: ${NO_GATEWAY_HERE}`);
}

/** Changes nothing. Throws `RecoveryError` when database and data directory do not belong together. */
export async function refuseStrangers(database: Database, { dataDir }: Place): Promise<void> {
  const dir = readDataDir(dataDir);
  const instanceId = await readInstanceId(database.db);
  if (instanceId === null) {
    if (isUsed(dir)) throw emptyDatabase(dir, 'the database is empty');
    return;
  }
  if (dir.instanceId !== null && dir.instanceId !== instanceId) throw otherInstallation(dir);
  const journals = await listJournals(database.db);
  const own = journals.find(({ nodeId }) => nodeId === dir.nodeId);
  if (dir.journalFiles > 0 && own === undefined) throw unknownJournal(dir);
  if (own !== undefined && hasGap(dir, own)) throw await gap(database, dir);
  if (dir.journalFiles > 0) return;
  if (own === undefined ? isFreshNode(database, dir, journals) : own.seq === 0) return;
  throw await lostJournal(database, dir);
}

/** Whether records are in neither: the journal keeps what the database did not have when a file of it was deleted. */
export function hasGap({ journalFrom }: DataDir, { seq }: JournalPosition): boolean {
  return journalFrom !== null && journalFrom > seq + 1;
}

/** On PostgreSQL a new data directory is a new node; on SQLite the one that there was is gone. */
function isFreshNode(database: Database, dir: DataDir, journals: readonly JournalPosition[]): boolean {
  if (database.engine === 'postgres' || journals.length === 0) return true;
  // The operator has said that the old one is lost: `turnpike recover lost-journal` leaves both names.
  return dir.instanceId !== null && dir.nodeId !== null;
}

function emptyDatabase(dir: DataDir, what: string): RecoveryError {
  return new RecoveryError(
    `The data directory ${dir.path} has been used (${signsOfUse(dir)}), but ${what}. Nothing was changed.`,
    'If it should not be empty: restore the database, or correct TURNPIKE_DATABASE_URL or TURNPIKE_DATA_DIR.',
    `To begin anew, with new keys and no history: move ${dir.path} away, and keep it, for its journal may hold charges.`,
  );
}

function otherInstallation(dir: DataDir): RecoveryError {
  return new RecoveryError(
    `The data directory ${dir.path} belongs to another installation than this database. Nothing was changed.`,
    'Correct TURNPIKE_DATABASE_URL or TURNPIKE_DATA_DIR: its journal would be charged to the wrong accounts.',
    'If the database was replaced on purpose: move the data directory away, and start with an empty one.',
  );
}

function unknownJournal(dir: DataDir): RecoveryError {
  return new RecoveryError(
    `The journal in ${dir.path} is of a node that this database does not know: the database is another one, or older than the journal.`,
    'Restore the newest database, or correct TURNPIKE_DATABASE_URL or TURNPIKE_DATA_DIR.',
    `To go on without the requests that only this journal knows: move ${dir.path} away, and run "turnpike recover lost-journal".`,
  );
}

async function gap(database: Database, dir: DataDir): Promise<RecoveryError> {
  return new RecoveryError(
    `The database is older than the journal in ${dir.path}, or a file of that journal was moved away: what was between them is in ` +
      `neither. ${await whatMayBeMissing(database)}`,
    'If there is a newer backup, or the file still exists: put it back.',
    'To go on without what is missing, and bring in the rest: run "turnpike recover lost-journal", then start again.',
  );
}

async function lostJournal(database: Database, dir: DataDir): Promise<RecoveryError> {
  return new RecoveryError(
    `The database is in use, but the journal that belonged to it is not in ${dir.path}. ${await whatMayBeMissing(database)}`,
    'If the data directory still exists: put it back, or correct TURNPIKE_DATA_DIR.',
    'If it is lost, or the database was restored from a backup: run "turnpike recover lost-journal", then start again.',
  );
}

/** Which charges may be lost with a journal, in words. */
export async function whatMayBeMissing(database: Database): Promise<string> {
  const newestMs = await readNewestGenerationMs(database.db);
  const since = newestMs === null ? 'of any request' : `of requests since about ${isoFromMs(newestMs)}`;
  return `What may be missing: the charges ${since} that had not been brought into the database.`;
}
