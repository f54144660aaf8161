/** What callers said of one answer. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

export interface Feedback {
  readonly category: string;
  readonly comment: string | null;
  readonly api_key_hash: string;
  readonly created_at: string;
}

export const feedbackQuery = (id: string) =>
  queryOptions({
    queryKey: ['feedback', id],
    queryFn: ({ signal }) =>
      requestData<readonly Feedback[]>(
        'GET',
        `/api/dashboard/feedback?${new URLSearchParams({ generation_id: id })}`,
        { signal },
      ),
  });
