/** How often keys, members, models and the workspace may ask. */
import { useState } from 'react';
import type { RateLimitAnswer } from '../../../src/budgets/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { RateLimitDialog } from './rate-limit-dialog.tsx';
import { ONE_SUBJECT, SUBJECTS } from './words.ts';

const rate = (perMinute: number, unit: string): string =>
  `${formatCount(perMinute)} ${unit}${perMinute === 1 ? '' : 's'}`;

export function RateLimits({
  limits,
  mayChange,
}: {
  limits: readonly RateLimitAnswer[];
  mayChange: boolean;
}) {
  const [editing, setEditing] = useState<RateLimitAnswer | 'new' | null>(null);
  return (
    <Card
      title="Rate limits"
      description="In each minute, over all nodes. Requests that are refused do not count."
      actions={
        mayChange && (
          <Button variant="secondary" onClick={() => setEditing('new')}>
            <PlusIcon />
            Add rate limit
          </Button>
        )
      }
    >
      {limits.length === 0 ? (
        <EmptyState title="Nobody is limited in how often they ask" />
      ) : (
        <ul className="divide-y divide-border">
          {limits.map((limit) => (
            <li
              key={limit.id}
              className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0"
            >
              <div className="min-w-0 flex-1 basis-40">
                <p className="font-medium">{nameOf(limit)}</p>
                {limit.target !== null && (
                  <p className="text-muted wrap-anywhere">
                    <Untrusted>{limit.target}</Untrusted>
                  </p>
                )}
              </div>
              <p className="text-right tabular-nums">
                {limit.requests_per_minute !== null && (
                  <span className="block">{rate(limit.requests_per_minute, 'request')}</span>
                )}
                {limit.tokens_per_minute !== null && (
                  <span className="block">{rate(limit.tokens_per_minute, 'token')}</span>
                )}
              </p>
              {mayChange && (
                <Button
                  variant="secondary"
                  aria-label={`Change the rate limit: ${nameOf(limit).toLowerCase()}`}
                  onClick={() => setEditing(limit)}
                >
                  Change
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing !== null && (
        <RateLimitDialog limit={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
    </Card>
  );
}

const nameOf = ({ subject, target }: RateLimitAnswer): string =>
  (target === null ? SUBJECTS : ONE_SUBJECT)[subject];
