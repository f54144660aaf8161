/** Sends the browser to a provider that knows the user; it comes back signed in, or to the error page, which knows the way as well. */
import type { ProviderRedirect } from '../../../src/accounts/answers.ts';
import { request } from '../api/request.ts';

export async function startProviderSignIn(provider: string, returnTo: string): Promise<void> {
  const { url } = await request<ProviderRedirect>('POST', '/api/auth/sign-in/social', {
    body: {
      provider,
      callbackURL: returnTo,
      errorCallbackURL: `/error?return_to=${encodeURIComponent(returnTo)}`,
    },
  });
  if (url !== undefined) location.assign(url);
}
