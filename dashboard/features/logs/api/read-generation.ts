/** One request, with how its cost comes about. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { CostDetails, Generation } from '../../../shared/requests/generation.ts';

export type GenerationDetails = Generation & { readonly cost_details: CostDetails };

export const generationQuery = (id: string) =>
  queryOptions({
    queryKey: ['generation', id],
    queryFn: ({ signal }) =>
      requestData<GenerationDetails>('GET', `/api/dashboard/generations/${encodeURIComponent(id)}`, {
        signal,
      }),
    // It has ended: nothing of it changes.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
