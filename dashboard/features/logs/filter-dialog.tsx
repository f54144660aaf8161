/** What the log is narrowed by, all in one form. Nothing changes before it is applied. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { DIMENSIONS } from '../../shared/analytics/metrics.ts';
import { figuresQuery } from '../../shared/analytics/query.ts';
import { Button } from '../../shared/components/button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Field, Input, TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { KeyField } from './key-field.tsx';
import type { LogTimes } from './log-times.ts';
import { FILTERS, type FilterName, type Filters } from './logs-search.ts';

const ANY = { value: '', label: 'Any' };
const OUTCOMES = [
  ANY,
  { value: 'complete', label: 'Complete' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
];
const DOORS = [
  ANY,
  { value: 'chat', label: 'Chat completions' },
  { value: 'completions', label: 'Completions' },
  { value: 'messages', label: 'Messages' },
  { value: 'responses', label: 'Responses' },
  { value: 'gemini', label: 'Gemini' },
  { value: 'embeddings', label: 'Embeddings' },
];
const MILLISECONDS = ['min_duration_ms', 'min_latency_ms'] as const;
const TEXTS = ['session_id', 'external_user', 'request_id'] as const;
const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'error'];

export function FilterDialog({
  filters,
  times,
  onApply,
  onClose,
}: {
  filters: Filters;
  times: LogTimes;
  onApply: (filters: Filters) => void;
  onClose: () => void;
}) {
  const formId = useId();
  const [keyHash, setKeyHash] = useState(filters.api_key_hash ?? '');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const values = Object.entries({ ...Object.fromEntries(given), api_key_hash: keyHash })
      .map(([name, value]) => [name, String(value).trim()] as const)
      .filter(([name, value]) => value !== '' && Object.hasOwn(FILTERS, name));
    onApply(Object.fromEntries(values));
  };
  const text = { autoComplete: 'off', spellCheck: false } as const;
  return (
    <Dialog
      isOpen
      isWide
      title="Filter requests"
      onClose={onClose}
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId}>
            Apply
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="grid items-start gap-4 sm:grid-cols-2">
        <Suggested name="model" filters={filters} times={times} />
        <Suggested name="provider" filters={filters} times={times} />
        <KeyField keyHash={keyHash} times={times} onChange={setKeyHash} />
        <Suggested name="app" filters={filters} times={times} />
        <SelectField
          label={FILTERS.outcome}
          name="outcome"
          defaultValue={filters.outcome ?? ''}
          options={OUTCOMES}
        />
        <Suggested name="finish_reason" filters={filters} times={times} />
        <SelectField
          label={FILTERS.streamed}
          name="streamed"
          defaultValue={filters.streamed ?? ''}
          options={[ANY, { value: 'true', label: 'Yes' }, { value: 'false', label: 'No, in one piece' }]}
        />
        <SelectField label={FILTERS.door} name="door" defaultValue={filters.door ?? ''} options={DOORS} />
        <SelectField
          label={FILTERS.api_type}
          name="api_type"
          defaultValue={filters.api_type ?? ''}
          options={[
            ANY,
            { value: 'completions', label: 'Chat and completions' },
            { value: 'embeddings', label: 'Embeddings' },
          ]}
        />
        <TextField
          {...text}
          label={FILTERS.min_cost}
          name="min_cost"
          inputMode="decimal"
          pattern="\d{1,9}(\.\d{1,9})?"
          title="An amount such as 0.01"
          defaultValue={filters.min_cost}
        />
        {MILLISECONDS.map((name) => (
          <TextField
            key={name}
            {...text}
            label={FILTERS[name]}
            name={name}
            inputMode="numeric"
            pattern="\d{1,9}"
            title="Milliseconds, such as 5000"
            defaultValue={filters[name]}
          />
        ))}
        {TEXTS.map((name) => (
          <TextField key={name} {...text} label={FILTERS[name]} name={name} defaultValue={filters[name]} />
        ))}
      </form>
    </Dialog>
  );
}

/** Any text, with what there was in the chosen time to pick from. */
function Suggested({
  name,
  filters,
  times,
}: {
  name: 'model' | 'provider' | 'app' | 'finish_reason';
  filters: Filters;
  times: LogTimes;
}) {
  const id = useId();
  const found = useFound(name, times);
  return (
    <Field label={FILTERS[name]}>
      {(control) => (
        <>
          <Input
            {...control}
            name={name}
            list={id}
            autoComplete="off"
            spellCheck={false}
            defaultValue={filters[name]}
          />
          <datalist id={id}>
            {found.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

const MAX_SUGGESTIONS = 200;

function useFound(name: FilterName, times: LogTimes): readonly { value: string; label: string }[] {
  const dimension = name === 'model' || name === 'provider' || name === 'app' ? DIMENSIONS[name] : null;
  const figures = useQuery({
    ...figuresQuery({
      metrics: ['request_count'],
      dimensions: dimension === null ? [] : [dimension.id],
      granularity: null,
      span: times,
    }),
    enabled: dimension !== null,
  });
  if (dimension === null) return FINISH_REASONS.map((value) => ({ value, label: value }));
  return (figures.data?.data ?? []).slice(0, MAX_SUGGESTIONS).flatMap((row) => {
    const value = row[dimension.idMember] ?? row[dimension.id];
    return typeof value === 'string' && value !== ''
      ? [{ value, label: plainName(String(row[dimension.id] ?? value)) }]
      : [];
  });
}
