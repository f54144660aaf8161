/** Makes a key to play with. Its secret is shown to nobody and kept nowhere: the session is what uses it here. */
import { requestData } from '../../../shared/api/request.ts';

export const PLAYGROUND_LIMIT_USD = 5;

export const createPlaygroundKey = async (): Promise<string> => {
  const body = { name: 'Playground', limit: PLAYGROUND_LIMIT_USD, limit_reset: 'monthly' };
  return (await requestData<{ hash: string }>('POST', '/api/dashboard/keys', { body })).hash;
};
