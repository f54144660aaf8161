/** An export, read as it comes, so that it can be told how far it is and can be broken off. */
import { ApiError, readFailure } from '../../../shared/api/request.ts';

export type ExportFormat = 'csv' | 'jsonl' | 'focus';

export interface Progress {
  /** Requests so far; null: in this form, lines are no requests. */
  readonly rows: number | null;
  /** Null: not known yet. */
  readonly total: number | null;
  readonly bytes: number;
}

export interface ExportWish {
  readonly format: ExportFormat;
  readonly start: string;
  readonly end: string;
  /** Absent: of every workspace. */
  readonly workspace_id?: string;
}

/** The browser may put what is in a Blob onto a disk, and what is in an array not. */
const PART_BYTES = 8_000_000;
const TELL_EVERY_MS = 100;
const NEWLINE = 10;

export async function downloadExport(
  wish: ExportWish,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<{ readonly name: string; readonly blob: Blob; readonly progress: Progress }> {
  const answer = await fetch(`/api/dashboard/exports/generations?${new URLSearchParams({ ...wish })}`, {
    credentials: 'same-origin',
    signal,
  });
  if (!answer.ok || answer.body === null) throw await readFailure(answer);
  const total = Number(answer.headers.get('x-total-count'));
  const head = wish.format === 'csv' ? 1 : 0;
  let [lines, bytes, toldAtMs] = [0, 0, 0];
  const progress = (): Progress => ({
    // A cell may have several lines.
    rows: wish.format === 'focus' ? null : Math.min(total, Math.max(0, lines - head)),
    ...{ total, bytes },
  });
  const type = answer.headers.get('content-type') ?? 'text/csv';
  const parts: Blob[] = [];
  let open: Uint8Array<ArrayBuffer>[] = [];
  let openBytes = 0;
  const reader = answer.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    open.push(read.value);
    openBytes += read.value.length;
    bytes += read.value.length;
    for (let at = read.value.indexOf(NEWLINE); at !== -1; at = read.value.indexOf(NEWLINE, at + 1))
      lines += 1;
    if (openBytes > PART_BYTES) {
      parts.push(new Blob(open));
      [open, openBytes] = [[], 0];
    }
    if (performance.now() - toldAtMs < TELL_EVERY_MS) continue;
    toldAtMs = performance.now();
    onProgress(progress());
  }
  const whole = progress();
  if (whole.rows !== null && whole.rows < total)
    throw new ApiError('The file ended before it was whole, so none was saved. Try again.', 0, 'cut_off');
  const blob = new Blob([...parts, ...open], { type });
  return { name: nameIn(answer, wish.format), blob, progress: whole };
}

function nameIn(answer: Response, format: ExportFormat): string {
  const given = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '');
  return given?.[1] ?? `generations.${format}`;
}
