/** Keys that have spent most of their limit: those that will stop next. */

import { useQuery } from '@tanstack/react-query';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { limitedKeysQuery } from './api/list-keys.ts';

const NEAR = 0.8;
const MOST = 5;

export function shareOf({ limit, limit_remaining: remaining }: PageKey): number {
  if (limit === null || remaining === null) return 0;
  return limit === 0 ? 1 : 1 - remaining / limit;
}

export function KeysNearLimit() {
  const keys = useQuery(limitedKeysQuery(useChosenWorkspace()?.id ?? null));
  const near = (keys.data ?? [])
    .filter((key) => shareOf(key) >= NEAR)
    .sort((one, other) => shareOf(other) - shareOf(one))
    .slice(0, MOST);
  return (
    <Card title="Keys near their limit">
      {keys.isPending && <Loading label="Loading the keys" />}
      {keys.isError && (
        <LoadError
          title="The keys could not be loaded"
          error={keys.error}
          onRetry={() => void keys.refetch()}
        />
      )}
      {keys.isSuccess && near.length === 0 && (
        <EmptyState title="No key has spent 80 % of its limit">
          <TextLink to="/keys">All keys</TextLink>
        </EmptyState>
      )}
      <ul className="grid grid-cols-1 gap-3">
        {near.map((key) => (
          <li key={key.hash} className="grid grid-cols-1 gap-1">
            <div className="flex justify-between gap-3">
              <span className="min-w-0 truncate">
                <TextLink to={`/keys/${key.hash}`}>
                  <Untrusted>{key.name || key.label}</Untrusted>
                </TextLink>
              </span>
              <span className="tabular-nums whitespace-nowrap">
                {formatUsd((key.limit ?? 0) - (key.limit_remaining ?? 0))}{' '}
                <span className="text-muted">of {formatUsd(key.limit ?? 0)}</span>
              </span>
            </div>
            <Meter share={shareOf(key)} tone={shareOf(key) >= 1 ? 'danger' : 'warning'} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
