/** Whether prompts and answers are kept, and for how long. */
import { queryOptions } from '@tanstack/react-query';
import type { ContentSettingAnswer } from '../../../../src/content/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/content-logging';

export const contentSettingQuery = queryOptions({
  queryKey: ['content-logging'],
  queryFn: ({ signal }) => requestData<ContentSettingAnswer>('GET', PATH, { signal }),
});

export type ContentChange = Partial<
  Pick<ContentSettingAnswer, 'enabled' | 'sampling_rate' | 'api_key_hashes' | 'retention_days'>
>;

export const changeContentSetting = (body: ContentChange): Promise<ContentSettingAnswer> =>
  requestData('PATCH', PATH, { body });

/** Switches it off, too. */
export const deleteContent = (): Promise<unknown> => requestData('DELETE', PATH);
