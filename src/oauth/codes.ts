/** Authorization codes: made with a key's consent, exchanged once for a new key of the same account. */
import { hashOf } from '../auth/key-secret.ts';
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { deleteKey } from '../keys/change-key.ts';
import { type CreatedKey, createClaimedKey, type KeyCreationServices } from '../keys/create-key.ts';
import type { NewKey } from '../keys/keys.ts';
import type { Database } from '../storage/database.ts';
import { type CodeRequest, type Exchange, invalidMethod } from './bodies.ts';
import { type Challenge, provesChallenge } from './pkce.ts';
import { mustBeWithin, narrowed, rightsOf } from './rights.ts';
import {
  type CodeRow,
  countAttempt,
  deleteCodesUntil,
  findAppId,
  findCode,
  findOrInsertApp,
  insertCode,
  markCodeUsed,
} from './store.ts';

const CODE_LIFE_MS = 10 * 60 * 1000;
/** How long a used code is known for what it is, so that its replay revokes. */
const CODE_KEPT_MS = 24 * 60 * 60 * 1000;
const CODE_PREFIX = 'auth_code_';
const CODE_RANDOM_BYTES = 32;
/** Verifiers that one code may be tried with; after that nobody can use it. */
const MAX_ATTEMPTS = 5;

export interface Replay {
  readonly accountId: string;
  readonly appId: number | null;
  readonly keyHash: string;
}

export interface CodeServices extends KeyCreationServices {
  /** From the database, not from memory: null for unknown and deleted keys. */
  readonly readPrincipal: (keyHash: string) => Promise<Principal | null>;
  /** A used code came again with the right verifier, and the key made from it is revoked. */
  readonly onReplay: (replay: Replay) => void;
}

export interface CreatedCode {
  /** The plaintext: it is stored as its hash. */
  readonly code: string;
  readonly appId: number;
  readonly createdAtMs: number;
}

export async function createCode(
  services: CodeServices,
  principal: Principal,
  request: CodeRequest,
): Promise<CreatedCode> {
  const rights = rightsOf(principal);
  mustBeWithin(request.wish, rights);
  const grant = narrowed(request.wish, rights);
  const createdAtMs = services.clock.nowMs();
  const appId = await appOf(services.database, request.callback.origin, createdAtMs);
  const code = CODE_PREFIX + crypto.getRandomValues(new Uint8Array(CODE_RANDOM_BYTES)).toHex();
  await insertCode(services.database.db, {
    code_hash: hashOf(code),
    app_id: appId,
    account_id: principal.accountId,
    authorising_key_hash: principal.keyHash,
    user_id: null,
    callback_url: request.callback.href,
    client_id: null,
    redirect_uri: null,
    scope: null,
    code_challenge: request.challenge?.text ?? null,
    code_challenge_method: request.challenge?.method ?? null,
    created_at_ms: createdAtMs,
    expires_at_ms: createdAtMs + CODE_LIFE_MS,
    verifier_attempts: 0,
    used_at_ms: null,
    minted_key_hash: null,
    key_name: request.keyName,
    key_limit_nano_usd: grant.limitNanoUsd,
    key_limit_reset: grant.limitReset,
    key_expires_at_ms: grant.expiresAtMs,
    workspace_id: grant.workspaceId,
  });
  return { code, appId, createdAtMs };
}

export async function redeemCode(services: CodeServices, exchange: Exchange): Promise<CreatedKey> {
  const row = await findCode(services.database.db, hashOf(exchange.code));
  if (row === undefined) throw refused();
  if (row.minted_key_hash !== null) return await refuseReplay(services, row, row.minted_key_hash, exchange);
  if (row.expires_at_ms <= services.clock.nowMs()) throw expired();
  await mustBeProven(services.database, row, exchange);
  const authoriser = await readAuthoriser(services, row);
  const created = await createClaimedKey(
    services,
    {
      accountId: row.account_id,
      kind: 'api',
      key: newKeyOf(row, authoriser),
      defaultCreatorUserId: authoriser.creatorUserId,
    },
    (trx, { row: key }) =>
      markCodeUsed(trx, row.code_hash, { atMs: key.created_at_ms, mintedKeyHash: key.hash }),
  );
  // A twin that came at the same time, such as a double click, is refused but revokes nothing.
  if (created === null) throw refused();
  return created;
}

