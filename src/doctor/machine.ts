/** What the machine gives the gateway: the runtime, open files, clocks, disk, the port. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { BUN_VERSION } from '../version.ts';
import { type Finding, fail, ok, reasonOf, warn } from './finding.ts';

const LEAST_OPEN_FILES = 4096;
const LEAST_CONNECTIONS = 1024;
/** Bun's own, where nobody raises it: so many requests to providers at a time, the others wait. */
const BUN_CONNECTIONS = 256;
const LEAST_FREE_BYTES = 1024 ** 3;
const SLOW_SYNC_MS = 100;
const CLOCK_SAMPLE_MS = 200;
const CLOCK_TOLERANCE_MS = 20;
const MIB = 1024 ** 2;

export function runtime(env: Readonly<Record<string, string | undefined>>): Finding[] {
  const files = openFileLimit();
  const text = env['BUN_CONFIG_MAX_HTTP_REQUESTS'];
  const connections = text === undefined ? BUN_CONNECTIONS : Number(text);
  return [
    Bun.version === BUN_VERSION
      ? ok('bun', `version ${Bun.version}`)
      : warn(
          'bun',
          `version ${Bun.version}, made for ${BUN_VERSION}`,
          'run "npm ci", and start with "npm start"',
        ),
    connections >= LEAST_CONNECTIONS
      ? ok('connections', `at most ${connections} to providers at a time`)
      : warn(
          'connections',
          `at most ${connections} requests to providers at a time`,
          'start with "npm start" or scripts/turnpike.mjs, or set BUN_CONFIG_MAX_HTTP_REQUESTS=65535',
        ),
    files === null
      ? warn(
          'open files',
          'the limit cannot be read here',
          `make sure that "ulimit -n" is at least ${LEAST_OPEN_FILES}`,
        )
      : files >= LEAST_OPEN_FILES
        ? ok('open files', `at most ${files}`)
        : warn(
            'open files',
            `at most ${files}`,
            `raise it to ${LEAST_OPEN_FILES} or more ("ulimit -n", LimitNOFILE)`,
          ),
  ];
}

function openFileLimit(): number | null {
  try {
    const [, soft] =
      /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return null;
  }
}

/** Whether the two clocks of this machine go equally fast: a clock that is being set, or a virtual one that lags, shows here. */
export async function clock(): Promise<Finding> {
  const [wallMs, monotonicMs] = [Date.now(), performance.now()];
  await Bun.sleep(CLOCK_SAMPLE_MS);
  const driftMs = Math.abs(Date.now() - wallMs - (performance.now() - monotonicMs));
  return driftMs <= CLOCK_TOLERANCE_MS
    ? ok('clock', `steady, ${new Date().toISOString()}`)
    : fail(
        'clock',
        `moved by ${Math.round(driftMs)} ms against the monotonic one while looked at`,
        'check NTP: limits count by it',
      );
}

export function disk(config: Pick<Config, 'dataDir'>): Finding[] {
  const { dataDir } = config;
  if (!existsSync(dataDir))
    return [warn('disk', `${dataDir} does not exist yet`, 'the first start makes it')];
  const { bavail, bsize } = statfsSync(dataDir);
  const freeBytes = Number(bavail) * Number(bsize);
  const free = `${Math.floor(freeBytes / MIB)} MiB free in ${dataDir}`;
  return [
    freeBytes >= LEAST_FREE_BYTES
      ? ok('disk', free)
      : fail('disk', free, 'make room: when the journal cannot be written, the gateway stops'),
    sync(dataDir),
  ];
}

/** A real write, as the journal makes them; the file is gone afterwards. */
function sync(dataDir: string): Finding {
  const path = join(dataDir, `.doctor-${crypto.randomUUID()}`);
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      const startedAt = performance.now();
      writeSync(file, Buffer.alloc(4096, 1));
      fdatasyncSync(file);
      const tookMs = performance.now() - startedAt;
      return tookMs <= SLOW_SYNC_MS
        ? ok('fsync', `written and synced in ${tookMs.toFixed(1)} ms`)
        : warn(
            'fsync',
            `took ${Math.round(tookMs)} ms`,
            'every answer waits for one: put the data directory on a faster disk',
          );
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  } catch (thrown) {
    return fail(
      'fsync',
      `cannot write in ${dataDir}: ${reasonOf(thrown)}`,
      'make it writable for the user that runs the gateway',
    );
  }
}

/** What others could read or change. */
export function files(config: Pick<Config, 'dataDir' | 'databaseUrl'>, configFile: string | null): Finding[] {
  const { dataDir } = config;
  if (!existsSync(dataDir)) return [];
  const found: Finding[] = [];
  const owned = [
    [dataDir, 0o022, 'be changed'],
    ...['master.key', 'node-id', 'instance-id', 'lock.sqlite'].map((name) => [
      join(dataDir, name),
      0o022,
      'be changed',
    ]),
    [join(dataDir, 'master.key'), 0o077, 'be read'],
    [join(dataDir, 'journal'), 0o077, 'be read'],
    ...(config.databaseUrl === null ? [[sqlitePath(dataDir), 0o077, 'be read']] : []),
    ...(configFile === null ? [] : [[configFile, 0o022, 'be changed']]),
  ] as const;
  for (const [path, mask, harm] of owned) {
    if (!existsSync(String(path))) continue;
    const stat = statSync(String(path));
    if ((stat.mode & Number(mask)) === 0) continue;
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    const right = stat.isDirectory() ? '700' : '600';
    found.push(warn('files', `${path} (mode ${mode}) can ${harm} by other users`, `chmod ${right} ${path}`));
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    found.push(
      fail(
        'files',
        `${dataDir} is not this user's to write`,
        `chown it, or run as the user that runs the gateway`,
      ),
    );
  }
  return found.length > 0 ? found : [ok('files', `${dataDir} belongs to this user alone`)];
}

/** `runningPid`: of a gateway that holds the data directory. */
export async function port(
  { host, port }: Pick<Config, 'host' | 'port'>,
  runningPid: string | null,
): Promise<Finding> {
  const problem = await new Promise<Error | null>((resolve) => {
    const server = createServer()
      .once('error', resolve)
      .listen(port, host, () => server.close(() => resolve(null)));
  });
  if (problem === null) {
    return runningPid === null
      ? ok('port', `${host}:${port} is free`)
      : warn(
          'port',
          `${host}:${port} is free, though process ${runningPid} holds the data directory`,
          'is it starting, or on another port?',
        );
  }
  if (runningPid !== null)
    return ok('port', `${host}:${port} is taken, process ${runningPid} runs on this data directory`);
  return fail(
    'port',
    `${host}:${port}: ${reasonOf(problem)}`,
    'stop what listens there, or set TURNPIKE_PORT or TURNPIKE_HOST',
  );
}

/** Room for what a migration may rewrite. */
export function roomFor(path: string): Finding {
  const bytes = existsSync(path) ? statSync(path).size : 0;
  const { bavail, bsize } = statfsSync(dirname(path));
  const freeBytes = Number(bavail) * Number(bsize);
  const text = `the database has ${Math.ceil(bytes / MIB)} MiB, ${Math.floor(freeBytes / MIB)} MiB are free`;
  return freeBytes >= 2 * bytes
    ? ok('room', text)
    : fail('room', text, 'make room for twice the database: a migration may write all of it anew');
}
