/** Moves journalled generations into the database in batches: exactly once, however often it is interrupted. */
import type { Clock } from '../clock.ts';
import { chargeUsage } from '../credits/ledger.ts';
import { failPoint } from '../fail-point.ts';
import { newId } from '../ids.ts';
import { FREE_COUNTER } from '../limits/free-requests.ts';
import { spendLeases } from '../limits/leases/keeper.ts';
import { TOLD_BY_ROW } from '../limits/scope-kinds/all.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import type { GenerationScopeTable, UsageWindowTable } from '../storage/schema.ts';
import { type WindowIds, windowIds } from '../window.ts';
import type { ScopeRef, SettledGeneration } from './generation.ts';
import type { SpendLog, Unflushed } from './spend-log.ts';
import {
  addUsage,
  insertGenerationScopes,
  insertGenerations,
  JournalTakenOver,
  type JournalTurn,
  lockJournalPosition,
  setJournalPosition,
  storedGenerations,
} from './store.ts';

const BATCH_ROWS = 1000;
const BATCH_DELAY_MS = 200;
const RETRY_MS = 500;

export interface FlusherOptions {
  readonly database: Database;
  readonly log: SpendLog;
  readonly turn: JournalTurn;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told what the database has now, so that a lease shrinks here as it did there. */
  readonly onFlushed?: (usage: readonly UsageWindowTable[], throughSeq: number) => void;
}

export class Flusher {
  readonly #options: FlusherOptions;
  #queue: Unflushed[] = [];
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** The reason of the last failure, while it lasts. */
  #failure: unknown;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Brings in what an earlier process journalled and did not flush, and settles what it left open. */
  async recover(): Promise<void> {
    const { database, log, turn, clock, logger } = this.#options;
    const { unflushed, orphans } = await log.recover(turn.flushedSeq, clock.nowMs(), (ids) =>
      storedGenerations(database.db, ids),
    );
    if (unflushed.length > 0) logger.info('journal_replayed', { records: unflushed.length, orphans });
    this.#queue.push(...unflushed);
    await this.flushed();
  }

  /** Generations that are journalled but not in the database yet. */
  get depth(): number {
    return this.#queue.length;
  }

