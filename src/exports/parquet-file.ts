/**
 * A table as Apache Parquet, written front to back: each row group leaves memory when it is full, the footer comes last. Types are exact:
 * integers of 64 bits, times in UTC, amounts as DECIMAL(18, 9). No I/O.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Cell } from '../csv.ts';
import type { ParquetColumn } from './parquet-protocol.ts';

/** As large as readers like them, and some tens of megabytes while one is made. */
const ROW_GROUP_ROWS = 20_000;
/** Of USD, in nano-USD: as many digits as 64 bits surely hold. */
const USD = { precision: 18, scale: 9 };

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];
type SchemaElement = Schema[number];

export class ParquetFile {
  readonly #columns: readonly ParquetColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #waiting: unknown[][];
  #rows = 0;

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns;
    this.#waiting = columns.map(() => []);
    const root = { name: 'generation', num_children: columns.length };
    const schema = [root, ...columns.map(elementOf)];
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'turnpike' });
  }

  /** The bytes that have become ready. */
  add(values: readonly (readonly Cell[])[]): Uint8Array<ArrayBuffer> {
    for (const [at, { kind }] of this.#columns.entries()) {
      const column = this.#waiting[at] ?? [];
      for (const value of values[at] ?? [])
        column.push(typeof value === 'number' && kind !== 'text' ? BigInt(value) : value);
    }
    this.#rows += values[0]?.length ?? 0;
    if (this.#rows >= ROW_GROUP_ROWS) this.#writeGroup();
    return this.taken();
  }

  end(): Uint8Array<ArrayBuffer> {
    if (this.#rows > 0) this.#writeGroup();
    void this.#writer.finish();
    return this.taken();
  }

  /** What was written since the last time. */
  taken(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#bytes.getBytes());
    // Offsets go on counting from the beginning of the file.
    this.#bytes.index = 0;
    return bytes;
  }

  #writeGroup(): void {
    const columnData = this.#columns.map(({ name }, at) => ({
      // Nobody reads so few rows by their pages, and the places of these would wait in memory for the end of the file.
      ...{ name, data: this.#waiting[at] ?? [], offsetIndex: false },
    }));
    // At once: what it writes to is memory.
    void this.#writer.write({ columnData, rowGroupSize: this.#rows });
    this.#waiting = this.#columns.map(() => []);
    this.#rows = 0;
  }
}

function elementOf({ name, kind }: ParquetColumn): SchemaElement {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (kind) {
    case 'text':
      return { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'boolean':
      return { ...optional, type: 'BOOLEAN' };
    case 'integer':
      return { ...optional, type: 'INT64' };
    case 'usd':
      return { ...optional, type: 'INT64', converted_type: 'DECIMAL', ...USD };
    case 'time':
      return {
        ...optional,
        ...{ type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      };
  }
}
