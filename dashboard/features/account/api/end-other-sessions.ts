import { requestData } from '../../../shared/api/request.ts';

export const endOtherSessions = (): Promise<void> => requestData('DELETE', '/api/dashboard/sessions');
