/** Takes an issuer away, and its policies with it. */
import { request } from '../../../shared/api/request.ts';

export const deleteIssuer = (id: string): Promise<void> =>
  request('DELETE', `/api/dashboard/workload-identity/issuers/${encodeURIComponent(id)}`);
