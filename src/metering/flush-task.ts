/** The part of a flush that runs in SQLite's thread. */

import { rowWriter, scopeWriter } from '../storage/generation-record.ts';
import type { TaskConnection } from '../storage/task.ts';
import { type BatchOrder, readBatch } from './flush-batch.ts';

export function run(connection: TaskConnection, input: unknown): unknown {
  // Only `flush.ts` asks for it, with an order.
  const scope = scopeWriter(connection);
  return readBatch(input as BatchOrder, {
    generation: rowWriter(connection),
    scope: (generationId, [kind, id]) => scope([generationId, kind, id]),
  });
}
