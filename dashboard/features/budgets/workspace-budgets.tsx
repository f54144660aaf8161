/** What the workspace may spend in each time, with what it has. */
import { useState } from 'react';
import type { WorkspaceLimitsAnswer } from '../../../src/budgets/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatRelative } from '../../shared/format/time.ts';
import type { Interval } from './api/limits.ts';
import { BudgetDialog } from './budget-dialog.tsx';
import { SpendBar } from './spend-bar.tsx';
import { intervalName } from './words.ts';

export function WorkspaceBudgets({
  limits,
  mayChange,
}: {
  limits: WorkspaceLimitsAnswer;
  mayChange: boolean;
}) {
  const [editing, setEditing] = useState<Interval | null>(null);
  const edited = limits.budgets.find(({ interval }) => interval === editing);
  return (
    <Card
      title="What the workspace may spend"
      description={`All of its keys together, by days, weeks and months of UTC. ${
        limits.include_byok_in_budgets
          ? 'What went through your own provider keys counts.'
          : 'What went through your own provider keys does not count.'
      }`}
    >
      <ul className="divide-y divide-border">
        {limits.budgets.map(({ interval, limit_usd, spend_usd, resets_at }) => (
          <li
            key={interval}
            className="grid gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0 sm:grid-cols-[8rem_1fr_auto] sm:items-center"
          >
            <div>
              <p className="font-medium">{intervalName(interval)}</p>
              {resets_at !== null && <p className="text-muted">starts anew {formatRelative(resets_at)}</p>}
            </div>
            {limit_usd === null ? (
              <p className="tabular-nums">
                {formatUsd(spend_usd)} <span className="text-muted">spent, no budget</span>
              </p>
            ) : (
              <SpendBar spentUsd={spend_usd} limitUsd={limit_usd} />
            )}
            {mayChange && (
              <Button
                variant="secondary"
                className="justify-self-start"
                aria-label={`${limit_usd === null ? 'Set' : 'Change'} the budget: ${intervalName(interval)}`}
                onClick={() => setEditing(interval)}
              >
                {limit_usd === null ? 'Set' : 'Change'}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {edited !== undefined && (
        <BudgetDialog
          interval={edited.interval}
          limitUsd={edited.limit_usd}
          spentUsd={edited.spend_usd}
          includesByok={limits.include_byok_in_budgets}
          onClose={() => setEditing(null)}
        />
      )}
    </Card>
  );
}
