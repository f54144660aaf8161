/** Deletes a key for good: it is refused from then on, while its requests stay in the logs. */
import { request } from '../../../shared/api/request.ts';

export const deleteKey = (hash: string): Promise<unknown> => request('DELETE', `/api/dashboard/keys/${hash}`);
