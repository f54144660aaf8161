/** What the main thread and the SQLite worker say to each other. */

/** How a transaction begins: whoever will write takes the lock at once, whoever only reads takes none. Null: no transaction begins. */
export type Begin = 'BEGIN IMMEDIATE' | 'BEGIN' | null;

export type SqliteRequest =
  | { readonly id: number; readonly kind: 'open'; readonly path: string }
  | {
      readonly id: number;
      readonly kind: 'query';
      readonly sql: string;
      readonly parameters: readonly unknown[];
      /** Begin a transaction first: saves a round trip between the threads. */
      readonly begin: Begin;
    }
  | {
      readonly id: number;
      /** The statement once for each row of a JSON array of rows. */
      readonly kind: 'rows';
      readonly sql: string;
      readonly rows: string;
      readonly begin: Begin;
    }
  | {
      readonly id: number;
      /** The work of a module (see task.ts), whose answer is the only row's only column. */
      readonly kind: 'task';
      readonly module: string;
      readonly input: unknown;
      readonly begin: Begin;
    }
  | { readonly id: number; readonly kind: 'rollback' }
  | { readonly id: number; readonly kind: 'close' };

export interface SqliteRows {
  readonly rows: Record<string, unknown>[];
  /** Null: the statement gives rows. */
  readonly changes: number | null;
}

export interface SqliteFailure {
  readonly message: string;
  /** SQLite's own word, such as `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly code: string | null;
}

export type SqliteReply =
  | { readonly id: number; readonly result: SqliteRows }
  | { readonly id: number; readonly failure: SqliteFailure };