  /** How long ago the oldest of them ended, in whichever process. */
  get delayMs(): number {
    const [oldest] = this.#queue;
    if (oldest === undefined) return 0;
    const { created_at_ms, generation_time_ms } = oldest.generation;
    return Math.max(0, this.#options.clock.nowMs() - created_at_ms - (generation_time_ms ?? 0));
  }

  /** Takes over what `SpendLog.settle` numbered `seq`. */
  add(unflushed: Unflushed): void {
    this.#queue.push(unflushed);
    this.#startIn(BATCH_DELAY_MS);
  }

  /** Resolves when everything added so far is in the database. Rejects when the database fails, and once it has stopped. */
  async flushed(): Promise<void> {
    const target = this.#queue.at(-1)?.seq;
    if (target === undefined) return;
    while ((this.#queue[0]?.seq ?? Number.POSITIVE_INFINITY) <= target) {
      await this.#start();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#stopped) throw new Error('the flusher has stopped');
    }
  }

  /** Flushes what it can and stops; what is left is found in the journal at the next start. */
  async stop(): Promise<void> {
    await this.flushed().catch(() => undefined);
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #startIn(delayMs: number): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => this.#start(), delayMs);
  }

  /**
   * What was added before it began. What comes meanwhile waits, so that under load too one transaction takes many records; a
   * reader who cannot wait calls `flushed`.
   */
  async #run(): Promise<void> {
    const target = this.#queue.at(-1)?.seq ?? 0;
    while ((this.#queue[0]?.seq ?? Number.POSITIVE_INFINITY) <= target && !this.#stopped) {
      const batch = this.#queue.slice(0, BATCH_ROWS);
      try {
        await this.#options.log.durable();
        await this.#write(batch);
        this.#failure = undefined;
        failPoint('after-flush-commit');
        // The whole batch: an attempt that seemed to fail may have written some of it.
        this.#options.onFlushed?.(usageOf(batch), batch.at(-1)?.seq ?? 0);
      } catch (cause) {
        this.#failure = cause;
        if (cause instanceof JournalTakenOver) {
          this.#stopped = true;
          this.#options.log.giveUp(cause);
          return;
        }
        this.#options.logger.error('flush_failed', { records: this.#queue.length, error: cause });
        this.#startIn(RETRY_MS);
        return;
      }
      this.#queue.splice(0, batch.length);
      this.#forget(batch);
    }
    if (this.#queue.length > 0) this.#startIn(BATCH_DELAY_MS);
  }

  /** Best effort: a segment that stays is read at the next start, and nothing in it counts again. */
  #forget(batch: readonly Unflushed[]): void {
    const ids = batch.map(({ generation }) => generation.id);
    try {
      this.#options.log.flushed(ids, batch.at(-1)?.seq ?? 0);
    } catch (cause) {
      this.#options.logger.error('journal_not_trimmed', { error: cause });
    }
  }

  /** One transaction: rows, counters, ledger, leases, and how far the journal has come. */
  async #write(batch: readonly Unflushed[]): Promise<void> {
    const { database, turn, clock } = this.#options;
    await database.transaction(async (trx) => {
      const position = await lockJournalPosition(trx, turn);
      const fresh = batch.filter((unflushed) => unflushed.seq > position);
      const last = fresh.at(-1);
      if (last === undefined) return;
      const costs = costsOf(fresh);
      const usage = usageOf(fresh);
      await insertGenerations(
        trx,
        fresh.map(({ generation }) => ({
          ...generation,
          ledger_transaction_id: costs.get(generation.account_id)?.transactionId ?? null,
        })),
      );
      await insertGenerationScopes(trx, otherScopesOf(fresh));
      failPoint('during-flush');
      await addUsage(trx, usage);
      await chargeUsage(trx, costs, clock.nowMs());
      if (database.engine === 'postgres') await spendLeases(trx, turn.nodeId, usage);
      await setJournalPosition(trx, turn.nodeId, last.seq);
    });
  }
}

/** What each account is charged for a batch, under the id of the ledger transaction that does it. */
function costsOf(
  batch: readonly SettledGeneration[],
): Map<string, { transactionId: string; costNanoUsd: bigint }> {
  const costs = new Map<string, { transactionId: string; costNanoUsd: bigint }>();
  for (const { generation } of batch) {
    const cost = costs.get(generation.account_id) ?? { transactionId: newId(), costNanoUsd: 0n };
    cost.costNanoUsd += generation.is_byok === 1 ? 0n : generation.cost_nano_usd;
    costs.set(generation.account_id, cost);
  }
  return costs;
}

/** The scopes that a generation's row does not tell: most have none. */
function otherScopesOf(batch: readonly SettledGeneration[]): GenerationScopeTable[] {
  const rows: GenerationScopeTable[] = [];
  for (const { generation, scopes } of batch) {
    for (const [scope_kind, scope_id] of scopes) {
      if (TOLD_BY_ROW.has(scope_kind) || scope_kind === FREE_COUNTER.kind) continue;
      rows.push({ generation_id: generation.id, scope_kind, scope_id });
    }
  }
  return rows;
}

interface Sums {
  costNanoUsd: bigint;
  byokNanoUsd: bigint;
  requests: number;
}

/** What a batch adds to each counter, one row a counter, in a fixed order. */
export function usageOf(batch: readonly SettledGeneration[]): UsageWindowTable[] {
  const rows = new Map<string, UsageWindowTable>();
  for (const [{ all, daily, weekly, monthly }, kinds] of sumsByDay(batch)) {
    for (const [kind, ids] of kinds) {
      for (const [id, sums] of ids) {
        for (const windowId of [all, daily, weekly, monthly]) addTo(rows, [kind, id], windowId, sums);
      }
    }
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** By day (its windows), kind and id of the scope: a batch has few of them, so what is done for each request is little. */
function sumsByDay(batch: readonly SettledGeneration[]): Map<WindowIds, Map<string, Map<string, Sums>>> {
  const days = new Map<WindowIds, Map<string, Map<string, Sums>>>();
  for (const { generation, scopes } of batch) {
    const kinds = entry(days, windowIds(generation.created_at_ms), newMap<Map<string, Sums>>);
    for (const [kind, id] of scopes) {
      const sums = entry(entry(kinds, kind, newMap<Sums>), id, noSums);
      if (generation.is_byok === 1) sums.byokNanoUsd += generation.cost_nano_usd;
      else sums.costNanoUsd += generation.cost_nano_usd;
      sums.requests += 1;
    }
  }
  return days;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

const newMap = <Value>() => new Map<string, Value>();
const noSums = (): Sums => ({ costNanoUsd: 0n, byokNanoUsd: 0n, requests: 0 });

function addTo(
  rows: Map<string, UsageWindowTable>,
  [scope_kind, scope_id]: ScopeRef,
  window_id: string,
  sums: Sums,
): void {
  const row = entry(rows, `${scope_kind} ${scope_id} ${window_id}`, () => ({
    scope_kind,
    scope_id,
    window_id,
    cost_nano_usd: 0n,
    byok_nano_usd: 0n,
    requests: 0,
  }));
  row.cost_nano_usd += sums.costNanoUsd;
  row.byok_nano_usd += sums.byokNanoUsd;
  row.requests += sums.requests;
}
