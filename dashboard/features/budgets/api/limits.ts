/** What limits a workspace, and what admins change of it. */
import { queryOptions } from '@tanstack/react-query';
import type {
  RateLimitAnswer,
  TagBudgetAnswer,
  WorkspaceLimitsAnswer,
} from '../../../../src/budgets/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const pathOf = (workspace: string) => `/api/dashboard/workspaces/${encodeURIComponent(workspace)}`;

/** What a change of any limit makes old. */
export const LIMITS_KEY = ['budgets'] as const;

export type Interval = WorkspaceLimitsAnswer['budgets'][number]['interval'];

/** Asked again now and then: what is spent moves. */
export const limitsQuery = (workspace: string) =>
  queryOptions({
    queryKey: [...LIMITS_KEY, workspace],
    queryFn: ({ signal }) =>
      requestData<WorkspaceLimitsAnswer>('GET', `${pathOf(workspace)}/limits`, { signal }),
    refetchInterval: 15_000,
  });

export const setBudget = (
  workspace: string,
  interval: Interval,
  body: { readonly limit_usd: number; readonly include_byok_in_budgets: boolean },
): Promise<unknown> => requestData('PUT', `${pathOf(workspace)}/budgets/${interval}`, { body });

export const removeBudget = (workspace: string, interval: Interval): Promise<unknown> =>
  requestData('DELETE', `${pathOf(workspace)}/budgets/${interval}`);

export const addTagBudget = (
  workspace: string,
  body: Pick<TagBudgetAnswer, 'tag' | 'value' | 'interval' | 'limit_usd'>,
): Promise<TagBudgetAnswer> => requestData('POST', `${pathOf(workspace)}/tag-budgets`, { body });

export const changeTagBudget = (workspace: string, id: string, limit_usd: number): Promise<TagBudgetAnswer> =>
  requestData('PATCH', `${pathOf(workspace)}/tag-budgets/${id}`, { body: { limit_usd } });

export const removeTagBudget = (workspace: string, id: string): Promise<unknown> =>
  requestData('DELETE', `${pathOf(workspace)}/tag-budgets/${id}`);

export type Rates = Pick<RateLimitAnswer, 'requests_per_minute' | 'tokens_per_minute'>;

export const addRateLimit = (
  workspace: string,
  body: Pick<RateLimitAnswer, 'subject' | 'target'> & Rates,
): Promise<RateLimitAnswer> => requestData('POST', `${pathOf(workspace)}/rate-limits`, { body });

export const changeRateLimit = (workspace: string, id: string, body: Rates): Promise<RateLimitAnswer> =>
  requestData('PATCH', `${pathOf(workspace)}/rate-limits/${id}`, { body });

export const removeRateLimit = (workspace: string, id: string): Promise<unknown> =>
  requestData('DELETE', `${pathOf(workspace)}/rate-limits/${id}`);

export const setAlertPercents = (workspace: string, percents: readonly number[]): Promise<unknown> =>
  requestData('PUT', `${pathOf(workspace)}/budget-alerts`, { body: { percents } });
