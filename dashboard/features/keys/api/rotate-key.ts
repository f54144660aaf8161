/** Gives a key another secret, which is in this answer and in no other. */
import type { PageKey } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

/** @param oldValidForSeconds how long the old secret goes on working beside it */
export const rotateKey = (hash: string, oldValidForSeconds: number): Promise<PageKey & { key: string }> =>
  requestData('POST', `/api/dashboard/keys/${encodeURIComponent(hash)}/rotate`, {
    body: { old_valid_for_seconds: oldValidForSeconds },
  });
