/** `turnpike recover`: the operator's word that something is lost for good, where a start refuses to go on without it. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { recordAudit } from '../audit/record.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { hasGap, refuseMissingDatabaseFile, whatMayBeMissing } from '../installation/check.ts';
import { claimDataDir, giveNewNodeId, readDataDir } from '../installation/data-dir.ts';
import { adoptMasterKey, proveMasterKey } from '../installation/master-key-check.ts';
import {
  countSecondFactors,
  type JournalPosition,
  listJournals,
  readInstanceId,
} from '../installation/store.ts';
import { replaceSegment, type Salvage, salvageJournal } from '../journal/salvage.ts';
import { contextSeqOf } from '../metering/spend-record.ts';
import { lockDataDir } from '../storage/data-dir-lock.ts';
import type { Database } from '../storage/database.ts';
import { setJournalPosition } from '../storage/journal-position.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = [
  'usage: turnpike recover new-master-key --yes   the key that sealed the secrets is lost: forget them, and go on with the present one',
  '       turnpike recover lost-journal --yes     the journal is lost, or does not reach back to the database: go on without what only it knew',
  '       turnpike recover damaged-journal --yes  a file of the journal is damaged: go on with what can be read of it',
  'Without --yes it says what would be lost, and changes nothing.',
];

const RECOVERIES = {
  'new-master-key': changeMasterKey,
  'lost-journal': forgetJournal,
  'damaged-journal': salvage,
} as const;

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const [what, isSure] = parse(args);
  if (what === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  refuseMissingDatabaseFile(config);
  // A running gateway holds it, and would go on with what it has in memory.
  const lock = lockDataDir(config.dataDir);
  try {
    const database = await openMigrated(config);
    try {
      return await RECOVERIES[what]({ database, config, print, isSure });
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}

interface Recovery {
  readonly database: Database;
  readonly config: Config;
  readonly print: (line: string) => void;
  readonly isSure: boolean;
}

function parse(args: string[]): [keyof typeof RECOVERIES | null, boolean] {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { yes: { type: 'boolean', default: false } },
    });
    const [name, ...rest] = positionals;
    const what = Object.keys(RECOVERIES).find((known) => known === name) as
      | keyof typeof RECOVERIES
      | undefined;
    return [rest.length === 0 ? (what ?? null) : null, values.yes];
  } catch {
    return [null, false];
  }
}

async function forgetJournal({ database, config, print, isSure }: Recovery): Promise<number> {
  const instanceId = await readInstanceId(database.db);
  if (instanceId === null) {
    print('The database is empty: there is no journal to be missed.');
    return 1;
  }
  const dir = readDataDir(config.dataDir);
  if (dir.journalFrom !== null) {
    const own = (await listJournals(database.db)).find((journal) => journal.nodeId === dir.nodeId);
    if (own !== undefined && hasGap(dir, own))
      return await skipGap({ database, config, print, isSure }, own, dir.journalFrom);
    if (own !== undefined) {
      print(
        `There is a journal in ${dir.path}, and it begins where the database ends: nothing is missing. If a file of it is damaged, ` +
          'move that file away first, and keep it.',
      );
      return 1;
    }
    print(
      `There is a journal in ${dir.path}. If it is damaged or of another database, move it away first, and keep it.`,
    );
    return 1;
  }
  print(await whatMayBeMissing(database));
  if (!isSure) return needsYes(print);
  const nodeId = giveNewNodeId(dir.path);
  await recordAudit(database.db, {
    ...{ ...event('journal.given_up'), before: { node_id: dir.nodeId }, after: { node_id: nodeId } },
    nowMs: systemClock.nowMs(),
  });
  claimDataDir(dir.path, instanceId);
  print('The data directory begins with a new journal.');
  if (database.engine === 'postgres')
    print(
      'What the old one had leased stays reserved: "turnpike nodes list" shows it, "turnpike nodes forget" gives it back.',
    );
  return 0;
}

async function salvage({ database, config, print, isSure }: Recovery): Promise<number> {
  const { nodeId, path } = readDataDir(config.dataDir);
  const flushed = (await listJournals(database.db)).find((journal) => journal.nodeId === nodeId)?.seq ?? 0;
  const found = salvageJournal(join(path, 'journal'), flushed, contextSeqOf);
  if (found.length === 0) {
    print('No file of the journal is damaged: nothing is lost, and nothing was changed.');
    return 1;
  }
  for (const { path: file, kept, lost } of found)
    print(`${file}: ${kept} records can be read, ${lost} before the last of them are lost.`);
  print(
    'Lost with a record is what it charged, unless the database has it already. A request that is seen to',
  );
  print('begin and not to end is charged as far as it is known to have come.');
  if (!isSure) return needsYes(print);
  for (const each of found) print(`Kept as it was: ${replaceSegment(each, systemClock.nowMs())}`);
  await recordAudit(database.db, {
    ...event('journal.salvaged'),
    after: { node_id: nodeId, files: found.map(({ path: file }) => file), lost: sumOf(found) },
    nowMs: systemClock.nowMs(),
  });
  print('The journal can be read again.');
  return 0;
}

function sumOf(found: readonly Salvage[]): number {
  return found.reduce((sum, { lost }) => sum + lost, 0);
}

/** What the journal still has is brought in by the next start. */
async function skipGap(
  { database, print, isSure }: Recovery,
  { nodeId, seq }: JournalPosition,
  journalFrom: number,
): Promise<number> {
  print(await whatMayBeMissing(database));
  if (!isSure) return needsYes(print);
  await database.transaction(async (trx) => {
    await setJournalPosition(trx, nodeId, journalFrom - 1);
    await recordAudit(trx, {
      ...{ ...event('journal.given_up'), before: { record: seq }, after: { record: journalFrom - 1 } },
      nowMs: systemClock.nowMs(),
    });
  });
  print(`The next start brings in what the journal has, from record ${journalFrom} on.`);
  return 0;
}

async function changeMasterKey({ database, config, print, isSure }: Recovery): Promise<number> {
  const proof = await proveMasterKey(database, config.masterKey);
  if (proof !== 'wrong') {
    print('The master key is the right one: nothing is lost, and nothing was changed.');
    return 1;
  }
  const factors = await countSecondFactors(database.db);
  print(
    'What is lost with the old key: sessions (people sign in again), signing keys of workload identity (new ones are made),',
  );
  print(
    'links in mails that are under way, answers kept for Idempotency-Key, and the running consents of apps.',
  );
  print('API keys, credits, usage and passwords stay.');
  if (factors > 0)
    print(
      `Authenticator apps of ${factors} people stop working: "turnpike users two-factor-off EMAIL" lets them back in.`,
    );
  if (!isSure) return needsYes(print);
  await database.transaction(async (trx) => {
    await adoptMasterKey(trx, config.masterKey);
    await recordAudit(trx, { ...event('master_key.replaced'), nowMs: systemClock.nowMs() });
  });
  print('The present master key is the right one from now on. Back it up.');
  return 0;
}

function event(action: string) {
  return { action, target: ['installation', null] as const, accountId: null };
}

function needsYes(print: (line: string) => void): number {
  print('Nothing was changed. Say --yes to go on.');
  return 1;
}
