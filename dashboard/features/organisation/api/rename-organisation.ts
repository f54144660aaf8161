import { requestData } from '../../../shared/api/request.ts';

/** The name as it is stored. */
export const renameOrganisation = (name: string): Promise<{ readonly name: string }> =>
  requestData('PATCH', '/api/dashboard/organisation', { body: { name } });
