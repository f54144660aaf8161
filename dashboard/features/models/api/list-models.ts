/** Every model that can be called here, whatever it gives. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Model } from '../model.ts';

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => requestData<Model[]>('GET', '/api/v1/models?output_modalities=all', { signal }),
  staleTime: 60_000,
});
