/**
 * Writes an export, page by page, from one snapshot of the database: what is settled meanwhile is neither in it nor in its count. Memory
 * holds one page, however many there are; whoever writes says when the next may come.
 */
import { type Cell, csvLine } from '../csv.ts';
import { missingBeforeMs } from '../metering/retention.ts';
import type { Database } from '../storage/database.ts';
import { holdGenerations } from '../storage/partitions.ts';
import type { GenerationTable } from '../storage/schema.ts';
import { findAccount } from '../tenancy/tenants.ts';
import { FOCUS_COLUMNS, type FocusAccount, FocusRows } from './focus.ts';
import { COLUMNS, cellOf, type NamedGeneration } from './generation-columns.ts';
import type { ExportFormat, ExportOrder } from './order.ts';
import { pagesOfGenerations } from './pages.ts';
import { ParquetThread } from './parquet-thread.ts';
import { countGenerations } from './store.ts';

export interface ExportServices {
  readonly database: Database;
  /** Brings into the database what only the journal holds. */
  readonly flushed: () => Promise<unknown>;
  readonly keyNames: (
    accountId: string,
    hashes: string[],
  ) => Promise<readonly { readonly hash: string; readonly name: string }[]>;
  /** How the gateway names itself as who charges. */
  readonly publicUrl: string;
}

export interface ExportSink {
  /**
   * Told first: how many generations there will be, and from when on they are all there. Null: there never were more; else older ones
   * of the period may have been dropped.
   */
  begin(generations: number, completeFromMs: number | null): void;
  /** Resolves when there is room for more; a rejection ends the export. */
  write(part: Part, generationsSoFar: number): Promise<void>;
}

/** Whole lines, or bytes of a form that has none. */
export type Part = string | Uint8Array<ArrayBuffer>;

/** How many generations it has written. Rejects as the database and the sink do. */
export async function exportGenerations(
  services: ExportServices,
  order: ExportOrder,
  sink: ExportSink,
): Promise<number> {
  await services.flushed();
  return await services.database.longSnapshot(async (db) => {
    await holdGenerations(db, services.database.engine);
    const name = (await findAccount(db, order.accountId))?.name ?? '';
    const account = { id: order.accountId, name, gateway: services.publicUrl };
    sink.begin(await countGenerations(db, order), await missingBeforeMs(db, order.startMs));
    const writer = writerOf(order.format, account);
    const names = new Map<string, string | null>();
    let written = 0;
    const write = async (part: Part) => {
      if (part.length > 0) await sink.write(part, written);
    };
    try {
      await write(await writer.begin());
      for await (const page of pagesOfGenerations(db, order)) {
        await learnNames(services, order.accountId, page, names);
        const part = await writer.page(
          page.map((row) => ({ row, keyName: names.get(row.key_hash) ?? null })),
        );
        written += page.length;
        await write(part);
      }
      await write(await writer.end());
    } finally {
      writer.close();
    }
    return written;
  });
}

async function learnNames(
  { keyNames }: ExportServices,
  accountId: string,
  page: readonly GenerationTable[],
  names: Map<string, string | null>,
): Promise<void> {
  const unknown = [...new Set(page.map(({ key_hash }) => key_hash))].filter((hash) => !names.has(hash));
  if (unknown.length === 0) return;
  for (const hash of unknown) names.set(hash, null);
  for (const { hash, name } of await keyNames(accountId, unknown)) names.set(hash, name);
}

/** How generations become a file of some form. */
interface Writer {
  begin(): Part | Promise<Part>;
  page(generations: readonly NamedGeneration[]): Part | Promise<Part>;
  end(): Part | Promise<Part>;
  /** Whatever became of it. */
  close(): void;
}

function writerOf(format: ExportFormat, account: FocusAccount): Writer {
  switch (format) {
    case 'csv':
      return lines(
        csvLine(COLUMNS.map(({ name }) => name)),
        (generation) => csvLine(COLUMNS.map((column) => cellOf(column, generation))),
        () => '',
      );
    case 'jsonl':
      return lines(
        '',
        (generation) =>
          `${jsonOf(Object.fromEntries(COLUMNS.map((column) => [column.name, cellOf(column, generation)])))}\n`,
        () => '',
      );
    case 'focus': {
      const rows = new FocusRows(account);
      const told = (ready: Cell[][]) => ready.map(csvLine).join('');
      return lines(
        csvLine(FOCUS_COLUMNS.map(([name]) => name)),
        (generation) => told(rows.add(generation)),
        () => told(rows.end()),
      );
    }
    case 'parquet':
      return new ParquetThread();
  }
}

function lines(head: string, line: (generation: NamedGeneration) => string, end: () => string): Writer {
  return {
    begin: () => head,
    page: (generations) => generations.map(line).join(''),
    end,
    close: () => {},
  };
}

/** What the language has had since ES2025, and its types have not. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Integers of 64 bits are written as they are: tables read them exactly. */
function jsonOf(members: Record<string, Cell>): string {
  return JSON.stringify(members, (_, value) => (typeof value === 'bigint' ? rawJSON(String(value)) : value));
}
