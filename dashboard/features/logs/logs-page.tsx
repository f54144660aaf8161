/** What was asked, answered and charged, request by request. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { generationsQuery } from './api/list-generations.ts';
import { keyNameOf } from './generation.ts';
import { KeyFilter } from './key-filter.tsx';
import { LogsTable } from './logs-table.tsx';

export function LogsPage() {
  const keyHash = (useSearch({ strict: false }) as { api_key_hash?: string }).api_key_hash || null;
  const navigate = useNavigate();
  const log = useInfiniteQuery(generationsQuery(keyHash));
  const generations = log.data?.pages.flatMap((page) => page.data) ?? [];
  const first = generations[0];
  const filter = (hash: string | null) =>
    navigate({ to: '/logs', search: (hash === null ? {} : { api_key_hash: hash }) as never });
  return (
    <>
      <PageTitle title="Logs" description="Every request that reached a provider, with what it cost." />
      <div className="mb-4 flex items-end justify-between gap-3">
        <KeyFilter
          keyHash={keyHash}
          keyName={keyHash === null || first === undefined ? null : keyNameOf(first)}
          onChange={(hash) => void filter(hash)}
        />
        <Button
          variant="secondary"
          isBusy={log.isRefetching && !log.isFetchingNextPage}
          onClick={() => void log.refetch()}
        >
          Refresh
        </Button>
      </div>
      <Card>
        {log.error !== null && (
          <div className="not-last:mb-3">
            <Alert tone="danger" title="The log could not be loaded">
              {messageOf(log.error)} {keyHash !== null && <TextLink to="/logs">Show all keys</TextLink>}
            </Alert>
          </div>
        )}
        {log.isPending && <Loading label="Loading the log" />}
        {log.isSuccess && generations.length === 0 && <NothingYet isNarrowed={keyHash !== null} />}
        {generations.length > 0 && <LogsTable generations={generations} />}
        {log.hasNextPage && (
          <div className="mt-4 flex justify-center">
            <Button
              variant="secondary"
              isBusy={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              Load more
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

function NothingYet({ isNarrowed }: { isNarrowed: boolean }) {
  if (isNarrowed) {
    return (
      <EmptyState title="No requests with this key">
        <p>
          It has not been used yet, or you are not allowed to see it.{' '}
          <TextLink to="/logs">Show all keys</TextLink>
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No requests yet">
      <p>
        As soon as an app asks a model through one of your keys, it shows here with its tokens, its cost and
        how it ended. <TextLink to="/keys">Go to your keys</TextLink>
      </p>
    </EmptyState>
  );
}
