/**
 * Work that is done in the thread which owns the SQLite file, beside the data. A task is a module that exports `run`; it knows
 * the connection by this interface alone.
 */
import { CompiledQuery, type Transaction } from 'kysely';
import type { Tables } from './schema.ts';

export interface TaskConnection {
  /** A statement to be run with the values of its parameters, again and again. The connection keeps it. */
  prepare(sql: string): (values: readonly (string | number | null)[]) => void;
}

export interface Task {
  /** Inside the transaction of whoever asked. What it throws rolls that back. */
  run(connection: TaskConnection, input: unknown): unknown;
}

/** The only parameter of what is no statement but a task. */
export class TaskParameter {
  /** The module's URL. */
  readonly module: string;
  readonly input: unknown;

  constructor(module: string, input: unknown) {
    this.module = module;
    this.input = input;
  }
}

/** Runs a task in SQLite's thread, as a part of the transaction. Input and answer are copied between the threads. */
export async function runTask(trx: Transaction<Tables>, module: string, input: unknown): Promise<unknown> {
  const query = CompiledQuery.raw(`-- ${module}`, [new TaskParameter(module, input)]);
  const { rows } = await trx.executeQuery(query as CompiledQuery<{ answer: unknown }>);
  return rows[0]?.answer;
}
