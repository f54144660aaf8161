/** Rows of CSV (RFC 4180) and of its cousins with semicolons or tabs, out of pieces of text that end anywhere. No I/O. */
import { invalidRequest } from '../errors.ts';

export interface CsvRow {
  /** Of the file, counted from 1: for messages. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What parts the columns: a comma, a semicolon or a tab. */
  readonly separator: string;
}

/** No line of a bill is longer; a file without line breaks is none. */
const MAX_ROW_CHARACTERS = 1_000_000;

/** What Excel writes before the header where the columns are not parted as it expects. */
const SEPARATOR_LINE = /^"?sep=([,;\t])"?$/i;

/** Rows without any cell are left out. Throws a 400 for a quote that nothing closes. */
export async function* csvRows(pieces: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let separator: string | null = null;
  let rest = '';
  let line = 1;
  const rowIn = (text: string): CsvRow | null => {
    const at = line;
    line += text.split('\n').length;
    if (text.trim() === '') return null;
    const told = separator === null ? SEPARATOR_LINE.exec(text) : null;
    separator ??= told?.[1] ?? separatorOf(text);
    return told === null ? { line: at, cells: cellsOf(text, separator, at), separator } : null;
  };
  for await (const piece of unixLines(pieces)) {
    rest += piece;
    while (true) {
      const end = endOfRow(rest);
      if (end === -1) break;
      const row = rowIn(rest.slice(0, end));
      rest = rest.slice(end + 1);
      if (row !== null) yield row;
    }
    if (rest.length > MAX_ROW_CHARACTERS) throw tooLong(line);
  }
  const row = rowIn(rest);
  if (row !== null) yield row;
}

/** With one kind of line break, and without the mark that some write at the beginning. */
async function* unixLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '\uFEFF';
  for await (const piece of pieces) {
    const text = held === '\uFEFF' ? piece.replace(/^\uFEFF/, '') : held + piece;
    if (text === '') continue;
    held = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - held.length).replaceAll(/\r\n?/g, '\n');
  }
  if (held === '\r') yield '\n';
}

const tooLong = (line: number) =>
  invalidRequest(`line ${line}: is too long; is this a CSV file, and is each quote closed?`);

/** Of the line break that no quote holds; -1: it is not here yet. */
function endOfRow(text: string): number {
  let at = text.indexOf('\n');
  if (at === -1 || !text.slice(0, at).includes('"')) return at;
  let quotes = 0;
  for (at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) quotes += 1;
    else if (code === 10 && quotes % 2 === 0) return at;
  }
  return -1;
}

/** By the first line: names of columns have none of these. */
function separatorOf(header: string): string {
  const counts = [',', ';', '\t'].map((one) => ({ one, count: header.split(one).length }));
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).one;
}

function cellsOf(row: string, separator: string, line: number): string[] {
  if (!row.includes('"')) return row.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < row.length; at += 1) {
    const character = row[at] ?? '';
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (row[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && cell.trim() === '') {
      isQuoted = true;
      cell = '';
    } else if (character === separator) {
      cells.push(cell.trim());
      cell = '';
    } else cell += character;
  }
  if (isQuoted) throw tooLong(line);
  return [...cells, cell.trim()];
}
