/** Whether any model but the built-in one can be called. */

import { queryOptions } from '@tanstack/react-query';
import type { ModelAnswer } from '../../../../src/catalogue/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const hasProviderQuery = queryOptions({
  queryKey: ['overview', 'has-provider'],
  queryFn: async ({ signal }) => {
    const models = await requestData<readonly ModelAnswer[]>('GET', '/api/v1/models', { signal });
    return models.some(({ id }) => id !== 'turnpike/echo');
  },
});
