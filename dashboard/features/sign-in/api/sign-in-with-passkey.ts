import { request } from '../../../shared/api/request.ts';

/** Null: whoever was asked said no, or the browser found no passkey for this site. */
export async function signInWithPasskey(): Promise<true | null> {
  const options = await request<PublicKeyCredentialRequestOptionsJSON>(
    'GET',
    '/api/auth/passkey/generate-authenticate-options',
  );
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey }).catch(() => null);
  if (!(credential instanceof PublicKeyCredential)) return null;
  await request('POST', '/api/auth/passkey/verify-authentication', {
    body: { response: credential.toJSON() },
  });
  return true;
}
