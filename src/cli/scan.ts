/**
 * `turnpike scan`: looks for keys of ours in files, or in what is piped in, and says which of them work. It reads the configuration and
 * the database only when it is asked to, changes neither, and never prints a key whole.
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { liveSecrets } from '../keys/secrets-among.ts';
import { type Found, scanFiles, scanText } from '../leaks/scan.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = [
  'usage: turnpike scan [--database] [--json] PATH...',
  '       git diff --cached | turnpike scan -',
];

interface Options {
  readonly paths: readonly string[];
  readonly asksDatabase: boolean;
  readonly json: boolean;
}

/** 0: no key was found; 1: one was (with --database: one that works); 2: the command line makes no sense, or something cannot be read. */
export async function run(args: string[], { print }: Pick<CommandContext, 'print'>): Promise<number> {
  const options = parse(args);
  if (options === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const found: Found[] = [];
  const unread: string[] = [];
  for (const path of options.paths) {
    if (path === '-') found.push(...(await scanText('<stdin>', Bun.stdin.stream())));
    else {
      const files = await scanFiles(path);
      found.push(...files.found);
      unread.push(...files.unread);
    }
  }
  const live = options.asksDatabase ? await liveAmong(found) : null;
  if (options.json) print(JSON.stringify(found.map((one) => ({ ...one, is_live: isLive(one, live) }))));
  else {
    for (const one of found) print(lineOf(one, live));
    for (const path of unread) print(`${path}: cannot be read`);
    print(summaryOf(found, live));
  }
  if (unread.length > 0) return 2;
  return found.some((one) => isLive(one, live) !== false) ? 1 : 0;
}

function parse(args: string[]): Options | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        database: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length === 0) return null;
    return { paths: positionals, asksDatabase: values.database, json: values.json };
  } catch {
    return null;
  }
}

async function liveAmong(found: readonly Found[]): Promise<ReadonlySet<string>> {
  const config = loadConfig({ env: process.env, cwd: process.cwd(), createMissing: false });
  const database = await openMigrated(config);
  try {
    if ((await readInstance(database)) === null)
      throw new Error('This database is empty: start the server once with "turnpike serve"');
    return await liveSecrets(
      database.db,
      found.map(({ hash }) => hash),
      Date.now(),
    );
  } finally {
    await database.close();
  }
}

/** Null: nobody was asked. */
const isLive = ({ hash }: Found, live: ReadonlySet<string> | null): boolean | null =>
  live === null ? null : live.has(hash);

function lineOf(one: Found, live: ReadonlySet<string> | null): string {
  const state =
    live === null ? '' : live.has(one.hash) ? '  WORKS' : '  works no more, or is not of this gateway';
  return `${one.path}:${one.line}: ${one.label}${state}`;
}

function summaryOf(found: readonly Found[], live: ReadonlySet<string> | null): string {
  const distinct = new Set(found.map(({ hash }) => hash)).size;
  if (distinct === 0) return 'No key was found.';
  const working = live === null ? '' : `, of which ${live.size} ${live.size === 1 ? 'works' : 'work'}`;
  return `${distinct} ${distinct === 1 ? 'key' : 'keys'}${working}: replace whatever anybody else can read.`;
}
