/** What callers said of one answer. */
import { queryOptions } from '@tanstack/react-query';
import type { FeedbackEntry } from '../../../../src/feedback/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const feedbackQuery = (id: string) =>
  queryOptions({
    queryKey: ['feedback', id],
    queryFn: ({ signal }) =>
      requestData<readonly FeedbackEntry[]>(
        'GET',
        `/api/dashboard/feedback?${new URLSearchParams({ generation_id: id })}`,
        { signal },
      ),
  });
