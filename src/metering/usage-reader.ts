/** Spend as it stands now, read back: what only the journal holds is brought into the database first. */
import type { Clock } from '../clock.ts';
import type { KeyUsage } from '../keys/usage.ts';
import type { Db } from '../storage/database.ts';
import { windowIds } from '../window.ts';
import type { Flusher } from './flush.ts';
import type { Generation } from './generation.ts';
import {
  findGeneration,
  type GenerationFilter,
  type GenerationList,
  listGenerations,
  readLastUses,
  readUsage,
} from './store.ts';

/** One counter. */
export interface ScopeWindow {
  readonly kind: string;
  readonly id: string;
  readonly windowId: string;
}

interface Spend {
  readonly costNanoUsd: bigint;
  readonly byokNanoUsd: bigint;
}

const NOTHING: Spend = { costNanoUsd: 0n, byokNanoUsd: 0n };

export class UsageReader {
  readonly #db: Db;
  readonly #flusher: Flusher;
  readonly #clock: Clock;

  constructor(options: { db: Db; flusher: Flusher; clock: Clock }) {
    this.#db = options.db;
    this.#flusher = options.flusher;
    this.#clock = options.clock;
  }

  async ofKeys(hashes: string[]): Promise<Map<string, KeyUsage>> {
    const [spend, lastUses] = await Promise.all([
      this.#read('key', hashes),
      this.#flusher.flushed().then(() => readLastUses(this.#db, hashes)),
    ]);
    return new Map(
      [...spend].map(([hash, spent]) => [hash, { ...spent, lastUsedAtMs: lastUses.get(hash) ?? null }]),
    );
  }

  /** Nano-USD over all time, through our own provider accounts. */
  async totalOfAccount(accountId: string): Promise<bigint> {
    return (await this.#read('account', [accountId])).get(accountId)?.total ?? 0n;
  }

  /** What each scope has spent in its window, in the order in which they are named; a counter that is missing is zero. */
  async ofScopes(asked: readonly ScopeWindow[]): Promise<Spend[]> {
    await this.#flusher.flushed();
    return await this.storedOfScopes(asked);
  }

  /** The same without what is still to be flushed: for whoever looks again when it is. */
  async storedOfScopes(asked: readonly ScopeWindow[]): Promise<Spend[]> {
    const found = new Map<string, Spend>();
    for (const [kind, scopes] of Map.groupBy(asked, ({ kind }) => kind)) {
      const ids = [...new Set(scopes.map(({ id }) => id))];
      const windows = [...new Set(scopes.map(({ windowId }) => windowId))];
      for (const row of await readUsage(this.#db, kind, ids, windows))
        found.set(`${kind} ${row.scope_id} ${row.window_id}`, {
          costNanoUsd: row.cost_nano_usd,
          byokNanoUsd: row.byok_nano_usd,
        });
    }
    return asked.map(({ kind, id, windowId }) => found.get(`${kind} ${id} ${windowId}`) ?? NOTHING);
  }

  /** Undefined for an unknown id and for another account's alike. */
  async generation(accountId: string, id: string): Promise<Generation | undefined> {
    await this.#flusher.flushed();
    return await findGeneration(this.#db, accountId, id);
  }

  /** Newest first. */
  async generations(filter: GenerationFilter): Promise<GenerationList> {
    await this.#flusher.flushed();
    return await listGenerations(this.#db, filter);
  }

  async #read(scopeKind: string, scopeIds: string[]): Promise<Map<string, Omit<KeyUsage, 'lastUsedAtMs'>>> {
    await this.#flusher.flushed();
    const windows = windowIds(this.#clock.nowMs());
    const rows = await readUsage(this.#db, scopeKind, scopeIds, Object.values(windows));
    const cells = new Map(rows.map((row) => [`${row.scope_id} ${row.window_id}`, row]));
    return new Map(
      scopeIds.map((id) => {
        const cost = (window: string): bigint => cells.get(`${id} ${window}`)?.cost_nano_usd ?? 0n;
        const byok = (window: string): bigint => cells.get(`${id} ${window}`)?.byok_nano_usd ?? 0n;
        return [
          id,
          {
            total: cost(windows.all),
            daily: cost(windows.daily),
            weekly: cost(windows.weekly),
            monthly: cost(windows.monthly),
            byokTotal: byok(windows.all),
            byokDaily: byok(windows.daily),
            byokWeekly: byok(windows.weekly),
            byokMonthly: byok(windows.monthly),
          },
        ];
      }),
    );
  }
}
