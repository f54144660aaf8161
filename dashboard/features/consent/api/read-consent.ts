import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Proposal } from '../proposal.ts';

/** `search` as it stands in the address bar: the gateway reads the app's request in the app's own spelling. */
export const consentQuery = (search: string) =>
  queryOptions({
    queryKey: ['consent', search],
    queryFn: ({ signal }) => requestData<Proposal>('GET', `/api/dashboard/consent${search}`, { signal }),
    // The page names this one asking; it is not to change under the user's hands.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
