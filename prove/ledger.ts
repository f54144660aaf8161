/** Turnpike's own record, read straight from its database: the one file here that knows its tables. */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';
import pg from 'pg';
import type { Charge } from './records.ts';

type Row = Record<string, unknown>;
type Query = (sql: string) => Promise<Row[]>;

export class Ledger implements AsyncDisposable {
  readonly #query: Query;
  readonly #close: () => Promise<void>;
  readonly #isPostgres: boolean;

  static async open(options: { databaseUrl: string | null; dataDir: string }): Promise<Ledger> {
    if (options.databaseUrl === null) {
      const database = new Database(join(options.dataDir, 'turnpike.sqlite'), { readonly: true });
      database.run('PRAGMA busy_timeout = 5000');
      return new Ledger({
        query: async (sql) => database.query<Row, []>(sql).all(),
        close: async () => database.close(),
        isPostgres: false,
      });
    }
    const client = new pg.Client({ connectionString: options.databaseUrl });
    await client.connect();
    return new Ledger({
      query: async (sql) => (await client.query<Row>(sql)).rows,
      close: () => client.end(),
      isPostgres: true,
    });
  }

  private constructor(options: { query: Query; close: () => Promise<void>; isPostgres: boolean }) {
    this.#query = options.query;
    this.#close = options.close;
    this.#isPostgres = options.isPostgres;
  }

  /** What was charged to these keys. */
  async charges(keys: readonly { readonly key: string; readonly hash: string }[]): Promise<Charge[]> {
    if (keys.length === 0) return [];
    const names = new Map(keys.map(({ key, hash }) => [hash, key]));
    const rows = await this.#query(`
      SELECT id, session_id, key_hash, created_at_ms, CAST(cost_nano_usd AS TEXT) AS cost
      FROM generations WHERE key_hash IN (${keys.map(({ hash }) => `'${hash}'`).join()})
    `);
    return rows.map((row) => ({
      id: String(row['id']),
      tag: String(row['session_id']),
      key: names.get(String(row['key_hash'])) ?? '',
      createdAtMs: Number(row['created_at_ms']),
      costNanoUsd: BigInt(String(row['cost'])),
    }));
  }

  /** What a node has leased of these keys, by key. */
  async leased(
    nodeId: string,
    keys: readonly { readonly key: string; readonly hash: string }[],
  ): Promise<Map<string, bigint>> {
    const rows = await this.#query(`
      SELECT scope_id, CAST(SUM(amount_nano_usd) AS TEXT) AS leased FROM scope_lease
      WHERE scope_kind = 'key' AND node_id = '${nodeId}' GROUP BY scope_id
    `);
    const leased = new Map(rows.map((row) => [String(row['scope_id']), BigInt(String(row['leased']))]));
    return new Map(keys.map(({ key, hash }) => [key, leased.get(hash) ?? 0n]));
  }

  /** Somebody who is in the organisation, and never signs in: keys may be theirs. */
  async addMember(id: string): Promise<void> {
    await this.#query(`
      INSERT INTO "user" (id, name, email, email_verified, created_at, updated_at)
      VALUES ('${id}', 'Prove', '${id}@example.com', true, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)
    `);
    await this.#query(`
      INSERT INTO member (account_id, user_id, role, created_at_ms)
      SELECT account_id, '${id}', 'member', 0 FROM instance
    `);
  }

  /** What a key's counter of one window says. */
  async counted(hash: string, windowId: string): Promise<bigint> {
    const [row] = await this.#query(`
      SELECT CAST(cost_nano_usd AS TEXT) AS cost FROM usage_window
      WHERE scope_kind = 'key' AND scope_id = '${hash}' AND window_id = '${windowId}'
    `);
    return BigInt(String(row?.['cost'] ?? 0));
  }

  /** What does not add up, whoever was charged: transactions, counters, and leases beyond what is left. */
  async faults(): Promise<string[]> {
    const checks: [string, string][] = [
      ['a transaction does not sum to zero (I2)', UNBALANCED],
      ['charges and debits of an account differ (I6)', DEBITS],
      ['a counter differs from the charges in it (I6, I10)', COUNTERS],
      ...(this.#isPostgres
        ? [['leased beyond the limit of a key (I1L)', OVERLEASED] as [string, string]]
        : []),
    ];
    const faults: string[] = [];
    for (const [what, sql] of checks) {
      for (const row of await this.#query(sql)) faults.push(`${what}: ${Object.values(row).join(' ')}`);
    }
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

const UNBALANCED = `
  SELECT transaction_id, SUM(amount_nano_usd) AS off FROM ledger_entry
  GROUP BY transaction_id HAVING SUM(amount_nano_usd) <> 0
`;

const DEBITS = `
  SELECT charged.account_id, charged.total, COALESCE(debited.total, 0) AS debits
  FROM (SELECT account_id, SUM(cost_nano_usd) AS total FROM generations WHERE is_byok = 0 GROUP BY account_id) AS charged
  LEFT JOIN (
    SELECT account_id, -SUM(amount_nano_usd) AS total FROM ledger_entry
    WHERE book = 'customer_balance' AND kind = 'usage' GROUP BY account_id
  ) AS debited ON debited.account_id = charged.account_id
  WHERE charged.total <> COALESCE(debited.total, 0)
`;

/** The day and the month of a charge follow from its time in both databases alike; the week is left to the limits that use it. */
const COUNTERS = `
  SELECT key_hash, total, COALESCE(usage_window.cost_nano_usd, 0) AS counted
  FROM (SELECT key_hash, SUM(cost_nano_usd) AS total FROM generations WHERE is_byok = 0 GROUP BY key_hash) AS charged
  LEFT JOIN usage_window ON scope_kind = 'key' AND scope_id = key_hash AND window_id = 'all'
  WHERE total <> COALESCE(usage_window.cost_nano_usd, 0)
  UNION ALL
  SELECT scope_id, cost_nano_usd, by_day FROM usage_window
  JOIN (
    SELECT scope_id AS day_scope, SUM(cost_nano_usd) AS by_day FROM usage_window
    WHERE scope_kind = 'key' AND window_id LIKE '____-__-__' GROUP BY scope_id
  ) AS days ON day_scope = scope_id
  WHERE scope_kind = 'key' AND window_id = 'all' AND cost_nano_usd <> by_day
`;

const OVERLEASED = `
  SELECT api_key.hash, limit_nano_usd, COALESCE(cost_nano_usd, 0) AS settled, leased
  FROM api_key
  JOIN (
    SELECT scope_id, window_id, SUM(amount_nano_usd) AS leased FROM scope_lease
    WHERE scope_kind = 'key' GROUP BY scope_id, window_id
  ) AS leases ON leases.scope_id = api_key.hash
  LEFT JOIN usage_window ON usage_window.scope_kind = 'key' AND usage_window.scope_id = api_key.hash
    AND usage_window.window_id = leases.window_id
  WHERE limit_reset IS NULL AND leases.window_id = 'all'
    AND COALESCE(cost_nano_usd, 0) + leased > limit_nano_usd AND leased > 0
`;
