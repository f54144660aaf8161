/** A passkey's answer as a browser sends it (WebAuthn, 5.1: `PublicKeyCredential.toJSON`), before anybody computes with it. No I/O. */
import { z } from 'zod';

/** Far above what any authenticator says. */
const MAX_LENGTH = 32 * 1024;
const MAX_TRANSPORTS = 16;

const bytes = z.string().max(MAX_LENGTH);
const word = z.string().regex(/^[a-z0-9-]{1,32}$/);

/** What else there is, such as the public key in a second form, is dropped. */
const credential = z.object({
  id: bytes.min(1),
  rawId: bytes.min(1),
  type: z.string().max(64),
  authenticatorAttachment: word.nullish(),
  clientExtensionResults: z.object({}).optional(),
  response: z.object({
    clientDataJSON: bytes,
    // Of a new one:
    attestationObject: bytes.optional(),
    transports: z.array(word).max(MAX_TRANSPORTS).optional(),
    // Of one that signs in:
    authenticatorData: bytes.optional(),
    signature: bytes.optional(),
    userHandle: bytes.nullish(),
  }),
});

/** Null: it is none. */
export function passkeyAnswer(value: unknown): object | null {
  const { success, data } = credential.safeParse(value);
  return success ? { clientExtensionResults: {}, ...data } : null;
}
