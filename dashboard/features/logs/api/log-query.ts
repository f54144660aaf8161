/** What the page's address means as a query of the gateway. */
import type { LogTimes } from '../log-times.ts';
import { type FilterName, filtersOf, type LogsSearch } from '../logs-search.ts';

/** `workspaceId` null: of every workspace. `only`: no other filters than these. */
export function logQuery(
  search: LogsSearch,
  times: LogTimes,
  workspaceId: string | null,
  only?: readonly FilterName[],
): URLSearchParams {
  const filters = Object.entries(filtersOf(search)).filter(
    ([name]) => only?.includes(name as FilterName) ?? true,
  );
  return new URLSearchParams([
    ...filters,
    ...(workspaceId === null ? [] : [['workspace_id', workspaceId]]),
    ['start', new Date(times.startMs).toISOString()],
    ...(times.isRunning ? [] : [['end', new Date(times.endMs).toISOString()]]),
  ]);
}
