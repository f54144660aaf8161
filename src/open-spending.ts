/** Everything between an admission and the database: the journal, its way into the tables, and what may be held of whom. */
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { readCreditTotals } from './credits/store.ts';
import { Journal } from './journal/journal.ts';
import { LimitAlerts } from './keys/limit-alerts.ts';
import { LeaseKeeper } from './limits/leases/keeper.ts';
import { postgresLeases } from './limits/leases/store.ts';
import { Rates } from './limits/rates/rates.ts';
import { postgresRates } from './limits/rates/store.ts';
import type { ScopeKind } from './limits/scope-kind.ts';
import { scopeKinds } from './limits/scope-kinds/all.ts';
import { counterReader, scopeOpener } from './limits/store.ts';
import { Wallets } from './limits/wallets.ts';
import type { Logger } from './log.ts';
import { ClosedSpans } from './metering/closing.ts';
import { EarlierGenerations } from './metering/earlier-generations.ts';
import { Flusher } from './metering/flush.ts';
import { Refusals } from './metering/refusals.ts';
import { GenerationRetention } from './metering/retention.ts';
import { SpendLog } from './metering/spend-log.ts';
import { UsageReader } from './metering/usage-reader.ts';
import type { Database } from './storage/database.ts';
import { takeOverJournal } from './storage/journal-position.ts';
import type { UsageWindowTable } from './storage/schema.ts';

export interface SpendingOptions {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
  readonly onJournalFailure: (cause: unknown) => void;
}

type FlushListener = (usage: readonly UsageWindowTable[]) => void;

/** What counts money, in the order in which each part needs the one before: nothing is admitted before the journal is replayed. */
export interface Spending {
  readonly journal: Journal;
  readonly log: SpendLog;
  readonly flusher: Flusher;
  /** What is done with figures while the gateway serves. */
  readonly tidying: { stop(): Promise<void> };
  readonly usage: UsageReader;
  readonly refusals: Refusals;
  readonly kinds: readonly ScopeKind[];
  readonly wallets: Wallets;
  /** Tells of every counter that a flush has added to. */
  readonly onFlushed: (listener: FlushListener) => void;
  /** How often callers may ask. */
  readonly rates: Rates;
  /** Where several nodes spend from one database. */
  readonly leases: LeaseKeeper | null;
}

export async function openSpending(options: SpendingOptions): Promise<Spending> {
  const { config, database, clock, logger, nodeId } = options;
  const { db } = database;
  const turn = await takeOverJournal(db, nodeId);
  const journal = Journal.open({
    dir: join(config.dataDir, 'journal'),
    flushedSeq: turn.flushedSeq,
    onFailure: options.onJournalFailure,
  });
  if (journal.cutOff !== null) logger.warn('journal_tail_cut', { ...journal.cutOff });
  if (journal.missing > 0)
    logger.warn('journal_behind_database', {
      records: journal.missing,
      remedy:
        'unless another process has run on a copy of this data directory: its newest file is lost or was cut; see `turnpike doctor`',
    });
  const log = new SpendLog(journal);
  const alerts = new LimitAlerts({ database, clock, logger });
  let leases: LeaseKeeper | null = null;
  const listeners: FlushListener[] = [(usage) => alerts.flushed(usage)];
  const flusher = new Flusher({
    ...{ database, log, turn, logger, clock },
    onFlushed: (usage, throughSeq) => {
      leases?.flushed(usage, throughSeq);
      for (const listener of listeners) listener(usage);
    },
  });
  await flusher.recover();
  const earlier = new EarlierGenerations({ database, logger });
  earlier.start();
  const closed = new ClosedSpans({ database, clock, logger });
  closed.start();
  const retention = new GenerationRetention({
    ...{ database, clock, logger, days: config.retention.generationsDays },
  });
  retention.start();
  alerts.start();
  const tidying = {
    // What the last flush brings is looked at at the next start.
    stop: async () =>
      void (await Promise.all([earlier.stop(), closed.stop(), retention.stop(), alerts.stop()])),
  };
  const usage = new UsageReader({ db, flusher, clock });
  const refusals = new Refusals({ database, clock, logger });
  const kinds = scopeKinds(config.billing);
  const wallets = new Wallets({
    readCounters: counterReader(database),
    openCounters: scopeOpener(database),
    clock,
    limits: config.limits,
    kinds,
    ownFee: config.ownKeyFee,
    isShared: database.engine === 'postgres',
    readCredits: (accountId) => readCreditTotals(db, accountId),
    flushed: () => flusher.flushed(),
  });
  if (database.engine === 'postgres') {
    leases = new LeaseKeeper({
      ...{ wallets, clock, logger, nodeId },
      store: postgresLeases(database, turn),
      recorded: () => journal.durable(),
    });
    await leases.start();
  }
  const rates = new Rates({
    ...{ clock, logger },
    store: database.engine === 'postgres' ? postgresRates(database, nodeId, () => clock.nowMs()) : null,
  });
  const onFlushed = (listener: FlushListener) => void listeners.push(listener);
  return { onFlushed, rates, journal, log, flusher, tidying, usage, refusals, kinds, wallets, leases };
}
