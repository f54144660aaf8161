/** Makes the key that a user, or a key, consented to, as far as they may give it when it is made. */
import type { Principal } from '../auth/principal.ts';
import { type CreatedKey, createClaimedKey, type KeyCreationServices } from '../keys/create-key.ts';
import type { Logger } from '../log.ts';
import type { Trx } from '../storage/database.ts';
import type { LimitReset } from '../storage/schema.ts';
import { insertClientKey, touchClient } from './clients/client-store.ts';
import { narrowed, type Rights, rightsOf } from './rights.ts';

export interface MintServices extends KeyCreationServices {
  readonly logger: Logger;
  /** From the database, not from memory: null for unknown and deleted keys. */
  readonly readPrincipal: (keyHash: string) => Promise<Principal | null>;
  readonly workspaces: { has(accountId: string, workspaceId: string): Promise<boolean> };
}

/** What somebody consented to, as it was written down. */
export interface Consent {
  readonly account_id: string;
  /** One of the two. */
  readonly authorising_key_hash: string | null;
  readonly user_id: string | null;
  readonly client_id: string | null;
  readonly scope: string | null;
  readonly key_name: string;
  readonly key_limit_nano_usd: bigint | null;
  readonly key_limit_reset: LimitReset | null;
  readonly key_expires_at_ms: number | null;
  readonly workspace_id: string;
  /** The host that the code goes to, or the name that an admin gave to the app; null: nobody vouches for who it is. */
  readonly made_for: string | null;
}

/** Whoever consented, as they are now. */
export interface Authority {
  readonly rights: Rights;
  readonly creatorUserId: string | null;
  readonly externalUser: string | null;
  readonly includeByokInLimit: boolean;
  readonly cutStreamsWhenRevoked: boolean;
}

/** Instead of an authority: it is gone for good, or only for now. */
export type Lapse = 'gone' | 'suspended';

export async function authorityOf(services: MintServices, consent: Consent): Promise<Authority | Lapse> {
  const { account_id: accountId, authorising_key_hash: keyHash, user_id: userId } = consent;
  if (!(await services.workspaces.has(accountId, consent.workspace_id))) return 'gone';
  if (userId !== null) {
    if (!(await services.account.isMember(accountId, userId))) return 'gone';
    return ofUser(userId, consent.workspace_id);
  }
  const principal = keyHash === null ? null : await services.readPrincipal(keyHash);
  if (principal === null) return 'gone';
  const { expiresAtMs } = principal;
  const isExpired = expiresAtMs !== null && expiresAtMs <= services.clock.nowMs();
  if (principal.disabled || isExpired) return 'suspended';
  // How its spend is counted, and what happens when it is revoked, the new key has from this one.
  return { ...principal, rights: rightsOf(principal) };
}

/** Null: `claim`, in the key's own transaction, says that it is not this call's to make, or the app is gone. */
export async function mintKey(
  services: MintServices,
  consent: Consent,
  authority: Authority,
  claim: (trx: Trx, created: CreatedKey) => Promise<boolean>,
): Promise<CreatedKey | null> {
  const { creatorUserId, externalUser, includeByokInLimit, cutStreamsWhenRevoked } = authority;
  const wish = {
    limitNanoUsd: consent.key_limit_nano_usd,
    limitReset: consent.key_limit_reset,
    expiresAtMs: consent.key_expires_at_ms,
    workspaceId: consent.workspace_id,
  };
  const key = {
    ...narrowed(wish, authority.rights),
    ...{ name: consent.key_name, externalUser, includeByokInLimit, cutStreamsWhenRevoked },
    creatorUserId: undefined,
    externalApiKeyHash: null,
    // As the key that consented says, also when that changes.
    onExhaust: null,
  };
  const order = {
    accountId: consent.account_id,
    kind: 'api',
    key,
    defaultCreatorUserId: creatorUserId,
    // A key's consent sends the code to whoever asks for it, whatever callback they name: nobody has seen whose it is.
    madeFor: consent.authorising_key_hash === null ? consent.made_for : null,
    isDelegated: true,
    parentKeyHash: consent.authorising_key_hash,
  } as const;
  const created = await createClaimedKey(services, order, async (trx, created) => {
    if (!(await claim(trx, created))) return false;
    return await bindToClient(trx, consent, created);
  });
  if (created !== null) {
    const { account_id: accountId, user_id: userId, client_id: clientId } = consent;
    services.logger.info('oauth_key_made', { accountId, userId, clientId, keyHash: created.row.hash });
  }
  return created;
}

async function bindToClient(trx: Trx, consent: Consent, { row }: CreatedKey): Promise<boolean> {
  const { client_id, scope } = consent;
  if (client_id === null) return true;
  if (!(await touchClient(trx, client_id, row.created_at_ms))) return false;
  await insertClientKey(trx, { key_hash: row.hash, client_id, scope });
  return true;
}

/** Nothing bounds what users give away of their own but the account that they give it from. */
function ofUser(userId: string, workspaceId: string): Authority {
  return {
    rights: { expiresAtMs: null, workspaceId },
    creatorUserId: userId,
    externalUser: null,
    includeByokInLimit: false,
    cutStreamsWhenRevoked: false,
  };
}
