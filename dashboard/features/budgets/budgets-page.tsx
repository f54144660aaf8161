/** What limits a workspace: its budgets, those of tags, rates, and what was told of them. Its members read it, its admins change it. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ApiError } from '../../shared/api/request.ts';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { WorkspaceChoice } from '../../shared/workspaces/workspace-choice.tsx';
import { limitsQuery } from './api/limits.ts';
import { BudgetAlerts } from './budget-alerts.tsx';
import { RateLimits } from './rate-limits.tsx';
import { TagBudgets } from './tag-budgets.tsx';
import { WorkspaceBudgets } from './workspace-budgets.tsx';
import { WorkspaceContext } from './workspace-context.ts';

export function BudgetsPage() {
  const { workspace: slug } = useSearch({ strict: false }) as { readonly workspace?: unknown };
  const chosen = useChosenWorkspace();
  const asked = typeof slug === 'string' && slug !== '' ? slug : (chosen?.slug ?? 'default');
  const limits = useQuery(limitsQuery(asked));
  const mayChange = limits.data?.role === 'admin';
  const isUnknown = limits.error instanceof ApiError && limits.error.status === 404;
  return (
    <>
      <PageTitle
        title="Budgets"
        description={
          limits.data === undefined || mayChange
            ? 'No budget is exceeded: what a request may cost is held before it is sent.'
            : 'What limits all of you together. Admins of the workspace change it.'
        }
      />
      <div className="grid max-w-3xl grid-cols-1 gap-5">
        <WorkspaceChoice asked={limits.data?.workspace.slug ?? asked} />
        {limits.isPending && (
          <Card>
            <Loading label="Loading the budgets" />
          </Card>
        )}
        {limits.isError && isUnknown && (
          <EmptyState title="There is no such workspace">
            It was deleted, or it is not one of yours.
          </EmptyState>
        )}
        {limits.isError && !isUnknown && (
          <Card>
            <LoadError
              title="The budgets could not be loaded"
              error={limits.error}
              onRetry={() => void limits.refetch()}
            />
          </Card>
        )}
        {limits.isSuccess && (
          <WorkspaceContext value={limits.data.workspace.id}>
            <WorkspaceBudgets limits={limits.data} mayChange={mayChange} />
            <TagBudgets budgets={limits.data.tag_budgets} mayChange={mayChange} />
            <RateLimits limits={limits.data.rate_limits} mayChange={mayChange} />
            <BudgetAlerts limits={limits.data} mayChange={mayChange} />
          </WorkspaceContext>
        )}
      </div>
    </>
  );
}
