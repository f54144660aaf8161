/** `turnpike serve`: opens the database, builds the gateway, listens, and on SIGTERM drains before it ends. */
import { unlinkSync } from 'node:fs';
import { createSetupLink } from '../accounts/members/invitations.ts';
import { buildGateway } from '../app.ts';
import { endsWithin, systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { errorResponse } from '../http/envelope.ts';
import { startServer } from '../http/server.ts';
import { refuseLostDatabaseFile, refuseStrangers } from '../installation/check.ts';
import { claimDataDir, nodeIdOf, readDataDir } from '../installation/data-dir.ts';
import { listJournals, readInstanceId } from '../installation/installation.ts';
import { checkMasterKey, MasterKeyError, refuseWrongKey } from '../installation/master-key-check.ts';
import { ensureInstance } from '../keys/bootstrap.ts';
import { createLogger, type Logger } from '../log.ts';
import { RecoveryError } from '../recovery-error.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import { SecretWatch } from '../secrets/watch.ts';
import { ClockWatch } from '../storage/clock-watch.ts';
import { lockDataDir } from '../storage/data-dir-lock.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { DatabaseUrlError } from '../storage/database-url.ts';
import { MigrationError, migrate } from '../storage/migrate.ts';
import { listenerName } from '../storage/nodes.ts';
import { hopelessStart, nameOf } from '../storage/outage.ts';
import { hopelessSqliteStart, isLockedByAnother, LOCKED_REMEDY } from '../storage/sqlite-start.ts';
import { VERSION } from '../version.ts';
import type { CommandContext } from './command.ts';
import { stopServing } from './stop-serving.ts';

const MAX_RETRY_MS = 5000;
/** Clocks run away slowly, or jump when a machine is woken. */
const CLOCK_LOOK_MS = 10 * 60_000;
const SAME_SIGNAL_MS = 1000;
/** A secret manager that hangs puts no end off. */
const UNWATCHED_WITHIN_MS = 1000;

export async function run(args: string[], { config, print, secrets }: CommandContext): Promise<number> {
  if (args.length > 0) {
    print('usage: turnpike serve');
    return 2;
  }
  // On a full disk, or after its reader has gone, the log loses lines; heard by nobody, each would make the exit code 1.
  process.stderr.on('error', () => undefined);
  const logger = createLogger({
    level: config.logLevel,
    write: (line) => process.stderr.write(line),
    clock: systemClock,
    human: process.stderr.isTTY,
  });
  const stopping = Promise.withResolvers<number>();
  onStopSignals(() => stopping.resolve(0));

  if ((process.env['BUN_CONFIG_MAX_HTTP_REQUESTS'] ?? '') === '') {
    logger.warn('outgoing_requests_capped', {
      most: 256,
      remedy: 'start with `npx turnpike serve`, or with BUN_CONFIG_MAX_HTTP_REQUESTS=65535',
    });
  }
  const lock = lockDataDir(config.dataDir);
  let gateway: Gateway | null = null;
  const server = startServer({
    ...{ hostname: config.host, port: config.port },
    slowSenderTimeoutMs: config.limits.slowSenderTimeoutMs,
    maxMessageBytes: config.limits.requestBodyBytes,
    // Listening comes first, so that probes can tell a starting gateway from a dead one.
    fetch: (request, bunServer) =>
      gateway === null ? whileStarting(request) : gateway.fetch(request, bunServer),
  });

  try {
    const opened = await openWhenReachable(config, logger, stopping.promise);
    if (opened === null) return 0;
    const { database, firstKey } = opened;
    if (database.isBehindPooler) logger.info('database_pooler', { changes: 'polled every second' });
    const clocks = watchClock(database, logger);
    try {
      gateway = await buildGateway({
        config,
        database,
        clock: systemClock,
        logger,
        nodeId: nodeIdOf(config.dataDir),
        announce: print,
        onJournalFailure: (error) => {
          logger.error('journal_failed', { error });
          stopping.resolve(1);
        },
      });
      const models = gateway.modelCount === 1 ? '1 model' : `${gateway.modelCount} models`;
      print(`Turnpike serves ${models} on ${server.url.origin}`);
      if (firstKey !== null) for (const line of welcome(firstKey, config)) print(line);
      const setupLink = await createSetupLink(gateway.accounts, gateway.accounts.accountId);
      if (setupLink !== null) print(`Create the owner's account (one-time link): ${setupLink}`);

      void gateway.preparePages();
      const watch = secrets === undefined ? null : watchSecrets(secrets, config, logger, gateway);

      const exitCode = await stopping.promise;
      logger.info('draining', { exitCode });
      const unwatched = watch?.stop();
      // With a journal that cannot be written, nothing more can be served.
      const drainDelayMs = exitCode === 0 ? config.drainDelayMs : 0;
      await stopServing(server, gateway, { drainDelayMs, drainTimeoutMs: config.drainTimeoutMs, logger });
      // A question that hangs would keep the process, too, for as long as it waits.
      secrets?.close();
      if (unwatched !== undefined) await endsWithin(unwatched, UNWATCHED_WITHIN_MS);
      return exitCode;
    } finally {
      clearInterval(clocks);
      await database.close();
    }
  } finally {
    // A start that failed must let go of everything, or its process would never end.
    await server.stop(true);
    lock.release();
  }
}

/** A database that is away is told of by those who need it. */
function watchClock(database: Database, logger: Logger): ReturnType<typeof setInterval> {
  const watch = new ClockWatch({ database, clock: systemClock, logger });
  const look = () => void watch.look().catch(() => undefined);
  look();
  return setInterval(look, CLOCK_LOOK_MS);
}

/** SIGHUP is how operators tell a service that something it reads has changed. */
function watchSecrets(source: SecretSource, config: Config, logger: Logger, gateway: Gateway): SecretWatch {
  const watch = new SecretWatch({
    source,
    config,
    logger,
    apply: (changed) => gateway.applySecrets(changed),
  });
  watch.start();
  process.on('SIGHUP', () => void watch.refresh());
  return watch;
}

/**
 * Told once more, the process ends at once. A supervisor that signals each process of a service (systemd does, unless its unit says
 * otherwise) reaches it twice within moments, by itself and through the script that started it: that is one signal.
 */
function onStopSignals(stop: () => void): void {
  let toldAtMs: number | null = null;
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const) {
    process.on(signal, () => {
      const nowMs = performance.now();
      toldAtMs ??= nowMs;
      if (nowMs - toldAtMs > SAME_SIGNAL_MS) process.exit(128 + number);
      stop();
    });
  }
}

