/** Why requests of one key were refused lately, and what helps. */
import { useQuery } from '@tanstack/react-query';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatRelative } from '../../shared/format/time.ts';
import { newestRefusalsQuery, remedyOf } from '../../shared/requests/refusals.ts';

export function KeyRefusals({
  hash,
  canEdit,
  onEdit,
}: {
  hash: string;
  /** Whether its limit is this reader's to change. */
  canEdit: boolean;
  onEdit: () => void;
}) {
  const refusals = useQuery(newestRefusalsQuery(hash));
  if (refusals.isError)
    return (
      <Card title="Why is it refused?">
        <LoadError
          title="What was refused could not be loaded"
          error={refusals.error}
          onRetry={() => void refusals.refetch()}
        />
      </Card>
    );
  if (refusals.data === undefined || refusals.data.length === 0) return null;
  return (
    <Card
      title="Why is it refused?"
      description="Requests of this key that no provider was asked for, the newest first."
      actions={<TextLink to={`/logs?view=refused&api_key_hash=${hash}`}>All of them</TextLink>}
    >
      <ul className="grid grid-cols-1 gap-4">
        {refusals.data.map((refusal) => {
          const remedy = remedyOf(refusal.reason);
          return (
            <li key={`${refusal.hour} ${refusal.reason}`} className="grid grid-cols-1 gap-1">
              <p className="flex flex-wrap items-baseline gap-x-2">
                <Badge tone="danger">{refusal.status}</Badge>
                <time dateTime={refusal.last_at}>{formatRelative(refusal.last_at)}</time>
                {refusal.requests > 1 && (
                  <span className="text-muted">{formatCount(refusal.requests)} times in that hour</span>
                )}
              </p>
              <p className="wrap-anywhere">
                <Untrusted>{refusal.message}</Untrusted>
              </p>
              {remedy !== null && <p className="text-muted">{remedy}</p>}
              {refusal.reason === 'key_limit_exceeded' && canEdit && (
                <Button variant="secondary" className="justify-self-start" onClick={onEdit}>
                  Raise the limit
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
