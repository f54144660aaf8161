import { ApiError, request } from '../../../shared/api/request.ts';
import { passkeyProblem } from '../../../shared/sign-in/passkey-support.ts';

/** Fails with the browser's reason when it makes none. */
export async function addPasskey(name: string): Promise<void> {
  const options = await request<PublicKeyCredentialCreationOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-register-options',
  );
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    throw new ApiError(passkeyProblem(error), 0, 'no_passkey');
  });
  if (!(credential instanceof PublicKeyCredential)) throw new ApiError(passkeyProblem(null), 0, 'no_passkey');
  await request('POST', '/api/auth/passkey/verify-registration', {
    body: { response: credential.toJSON(), name },
  });
}
