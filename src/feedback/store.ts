/** All SQL on `generation_feedback`. */

import { sql } from 'kysely';
import type { GenerationFeedbackTable } from '../storage/content-tables.ts';
import type { Db } from '../storage/database.ts';

/** The newest word of an author in a category takes the place of the one before. */
export async function putFeedback(db: Db, row: GenerationFeedbackTable): Promise<void> {
  const { comment, created_at_ms } = row;
  await db
    .insertInto('generation_feedback')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['generation_id', 'key_hash', 'category']).doUpdateSet({ comment, created_at_ms }),
    )
    .execute();
}

export interface FeedbackFilter {
  readonly accountId: string;
  readonly generationId: string | null;
  readonly category: string | null;
  /** Of generations of this workspace; null: of all. */
  readonly workspaceId: string | null;
  readonly limit: number;
  readonly offset: number;
}

/** Newest first. */
export function listFeedback(
  db: Db,
  { accountId, generationId, category, workspaceId, limit, offset }: FeedbackFilter,
): Promise<GenerationFeedbackTable[]> {
  let query = db.selectFrom('generation_feedback').selectAll().where('account_id', '=', accountId);
  if (generationId !== null) query = query.where('generation_id', '=', generationId);
  if (category !== null) query = query.where('category', '=', category);
  // What was said of a generation goes when it goes.
  if (workspaceId !== null)
    query = query.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('generations')
          .select(sql`1`.as('one'))
          .whereRef('generations.id', '=', 'generation_feedback.generation_id')
          .where('generations.workspace_id', '=', workspaceId),
      ),
    );
  return query
    .orderBy('created_at_ms', 'desc')
    .orderBy('generation_id')
    .orderBy('key_hash')
    .orderBy('category')
    .limit(limit)
    .offset(offset)
    .execute();
}
