/** What rules that are being written would have done to the last days. Nothing is stored. */
import type { ReplayAnswer } from '../../../../src/replay/answers.ts';
import { requestData } from '../../../shared/api/request.ts';
import type { GuardrailChanges } from './save-guardrail.ts';

/** @param id null: of a guardrail that is not stored yet */
export const replayGuardrail = (
  id: string | null,
  guardrail: GuardrailChanges,
  days: number,
): Promise<ReplayAnswer> =>
  requestData('POST', '/api/dashboard/policy/replay', {
    body: { guardrail, days, ...(id === null ? {} : { guardrail_id: id }) },
  });
