/** Who offers a model, at which price, and how that went lately. */

import { queryOptions } from '@tanstack/react-query';
import type { ModelEndpointsAnswer } from '../../../../src/catalogue/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const endpointsQuery = (modelId: string) =>
  queryOptions({
    queryKey: ['models', modelId, 'endpoints'],
    queryFn: async ({ signal }) => {
      const path = modelId.split('/').map(encodeURIComponent).join('/');
      const { endpoints } = await requestData<ModelEndpointsAnswer>(
        'GET',
        `/api/v1/models/${path}/endpoints`,
        { signal },
      );
      return endpoints;
    },
  });
