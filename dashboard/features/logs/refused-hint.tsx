/** Above the requests: that others were refused in the same time, and why the last one was. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Alert } from '../../shared/components/alert.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatRelative } from '../../shared/format/time.ts';
import { refusalsQuery } from './api/list-refusals.ts';

export function RefusedHint({ query, isLive }: { query: string; isLive: boolean }) {
  const { data } = useInfiniteQuery(refusalsQuery(query, isLive));
  const [last] = data?.pages[0]?.data ?? [];
  if (last === undefined) return null;
  return (
    <div className="mb-4">
      <Alert tone="warning">
        A request was refused {formatRelative(last.last_at)}: <Untrusted>{last.message}</Untrusted>{' '}
        <Link
          to="/logs"
          search={((all: object) => ({ ...all, view: 'refused' })) as never}
          className="text-link underline underline-offset-2 hover:no-underline"
        >
          See what was refused
        </Link>
      </Alert>
    </div>
  );
}
