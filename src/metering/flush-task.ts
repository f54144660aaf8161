/** The part of a flush that runs in SQLite's thread. */

import { rowWriter } from '../storage/generation-record.ts';
import type { TaskConnection } from '../storage/task.ts';
import { type BatchOrder, readBatch } from './flush-batch.ts';

export function run(connection: TaskConnection, input: unknown): unknown {
  // Only `flush.ts` asks for it, with an order.
  return readBatch(input as BatchOrder, rowWriter(connection));
}
