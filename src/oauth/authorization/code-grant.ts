/** A registered app exchanges its code: in the standard way (RFC 6749, 4.1.3), and in that of OpenRouter's older samples. */
import type { Clock } from '../../clock.ts';
import { invalidRequest } from '../../errors.ts';
import type { CreatedKey } from '../../keys/create-key.ts';
import { OPENING } from '../bodies.ts';
import { authenticateClient } from '../clients/client-authentication.ts';
import type { Fields, Grant } from '../token-endpoint.ts';
import { type CodeServices, redeemCode } from './codes.ts';

export function createCodeGrant(services: CodeServices): Grant {
  return async (fields, call) => {
    const client = await authenticateClient(services.database.db, fields, call);
    const created = await redeemCode(
      services,
      { code: required(fields, 'code'), verifier: fields.get('code_verifier') ?? null, method: null },
      {
        clientId: client.client_id,
        hasSecret: client.secret_hash !== null,
        redirectUri: required(fields, 'redirect_uri'),
      },
      call.clientAddress,
    );
    return tokenAnswer(created, services.clock);
  };
}

/** A key as a token (RFC 6749, 5.1), under every name that clients look for it by. */
export function tokenAnswer(
  { key, row, scope }: CreatedKey & { scope: string | null },
  clock: Clock,
): Response {
  const expiresInMs = row.expires_at_ms === null ? null : row.expires_at_ms - clock.nowMs();
  const body = {
    ...{ access_token: key, key, api_key: key },
    token_type: 'bearer',
    ...(expiresInMs !== null && { expires_in: Math.max(0, Math.floor(expiresInMs / 1000)) }),
    ...(scope !== null && { scope }),
    user_id: row.creator_user_id,
  };
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
}

export function required(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw invalidRequest(`${OPENING}${name}: is required`);
  return value;
}
