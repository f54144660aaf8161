import { ApiError, request } from '../../../shared/api/request.ts';

/** Null: whoever was asked said no. */
export async function addPasskey(name: string): Promise<true | null> {
  const options = await request<PublicKeyCredentialCreationOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-register-options',
  );
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'InvalidStateError') {
      throw new ApiError('This device has a passkey for you already.', 0, 'passkey_exists');
    }
    return null;
  });
  if (!(credential instanceof PublicKeyCredential)) return null;
  await request('POST', '/api/auth/passkey/verify-registration', {
    body: { response: credential.toJSON(), name },
  });
  return true;
}
