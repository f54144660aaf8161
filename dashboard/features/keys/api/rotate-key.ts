/** Gives a key another secret; the one before works no more. */
import type { NewKeyAnswer } from '../../../../src/keys/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export const rotateKey = (hash: string): Promise<NewKeyAnswer> =>
  requestData('POST', `/api/dashboard/keys/${hash}/rotate`, { body: {} });
