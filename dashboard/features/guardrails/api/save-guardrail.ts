/** Makes a guardrail, or changes one. */
import type { Guardrail } from '../../../../src/guardrails/answers.ts';
import { request, requestData } from '../../../shared/api/request.ts';

export type GuardrailChanges = Partial<
  Omit<Guardrail, 'id' | 'workspace_id' | 'enforce_zdr' | 'created_at' | 'updated_at' | 'applies_to'>
>;

/** `workspaceId` null: the default one. */
export const createGuardrail = (changes: GuardrailChanges, workspaceId: string | null): Promise<Guardrail> =>
  requestData<Guardrail>('POST', '/api/dashboard/guardrails', {
    body: { ...changes, ...(workspaceId === null ? {} : { workspace_id: workspaceId }) },
  });

export const changeGuardrail = (id: string, body: GuardrailChanges): Promise<Guardrail> =>
  requestData<Guardrail>('PATCH', `/api/dashboard/guardrails/${encodeURIComponent(id)}`, { body });

/** A default one is as it was before anybody configured it. */
export const deleteGuardrail = (id: string): Promise<void> =>
  request('DELETE', `/api/dashboard/guardrails/${encodeURIComponent(id)}`);
