/** A model that this gateway offers, so that an example can be tried as it stands. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

/** Null: none is configured yet. */
export const exampleModelQuery = queryOptions({
  queryKey: ['example-model'],
  queryFn: async ({ signal }): Promise<string | null> => {
    const path = '/api/v1/models?output_modalities=text&limit=1';
    const [model] = await requestData<{ id: string }[]>('GET', path, { signal });
    return model?.id ?? null;
  },
  staleTime: Number.POSITIVE_INFINITY,
});
