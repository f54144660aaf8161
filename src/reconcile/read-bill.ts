/** Reads a bill out of pieces of text, whatever form it has: CSV row by row, JSON page by page. */
import { invalidRequest } from '../errors.ts';
import type { Bill } from './bill.ts';
import { type CsvFormat, csvFormatOf } from './csv-formats.ts';
import { csvRows } from './csv-rows.ts';
import { readPage } from './json-formats.ts';

/** A page of JSON is parsed as a whole. */
const MAX_JSON_CHARACTERS = 64 * 1024 * 1024;

/** What the bill was taken for. Throws a 400 that says where something is wrong. */
export async function readBill(bill: Bill, pieces: AsyncIterable<string>, zone: string): Promise<string> {
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
  let columns = new Map<string, number>();
  for await (const { line, cells } of csvRows(pieces)) {
    if (format === null) {
      const header = cells.map((name) => name.toLowerCase());
      format = csvFormatOf(header);
      mustFit(format, zone);
      columns = new Map(header.map((name, at) => [name, at]));
      continue;
    }
    const read = format.read((name) => cells[columns.get(name) ?? -1] ?? '', `line ${line}`, zone);
    if (typeof read === 'string') bill.cover(read);
    else if (read !== null) bill.add(read);
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

/** One page, or several as JSON lines. */
function pagesOf(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, at) => {
        try {
          return JSON.parse(line);
        } catch {
          throw invalidRequest(`The bill is not JSON (line ${at + 1}), and no CSV file either`);
        }
      });
  }
}

/** A day of UTC cannot be taken apart into those of another zone. */
function mustFit({ isUtc }: { readonly isUtc: boolean }, zone: string): void {
  if (isUtc && zone !== 'UTC')
    throw invalidRequest('zone: this bill counts its days in UTC; leave the zone out');
}

/** Bytes as text; a character may lie across two of them. */
export async function* textOf(bytes: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of bytes)
    yield typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
  yield decoder.decode();
}
