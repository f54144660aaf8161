/** What rules that are being written would leave of the models. `id`: `new` for a guardrail that is not stored yet. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Preview } from '../../../../src/guardrails/answers.ts';
import { requestData } from '../../../shared/api/request.ts';
import type { GuardrailChanges } from './save-guardrail.ts';

export const previewQuery = (id: string, rules: GuardrailChanges) =>
  queryOptions({
    queryKey: ['guardrails', 'preview', id, rules],
    queryFn: ({ signal }) =>
      requestData<Preview>('POST', `/api/dashboard/guardrails/${encodeURIComponent(id)}/preview`, {
        body: rules,
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
  });
