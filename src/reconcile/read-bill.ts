/** Reads a bill out of pieces of text, whatever form it has: CSV row by row, JSON page by page. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { Bill } from './bill.ts';
import { type CsvFormat, columnName, csvFormatOf, sourceOf } from './csv-formats.ts';
import { csvRows } from './csv-rows.ts';
import { Numbers } from './fields.ts';
import { readPage } from './json-formats.ts';
import { jsonTexts } from './json-texts.ts';

/** What has no name, being alone. */
const ONLY_FILE = 'the bill';

/** A page of JSON is parsed as a whole. */
const MAX_JSON_CHARACTERS = 64 * 1024 * 1024;

/**
 * Adds a file to a bill, and says what it was taken for. Throws a 400 that says where something is wrong, and in which file if it is not the
 * only one.
 * @param name of the file, as people know it
 */
export async function readBill(
  bill: Bill,
  pieces: AsyncIterable<string>,
  zone: string,
  name = ONLY_FILE,
): Promise<string> {
  const file = bill.beginFile(name);
  try {
    file.format = await readFile(bill, pieces, zone);
    return file.format;
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError) || name === ONLY_FILE) throw thrown;
    throw invalidRequest(`${file.name}: ${thrown.message}`);
  }
}

async function readFile(bill: Bill, pieces: AsyncIterable<string>, zone: string): Promise<string> {
  const reader = pieces[Symbol.asyncIterator]();
  const head: string[] = [];
  let first = '';
  while (first === '') {
    const { value, done } = await reader.next();
    if (done === true) throw invalidRequest('The bill is empty');
    head.push(value);
    first = value
      .replace(/^\uFEFF/, '')
      .trimStart()
      .slice(0, 1);
  }
  const all = (async function* () {
    try {
      yield* head;
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value;
    } finally {
      await reader.return?.();
    }
  })();
  return first === '{' || first === '[' ? await readJson(bill, all, zone) : await readCsv(bill, all, zone);
}

async function readCsv(bill: Bill, pieces: AsyncIterable<string>, zone: string): Promise<string> {
  let format: CsvFormat | null = null;
  let header: readonly string[] = [];
  let columns = new Map<string, number>();
  let numbers = new Numbers('.');
  for await (const { line, cells, separator } of csvRows(pieces)) {
    if (format === null) {
      header = cells.map(columnName);
      format = csvFormatOf(header);
      mustFit(format, zone);
      columns = new Map(header.map((name, at) => [name, at]));
      numbers = new Numbers(separator === ',' ? '.' : null);
      continue;
    }
    const row = (name: string) => cells[columns.get(name) ?? -1] ?? '';
    const read = format.read(row, `line ${line}`, zone, numbers);
    if (typeof read === 'string') bill.cover(read);
    else if (read !== null) bill.add(read, sourceOf(format.name, header, row));
  }
  if (format === null) throw invalidRequest('The bill is empty');
  return format.name;
}

async function readJson(bill: Bill, pieces: AsyncIterable<string>, zone: string): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    if (text.length > MAX_JSON_CHARACTERS)
      throw invalidRequest('The bill is more than 64 MiB of JSON; compare a shorter time, or a CSV file');
  }
  let format = 'JSON';
  for (const page of pagesOf(text.replace(/^\uFEFF/, ''))) {
    const read = readPage(bill, page, zone);
    mustFit(read, zone);
    format = read.format;
  }
  return format;
}

/** One page, a list of pages, or several one after the other: as JSON lines, or as they came. */
function pagesOf(text: string): unknown[] {
  let values: unknown[];
  try {
    values = [JSON.parse(text)];
  } catch {
    values = jsonTexts(text).map(({ text: one, line }) => {
      try {
        return JSON.parse(one);
      } catch {
        throw invalidRequest(`The bill is not JSON (line ${line}), and no CSV file either`);
      }
    });
  }
  const isPage = (value: unknown) => isJsonObject(value) && Array.isArray(value['data']);
  return values.flatMap((value) =>
    Array.isArray(value) && value.length > 0 && value.every(isPage) ? value : [value],
  );
}

/** A day of UTC cannot be taken apart into those of another zone. */
function mustFit({ isUtc }: { readonly isUtc: boolean }, zone: string): void {
  if (isUtc && zone !== 'UTC')
    throw invalidRequest('zone: this bill counts its days in UTC; leave the zone out');
}

/** Bytes as text; a character may lie across two of them. UTF-16, as spreadsheets write it, begins with a mark. */
export async function* textOf(bytes: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let first: Uint8Array = new Uint8Array();
  for await (const piece of bytes) {
    if (typeof piece === 'string') {
      yield piece;
      continue;
    }
    if (decoder !== null) {
      yield decoder.decode(piece, { stream: true });
      continue;
    }
    first = Buffer.concat([first, piece]);
    if (first.length < 2) continue;
    decoder = new TextDecoder(encodingOf(first));
    yield decoder.decode(first, { stream: true });
  }
  yield decoder === null ? new TextDecoder().decode(first) : decoder.decode();
}

function encodingOf([one, other]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (one === 0xff && other === 0xfe) return 'utf-16le';
  return one === 0xfe && other === 0xff ? 'utf-16be' : 'utf-8';
}