/** For a job that runs now and then. */
export async function forgetOldCodes(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteCodesUntil(services.database.db, services.clock.nowMs() - CODE_KEPT_MS);
}

async function appOf(database: Database, origin: string, nowMs: number): Promise<number> {
  const known = await findAppId(database.db, origin);
  return known ?? (await database.transaction((trx) => findOrInsertApp(trx, origin, nowMs)));
}

/** What this key may do no more, it cannot pass on either. */
async function readAuthoriser(services: CodeServices, row: CodeRow): Promise<Principal> {
  const hash = row.authorising_key_hash;
  const principal = hash === null ? null : await services.readPrincipal(hash);
  if (principal === null || principal.disabled) throw refused();
  const { expiresAtMs } = principal;
  if (expiresAtMs !== null && expiresAtMs <= services.clock.nowMs()) throw refused();
  return principal;
}

async function mustBeProven(database: Database, row: CodeRow, exchange: Exchange): Promise<void> {
  const challenge = challengeOf(row);
  if (challenge === null) {
    // Whoever has a verifier began with a challenge: somebody took it away on the way here (RFC 9700, 4.8.2).
    if (exchange.verifier !== null) throw refused();
    if (exchange.method !== null) throw invalidMethod();
    return;
  }
  if (exchange.method !== null && exchange.method !== challenge.method) throw invalidMethod();
  if (exchange.verifier === null) throw refused();
  if (!(await countAttempt(database.db, row.code_hash, MAX_ATTEMPTS))) throw refused();
  if (!provesChallenge(exchange.verifier, challenge)) throw refused();
}

/**
 * Who knows the verifier of a used code is the app, or a thief; nobody can tell which of the two has the key (RFC 6749, 4.1.2).
 * Without the right verifier it is only a code out of somebody's history, which must not take a key away.
 */
async function refuseReplay(
  services: CodeServices,
  row: CodeRow,
  keyHash: string,
  exchange: Exchange,
): Promise<never> {
  const challenge = challengeOf(row);
  if (challenge === null || exchange.verifier === null || !provesChallenge(exchange.verifier, challenge)) {
    throw refused();
  }
  services.onReplay({ accountId: row.account_id, appId: row.app_id, keyHash });
  try {
    await deleteKey(services, { accountId: row.account_id, hash: keyHash, kinds: ['api'] });
  } catch (thrown) {
    const wasGone = thrown instanceof TurnpikeError && thrown.code === 'not_found';
    if (!wasGone) throw thrown;
  }
  throw refused();
}

function challengeOf(row: CodeRow): Challenge | null {
  if (row.code_challenge === null || row.code_challenge_method === null) return null;
  return { text: row.code_challenge, method: row.code_challenge_method };
}

/** How its spend is counted, and what happens when it is revoked, the new key has from the one that authorised it. */
function newKeyOf(row: CodeRow, authoriser: Principal): NewKey {
  const wish = {
    limitNanoUsd: row.key_limit_nano_usd,
    limitReset: row.key_limit_reset,
    expiresAtMs: row.key_expires_at_ms,
    workspaceId: row.workspace_id,
  };
  return {
    ...narrowed(wish, rightsOf(authoriser)),
    name: row.key_name,
    includeByokInLimit: authoriser.includeByokInLimit,
    creatorUserId: undefined,
    externalUser: authoriser.externalUser,
    externalApiKeyHash: null,
    cutStreamsWhenRevoked: authoriser.cutStreamsWhenRevoked,
  };
}

/** One text for every reason, so that nobody learns which codes exist. */
function refused(): TurnpikeError {
  return new TurnpikeError('permission_denied', { message: 'Invalid code or code_verifier' });
}

function expired(): TurnpikeError {
  return new TurnpikeError('permission_denied', { message: 'Authorization code expired' });
}
