/** A bill against the ledger, read as it comes, so that it can be told how far it is and can be broken off. */
import type { ReconciliationJson } from '../../../../src/reconcile/answers.ts';
import { ApiError, requestStream } from '../../../shared/api/request.ts';

export interface BillWish {
  readonly provider: string;
  readonly zone: string;
  readonly files: readonly File[];
}

export interface CompareProgress {
  readonly days: number;
  readonly days_in_all: number;
  readonly generations: number;
}

type Line =
  | { readonly progress: CompareProgress }
  | { readonly data: ReconciliationJson }
  | { readonly error: { readonly message: string } };

const CUT_OFF = 'The connection broke before the comparison was done. Try again.';

const pathOf = ({ provider, zone }: BillWish, more: Record<string, string> = {}) =>
  `/api/dashboard/reconcile?${new URLSearchParams({ provider, zone, ...more })}`;

export async function compareBill(
  wish: BillWish,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: CompareProgress) => void },
): Promise<ReconciliationJson> {
  const answer = await requestStream('POST', pathOf(wish), {
    ...{ signal, files: wish.files },
    headers: { accept: 'application/x-ndjson' },
  });
  for await (const line of linesOf(answer)) {
    if ('data' in line) return line.data;
    if ('error' in line) throw new ApiError(line.error.message, 500, 'reconciliation_failed');
    onProgress(line.progress);
  }
  throw new ApiError(CUT_OFF, 0, 'cut_off');
}

/** Each amount of each model and day, for a spreadsheet. */
export async function comparedAsCsv(wish: BillWish): Promise<Blob> {
  const answer = await requestStream('POST', pathOf(wish, { format: 'csv' }), { files: wish.files });
  return await answer.blob();
}

async function* linesOf(answer: Response): AsyncGenerator<Line> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (reader !== undefined) {
    const { value, done } = await reader.read().catch(() => {
      throw new ApiError(CUT_OFF, 0, 'cut_off');
    });
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest !== '') yield JSON.parse(rest);
}
