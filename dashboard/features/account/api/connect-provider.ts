import type { ProviderRedirect } from '../../../../src/accounts/answers.ts';
import { request } from '../../../shared/api/request.ts';
import { ACCOUNT_PAGE, connectedPage } from '../connection-outcome.ts';

/** Sends the browser to the provider; it comes back to the account page. */
export async function connectProvider(provider: string): Promise<void> {
  const { url } = await request<ProviderRedirect>('POST', '/api/auth/link-social', {
    body: { provider, callbackURL: connectedPage(provider), errorCallbackURL: ACCOUNT_PAGE },
  });
  if (url !== undefined) location.assign(url);
}
