/** An app registers itself (RFC 7591), where the operator lets it. */

import { z } from 'zod';
import { recordAudit } from '../../audit/record.ts';
import { type Attempts, sourceOf } from '../../auth/attempts.ts';
import type { Clock } from '../../clock.ts';
import { text } from '../../keys/key-fields.ts';
import type { Logger } from '../../log.ts';
import type { Database } from '../../storage/database.ts';
import { DEVICE_GRANT } from '../device/device.ts';
import { oauthError } from '../oauth-error.ts';
import { deleteUnusedClientsUntil, insertClient } from './client-store.ts';
import { appEvent, appFacts, clientName, newClient, redirectUris } from './clients.ts';

const REGISTRATIONS = { max: 20, windowMs: 60 * 60 * 1000 };
/** An app that got no key within this time will get none. */
const UNUSED_KEPT_MS = 24 * 60 * 60 * 1000;
const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;
const GRANT_TYPES = ['authorization_code', DEVICE_GRANT] as const;

/** What else an app says of itself, such as its logo, is left out of the answer, which says what was registered. */
const metadata = z.object({
  redirect_uris: redirectUris,
  client_name: clientName.optional(),
  token_endpoint_auth_method: z.enum(AUTH_METHODS).optional(),
  grant_types: z.array(text).optional(),
  response_types: z.array(z.literal('code')).optional(),
});

export interface RegistrationServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly attempts: Pick<Attempts, 'count'>;
  readonly logger: Logger;
  /** The operator's own account, whose admins can take apps away again. */
  readonly operatorAccountId: () => Promise<string>;
}

export async function register(services: RegistrationServices, body: unknown, clientAddress: string) {
  await services.attempts.count(`oauth registration from ${sourceOf(clientAddress)}`, REGISTRATIONS);
  const wanted = parseMetadata(body);
  const method = wanted.token_endpoint_auth_method ?? 'client_secret_basic';
  const name = wanted.client_name ?? hostOf(wanted.redirect_uris);
  // What it leaves out is the standard's (RFC 7591, 2): no device gets a key for an app that never said it would ask for one.
  const ownGrantTypes = GRANT_TYPES.filter(
    (type) => wanted.grant_types?.includes(type) ?? type !== DEVICE_GRANT,
  );
  const { row, secret } = newClient(
    { name, redirectUris: wanted.redirect_uris, isPublic: method === 'none' },
    {
      accountId: await services.operatorAccountId(),
      ownGrantTypes,
      nowMs: services.clock.nowMs(),
    },
  );
  await services.database.transaction(async (trx) => {
    await insertClient(trx, row);
    await recordAudit(trx, {
      ...appEvent('registered_itself', row),
      after: appFacts(row),
      nowMs: row.created_at_ms,
    });
  });
  const { account_id: accountId, client_id: clientId } = row;
  services.logger.info('oauth_app_changed', { change: 'registered_itself', clientId, accountId });
  return {
    client_id: row.client_id,
    client_id_issued_at: Math.floor(row.created_at_ms / 1000),
    ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 }),
    client_name: name,
    redirect_uris: wanted.redirect_uris,
    token_endpoint_auth_method: method,
    grant_types: ownGrantTypes,
    response_types: ['code'],
  };
}

/** For a job that runs now and then. */
export async function forgetUnusedClients(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteUnusedClientsUntil(services.database.db, services.clock.nowMs() - UNUSED_KEPT_MS);
}

function parseMetadata(body: unknown): z.output<typeof metadata> {
  const result = metadata.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path[0] ?? 'The request body';
  const word = field === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata';
  throw oauthError(word, `${String(field)}: ${issue?.message ?? 'is invalid'}`);
}

function hostOf([first = '']: readonly string[]): string {
  return new URL(first).host;
}
