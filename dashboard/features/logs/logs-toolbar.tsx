/** Above the log: its time, what it is narrowed by, one request by its id, whether it goes on by itself, and its file. */
import { type FormEvent, useState } from 'react';
import { Button, buttonClass } from '../../shared/components/button.tsx';
import { Switch } from '../../shared/components/choice.tsx';
import { Field, Input } from '../../shared/components/field.tsx';
import { DownIcon, FilterIcon } from '../../shared/components/icons.tsx';
import { Select } from '../../shared/components/select.tsx';
import { type LogTimes, periodIn, periodName } from './log-times.ts';
import { type Changes, LOG_PERIODS, type LogPeriod, type LogsSearch } from './logs-search.ts';

const CUSTOM = 'custom';

export function LogsToolbar({
  search,
  times,
  query,
  onChange,
  onFilter,
}: {
  search: LogsSearch;
  times: LogTimes;
  /** What is shown, as the gateway takes it. */
  query: string;
  onChange: (changes: Changes) => void;
  onFilter: () => void;
}) {
  const period = periodIn(search);
  const options = LOG_PERIODS.map((value) => ({ value: value as string, label: periodName(value) }));
  return (
    <div className="flex flex-wrap items-end gap-3">
      <Field label={<span className="sr-only">Period</span>} className="w-44">
        {(control) => (
          <Select
            {...control}
            value={period ?? CUSTOM}
            options={period === null ? [{ value: CUSTOM, label: 'Chosen time' }, ...options] : options}
            onChange={({ target: { value } }) => {
              if (value !== CUSTOM)
                onChange({ period: value as LogPeriod, start: undefined, end: undefined });
            }}
          />
        )}
      </Field>
      <Button variant="secondary" icon={<FilterIcon />} onClick={onFilter}>
        Filter
      </Button>
      <FindById onChange={onChange} />
      <div className="flex items-center gap-4 sm:ml-auto">
        <Switch
          label="Live"
          checked={search.live === '1'}
          onChange={(isOn) => onChange({ live: isOn ? '1' : undefined })}
        />
        {search.view !== 'refused' && (
          <a
            href={`/api/dashboard/exports/generations?${exportQuery(query, times)}`}
            download
            className={buttonClass('secondary')}
          >
            <DownIcon /> CSV
          </a>
        )}
      </div>
    </div>
  );
}

/** An export must have a beginning, and no end but now where time runs. */
function exportQuery(query: string, { startMs }: LogTimes): string {
  const all = new URLSearchParams(query);
  all.set('format', 'csv');
  all.set('start', new Date(startMs).toISOString());
  return all.toString();
}

/** A generation opens; a request's id, or a session's, narrows the log over all of its time. */
function FindById({ onChange }: { onChange: (changes: Changes) => void }) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === '') return;
    setText('');
    const everywhere = { period: '1y', start: undefined, end: undefined } as const;
    if (wanted.startsWith('gen-')) onChange({ id: wanted, view: undefined });
    else if (wanted.startsWith('req-')) onChange({ request_id: wanted, ...everywhere });
    else onChange({ session_id: wanted, ...everywhere });
  };
  return (
    <search className="min-w-52 flex-1 sm:max-w-80">
      <form onSubmit={submit}>
        <Input
          aria-label="Find by id"
          placeholder="Find gen-…, req-… or a session"
          value={text}
          autoComplete="off"
          spellCheck={false}
          enterKeyHint="search"
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </search>
  );
}
