/** Between an export and the thread that makes Parquet of it: one answer a request, in their order. */
import type { Cell } from '../csv.ts';
import type { ColumnKind } from './generation-columns.ts';

export interface ParquetColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

export type ParquetRequest =
  | { readonly kind: 'begin'; readonly columns: readonly ParquetColumn[] }
  /** A list of values for each column, all of one length. */
  | { readonly kind: 'page'; readonly values: readonly (readonly Cell[])[] }
  | { readonly kind: 'end' };

export type ParquetReply =
  /** What of the file is ready: mostly nothing, now and then a row group. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly message: string };
