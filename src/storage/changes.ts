/** What changed, told to every process: a log in commit order that each one reads to forget what it holds in memory. */
import { PostgresAdapter, sql, type Transaction } from 'kysely';
import { type Clock, systemClock } from '../clock.ts';
import type { Database, Db } from './database.ts';
import type { Listener } from './postgres.ts';
import type { ChangeLogTable, Tables } from './schema.ts';

/** A notice is for `notices.ts` alone. */
export type ChangeSubject =
  | 'api_key'
  | 'account'
  | 'scope'
  | 'content_logging'
  | 'byok'
  | 'workspace_limits'
  | 'guardrail'
  | 'master_key'
  | `notice ${string}`;

const CHANNEL = 'turnpike_change';
const PAGE_ROWS = 1000;
const KEEP_MS = 60 * 60 * 1000;
const TRIM_EVERY_MS = 60 * 1000;

/** How far the log is: whatever is read after this is at least as new. */
export async function changesUpTo(db: Db): Promise<number> {
  const { seq } = await db
    .selectFrom('change_counter')
    .select('seq')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  return seq;
}

/**
 * Call in the transaction that makes the change. It holds the counter's row until the commit, which is what keeps the
 * log in commit order: so call it last.
 */
export async function recordChange(
  trx: Transaction<Tables>,
  subject: ChangeSubject,
  subjectId: string,
  nowMs: number,
): Promise<number> {
  const { seq } = await trx
    .updateTable('change_counter')
    .set((column) => ({ seq: column('seq', '+', 1) }))
    .where('id', '=', 1)
    .returning('seq')
    .executeTakeFirstOrThrow();
  await trx.insertInto('change_log').values({ seq, subject, subject_id: subjectId, at_ms: nowMs }).execute();
  if (trx.getExecutor().adapter instanceof PostgresAdapter) {
    await sql`SELECT pg_notify(${CHANNEL}, ${String(seq)})`.execute(trx);
  }
  return seq;
}

export interface ChangeFeedOptions {
  readonly database: Database;
  readonly clock?: Clock;
  /** How late another process's change may be seen when notifications are cut. */
  readonly pollMs?: number;
  readonly onError?: (error: unknown) => void;
}

type ChangeListener = (subjectId: string, seq: number) => void;

export class ChangeFeed {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Map<string, ChangeListener[]>();
  readonly #gapListeners: (() => void)[] = [];
  #seenSeq: number | null = null;
  #lastReadAtMs: number | null = null;
  #trimmedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #queued: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #notices: Listener | null = null;
  #stopped = false;

  constructor(options: ChangeFeedOptions) {
    this.#database = options.database;
    this.#clock = options.clock ?? systemClock;
    this.#pollMs = options.pollMs ?? 1000;
    this.#onError = options.onError ?? (() => {});
  }

  /** When the log was last read with success: a reader that must fail closed compares it with now. */
  get lastReadAtMs(): number | null {
    return this.#lastReadAtMs;
  }

  subscribe(subject: ChangeSubject, listener: ChangeListener): void {
    const listeners = this.#listeners.get(subject);
    if (listeners === undefined) this.#listeners.set(subject, [listener]);
    else listeners.push(listener);
  }

  /** The log was trimmed past us, or went back in time: forget everything. */
  onGap(listener: () => void): void {
    this.#gapListeners.push(listener);
  }

  /** From here on every change is told; what is loaded into memory after this is never stale for long. */
  async start(): Promise<void> {
    this.#seenSeq = await this.#readCounter();
    this.#lastReadAtMs = this.#clock.nowMs();
    this.#notices = this.#database.listen(CHANNEL, () => void this.poll(), this.#onError);
    this.#schedule();
  }

  /**
   * Reads now. It begins after the call, so the caller's own committed change has been told when it resolves. A failure goes
   * to `onError` and never to the caller, whose write has happened; the next reading makes up for it.
   */
  poll(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#read().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#queued ??= this.#running.then(() => {
      this.#queued = null;
      return this.poll();
    });
    return this.#queued;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#notices?.stop();
    await this.#queued;
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(async () => {
      await this.poll();
      this.#schedule();
    }, this.#pollMs);
  }

  async #read(): Promise<void> {
    if (this.#stopped || this.#seenSeq === null) return;
    const startedAtMs = this.#clock.nowMs();
    try {
      await this.#catchUp(this.#seenSeq);
      this.#lastReadAtMs = startedAtMs;
      await this.#trim(startedAtMs);
    } catch (thrown) {
      this.#onError(thrown);
    }
  }

  /** The counter is read first: every change up to it is committed, so what the log then lacks was trimmed. */
  async #catchUp(fromSeq: number): Promise<void> {
    const counter = await this.#readCounter();
    if (counter < fromSeq) return this.#jump(counter);
    let seenSeq = fromSeq;
    while (seenSeq < counter) {
      const rows = await this.#readLog(seenSeq);
      if (rows.length === 0) return this.#jump(counter);
      for (const row of rows) {
        if (row.seq !== seenSeq + 1) this.#jump(row.seq);
        this.#tell(row);
        seenSeq = row.seq;
        this.#seenSeq = seenSeq;
      }
    }
  }

  #jump(seq: number): void {
    for (const listener of this.#gapListeners) this.#guard(listener);
    this.#seenSeq = seq;
  }

  #tell(row: ChangeLogTable): void {
    for (const listener of this.#listeners.get(row.subject) ?? []) {
      this.#guard(() => listener(row.subject_id, row.seq));
    }
  }

  /** One listener's fault must not hide a change from the others. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#onError(thrown);
    }
  }

  #readCounter(): Promise<number> {
    return changesUpTo(this.#database.db);
  }

  #readLog(afterSeq: number): Promise<ChangeLogTable[]> {
    return this.#database.db
      .selectFrom('change_log')
      .selectAll()
      .where('seq', '>', afterSeq)
      .orderBy('seq')
      .limit(PAGE_ROWS)
      .execute();
  }

  /** Every process does so; deleting twice is harmless. */
  async #trim(nowMs: number): Promise<void> {
    if (nowMs - this.#trimmedAtMs < TRIM_EVERY_MS) return;
    this.#trimmedAtMs = nowMs;
    await this.#database.db
      .deleteFrom('change_log')
      .where('at_ms', '<', nowMs - KEEP_MS)
      .execute();
  }
}
