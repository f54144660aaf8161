/** One request, with how its cost comes about. */
import { queryOptions } from '@tanstack/react-query';
import type { GenerationDetails } from '../../../../src/metering/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

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
