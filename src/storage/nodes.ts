/**
 * Which nodes there are. One that runs is known by the connection on which it listens, which has its name and asks the database for
 * nothing every few seconds; when its process began is in `journal_position`. PostgreSQL alone.
 */
import { sql } from 'kysely';
import { idMs } from '../ids.ts';
import type { Db } from './database.ts';

/** How often a node that has nothing to say is heard of. */
export const HEARD_EVERY_MS = 10_000;
/** Unheard for so long it may be dead: PostgreSQL learns late of a machine that went without a word. */
const HEARD_WITHIN_MS = 3 * HEARD_EVERY_MS;

/** How a connection begins to name itself that waits for notices. */
export const LISTENER = 'turnpike listener';
/** PostgreSQL cuts off what is longer. */
const NAME_BYTES = 63;

/** Of a connection on which this node listens. */
export function listenerName(nodeId: string, version: string): string {
  return `${LISTENER} ${nodeId} ${version}`.slice(0, NAME_BYTES);
}

export interface Node {
  readonly nodeId: string;
  /** When its process began, by its own clock; null: an early version that did not say so. */
  readonly startedAtMs: number | null;
  /** Null: it has no connection, or goes through a pooler, on which nobody listens. */
  readonly seen: { readonly atMs: number; readonly version: string; readonly isRunning: boolean } | null;
}

/** Every node that ever began on this database, in the order in which their processes did. */
export async function listNodes(db: Db): Promise<Node[]> {
  const { rows } = await sql<{
    node_id: string;
    epoch: string;
    version: string | null;
    heard_ms: bigint | null;
    is_running: boolean | null;
  }>`
    SELECT node.node_id, node.epoch, heard.version, heard.heard_ms, heard.age_ms < ${HEARD_WITHIN_MS} AS is_running
    FROM journal_position AS node LEFT JOIN (
      SELECT split_part(application_name, ' ', 3) AS node_id,
        MAX(split_part(application_name, ' ', 4)) AS version,
        (EXTRACT(EPOCH FROM MAX(state_change)) * 1000)::bigint AS heard_ms,
        EXTRACT(EPOCH FROM clock_timestamp() - MAX(state_change)) * 1000 AS age_ms
      FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE ${`${LISTENER} %`}
      GROUP BY 1
    ) AS heard ON heard.node_id = node.node_id
    ORDER BY node.epoch, node.node_id`.execute(db);
  return rows.map(({ node_id, epoch, version, heard_ms, is_running }) => ({
    nodeId: node_id,
    startedAtMs: idMs(epoch),
    seen:
      heard_ms === null
        ? null
        : { atMs: Number(heard_ms), version: version ?? '', isRunning: is_running === true },
  }));
}
