/** All SQL on `attempt_count`. */
import { sql } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { AttemptCountTable } from '../storage/schema.ts';

export type AttemptRow = AttemptCountTable;

/** One statement, so that attempts at the same moment, on any node, are each counted. A window that is over begins anew. */
export async function countAttempt(
  db: Db,
  subject: string,
  { nowMs, windowMs }: { nowMs: number; windowMs: number },
): Promise<AttemptRow> {
  const endsAtMs = nowMs + windowMs;
  const { rows } = await sql<AttemptRow>`
    INSERT INTO attempt_count (subject, attempts, window_ends_at_ms) VALUES (${subject}, 1, ${endsAtMs})
    ON CONFLICT (subject) DO UPDATE SET
      attempts = CASE WHEN attempt_count.window_ends_at_ms <= ${nowMs} THEN 1 ELSE attempt_count.attempts + 1 END,
      window_ends_at_ms =
        CASE WHEN attempt_count.window_ends_at_ms <= ${nowMs} THEN excluded.window_ends_at_ms
             ELSE attempt_count.window_ends_at_ms END
    RETURNING subject, attempts, window_ends_at_ms`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('The attempt was not counted');
  return row;
}

export async function deleteAttempts(db: Db, subject: string): Promise<void> {
  await db.deleteFrom('attempt_count').where('subject', '=', subject).execute();
}

/** Served by `attempt_count_age`. */
export async function deleteAttemptsUntil(db: Db, endedUntilMs: number): Promise<void> {
  await db.deleteFrom('attempt_count').where('window_ends_at_ms', '<=', endedUntilMs).execute();
}
