import { ApiError, request } from '../../../shared/api/request.ts';
import { passkeyProblem } from '../../../shared/sign-in/passkey-support.ts';

/** Fails with the browser's reason when it gives none. */
export async function signInWithPasskey(): Promise<void> {
  const options = await request<PublicKeyCredentialRequestOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-authenticate-options',
  );
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey }).catch((error: unknown) => {
    throw new ApiError(passkeyProblem(error), 0, 'no_passkey');
  });
  if (!(credential instanceof PublicKeyCredential)) throw new ApiError(passkeyProblem(null), 0, 'no_passkey');
  await request('POST', '/api/auth/passkey/verify-authentication', {
    body: { response: credential.toJSON() },
  });
}
