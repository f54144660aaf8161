/** Registers an app. Its secret is in this answer and in no other. */
import type { AppWithSecret } from '../../../../src/oauth/answers.ts';
import { requestData } from '../../../shared/api/request.ts';

export interface NewApp {
  readonly name: string;
  readonly redirect_uris: readonly string[];
  readonly is_public: boolean;
}

export const registerApp = (body: NewApp): Promise<AppWithSecret> =>
  requestData<AppWithSecret>('POST', '/api/dashboard/apps', { body });
