/** Why requests were refused lately: what somebody looks for whose app has stopped. */
import { useQuery } from '@tanstack/react-query';
import { Badge } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatRelative } from '../../shared/format/time.ts';
import { newestRefusalsQuery } from '../../shared/requests/refusals.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';

export function RecentRefusals() {
  const refusals = useQuery(newestRefusalsQuery(null, useChosenWorkspace()?.id ?? null));
  return (
    <Card title="Refused lately">
      {refusals.isPending && <Loading label="Loading what was refused" />}
      {refusals.isError && (
        <LoadError
          title="What was refused could not be loaded"
          error={refusals.error}
          onRetry={() => void refusals.refetch()}
        />
      )}
      {refusals.data?.length === 0 && (
        <EmptyState title="Nothing was refused">
          When a limit stops an app, or a model is misspelt, the reason stands here.
        </EmptyState>
      )}
      <ul className="grid grid-cols-1 gap-3">
        {(refusals.data ?? []).map((refusal) => (
          <li key={`${refusal.last_request_id} ${refusal.reason}`} className="grid grid-cols-1 gap-0.5">
            <div className="flex items-baseline justify-between gap-3">
              <span className="min-w-0 truncate">
                <TextLink to={`/keys/${refusal.api_key_hash}`}>
                  <Untrusted>{refusal.api_key_name || refusal.api_key_label || 'A revoked key'}</Untrusted>
                </TextLink>
              </span>
              <span className="flex items-baseline gap-2 whitespace-nowrap text-muted">
                {refusal.requests > 1 && <span>{formatCount(refusal.requests)} times</span>}
                <time dateTime={refusal.last_at}>{formatRelative(refusal.last_at)}</time>
                <Badge tone="danger">{refusal.status}</Badge>
              </span>
            </div>
            <p className="line-clamp-2 text-muted wrap-anywhere">
              <Untrusted>{refusal.message}</Untrusted>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
