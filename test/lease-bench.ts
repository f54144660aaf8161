/** One key on a PostgreSQL of its own for each test of a file, and the nodes that spend from it. */
import { afterEach, beforeEach } from 'bun:test';
import { systemClock } from '../src/clock.ts';
import { ensureInstance } from '../src/keys/bootstrap.ts';
import type { ApiKeyTable } from '../src/storage/schema.ts';
import type { TestDatabase } from './databases.ts';
import { LeaseNode, type NodeOptions, postgresEngine, UNIT } from './lease-node.ts';

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
    await this.opened.database.db
      .updateTable('api_key')
      .set((column) => ({ ...changes, version: column('version', '+', 1) }))
      .where('hash', '=', this.hash)
      .execute();
  }

  async startNode(options: Partial<NodeOptions> = {}): Promise<LeaseNode> {
    const node = await LeaseNode.start(this.opened, { clock: systemClock, ...options, hash: this.hash });
    this.nodes.push(node);
    return node;
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
