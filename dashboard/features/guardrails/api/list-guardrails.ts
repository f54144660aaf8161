/** The guardrails of a workspace (null: the default one), its default one first; the first hundred. And the organisation's own. */
import { queryOptions } from '@tanstack/react-query';
import type { Guardrail } from '../../../../src/guardrails/answers.ts';
import { request, requestData } from '../../../shared/api/request.ts';

export const SHOWN_AT_MOST = 100;

export interface GuardrailList {
  readonly data: readonly Guardrail[];
  readonly total_count: number;
}

export const guardrailsQuery = (workspaceId: string | null) =>
  queryOptions({
    queryKey: ['guardrails', 'list', workspaceId],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        limit: String(SHOWN_AT_MOST),
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      return request<GuardrailList>('GET', `/api/dashboard/guardrails?${query}`, { signal });
    },
  });

export const organisationGuardrailQuery = queryOptions({
  queryKey: ['guardrails', 'organisation'],
  queryFn: ({ signal }) =>
    requestData<Guardrail>('GET', '/api/dashboard/guardrails/organisation', { signal }),
});

export const guardrailQuery = (id: string) =>
  queryOptions({
    queryKey: ['guardrails', 'one', id],
    queryFn: ({ signal }) =>
      requestData<Guardrail>('GET', `/api/dashboard/guardrails/${encodeURIComponent(id)}`, { signal }),
  });
