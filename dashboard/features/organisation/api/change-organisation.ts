import type { Organisation } from '../../../../src/organisation/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

const PATH = '/api/dashboard/organisation';

/** As it is stored. */
export const changeOrganisation = (body: {
  readonly name: string;
  readonly time_zone: string;
}): Promise<Organisation> => requestData('PATCH', PATH, { body });

/** `image`: a file's bytes in base64. */
export const changeLogo = (image: string): Promise<Organisation> =>
  requestData('PUT', `${PATH}/logo`, { body: { image } });

export const removeLogo = (): Promise<Organisation> => requestData('DELETE', `${PATH}/logo`);
