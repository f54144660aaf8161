/** What is drawn, as a file. */
import type { Drawn } from '../../shared/analytics/points.ts';

/** A text that a spreadsheet would run as a formula stands behind an apostrophe (OWASP, "CSV Injection"). */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // Also behind spaces, which programs skip, and in the wide forms that some treat alike; as the gateway's own exports do.
  const plain = /^\s*[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : value;
  return `"${plain.replaceAll('"', '""')}"`;
}

export function csvOf({ series, points }: Drawn): string {
  const head = ['Start (UTC)', ...series.map(({ label }) => label)].map(cell);
  const lines = points.map(({ id, values }) =>
    [cell(isoOf(id)), ...series.map((each) => cell(values[each.id] ?? 0))].join(','),
  );
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}

export function jsonOf({ series, points }: Drawn): string {
  const rows = points.map(({ id, values }) => ({
    start: isoOf(id),
    ...Object.fromEntries(series.map(({ id: name, label }) => [label, values[name] ?? null])),
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

const isoOf = (id: string): string => new Date(Number(id)).toISOString();

export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
