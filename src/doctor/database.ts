/** The database as a start would find it, opened and left as it is: reachable, its clock and schema, its key, its journal. */
import { existsSync, statSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { refuseStrangers } from '../installation/check.ts';
import { isUsed, readDataDir } from '../installation/data-dir.ts';
import { listJournals, readInstanceId } from '../installation/installation.ts';
import { proveMasterKey } from '../installation/master-key-check.ts';
import { readClockDifference } from '../storage/clock-watch.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { migrations } from '../storage/migrate.ts';
import { type Finding, fail, ok, reasonOf, warn } from './finding.ts';
import { readAppliedMigrations, readDamage, readKnownKeys, readServerVersion } from './store.ts';

const REACH_MS = 10_000;
/** The migration since which a key's secret can be replaced. */
const WITH_SECRETS = '0034-workspaces';

export interface DatabaseLook {
  readonly config: Pick<Config, 'databaseUrl' | 'dataDir'>;
  /** Null: there is none to prove. */
  readonly masterKey: Uint8Array | null;
  readonly masterKeySource: string;
  /** Hashes of what would be given to providers, to find this gateway's own keys among them. */
  readonly providerKeyHashes: readonly string[];
}

export interface DatabaseSeen {
  readonly findings: readonly Finding[];
  /** By name; null: unknown, the database could not be read. */
  readonly pending: readonly string[] | null;
  readonly instanceId: string | null;
  /** How far it has this data directory's journal; null: unknown. */
  readonly flushedSeq: number | null;
  /** Those of `providerKeyHashes` that are of a key of this gateway; null: unknown. */
  readonly ownKeyHashes: ReadonlySet<string> | null;
}

const RESTORE =
  'check its mode; if it is damaged: stop the gateway, keep a copy of the file, and restore the newest backup';

const NOTHING: Omit<DatabaseSeen, 'findings'> = {
  pending: null,
  instanceId: null,
  flushedSeq: null,
  ownKeyHashes: null,
};

export async function lookIntoDatabase(look: DatabaseLook): Promise<DatabaseSeen> {
  const { config } = look;
  // Opening would make an empty one.
  if (config.databaseUrl === null && !existsSync(sqlitePath(config.dataDir))) return withoutFile(look);
  let database: Database | null = null;
  try {
    database = await openDatabase(config);
    const version = await within(readServerVersion(database), REACH_MS);
    return await lookInto(database, version, look);
  } catch (thrown) {
    const text = `${nameOf(config)} cannot be read: ${reasonOf(thrown)}`;
    if (config.databaseUrl === null) return { findings: [fail('database file', text, RESTORE)], ...NOTHING };
    return {
      findings: [
        fail('database', text, 'check TURNPIKE_DATABASE_URL, and that it runs and lets this machine in'),
      ],
      ...NOTHING,
    };
  } finally {
    await database?.close().catch(() => undefined);
  }
}

function withoutFile({ config }: DatabaseLook): DatabaseSeen {
  const path = sqlitePath(config.dataDir);
  const finding = !isUsed(readDataDir(config.dataDir))
    ? warn('database', `${path} does not exist yet`, 'the first start makes it')
    : fail(
        'database',
        `${path} is gone, though ${config.dataDir} has been used`,
        'restore it from a backup, or correct TURNPIKE_DATA_DIR',
      );
  return { findings: [finding], ...NOTHING };
}

async function lookInto(database: Database, version: string, look: DatabaseLook): Promise<DatabaseSeen> {
  const reached = ok('database', `${version}, ${nameOf(look.config)}`);
  const whole = database.engine === 'sqlite' ? [await wholeness(database)] : [];
  // What a damaged file says of the rest is worth nothing.
  if (whole.some(({ level }) => level === 'FAIL')) return { findings: [reached, ...whole], ...NOTHING };
  const applied = await readAppliedMigrations(database);
  // None will run on a history that is not ours.
  const isOurs = applied.every((name, at) => migrations[at]?.name === name);
  const pending = isOurs ? migrations.slice(applied.length).map(({ name }) => name) : [];
  const findings = [reached, ...whole, schema(applied, pending)];
  if (database.engine === 'postgres') findings.push(await databaseClock(database));
  const instanceId = await readInstanceId(database.db);
  findings.push(...(await belonging(database, look)));
  let flushedSeq: number | null = null;
  if (instanceId !== null) {
    findings.push(await key(database, look));
    flushedSeq = await readFlushedSeq(database, look);
  }
  const ownKeyHashes =
    applied.length === 0
      ? new Set<string>()
      : await readKnownKeys(database, look.providerKeyHashes, applied.includes(WITH_SECRETS));
  return { findings, pending, instanceId, flushedSeq, ownKeyHashes };
}

/** A file that can be opened may still be damaged: every page of it is read. */
async function wholeness(database: Database): Promise<Finding> {
  try {
    const problem = await readDamage(database);
    return problem === null ? ok('database file', 'no damage') : fail('database file', problem, RESTORE);
  } catch (thrown) {
    return fail('database file', reasonOf(thrown), RESTORE);
  }
}

function schema(applied: readonly string[], pending: readonly string[]): Finding {
  const at = applied.findIndex((name, index) => migrations[index]?.name !== name);
  if (at !== -1) {
    const expected = migrations[at]?.name;
    return expected === undefined
      ? fail(
          'schema',
          `${applied[at]} is not known to this version`,
          'run the version that made it, or a newer one',
        )
      : fail(
          'schema',
          `${applied[at]} was applied where this version has ${expected}: a different program made the database`,
          'run the version that made it, or restore a backup of a released one',
        );
  }
  if (applied.length === 0) return warn('schema', 'the database is empty', 'the first start fills it');
  if (pending.length === 0) return ok('schema', `up to date (${applied.at(-1)})`);
  return warn(
    'schema',
    `to be applied by the next start: ${pending.join(', ')}`,
    'make a backup first; see --before-upgrade',
  );
}

async function databaseClock(database: Database): Promise<Finding> {
  const { aheadMs, isTooMuch } = await readClockDifference(database, systemClock);
  const text = `the database's clock is ${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  return isTooMuch
    ? fail('database clock', text, 'run NTP on both: keys expire and limits reset by these clocks')
    : ok('database clock', text);
}

async function belonging(database: Database, { config }: DatabaseLook): Promise<Finding[]> {
  try {
    await refuseStrangers(database, config);
    return [];
  } catch (thrown) {
    const [text = '', ...remedies] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
    return [fail('installation', text, remedies.map((line) => line.trim()).join(' '))];
  }
}

async function key(database: Database, { masterKey, masterKeySource }: DatabaseLook): Promise<Finding> {
  if (masterKey === null) return fail('master key', 'there is none to prove', 'put it back');
  const proof = await proveMasterKey(database, masterKey);
  if (proof === 'right') return ok('master key', `opens what is sealed in the database (${masterKeySource})`);
  if (proof === 'unproven')
    return warn('master key', 'nothing is sealed yet that could prove it', 'start the gateway once');
  return fail(
    'master key',
    `does not open what is sealed in the database (${masterKeySource})`,
    'put the right one back',
  );
}

async function readFlushedSeq(database: Database, { config }: DatabaseLook): Promise<number> {
  const { nodeId } = readDataDir(config.dataDir);
  const own = (await listJournals(database.db)).find((journal) => journal.nodeId === nodeId);
  return own?.seq ?? 0;
}

/** A copy that an upgrade can be undone with. */
export async function backup(
  path: string | null,
  look: DatabaseLook,
  instanceId: string | null,
): Promise<Finding> {
  if (look.config.databaseUrl !== null)
    return warn(
      'backup',
      'of a PostgreSQL database cannot be seen from here',
      'make sure that a fresh pg_dump exists, and that it restores',
    );
  const remedy = 'run "turnpike backup FILE", then "turnpike doctor --before-upgrade --backup FILE"';
  if (path === null) return fail('backup', 'none was named', remedy);
  if (!existsSync(path)) return fail('backup', `${path} does not exist`, remedy);
  const { readBackup } = await import('../storage/backup.ts');
  try {
    const { instanceId: of } = readBackup(path);
    if (of !== instanceId) return fail('backup', `${path} is of another database`, remedy);
  } catch (thrown) {
    return fail('backup', `${path} is no whole database: ${reasonOf(thrown)}`, remedy);
  }
  const ageHours = (Date.now() - statSync(path).mtimeMs) / 3_600_000;
  const text = `${path}, ${ageHours.toFixed(1)} hours old, whole`;
  return ageHours <= 24 ? ok('backup', text) : warn('backup', text, 'make a fresh one');
}

/** Host and name alone: its user and password are nobody's business. */
function nameOf({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  if (databaseUrl === null) return sqlitePath(dataDir);
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname}`;
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
