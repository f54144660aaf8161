/** `turnpike serve`: opens the database, builds the gateway, listens, and on SIGTERM drains before it ends. */
import { unlinkSync } from 'node:fs';
import { createSetupLink } from '../accounts/members/invitations.ts';
import { buildGateway, type Gateway } from '../app.ts';
import { endsWithin, systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import { errorResponse } from '../http/envelope.ts';
import { refuseLostDatabaseFile, refuseStrangers } from '../installation/check.ts';
import { claimDataDir, nodeIdOf, readDataDir } from '../installation/data-dir.ts';
import { listJournals, readInstanceId } from '../installation/installation.ts';
import { checkMasterKey } from '../installation/master-key-check.ts';
import { RecoveryError } from '../installation/refusal.ts';
import { ensureInstance } from '../keys/bootstrap.ts';
import { createLogger, type Logger } from '../log.ts';
import { lockDataDir } from '../storage/data-dir-lock.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { DatabaseUrlError } from '../storage/database-url.ts';
import { MigrationError, migrate } from '../storage/migrate.ts';
import { hopelessStart, nameOf } from '../storage/outage.ts';
import type { CommandContext } from './command.ts';

const MAX_RETRY_MS = 5000;

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
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
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.resolve(0));

  if (process.env['BUN_CONFIG_MAX_HTTP_REQUESTS'] === undefined) {
    logger.warn('outgoing_requests_capped', {
      most: 256,
      remedy: 'start with `npx turnpike serve`, or with BUN_CONFIG_MAX_HTTP_REQUESTS=65535',
    });
  }
  const lock = lockDataDir(config.dataDir);
  let gateway: Gateway | null = null;
  const server = Bun.serve({
    hostname: config.host,
    port: config.port,
    // Until a connection's first request is here; from then on it is the client's own idle time-out that counts.
    idleTimeout: Math.ceil(config.limits.slowSenderTimeoutMs / 1000),
    // Bun's own 413 is bare, so ours comes first. What nobody reads stays in the socket and fills no memory.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Listening comes first, so that probes can tell a starting gateway from a dead one.
    fetch: (request, bunServer) =>
      gateway === null ? whileStarting(request) : gateway.fetch(request, bunServer),
    error: errorResponse,
  });

  try {
    const opened = await openWhenReachable(config, logger, stopping.promise);
    if (opened === null) return 0;
    const { database, firstKey } = opened;
    if (database.isBehindPooler) logger.info('database_pooler', { changes: 'polled every second' });
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
      print(`Turnpike serves ${models} on http://${server.hostname}:${server.port}`);
      if (firstKey !== null) for (const line of welcome(firstKey, config)) print(line);
      const setupLink = await createSetupLink(gateway.accounts, gateway.accounts.accountId);
      if (setupLink !== null) print(`Create the owner's account (one-time link): ${setupLink}`);

      void gateway.preparePages();

      const exitCode = await stopping.promise;
      logger.info('draining', { exitCode });
      await gateway.drain(config.drainTimeoutMs);
      await server.stop(true);
      await gateway.close();
      return exitCode;
    } finally {
      await database.close();
    }
  } finally {
    // A start that failed must let go of everything, or its process would never end.
    await server.stop(true);
    lock.release();
  }
}

function whileStarting(request: Request): Response {
  if (new URL(request.url).pathname === '/health/live') return Response.json({ status: 'ok' });
  return errorResponse(new TurnpikeError('unavailable', { retryAfterSeconds: 1 }));
}

/**
 * A PostgreSQL that is not up yet, or has no connection left, is waited for with growing pauses; null when the process is told to
 * stop meanwhile. What waiting cannot mend ends the start.
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
      const { databaseUrl } = config;
      if (databaseUrl === null || error instanceof MigrationError || error instanceof DatabaseUrlError)
        throw error;
      if (error instanceof RecoveryError) throw error;
      const hopeless = hopelessStart(error, databaseUrl);
      if (hopeless !== null) throw hopeless;
      logger.warn('database_unreachable', { database: nameOf(databaseUrl), attempt: attempt + 1, error });
    }
    const pauseMs = Math.min(MAX_RETRY_MS, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
    if (await endsWithin(stopping, pauseMs)) return null;
  }
}

async function open(
  config: Config,
  logger: Logger,
): Promise<{ database: Database; firstKey: string | null }> {
  refuseLostDatabaseFile(config);
  const database = await openDatabase(config);
  try {
    await refuseStrangers(database, config);
    await migrate(database);
    const { bootstrapManagementKey } = config;
    const { firstKey } = await ensureInstance({ database, clock: systemClock, bootstrapManagementKey });
    await checkMasterKey(database, config.masterKey, config.masterKeySource).catch((error) => {
      // Left there, it would be taken for the right one by whoever comes to mend this.
      if (config.masterKeyIsNew) unlinkSync(config.masterKeySource);
      throw error;
    });
    const instanceId = await readInstanceId(database.db);
    await noteNewNode(database, config, logger);
    if (instanceId !== null) claimDataDir(config.dataDir, instanceId);
    return { database, firstKey };
  } catch (error) {
    await database.close();
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
