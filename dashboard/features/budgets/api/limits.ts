/** What limits a workspace, and what admins change of it. */
import { queryOptions } from '@tanstack/react-query';
import type {
  RateLimitAnswer,
  TagBudgetAnswer,
  WorkspaceLimitsAnswer,
} from '../../../../src/budgets/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/workspaces/default';

export type Interval = WorkspaceLimitsAnswer['budgets'][number]['interval'];

/** Asked again now and then: what is spent moves. */
export const limitsQuery = queryOptions({
  queryKey: ['budgets'],
  queryFn: ({ signal }) => requestData<WorkspaceLimitsAnswer>('GET', `${PATH}/limits`, { signal }),
  refetchInterval: 15_000,
});

export const setBudget = (
  interval: Interval,
  body: { readonly limit_usd: number; readonly include_byok_in_budgets: boolean },
): Promise<unknown> => requestData('PUT', `${PATH}/budgets/${interval}`, { body });

export const removeBudget = (interval: Interval): Promise<unknown> =>
  requestData('DELETE', `${PATH}/budgets/${interval}`);

export const addTagBudget = (
  body: Pick<TagBudgetAnswer, 'tag' | 'value' | 'interval' | 'limit_usd'>,
): Promise<TagBudgetAnswer> => requestData('POST', `${PATH}/tag-budgets`, { body });

export const changeTagBudget = (id: string, limit_usd: number): Promise<TagBudgetAnswer> =>
  requestData('PATCH', `${PATH}/tag-budgets/${id}`, { body: { limit_usd } });

export const removeTagBudget = (id: string): Promise<unknown> =>
  requestData('DELETE', `${PATH}/tag-budgets/${id}`);

export type Rates = Pick<RateLimitAnswer, 'requests_per_minute' | 'tokens_per_minute'>;

export const addRateLimit = (
  body: Pick<RateLimitAnswer, 'subject' | 'target'> & Rates,
): Promise<RateLimitAnswer> => requestData('POST', `${PATH}/rate-limits`, { body });

export const changeRateLimit = (id: string, body: Rates): Promise<RateLimitAnswer> =>
  requestData('PATCH', `${PATH}/rate-limits/${id}`, { body });

export const removeRateLimit = (id: string): Promise<unknown> =>
  requestData('DELETE', `${PATH}/rate-limits/${id}`);

export const setAlertPercents = (percents: readonly number[]): Promise<unknown> =>
  requestData('PUT', `${PATH}/budget-alerts`, { body: { percents } });
