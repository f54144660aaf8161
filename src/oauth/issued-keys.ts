/** What a registered app may do with the keys it was given: give one back (RFC 7009), and ask about one (RFC 7662). */
import { parseKeySecret } from '../auth/key-secret.ts';
import { TurnpikeError } from '../errors.ts';
import { deleteKey } from '../keys/change-key.ts';
import { required } from './authorization/code-grant.ts';
import { authenticateClient } from './clients/client-authentication.ts';
import { type ClientRow, findClientKey } from './clients/client-store.ts';
import { unknownClient } from './clients/clients.ts';
import type { MintServices } from './mint.ts';
import type { Fields, GrantCall } from './token-endpoint.ts';

/** A token that is none of this app's is as good as revoked: nobody learns whose it is. */
export async function revoke(services: MintServices, fields: Fields, call: GrantCall): Promise<void> {
  const client = await authenticateClient(services.database.db, fields, call);
  const found = await findIssued(services, client, required(fields, 'token'));
  if (found === null) return;
  const { accountId, keyHash } = found.principal;
  try {
    await deleteKey(services, { accountId, hash: keyHash, kinds: ['api'] });
  } catch (thrown) {
    const wasGone = thrown instanceof TurnpikeError && thrown.code === 'not_found';
    if (!wasGone) throw thrown;
  }
}

/** A public client has no way to show that it is not somebody who tries out what they found, so it is refused (RFC 7662, 2.1). */
export async function introspect(
  services: MintServices & { readonly publicUrl: string },
  fields: Fields,
  call: GrantCall,
): Promise<object> {
  const client = await authenticateClient(services.database.db, fields, call);
  if (client.secret_hash === null) throw unknownClient(false);
  const found = await findIssued(services, client, required(fields, 'token'));
  if (found === null) return { active: false };
  const { principal, scope } = found;
  const { expiresAtMs } = principal;
  const isExpired = expiresAtMs !== null && expiresAtMs <= services.clock.nowMs();
  if (principal.disabled || isExpired) return { active: false };
  return {
    active: true,
    client_id: client.client_id,
    token_type: 'bearer',
    iss: services.publicUrl,
    ...(expiresAtMs !== null && { exp: Math.floor(expiresAtMs / 1000) }),
    ...(principal.creatorUserId !== null && { sub: principal.creatorUserId }),
    ...(scope !== null && { scope }),
  };
}

async function findIssued(services: MintServices, client: ClientRow, token: string) {
  const secret = parseKeySecret(token);
  if (secret === null) return null;
  const issued = await findClientKey(services.database.db, client.client_id, secret.hash);
  const principal = issued === undefined ? null : await services.readPrincipal(secret.hash);
  if (issued === undefined || principal === null) return null;
  return { principal, scope: issued.scope };
}
