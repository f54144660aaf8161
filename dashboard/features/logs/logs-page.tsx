/** What was asked, answered, charged and refused, request by request. Everything that it is narrowed to is in its address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Card } from '../../shared/components/card.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { logQuery } from './api/log-query.ts';
import { chipsOf, FilterChips } from './filter-chips.tsx';
import { FilterDialog } from './filter-dialog.tsx';
import { Histogram } from './histogram.tsx';
import { spanText, timesOf } from './log-times.ts';
import { type Changes, FILTER_NAMES, filtersOf, REFUSAL_FILTERS, validateLogsSearch } from './logs-search.ts';
import { LogsToolbar } from './logs-toolbar.tsx';
import { RefusalsTable } from './refusals-table.tsx';
import { RequestsPart } from './requests-part.tsx';
import { useKeyName } from './use-key-name.ts';
import { ViewTabs } from './view-tabs.tsx';

export function LogsPage() {
  const search = validateLogsSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const [isFiltering, setFiltering] = useState(false);
  const times = timesOf(search, nowMs);
  const filters = filtersOf(search);
  const keyName = useKeyName(search.api_key_hash ?? null);
  const isRefused = search.view === 'refused';
  const change = (changes: Changes, replace = false) =>
    void navigate({
      to: '/logs',
      search: ((all: object) => ({ ...all, ...changes })) as never,
      replace,
      resetScroll: false,
    });
  const without = Object.fromEntries(FILTER_NAMES.map((name) => [name, undefined]));
  const noSpan = { start: undefined, end: undefined };
  const chips = [
    ...(search.start === undefined ? [] : [{ name: 'start', label: 'Time', text: spanText(search) }]),
    ...chipsOf(filters, keyName).filter(
      ({ name }) => !isRefused || REFUSAL_FILTERS.some((known) => known === name),
    ),
  ];
  const workspaceId = useChosenWorkspace()?.id ?? null;
  const query = logQuery(search, times, workspaceId).toString();
  const refusalQuery = logQuery(search, times, workspaceId, REFUSAL_FILTERS).toString();
  return (
    <>
      <PageTitle
        title="Logs"
        description="Every request, with what it cost, how it ended, and why others were refused."
      />
      <div className="grid grid-cols-1 gap-4">
        <LogsToolbar
          search={search}
          times={times}
          query={query}
          onChange={change}
          onFilter={() => setFiltering(true)}
        />
        <FilterChips
          chips={chips}
          onRemove={(name) => change(name === 'start' ? noSpan : { [name]: undefined })}
          onClear={() => change({ ...without, ...noSpan })}
        />
        <ViewTabs view={search.view} />
        {!isRefused && (
          <Card>
            <Histogram
              search={search}
              times={times}
              onNarrow={(span) => change({ ...span, period: undefined })}
            />
          </Card>
        )}
        <Card>
          {isRefused ? (
            <RefusalsTable query={refusalQuery} isLive={search.live === '1'} />
          ) : (
            <RequestsPart
              search={search}
              query={query}
              refusalQuery={refusalQuery}
              onChange={change}
              onRefresh={() => setNowMs(Date.now())}
            />
          )}
        </Card>
      </div>
      {isFiltering && (
        <FilterDialog
          filters={filters}
          times={times}
          onClose={() => setFiltering(false)}
          onApply={(applied) => {
            setFiltering(false);
            change({ ...without, ...applied });
          }}
        />
      )}
    </>
  );
}
