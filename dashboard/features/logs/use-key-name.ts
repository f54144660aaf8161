/** What the key is called that the log is narrowed to; null: not known, or not to this reader. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { requestData } from '../../shared/api/request.ts';
import { plainName } from '../../shared/components/untrusted.tsx';

const keyNameQuery = (hash: string) =>
  queryOptions({
    queryKey: ['logs-key-name', hash],
    queryFn: ({ signal }) =>
      requestData<{ name: string; label: string }>('GET', `/api/dashboard/keys/${encodeURIComponent(hash)}`, {
        signal,
      }),
    retry: false,
    staleTime: 60_000,
  });

export function useKeyName(hash: string | null): string | null {
  const { data } = useQuery({ ...keyNameQuery(hash ?? ''), enabled: hash !== null });
  return data === undefined ? null : plainName(data.name) || data.label;
}
