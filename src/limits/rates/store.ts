/** SQL on `rate_window`: how much of a minute's rate the nodes have been granted together. PostgreSQL only. */
import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { listenTo, notify } from '../../storage/notices.ts';
import type { Listener } from '../../storage/postgres.ts';
import type { RateUnit } from './rate-counter.ts';

const RECALL_CHANNEL = 'turnpike_rate_recall';

/** Another node has a request that is short of this counter. */
export interface Recall {
  readonly name: string;
  /** Since when it has waited, by that node's clock. */
  readonly sinceMs: number;
  /** Whether it goes before one of this node's that has waited as long. */
  readonly isFirstOfEquals: boolean;
}

export interface RateStore {
  /** At most `wanted`, and never more than all nodes may use together: what is granted; 0: nothing is left. */
  grant(name: string, minute: number, unit: RateUnit, wanted: number, limit: number): Promise<number>;
  giveBack(name: string, minute: number, unit: RateUnit, amount: number): Promise<void>;
  /** Asks the other nodes for what they do not use. */
  recall(name: string, sinceMs: number): Promise<void>;
  listenForRecalls(onRecall: (recall: Recall) => void, onError: (error: Error) => void): Listener;
  forgetBefore(minute: number): Promise<void>;
}

/** @param nodeId this node, which asks itself for nothing */
export function postgresRates(database: Database, nodeId: string, nowMs: () => number): RateStore {
  const { db } = database;
  return {
    grant: async (name, minute, unit, wanted, limit) => {
      await db
        .insertInto('rate_window')
        .values({ name, minute, requests: 0, tokens: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const column = sql.ref(unit);
      // The row is locked before its value is read: of two nodes the second sees what the first was granted.
      const { rows } = await sql<{ granted: number }>`
        WITH before AS (
          SELECT ${column} AS had FROM rate_window WHERE name = ${name} AND minute = ${minute} FOR UPDATE
        )
        UPDATE rate_window SET ${column} = before.had + GREATEST(0, LEAST(${wanted}::bigint, ${limit}::bigint - before.had))
        FROM before WHERE name = ${name} AND minute = ${minute}
        RETURNING rate_window.${column} - before.had AS granted
      `.execute(db);
      return Number(rows[0]?.granted ?? 0);
    },
    giveBack: async (name, minute, unit, amount) => {
      await db
        .updateTable('rate_window')
        .set(unit, sql<number>`GREATEST(0, ${sql.ref(unit)} - ${amount}::bigint)`)
        .where('name', '=', name)
        .where('minute', '=', minute)
        .execute();
    },
    recall: async (name, sinceMs) =>
      await notify(database, RECALL_CHANNEL, JSON.stringify([name, nodeId, sinceMs]), nowMs()),
    listenForRecalls: (onRecall, onError) =>
      listenTo(
        database,
        RECALL_CHANNEL,
        (payload) => {
          if (payload === undefined) return;
          const [name, asking, sinceMs = 0] = JSON.parse(payload);
          if (asking !== nodeId) onRecall({ name, sinceMs, isFirstOfEquals: asking < nodeId });
        },
        onError,
      ),
    forgetBefore: async (minute) => {
      await db.deleteFrom('rate_window').where('minute', '<', minute).execute();
    },
  };
}
