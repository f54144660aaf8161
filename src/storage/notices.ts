/**
 * Short messages from one node to the others on PostgreSQL, by NOTIFY; behind a connection pooler, which loses those, by rows of
 * the change log that every node looks for. A convenience that may miss, never a promise.
 */
import { sql } from 'kysely';
import { recordChange } from './changes.ts';
import type { Database } from './database.ts';
import type { Listener } from './postgres.ts';

/** How late a notice comes behind a pooler. */
const LOOK_EVERY_MS = 250;
const PAGE_ROWS = 1000;

/** Tells every node that listens to `channel`, this one too; `payload` is at most 8000 bytes. */
export async function notify(
  database: Database,
  channel: string,
  payload: string,
  nowMs: number,
): Promise<void> {
  if (!database.isBehindPooler) await sql`SELECT pg_notify(${channel}, ${payload})`.execute(database.db);
  else await database.transaction((trx) => recordChange(trx, `notice ${channel}`, payload, nowMs));
}

/** As `Database.listen`, also behind a pooler. Call when a statement has run, or nobody knows whether there is one. */
export function listenTo(
  database: Database,
  channel: string,
  onNotice: (payload?: string) => void,
  onError: (error: Error) => void,
): Listener {
  return database.isBehindPooler
    ? lookFor(database, channel, onNotice, onError)
    : database.listen(channel, onNotice, onError);
}

function lookFor(
  database: Database,
  channel: string,
  onNotice: (payload: string) => void,
  onError: (error: Error) => void,
): Listener {
  let seenSeq: number | null = null;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function look(): Promise<void> {
    const { db } = database;
    if (seenSeq === null) {
      const counter = await db.selectFrom('change_counter').select('seq').executeTakeFirstOrThrow();
      seenSeq = counter.seq;
      return;
    }
    const rows = await db
      .selectFrom('change_log')
      .select(['seq', 'subject', 'subject_id'])
      .where('seq', '>', seenSeq)
      .orderBy('seq')
      .limit(PAGE_ROWS)
      .execute();
    for (const row of rows) {
      seenSeq = row.seq;
      if (row.subject === `notice ${channel}`) onNotice(row.subject_id);
    }
  }

  async function lookAgain(): Promise<void> {
    try {
      await look();
    } catch (thrown) {
      onError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    if (!stopped) timer = setTimeout(next, LOOK_EVERY_MS);
  }

  let looking = Promise.resolve();
  const next = () => {
    looking = lookAgain();
  };
  next();
  return {
    async stop() {
      stopped = true;
      await looking;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
