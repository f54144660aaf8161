/** Who offers a model, at which price, and how that went lately. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';
import type { Endpoint } from '../model.ts';

export const endpointsQuery = (modelId: string) =>
  queryOptions({
    queryKey: ['models', modelId, 'endpoints'],
    queryFn: async ({ signal }) => {
      const path = modelId.split('/').map(encodeURIComponent).join('/');
      const { endpoints } = await requestData<{ endpoints: readonly Endpoint[] }>(
        'GET',
        `/api/v1/models/${path}/endpoints`,
        { signal },
      );
      return endpoints;
    },
  });
