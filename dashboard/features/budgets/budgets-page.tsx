/** What limits the workspace: its budgets, those of tags, rates, and what was told of them. Members read it, admins change it. */
import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/components/card.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { limitsQuery } from './api/limits.ts';
import { BudgetAlerts } from './budget-alerts.tsx';
import { RateLimits } from './rate-limits.tsx';
import { TagBudgets } from './tag-budgets.tsx';
import { WorkspaceBudgets } from './workspace-budgets.tsx';

export function BudgetsPage() {
  const mayChange = hasRole(useSession(), 'admin');
  const limits = useQuery(limitsQuery);
  return (
    <>
      <PageTitle
        title="Budgets"
        description={
          mayChange
            ? 'No budget is exceeded: what a request may cost is held before it is sent.'
            : 'What limits all of you together. Admins and owners of your organisation change it.'
        }
      />
      <div className="grid max-w-3xl grid-cols-1 gap-5">
        {limits.isPending && (
          <Card>
            <Loading label="Loading the budgets" />
          </Card>
        )}
        {limits.isError && (
          <Card>
            <LoadError
              title="The budgets could not be loaded"
              error={limits.error}
              onRetry={() => void limits.refetch()}
            />
          </Card>
        )}
        {limits.isSuccess && (
          <>
            <WorkspaceBudgets limits={limits.data} mayChange={mayChange} />
            <TagBudgets budgets={limits.data.tag_budgets} mayChange={mayChange} />
            <RateLimits limits={limits.data.rate_limits} mayChange={mayChange} />
            <BudgetAlerts limits={limits.data} mayChange={mayChange} />
          </>
        )}
      </div>
    </>
  );
}
