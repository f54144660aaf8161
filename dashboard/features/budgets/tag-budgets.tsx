/** What requests with a tag may cost, and which values of it have cost most. */
import { useState } from 'react';
import type { TagBudgetAnswer } from '../../../src/budgets/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatRelative } from '../../shared/format/time.ts';
import { SpendBar } from './spend-bar.tsx';
import { TagBudgetDialog } from './tag-budget-dialog.tsx';
import { intervalInText } from './words.ts';

export function TagBudgets({
  budgets,
  mayChange,
}: {
  budgets: readonly TagBudgetAnswer[];
  mayChange: boolean;
}) {
  const [editing, setEditing] = useState<TagBudgetAnswer | 'new' | null>(null);
  return (
    <Card
      title="Budgets of tags"
      description="Of requests that say what they are for, in their metadata. A request without the tag is not limited by it."
      actions={
        mayChange && (
          <Button variant="secondary" onClick={() => setEditing('new')}>
            <PlusIcon />
            Add tag budget
          </Button>
        )
      }
    >
      {budgets.length === 0 ? (
        <EmptyState title="No tag has a budget">
          The tags that this gateway keeps are named in figures.tags of turnpike.yaml.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-border">
          {budgets.map((budget) => (
            <li key={budget.id} className="grid gap-3 py-4 first:pt-0 last:pb-0">
              <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
                <div className="min-w-0">
                  <p className="font-medium wrap-anywhere">
                    <Untrusted>
                      {budget.value === null
                        ? `${budget.tag}: each value`
                        : `${budget.tag} = ${budget.value}`}
                    </Untrusted>
                  </p>
                  <p className="text-muted">
                    {formatUsd(budget.limit_usd)}, {intervalInText(budget.interval)}
                    {budget.resets_at !== null && `; starts anew ${formatRelative(budget.resets_at)}`}
                  </p>
                </div>
                {mayChange && (
                  <Button
                    variant="secondary"
                    aria-label={`Change the budget of ${budget.tag}`}
                    onClick={() => setEditing(budget)}
                  >
                    Change
                  </Button>
                )}
              </div>
              {budget.spend.length === 0 && <p className="text-muted">Nothing is spent yet.</p>}
              {budget.spend.map(({ value, spend_usd }) => (
                <div key={value} className="grid gap-x-6 gap-y-1 sm:grid-cols-[8rem_1fr]">
                  <p className="truncate text-muted">
                    <Untrusted>{value}</Untrusted>
                  </p>
                  <SpendBar spentUsd={spend_usd} limitUsd={budget.limit_usd} />
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
      {editing !== null && (
        <TagBudgetDialog budget={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
    </Card>
  );
}
