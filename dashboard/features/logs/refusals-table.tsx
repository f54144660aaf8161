/** What was refused before any provider was asked: a row an hour for each reason of a key, with what helps. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { PageRefusal } from '../../../src/metering/answers.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatDateTimeSeconds, formatTime } from '../../shared/format/time.ts';
import { keyNameOf } from '../../shared/requests/generation.ts';
import { remedyOf } from '../../shared/requests/refusals.ts';
import { refusalsQuery } from './api/list-refusals.ts';

export function RefusalsTable({ query, isLive }: { query: string; isLive: boolean }) {
  const log = useInfiniteQuery(refusalsQuery(query, isLive));
  if (log.isPending) return <Loading label="Loading what was refused" />;
  if (log.isError)
    return (
      <LoadError
        title="What was refused could not be loaded"
        error={log.error}
        onRetry={() => void log.refetch()}
      />
    );
  const refusals = log.data.pages.flatMap(({ data }) => data);
  if (refusals.length === 0)
    return (
      <EmptyState title="Nothing was refused">
        <p>
          Requests that a provider was never asked for stand here, with the reason: a limit that is reached, a
          model that does not exist. They are kept for a month.
        </p>
      </EmptyState>
    );
  return (
    <div className="grid grid-cols-1 gap-4">
      <ul aria-label="Refused requests" className="grid grid-cols-1 divide-y divide-border">
        {refusals.map((refusal) => (
          <Row key={`${refusal.hour} ${refusal.api_key_hash} ${refusal.reason}`} refusal={refusal} />
        ))}
      </ul>
      {log.hasNextPage && (
        <Button
          variant="secondary"
          className="justify-self-center"
          isBusy={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </div>
  );
}

function Row({ refusal }: { refusal: PageRefusal }) {
  const remedy = remedyOf(refusal.reason);
  return (
    <li className="grid min-w-0 grid-cols-1 gap-1 py-3 first:pt-0">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <time dateTime={refusal.last_at}>{formatDateTimeSeconds(refusal.last_at)}</time>
        <Badge tone="danger">{refusal.status}</Badge>
        <Link
          to="/keys/$hash"
          params={{ hash: refusal.api_key_hash }}
          preload={false}
          className="max-w-full min-w-0 truncate text-link underline-offset-2 hover:underline"
        >
          <Untrusted>{keyNameOf(refusal)}</Untrusted>
        </Link>
        {refusal.requests > 1 && (
          <span className="text-muted">
            {formatCount(refusal.requests)} times since {formatTime(refusal.first_at)}
          </span>
        )}
      </div>
      <p className="wrap-anywhere">
        <Untrusted>{refusal.message}</Untrusted>
      </p>
      {remedy !== null && <p className="text-muted">{remedy}</p>}
      <div className="flex flex-wrap items-center gap-x-4 text-xs text-muted">
        <code className="font-mono">{refusal.reason}</code>
        <code className="font-mono wrap-anywhere">{refusal.path}</code>
        <CopyableText text={refusal.last_request_id} label="request id" />
      </div>
    </li>
  );
}
