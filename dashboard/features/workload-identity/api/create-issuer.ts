/** Adds somebody whose tokens the organisation trusts. */
import { requestData } from '../../../shared/api/request.ts';
import type { Issuer, IssuerFields } from '../trust.ts';

export const createIssuer = (body: IssuerFields): Promise<Issuer> =>
  requestData<Issuer>('POST', '/api/dashboard/workload-identity/issuers', { body });
