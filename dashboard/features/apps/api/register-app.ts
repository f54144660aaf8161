/** Registers an app. Its secret is in this answer and in no other. */
import { requestData } from '../../../shared/api/request.ts';
import type { AppWithSecret } from '../app.ts';

export interface NewApp {
  readonly name: string;
  readonly redirect_uris: readonly string[];
  readonly is_public: boolean;
}

export const registerApp = (body: NewApp): Promise<AppWithSecret> =>
  requestData<AppWithSecret>('POST', '/api/dashboard/apps', { body });
