/** Lines of CSV (RFC 4180) that no spreadsheet takes for a formula. No I/O. */

export type Cell = string | number | bigint | boolean | null;

/**
 * What makes a spreadsheet calculate, also behind white space that it skips, and in the wide forms that some treat alike. Only texts:
 * a negative number is one, and stays one for every other reader.
 */
const FORMULA = /^\s*[=+\-@\t\r＝＋－＠]/;

export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
