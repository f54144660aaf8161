/** The guardrails of the default workspace, its default one first; the first hundred. And the organisation's own. */
import { queryOptions } from '@tanstack/react-query';
import type { Guardrail } from '../../../../src/guardrails/answers.ts';
import { request, requestData } from '../../../shared/api/request.ts';

export const SHOWN_AT_MOST = 100;

export interface GuardrailList {
  readonly data: readonly Guardrail[];
  readonly total_count: number;
}

export const guardrailsQuery = queryOptions({
  queryKey: ['guardrails', 'list'],
  queryFn: ({ signal }) =>
    request<GuardrailList>('GET', `/api/dashboard/guardrails?limit=${SHOWN_AT_MOST}`, { signal }),
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
