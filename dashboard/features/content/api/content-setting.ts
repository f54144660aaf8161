/** Whether prompts and answers are kept, and for how long. */
import { queryOptions } from '@tanstack/react-query';
import type { ContentSettingAnswer } from '../../../../src/content/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/content-logging';

/** `workspaceId` null: the default one. */
const pathOf = (workspaceId: string | null) =>
  workspaceId === null ? PATH : `${PATH}?workspace_id=${encodeURIComponent(workspaceId)}`;

export const contentSettingQuery = (workspaceId: string | null) =>
  queryOptions({
    queryKey: ['content-logging', workspaceId],
    queryFn: ({ signal }) => requestData<ContentSettingAnswer>('GET', pathOf(workspaceId), { signal }),
  });

export type ContentChange = Partial<
  Pick<ContentSettingAnswer, 'enabled' | 'sampling_rate' | 'api_key_hashes' | 'retention_days'>
>;

export const changeContentSetting = (
  workspaceId: string | null,
  body: ContentChange,
): Promise<ContentSettingAnswer> => requestData('PATCH', pathOf(workspaceId), { body });

/** Switches it off, too. */
export const deleteContent = (workspaceId: string | null): Promise<unknown> =>
  requestData('DELETE', pathOf(workspaceId));
