/**
 * All SQL on journal_position: how far each node's journal is in the database, and which process of the node may say so. A process
 * that was replaced (its machine slept, or its data directory was copied) finds that out here, before it changes what the new one
 * counts on.
 */
import { sql, type Transaction } from 'kysely';
import { newId } from '../ids.ts';
import type { Db } from './database.ts';
import type { Tables } from './schema.ts';

/** A process that writes a node's journal. */
export interface JournalProcess {
  readonly nodeId: string;
  /** Names the process, as the node's id does the data directory, of which there may be copies. */
  readonly epoch: string;
}

/** Its turn, as it begins. */
export interface JournalTurn extends JournalProcess {
  /** How far the journal is in the database. Nobody else moves it during this turn. */
  readonly flushedSeq: number;
}

/** Another process has the same node id, and started later: what this one settles has no place of its own in the order. */
export class JournalTakenOver extends Error {
  constructor(nodeId: string) {
    super(
      `another process has taken over the journal of node ${nodeId}: is the data directory a copy, or in use on two machines?`,
    );
    this.name = 'JournalTakenOver';
  }
}

/** Waits for a flush that is being committed; a process that had the journal before cannot flush or lease any more. */
export async function takeOverJournal(db: Db, nodeId: string): Promise<JournalTurn> {
  const epoch = newId();
  const { seq } = await db
    .insertInto('journal_position')
    .values({ node_id: nodeId, seq: 0, epoch })
    .onConflict((conflict) =>
      conflict.column('node_id').doUpdateSet({ epoch: (excluded) => excluded.ref('excluded.epoch') }),
    )
    .returning('seq')
    .executeTakeFirstOrThrow();
  return { nodeId, epoch, flushedSeq: seq };
}

/**
 * How far the journal is in the database, locked until the transaction ends: an earlier attempt that seemed to fail may still
 * be about to commit, and whoever waits here then sees its position. Throws `JournalTakenOver` once another process has begun.
 */
export async function lockJournalPosition(
  trx: Transaction<Tables>,
  { nodeId, epoch }: JournalProcess,
): Promise<number> {
  const row = await trx
    .updateTable('journal_position')
    .set({ seq: sql<number>`seq` })
    .where('node_id', '=', nodeId)
    .where('epoch', '=', epoch)
    .returning('seq')
    .executeTakeFirst();
  if (row === undefined) throw new JournalTakenOver(nodeId);
  return row.seq;
}

/** Only for who holds the lock. */
export async function setJournalPosition(
  trx: Transaction<Tables>,
  nodeId: string,
  seq: number,
): Promise<void> {
  await trx.updateTable('journal_position').set({ seq }).where('node_id', '=', nodeId).execute();
}

/** How far the journal is in the database, without waiting for anybody. Throws as `lockJournalPosition` does. */
export async function readJournalPosition(db: Db, { nodeId, epoch }: JournalProcess): Promise<number> {
  const row = await db
    .selectFrom('journal_position')
    .select('seq')
    .where('node_id', '=', nodeId)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  if (row === undefined) throw new JournalTakenOver(nodeId);
  return row.seq;
}
