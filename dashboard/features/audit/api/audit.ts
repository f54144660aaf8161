/** Who changed what, newest first, page after page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { request } from '../../../shared/api/request.ts';
import type { AuditSearch } from '../audit-search.ts';

export interface AuditEvent {
  readonly id: string;
  /** Its link in the chain; null: it gets one in a moment. */
  readonly seq: number | null;
  readonly at: string;
  readonly actor_kind: 'user' | 'management_key' | 'api_key' | 'operator' | 'system' | 'anonymous';
  readonly actor: string | null;
  readonly actor_name: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly target_kind: string;
  readonly target: string | null;
  readonly before: Facts | null;
  readonly after: Facts | null;
  readonly outcome: string;
}

export type Facts = Readonly<Record<string, unknown>>;

export interface AuditPage {
  readonly data: readonly AuditEvent[];
  /** Null: these were the last. */
  readonly next_cursor: string | null;
  readonly chain: { readonly seq: number; readonly hash: string; readonly until: string | null };
}

const PATH = '/api/dashboard/audit';

export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', search],
    queryFn: ({ pageParam, signal }) => {
      const query = queryOf(search);
      if (pageParam !== null) query.set('cursor', pageParam);
      return request<AuditPage>('GET', `${PATH}?${query}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchOnWindowFocus: false,
  });

/** Where a file of what is shown comes from. */
export function fileOf(search: AuditSearch, format: 'csv' | 'jsonl'): string {
  const query = queryOf(search);
  query.set('format', format);
  return `${PATH}/export?${query}`;
}

function queryOf({ action, actor, target, start, end }: AuditSearch): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ action, actor, target, start }))
    if (value !== '') query.set(name, value);
  if (end !== '') query.set('end', dayAfter(end));
  return query;
}

/** The API leaves out the end; people mean the whole day. */
function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 3_600_000).toISOString().slice(0, 10);
}
