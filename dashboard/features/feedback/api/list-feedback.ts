/** What callers said of answers, newest first. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { FeedbackEntry } from '../../../../src/feedback/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const FEEDBACK_A_PAGE = 50;

export interface FeedbackWish {
  readonly category: string | null;
  readonly page: number;
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
}

export const feedbackQuery = ({ category, page, workspaceId }: FeedbackWish) =>
  queryOptions({
    queryKey: ['feedback', category, page, workspaceId],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        limit: String(FEEDBACK_A_PAGE),
        offset: String((page - 1) * FEEDBACK_A_PAGE),
        ...(category === null ? {} : { category }),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return requestData<readonly FeedbackEntry[]>('GET', `/api/dashboard/feedback?${query}`, { signal });
    },
    placeholderData: keepPreviousData,
  });
