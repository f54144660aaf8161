/** The models that answer in words. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface ChatModel {
  readonly id: string;
  readonly name: string;
  readonly architecture: { readonly input_modalities: readonly string[] };
  readonly supported_parameters: readonly string[];
}

export const chatModelsQuery = queryOptions({
  queryKey: ['playground', 'models'],
  queryFn: ({ signal }) => requestData<readonly ChatModel[]>('GET', '/api/v1/models', { signal }),
  staleTime: 60_000,
});
