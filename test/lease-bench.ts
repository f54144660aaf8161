/** One key on a PostgreSQL of its own for each test of a file, and the nodes that spend from it. */
import { afterEach, beforeEach } from 'bun:test';
import { sql } from 'kysely';
import type { Principal } from '../src/auth/principal.ts';
import { systemClock } from '../src/clock.ts';
import { TurnpikeError } from '../src/errors.ts';
import { ensureInstance } from '../src/keys/bootstrap.ts';
import { recordChange } from '../src/storage/changes.ts';
import type { ApiKeyTable } from '../src/storage/schema.ts';
import { rejectionOf, type TestDatabase } from './databases.ts';
import { type Held, LeaseNode, type NodeOptions, postgresEngine, UNIT } from './lease-node.ts';

/** How long a busy machine may take for what must happen in the end. */
export const PATIENCE_MS = 30_000;
/** After this long a node asks again for what it could not have. */
export const DENIED_MS = 120;

export class LeaseBench {
  readonly nodes: LeaseNode[] = [];
  #opened: TestDatabase | undefined;
  accountId = '';
  /** Of the key. */
  hash = '';

  /** Call it once in a file; `key` is what the key is like at the beginning of each test. */
  static forEachTest(key: Partial<ApiKeyTable>): LeaseBench {
    const bench = new LeaseBench();
    beforeEach(() => bench.#open(key));
    afterEach(() => bench.#close());
    return bench;
  }

  get opened(): TestDatabase {
    if (this.#opened === undefined) throw new Error('no test has begun');
    return this.#opened;
  }

  async changeKey(changes: Partial<ApiKeyTable>): Promise<void> {
    await this.opened.database.transaction(async (trx) => {
      await trx
        .updateTable('api_key')
        .set((column) => ({ ...changes, version: column('version', '+', 1) }))
        .where('hash', '=', this.hash)
        .execute();
      await recordChange(trx, 'api_key', this.hash, systemClock.nowMs());
    });
  }

  async startNode(options: Partial<NodeOptions> = {}): Promise<LeaseNode> {
    const node = await LeaseNode.start(this.opened, { clock: systemClock, ...options, hash: this.hash });
    this.nodes.push(node);
    return node;
  }

  async startNodes(count: number, options: Partial<NodeOptions> = {}): Promise<LeaseNode[]> {
    for (let made = 0; made < count; made++) await this.startNode(options);
    return this.nodes;
  }

  /** I1L in every committed state that it sees, until it is told to stop; returns how many it has seen. */
  watchLimit(limitOf: () => bigint, windowId = 'all') {
    let isWatching = true;
    const watched = (async () => {
      let samples = 0;
      while (isWatching) {
        const highest = limitOf();
        const { rows } = await this.#readSpoken(windowId);
        const spoken = rows[0]?.spoken_nano_usd ?? 0n;
        if (spoken > (highest > limitOf() ? highest : limitOf())) throw new Error(`${spoken} is spoken for`);
        samples += 1;
      }
      return samples;
    })();
    watched.catch(() => {});
    return async () => {
      isWatching = false;
      return await watched;
    };
  }

  /** What the nodes have leased of the key. */
  leases() {
    return this.opened.database.db
      .selectFrom('scope_lease')
      .selectAll()
      .where('scope_kind', '=', 'key')
      .execute();
  }

  /** What the key has spent in a window, as the database has it. */
  async settledUnits(windowId = 'all'): Promise<number> {
    const row = await this.opened.database.db
      .selectFrom('usage_window')
      .select('cost_nano_usd')
      .where('scope_kind', '=', 'key')
      .where('window_id', '=', windowId)
      .executeTakeFirst();
    return Number(row?.cost_nano_usd ?? 0n) / Number(UNIT);
  }

  async #readSpoken(windowId: string) {
    return await sql<{ spoken_nano_usd: bigint }>`
      SELECT (SELECT COALESCE(SUM(cost_nano_usd), 0) FROM usage_window
              WHERE scope_kind = 'key' AND window_id = ${windowId})
           + (SELECT COALESCE(SUM(amount_nano_usd), 0) FROM scope_lease
              WHERE scope_kind = 'key' AND window_id = ${windowId}) AS spoken_nano_usd
    `.execute(this.opened.database.db);
  }

  async #open(key: Partial<ApiKeyTable>): Promise<void> {
    this.#opened = await postgresEngine().open();
    const { database } = this.#opened;
    ({ accountId: this.accountId } = await ensureInstance({
      ...{ database, clock: systemClock, bootstrapManagementKey: null },
    }));
    ({ hash: this.hash } = await database.db.selectFrom('api_key').select('hash').executeTakeFirstOrThrow());
    await this.changeKey(key);
  }

  async #close(): Promise<void> {
    for (const node of this.nodes.splice(0)) {
      node.isCut = false;
      await node.stop();
    }
    await this.#opened?.dispose();
  }
}

/** What is only refused because of others is asked for again, as the refusal tells a client to. */
export async function holdInTheEnd(node: LeaseNode, tokens: number, principal: Principal): Promise<Held> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await node.hold(tokens, principal);
    } catch (error) {
      if (performance.now() > endsAtMs || !(error instanceof TurnpikeError)) throw error;
      if (error.code !== 'in_flight_budget_exhausted') throw error;
    }
    await Bun.sleep(DENIED_MS);
  }
}

export async function refusalOf(promise: Promise<unknown>): Promise<TurnpikeError> {
  const error = await rejectionOf(promise);
  if (error instanceof TurnpikeError) return error;
  throw error;
}
