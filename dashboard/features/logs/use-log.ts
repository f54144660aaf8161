/** The rows of the log: page after page, and while it is live what has come meanwhile. */
import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { GenerationPageAnswer, PageGeneration } from '../../../src/metering/answers.ts';
import { generationsQuery, ROWS_A_PAGE, readPage } from './api/list-generations.ts';

const POLL_MS = 2000;
/** Pages that end before they are full follow each other without being asked for, this many at most. */
const MAX_PAGES_BY_ITSELF = 10;

export function useLog(query: string, isLive: boolean) {
  const queries = useQueryClient();
  const options = generationsQuery(query);
  const log = useInfiniteQuery(options);
  const rows = useMemo(() => inOrder((log.data?.pages ?? []).flatMap(({ data }) => data)), [log.data]);
  // Not while the tab is hidden: the library sees to that.
  const newest = useQuery({
    queryKey: ['logs-newest', query],
    queryFn: ({ signal }) => readPage(query, null, signal),
    enabled: isLive && log.isSuccess,
    refetchInterval: POLL_MS,
    gcTime: 0,
  });
  const known = useMemo(() => new Set(rows.map(({ id }) => id)), [rows]);
  const arrived = isLive ? (newest.data?.data.filter(({ id }) => !known.has(id)) ?? []) : [];
  const take = () => {
    const { data } = newest;
    if (data === undefined) return;
    // More than a page has come since: what lies between is not known, so the list begins anew there.
    const isGap = rows.length > 0 && arrived.length >= ROWS_A_PAGE;
    queries.setQueryData<InfiniteData<GenerationPageAnswer, string | null>>(options.queryKey, (before) => {
      if (before === undefined || isGap) return { pages: [data], pageParams: [null] };
      const [first, ...rest] = before.pages;
      if (first === undefined) return { pages: [data], pageParams: [null] };
      return { ...before, pages: [{ ...first, data: [...arrived, ...first.data] }, ...rest] };
    });
  };

  const last = log.data?.pages.at(-1);
  const isCutShort = (last?.searched_until ?? null) !== null;
  const [limit, setLimit] = useState(MAX_PAGES_BY_ITSELF);
  const pages = log.data?.pages.length ?? 0;
  const { fetchNextPage, hasNextPage, isFetching } = log;
  const goesOn = isCutShort && hasNextPage && pages < limit && log.error === null;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);

  return {
    log,
    rows,
    arrived: arrived.length,
    take,
    /** Until when everything was looked through; null: as far as the list goes. */
    searchedUntil: isCutShort ? (last?.searched_until ?? null) : null,
    goesOn,
    searchOn: () => {
      setLimit(pages + MAX_PAGES_BY_ITSELF);
      void fetchNextPage();
    },
  };
}

/** Newest first, each once: pages and what came meanwhile may overlap. */
function inOrder(rows: readonly PageGeneration[]): readonly PageGeneration[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return [...byId.values()].sort((one, other) =>
    one.created_at === other.created_at
      ? one.id < other.id
        ? 1
        : -1
      : one.created_at < other.created_at
        ? 1
        : -1,
  );
}
