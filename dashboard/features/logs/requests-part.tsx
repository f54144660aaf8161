/** The list of requests with all that can be said of it: running ones, new ones, none, and one that is open. */
import { useCallback, useEffect, useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { GenerationSheet } from './generation-sheet.tsx';
import { type Changes, filtersOf, type LogsSearch, REFUSAL_FILTERS } from './logs-search.ts';
import { LogsTable } from './logs-table.tsx';
import { RefusedHint } from './refused-hint.tsx';
import { RunningList } from './running-list.tsx';
import { useLog } from './use-log.ts';

export function RequestsPart({
  search,
  query,
  refusalQuery,
  onChange,
  onRefresh,
}: {
  search: LogsSearch;
  query: string;
  refusalQuery: string;
  onChange: (changes: Changes, replace?: boolean) => void;
  onRefresh: () => void;
}) {
  const isLive = search.live === '1';
  const { log, rows, arrived, take, searchedUntil, goesOn, searchOn } = useLog(query, isLive);
  const isAtTop = useIsAtTop();
  const isReading = !isAtTop || search.id !== undefined;
  // Under the eyes of whoever reads further down nothing moves.
  useEffect(() => {
    if (arrived > 0 && !isReading) take();
  });
  const { fetchNextPage, hasNextPage, isFetching } = log;
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching && searchedUntil === null) void fetchNextPage();
  }, [hasNextPage, isFetching, searchedUntil, fetchNextPage]);
  const at = rows.findIndex(({ id }) => id === search.id);
  const filters = Object.keys(filtersOf(search));
  const tellsRefusals = filters.every((name) => REFUSAL_FILTERS.some((known) => known === name));
  return (
    <>
      <RunningList keyHash={search.api_key_hash ?? null} isLive={isLive} />
      {tellsRefusals && log.isSuccess && <RefusedHint query={refusalQuery} isLive={isLive} />}
      <div className="mb-3 flex items-center justify-between gap-3">
        <p role="status" className="text-muted">
          {log.isSuccess &&
            rows.length > 0 &&
            `${formatCount(rows.length)}${hasNextPage ? ' or more' : ''} ${rows.length === 1 ? 'request' : 'requests'}`}
        </p>
        <Button
          variant="secondary"
          isBusy={log.isRefetching && !log.isFetchingNextPage}
          onClick={() => {
            onRefresh();
            void log.refetch();
          }}
        >
          Refresh
        </Button>
      </div>
      {arrived > 0 && isReading && (
        <div className="sticky top-2 z-10 mb-2 flex justify-center">
          <Button
            onClick={() => {
              take();
              scrollTo({ top: 0 });
            }}
          >
            Show {formatCount(arrived)} new
          </Button>
        </div>
      )}
      {log.error !== null && (
        <div className="mb-3">
          <Alert tone="danger" title="The log could not be loaded">
            {messageOf(log.error)} {filters.length > 0 && <TextLink to="/logs">Show all requests</TextLink>}
          </Alert>
        </div>
      )}
      {log.isPending && <Loading label="Loading the log" />}
      {log.isSuccess && rows.length === 0 && searchedUntil === null && <NothingHere search={search} />}
      {rows.length > 0 && <LogsTable generations={rows} onNearEnd={onNearEnd} />}
      <div className="mt-4 flex flex-wrap items-center justify-center gap-3">
        {searchedUntil !== null && (
          <p role="status" className="text-muted">
            {goesOn ? 'Searching' : 'Searched'} back to {formatDateTime(searchedUntil)}
          </p>
        )}
        {hasNextPage && !goesOn && (
          <Button
            variant="secondary"
            isBusy={log.isFetchingNextPage}
            onClick={() => (searchedUntil === null ? void fetchNextPage() : searchOn())}
          >
            {searchedUntil === null ? 'Load more' : 'Search further back'}
          </Button>
        )}
      </div>
      {search.id !== undefined && (
        <GenerationSheet
          id={search.id}
          neighbours={{
            newer: at > 0 ? (rows[at - 1]?.id ?? null) : null,
            older: at === -1 ? null : (rows[at + 1]?.id ?? null),
          }}
          onShow={(id) => onChange({ id }, true)}
          onClose={() => onChange({ id: undefined }, true)}
        />
      )}
    </>
  );
}

function useIsAtTop(): boolean {
  const [isAtTop, setAtTop] = useState(true);
  useEffect(() => {
    const look = () => setAtTop(scrollY < innerHeight / 2);
    look();
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  return isAtTop;
}

function NothingHere({ search }: { search: LogsSearch }) {
  const isNarrowed = Object.keys(filtersOf(search)).length > 0;
  if (isNarrowed) {
    return (
      <EmptyState title={search.api_key_hash === undefined ? 'No request fits' : 'No requests with this key'}>
        <p>
          There is none in this time, or you are not allowed to see it.{' '}
          <TextLink to="/logs">Show all requests</TextLink>
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No requests yet">
      <p>
        As soon as an app asks a model through one of your keys, it shows here with its tokens, its cost and
        how it ended. <TextLink to="/keys">Go to your keys</TextLink>
        {search.period !== '1y' && (
          <>
            {' '}
            or <TextLink to="/logs?period=1y">look at the last 12 months</TextLink>
          </>
        )}
      </p>
    </EmptyState>
  );
}