function whileStarting(request: Request): Response {
  if (new URL(request.url).pathname === '/health/live') return Response.json({ status: 'ok' });
  return errorResponse(new TurnpikeError('unavailable', { retryAfterSeconds: 1 }));
}

/**
 * A PostgreSQL that is not up yet, or has no connection left, is waited for with growing pauses, and so is a SQLite file that another
 * program has locked; null when the process is told to stop meanwhile. What waiting cannot mend ends the start.
 */
async function openWhenReachable(
  config: Config,
  logger: Logger,
  stopping: Promise<number>,
): Promise<{ database: Database; firstKey: string | null } | null> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await open(config, logger);
    } catch (error) {
      if (error instanceof MigrationError || error instanceof DatabaseUrlError) throw error;
      if (error instanceof RecoveryError) throw error;
      const { event, facts } = whatToWaitFor(error, config);
      logger.warn(event, { ...facts, attempt: attempt + 1, error });
    }
    const pauseMs = Math.min(MAX_RETRY_MS, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
    if (await endsWithin(stopping, pauseMs)) return null;
  }
}

/** Throws what no waiting can mend. */
function whatToWaitFor(error: unknown, { databaseUrl, dataDir }: Config): { event: string; facts: object } {
  if (databaseUrl === null) {
    const file = sqlitePath(dataDir);
    if (isLockedByAnother(error)) return { event: 'database_locked', facts: { file, remedy: LOCKED_REMEDY } };
    throw hopelessSqliteStart(error, file) ?? error;
  }
  const hopeless = hopelessStart(error, databaseUrl);
  if (hopeless !== null) throw hopeless;
  return { event: 'database_unreachable', facts: { database: nameOf(databaseUrl) } };
}

async function open(
  config: Config,
  logger: Logger,
): Promise<{ database: Database; firstKey: string | null }> {
  refuseLostDatabaseFile(config);
  // Listening comes after the journal's name is made.
  const database = await openDatabase({
    ...config,
    listenerName: () => listenerName(nodeIdOf(config.dataDir), VERSION),
  });
  try {
    await refuseStrangers(database, config);
    const { masterKey, masterKeySource, bootstrapManagementKey } = config;
    // Before the migrations, from which there is no way back.
    await refuseWrongKey(database, masterKey, masterKeySource);
    await migrate(database);
    const { firstKey } = await ensureInstance({ database, clock: systemClock, bootstrapManagementKey });
    await checkMasterKey(database, masterKey, masterKeySource);
    const instanceId = await readInstanceId(database.db);
    await noteNewNode(database, config, logger);
    if (instanceId !== null) claimDataDir(config.dataDir, instanceId);
    return { database, firstKey };
  } catch (error) {
    await database.close();
    // Left there, it would be taken for the right one by whoever comes to mend this. After any other failure it is tried again with.
    if (error instanceof MasterKeyError && config.masterKeyIsNew) unlinkSync(config.masterKeySource);
    throw error;
  }
}

/** A data directory that is thrown away with its container looks so at every start, and loses a journal each time. */
async function noteNewNode(database: Database, { dataDir }: Config, logger: Logger): Promise<void> {
  const others = await listJournals(database.db);
  if (database.engine === 'sqlite' || others.length === 0 || readDataDir(dataDir).nodeId !== null) return;
  logger.warn('node_joins', {
    dataDir,
    nodesSoFar: others.length,
    remedy:
      'Right for a new node. If it should be a known one, mount its data directory: its journal is there',
  });
}

function welcome(firstKey: string, config: Config): string[] {
  return [
    '',
    `Your first API key (shown once): ${firstKey}`,
    '',
    'Try it:',
    '',
    `  curl ${config.publicUrl}/api/v1/chat/completions \\`,
    `    -H "Authorization: Bearer ${firstKey}" \\`,
    '    -H "Content-Type: application/json" \\',
    `    -d '{"model": "turnpike/echo", "messages": [{"role": "user", "content": "Hello, Turnpike!"}]}'`,
    '',
  ];
}
