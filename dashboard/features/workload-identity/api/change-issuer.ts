/** Changes an issuer; tokens are held to what it says from then on. */
import { requestData } from '../../../shared/api/request.ts';
import type { Issuer, IssuerFields } from '../trust.ts';

export const changeIssuer = (id: string, body: IssuerFields): Promise<Issuer> =>
  requestData<Issuer>('PATCH', `/api/dashboard/workload-identity/issuers/${encodeURIComponent(id)}`, {
    body,
  });
