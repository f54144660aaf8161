/** A provider's bill against what went through the gateway. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import type { ReconciliationJson } from '../../../src/reconcile/answers.ts';
import { isTimeZone } from '../../../src/time-zone.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Field, Input, TextField } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Select } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { save } from '../../shared/save.ts';
import { type BillWish, type CompareProgress, compareBill, comparedAsCsv } from './api/compare-bill.ts';
import { type BilledProvider, billedProvidersQuery } from './api/list-billed-providers.ts';
import { Result } from './result.tsx';

const TITLE = 'Reconciliation';

type Run =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly progress: CompareProgress | null }
  | { readonly state: 'done'; readonly wish: BillWish; readonly result: ReconciliationJson }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly message: string };

export function ReconciliationPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Reconciliation />
    </RoleGate>
  );
}

function Reconciliation() {
  const providers = useQuery(billedProvidersQuery);
  const [run, setRun] = useState<Run>({ state: 'idle' });
  const stop = useRef<AbortController | null>(null);

  async function start(wish: BillWish): Promise<void> {
    if (stop.current !== null) return;
    const controller = new AbortController();
    stop.current = controller;
    setRun({ state: 'running', progress: null });
    try {
      const result = await compareBill(wish, {
        signal: controller.signal,
        onProgress: (progress) => setRun({ state: 'running', progress }),
      });
      setRun({ state: 'done', wish, result });
    } catch (thrown) {
      setRun(
        controller.signal.aborted ? { state: 'cancelled' } : { state: 'failed', message: messageOf(thrown) },
      );
    } finally {
      stop.current = null;
    }
  }

  return (
    <>
      <PageTitle
        title={TITLE}
        description="A provider’s bill against what went through this gateway, by day and model: what differs, why, and what nothing explains."
      />
      <div className="grid grid-cols-1 gap-5">
        <Card>
          {providers.isPending && <Loading label="Loading the providers" />}
          {providers.isError && (
            <LoadError
              title="The providers could not be loaded"
              error={providers.error}
              onRetry={() => void providers.refetch()}
            />
          )}
          {providers.isSuccess && (
            <BillForm
              providers={providers.data}
              isRunning={run.state === 'running'}
              onCompare={(wish) => void start(wish)}
              onCancel={() => stop.current?.abort()}
            />
          )}
          <Outcome run={run} />
        </Card>
        {run.state === 'done' && <Done wish={run.wish} result={run.result} />}
      </div>
    </>
  );
}

function BillForm({
  providers,
  isRunning,
  onCompare,
  onCancel,
}: {
  providers: readonly BilledProvider[];
  isRunning: boolean;
  onCompare: (wish: BillWish) => void;
  onCancel: () => void;
}) {
  const [provider, setProvider] = useState(providers[0]?.slug ?? '');
  const [zone, setZone] = useState('UTC');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [errors, setErrors] = useState<{ file?: string; zone?: string }>({});

  function submit(event: FormEvent): void {
    event.preventDefault();
    const wrong = {
      ...(files.length === 0 ? { file: 'Choose the files with the bill' } : {}),
      ...(isTimeZone(zone) ? {} : { zone: 'Enter a time zone such as Europe/Berlin' }),
    };
    setErrors(wrong);
    if (Object.keys(wrong).length === 0) onCompare({ provider, zone, files });
  }

  return (
    <form noValidate className="grid max-w-2xl gap-5" onSubmit={submit}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Provider">
          {(control) => (
            <Select
              {...control}
              value={provider}
              options={providers.map(({ slug, name }) => ({ value: slug, label: name }))}
              onChange={({ target }) => setProvider(target.value)}
            />
          )}
        </Field>
        <TextField
          label="Time zone of its days"
          name="zone"
          value={zone}
          error={errors.zone}
          hint="OpenAI, Anthropic and OpenRouter count in UTC."
          onChange={({ target }) => setZone(target.value.trim())}
        />
      </div>
      <Field
        label="Bill"
        hint="Exports of the provider’s usage or costs, answers of its usage API, or CSV files of your own with day, model and amounts. Several make up one bill, such as those of each project."
        error={errors.file}
      >
        {(control) => (
          <Input
            {...control}
            type="file"
            multiple
            accept=".csv,.tsv,.json,.jsonl,text/csv,application/json"
            onChange={({ target }) => setFiles([...(target.files ?? [])])}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" isBusy={isRunning}>
          Compare
        </Button>
        {isRunning && (
          <Button variant="secondary" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}

function Outcome({ run }: { run: Run }) {
  switch (run.state) {
    case 'running':
      return (
        <div role="status" className="mt-5 grid max-w-2xl gap-2">
          <p className="tabular-nums">{wordsOf(run.progress)}</p>
          <Meter share={run.progress === null ? 0 : run.progress.days / run.progress.days_in_all} />
        </div>
      );
    case 'cancelled':
      return (
        <div className="mt-5 max-w-2xl">
          <Alert>The comparison was cancelled.</Alert>
        </div>
      );
    case 'failed':
      return (
        <div className="mt-5 max-w-2xl">
          <Alert tone="danger" title="The bill could not be compared">
            {run.message}
          </Alert>
        </div>
      );
    default:
      return null;
  }
}

function wordsOf(progress: CompareProgress | null): string {
  if (progress === null) return 'Reading the bill';
  const { days, days_in_all: all, generations } = progress;
  return `Day ${days} of ${all}, ${formatCount(generations)} requests`;
}

function Done({ wish, result }: { wish: BillWish; result: ReconciliationJson }) {
  const [failure, setFailure] = useState<string | null>(null);
  const name = `reconciliation-${result.provider}-${result.from}-${result.to}`;
  const saveCsv = () => {
    setFailure(null);
    comparedAsCsv(wish).then(
      (blob) => save(`${name}.csv`, blob),
      (thrown: unknown) => setFailure(messageOf(thrown)),
    );
  };
  const saveJson = () =>
    save(`${name}.json`, new Blob([JSON.stringify(result, null, 2)], { type: 'application/json' }));
  return (
    <>
      <Result result={result} />
      {failure !== null && <Alert tone="danger">{failure}</Alert>}
      <div className="flex flex-wrap gap-2">
        <Button variant="secondary" onClick={saveCsv}>
          Save as CSV
        </Button>
        <Button variant="secondary" onClick={saveJson}>
          Save as JSON
        </Button>
      </div>
    </>
  );
}
