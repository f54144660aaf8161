/** Requests as a file, for a spreadsheet, a program or a tool that compares bills. */
import { type FormEvent, useRef, useState } from 'react';
import { beginningOf, instantOf, offsetMsAt } from '../../../src/time-zone.ts';
import { ApiError, messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RadioField } from '../../shared/components/radio-field.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { reportZone, zoneName } from '../../shared/format/report-zone.ts';
import { save } from '../../shared/save.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { downloadExport, type ExportFormat, type Progress } from './api/download-export.ts';

const FORMATS: readonly { readonly value: ExportFormat; readonly label: string; readonly hint: string }[] = [
  { value: 'csv', label: 'CSV', hint: 'A line a request, for spreadsheets.' },
  { value: 'jsonl', label: 'JSON lines', hint: 'An object a request, with exact numbers, for programs.' },
  {
    value: 'focus',
    label: 'FOCUS',
    hint: 'Costs in the FinOps Foundation’s form, beside those of your other providers.',
  },
];
const MAX_DAYS = 366;
const BROKEN = 'The connection broke before the file was whole, so none was saved. Try again.';

type Run =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly progress: Progress }
  | { readonly state: 'done'; readonly name: string; readonly progress: Progress }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly message: string };

export function ExportsPage() {
  const session = useSession();
  const chosen = useChosenWorkspace();
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [dates, setDates] = useState(thisMonth);
  const [error, setError] = useState<string | null>(null);
  const [run, setRun] = useState<Run>({ state: 'idle' });
  const stop = useRef<AbortController | null>(null);

  async function start(event: FormEvent): Promise<void> {
    event.preventDefault();
    const span = spanOf(dates);
    setError(typeof span === 'string' ? span : null);
    if (typeof span === 'string' || stop.current !== null) return;
    const controller = new AbortController();
    stop.current = controller;
    setRun({ state: 'running', progress: { rows: 0, total: null, bytes: 0 } });
    try {
      const { name, blob, progress } = await downloadExport(
        { format, ...span, ...(chosen === null ? {} : { workspace_id: chosen.id }) },
        { signal: controller.signal, onProgress: (progress) => setRun({ state: 'running', progress }) },
      );
      save(name, blob);
      setRun({ state: 'done', name, progress });
    } catch (thrown) {
      setRun(
        controller.signal.aborted
          ? { state: 'cancelled' }
          : { state: 'failed', message: thrown instanceof ApiError ? messageOf(thrown) : BROKEN },
      );
    } finally {
      stop.current = null;
    }
  }

  return (
    <>
      <PageTitle
        title="Exports"
        description={
          hasRole(session, 'admin')
            ? `Every request of ${chosen === null ? 'the organisation' : plainName(chosen.name)} with its tokens and its cost. Prompts and answers are in none of these.`
            : `The requests of the keys that you made${chosen === null ? '' : ` in ${plainName(chosen.name)}`}, with their tokens and costs.`
        }
      />
      <div className="grid max-w-2xl grid-cols-1 gap-5">
        <Card>
          <form noValidate className="grid gap-5" onSubmit={(event) => void start(event)}>
            <RadioField
              legend="Form"
              name="format"
              defaultValue={format}
              options={FORMATS}
              onChange={(value) => setFormat(value as ExportFormat)}
            />
            <div className="grid gap-4 sm:grid-cols-2">
              <TextField
                label="First day"
                type="date"
                name="first"
                value={dates.first}
                onChange={({ target }) => setDates({ ...dates, first: target.value })}
                error={error ?? undefined}
              />
              <TextField
                label="Last day"
                type="date"
                name="last"
                value={dates.last}
                onChange={({ target }) => setDates({ ...dates, last: target.value })}
                hint={`Days are those of ${zoneName(reportZone())}; times in the file are in UTC.`}
              />
            </div>
            <div className="flex flex-wrap gap-2">
              <Button type="submit" isBusy={run.state === 'running'}>
                Export
              </Button>
              {run.state === 'running' && (
                <Button variant="secondary" onClick={() => stop.current?.abort()}>
                  Cancel
                </Button>
              )}
            </div>
            <Outcome run={run} />
          </form>
        </Card>
      </div>
    </>
  );
}

function Outcome({ run }: { run: Run }) {
  switch (run.state) {
    case 'idle':
      return null;
    case 'running':
      return <Running {...run.progress} />;
    case 'cancelled':
      return <Alert>The export was cancelled. No file was saved.</Alert>;
    case 'failed':
      return (
        <Alert tone="danger" title="The export failed">
          {run.message}
        </Alert>
      );
    case 'done':
      return run.progress.total === 0 ? (
        <Alert title="The file is empty">Nothing was asked in this time. Choose other days.</Alert>
      ) : (
        <Alert tone="success" title={run.name}>
          {run.progress.total === null
            ? 'It is'
            : `${requests(run.progress.total)} ${run.progress.total === 1 ? 'is' : 'are'}`}{' '}
          in your downloads ({sizeOf(run.progress.bytes)}).
        </Alert>
      );
  }
}

function Running({ rows, total, bytes }: Progress) {
  const words =
    total === null
      ? 'Getting ready'
      : rows === null
        ? `${sizeOf(bytes)} of ${requests(total)}`
        : `${formatCount(rows)} of ${requests(total)} (${sizeOf(bytes)})`;
  return (
    <div role="status" className="grid gap-2">
      <p className="tabular-nums">{words}</p>
      {rows !== null && <Meter share={total === null || total === 0 ? 0 : rows / total} />}
    </div>
  );
}

const requests = (count: number): string => (count === 1 ? '1 request' : `${formatCount(count)} requests`);

function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

interface Dates {
  readonly first: string;
  readonly last: string;
}

function thisMonth(): Dates {
  const zone = reportZone();
  const nowMs = Date.now();
  const dayOf = (ms: number) => new Date(ms + offsetMsAt(zone, ms)).toISOString().slice(0, 10);
  return { first: dayOf(beginningOf(zone, 'month', nowMs)), last: dayOf(nowMs) };
}

/** As the gateway takes it, or what is wrong. */
function spanOf({ first, last }: Dates): { readonly start: string; readonly end: string } | string {
  const [from, to] = [Date.parse(`${first}T00:00:00Z`), Date.parse(`${last}T00:00:00Z`)];
  if (Number.isNaN(from) || Number.isNaN(to)) return 'Enter a first and a last day';
  if (to < from) return 'The last day is before the first';
  const days = (to - from) / 86_400_000 + 1;
  if (days > MAX_DAYS) return `At most ${MAX_DAYS} days fit into one export`;
  const zone = reportZone();
  const isoOf = (localMs: number) => new Date(instantOf(zone, localMs)).toISOString();
  return { start: isoOf(from), end: isoOf(to + 86_400_000) };
}
