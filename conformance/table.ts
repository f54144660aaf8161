/** The rows of a run, for a terminal and for docs/clients.md. */

export interface Row {
  readonly client: string;
  readonly version: string;
  readonly feature: string;
  readonly verdict: 'passes' | 'fails' | 'not run';
  /** Tries, seconds, what the user saw. */
  readonly note: string;
}

export const TABLE_BEGIN = '<!-- written by npm run conformance -- --write -->';
export const TABLE_END = '<!-- end of what is written -->';

export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.client, row.version, row.feature, row.verdict, row.note]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `day`: `2026-11-29`. */
export function markdownTable(rows: readonly Row[], day: string): string {
  const lines = rows.map((row) =>
    ['', row.client, row.version, row.feature, row.verdict, row.note.replaceAll('|', '\\|'), '']
      .join(' | ')
      .trim(),
  );
  return [
    TABLE_BEGIN,
    `Run on ${day}.`,
    '',
    '| client | version | feature | verdict | seen |',
    '|---|---|---|---|---|',
    ...lines,
    TABLE_END,
  ].join('\n');
}

/** The page with its table replaced; throws where the page has no place for one. */
export function withTable(page: string, table: string): string {
  const from = page.indexOf(TABLE_BEGIN);
  const to = page.indexOf(TABLE_END);
  if (from < 0 || to < from) throw new Error('the page has no place for the table');
  return page.slice(0, from) + table + page.slice(to + TABLE_END.length);
}

export function isPassed(rows: readonly Row[]): boolean {
  return rows.length > 0 && rows.every(({ verdict }) => verdict !== 'fails');
}
