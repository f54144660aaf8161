/** Credits: what is left, what came and went, and what was bought. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  CreditLinePage,
  CreditOverview,
  NewCheckout,
  Purchase,
  PurchasePage,
} from '../../../../src/billing/answers.ts';
import { request, requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/credits';
/** Of everything about credits: what is bought changes all of it. */
export const CREDITS_KEY = ['credits'] as const;

export const creditsQuery = queryOptions({
  queryKey: [...CREDITS_KEY, 'overview'],
  queryFn: ({ signal }) => requestData<CreditOverview>('GET', PATH, { signal }),
});

const pagesOf = <Page extends { readonly next_cursor: string | null }>(name: string) =>
  infiniteQueryOptions({
    queryKey: [...CREDITS_KEY, name],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({
        limit: '20',
        ...(pageParam === null ? {} : { cursor: pageParam }),
      });
      return request<Page>('GET', `${PATH}/${name}?${query}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next_cursor,
  });

export const linesQuery = pagesOf<CreditLinePage>('lines');
export const purchasesQuery = pagesOf<PurchasePage>('purchases');

export const beginCheckout = (body: { amount_usd: number; save_card: boolean }): Promise<NewCheckout> =>
  requestData('POST', `${PATH}/checkout`, { body });

/** As the payment provider has it now. */
export const refreshPurchase = (id: string): Promise<Purchase> =>
  requestData('POST', `${PATH}/purchases/${encodeURIComponent(id)}/refresh`);

/** Leads to the payment provider's own page. */
export const receiptPath = (id: string): string => `${PATH}/purchases/${encodeURIComponent(id)}/receipt`;

export const changeTopUp = (body: {
  enabled?: boolean;
  threshold_usd?: number;
  amount_usd?: number;
  monthly_cap_usd?: number;
}): Promise<CreditOverview> => requestData('PATCH', `${PATH}/top-up`, { body });

export const changeAlerts = (percents: readonly number[]): Promise<CreditOverview> =>
  requestData('PATCH', `${PATH}/alerts`, { body: { percents } });

export const removeCard = (): Promise<CreditOverview> => requestData('DELETE', `${PATH}/card`);
