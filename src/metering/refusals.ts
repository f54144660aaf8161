/**
 * Requests that passed the gate and were refused: counted in memory, and brought to the database by a timer. A crash loses the counts
 * of the last second; no money depends on them. Each reason of a key is one row an hour, so nobody can fill the database with them.
 */
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import type { TurnpikeError } from '../errors.ts';
import { type Logger, redactText } from '../log.ts';
import type { Database } from '../storage/database.ts';
import type { RefusalHourTable } from '../storage/figure-tables.ts';
import { oldestKeptDayMs } from '../window.ts';
import { addRefusals, forgetRefusals } from './refusal-store.ts';
import { HOUR_MS } from './usage-hours.ts';

const WRITE_DELAY_MS = 1000;
/** While the database is away; what comes beyond is not told. */
const MAX_PENDING = 10_000;
const MAX_MESSAGE_CHARACTERS = 300;
const KEEP_DAYS = 31;

export interface Refused {
  readonly principal: Pick<Principal, 'accountId' | 'workspaceId' | 'keyHash'>;
  /** Of the route, without what stood in the place of its parameters. */
  readonly path: string;
  readonly requestId: string;
  readonly error: TurnpikeError;
}

export class Refusals {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #pending = new Map<string, RefusalHourTable>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { database: Database; clock: Clock; logger: Logger }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** What has a record of its own, or ended because its client left, was not refused. */
  add({ principal, path, requestId, error }: Refused): void {
    if (error.onRecord || error.code === 'client_closed_request') return;
    const nowMs = this.#clock.nowMs();
    const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const name = `${principal.accountId} ${hourMs} ${principal.keyHash} ${error.code}`;
    let row = this.#pending.get(name);
    if (row === undefined) {
      if (this.#pending.size >= MAX_PENDING) return;
      row = {
        ...{ account_id: principal.accountId, hour_ms: hourMs, key_hash: principal.keyHash },
        ...{ reason: error.code, requests: 0, first_at_ms: nowMs, last_at_ms: nowMs },
        ...{ workspace_id: principal.workspaceId, status: 0, message: '', path: '', request_id: '' },
      };
      this.#pending.set(name, row);
    }
    row.requests += 1;
    row.last_at_ms = nowMs;
    row.status = error.status;
    // Redacted when it is written: most are replaced before.
    row.message = error.message;
    row.path = path;
    row.request_id = requestId;
    this.#timer ??= setTimeout(() => void this.written(), WRITE_DELAY_MS).unref();
  }

  /** Resolves when what was counted so far is in the database, or cannot be brought there now. Never rejects. */
  written(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async stop(): Promise<void> {
    await this.written();
    clearTimeout(this.#timer);
  }

  /** Rows of more than a month ago. */
  async forgetOld(): Promise<void> {
    await forgetRefusals(this.#database.db, oldestKeptDayMs(this.#clock.nowMs(), KEEP_DAYS));
  }

  async #write(): Promise<void> {
    const pending = this.#pending;
    if (pending.size === 0) return;
    this.#pending = new Map();
    // In a fixed order, so that two nodes take the row locks in the same one.
    const rows = [...pending]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => ({ ...row, message: redactText(row.message).slice(0, MAX_MESSAGE_CHARACTERS) }));
    try {
      await this.#database.transaction((trx) => addRefusals(trx, rows));
    } catch (error) {
      this.#logger.warn('refusals_not_written', { rows: rows.length, error });
      this.#takeBack(pending);
    }
  }

  #takeBack(failed: ReadonlyMap<string, RefusalHourTable>): void {
    for (const [name, row] of failed) {
      const since = this.#pending.get(name);
      if (since === undefined) {
        if (this.#pending.size < MAX_PENDING) this.#pending.set(name, row);
        continue;
      }
      since.requests += row.requests;
      since.first_at_ms = row.first_at_ms;
    }
    this.#timer ??= setTimeout(() => void this.written(), WRITE_DELAY_MS).unref();
  }
}
