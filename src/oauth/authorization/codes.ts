/** Authorization codes: made with the consent of a key or of a user, exchanged once for a new key of the same account. */
import { recordAudit } from '../../audit/record.ts';
import { sourceOf } from '../../auth/attempts.ts';
import { hashOf } from '../../auth/key-secret.ts';
import type { Principal } from '../../auth/principal.ts';
import type { Clock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import { deleteKey } from '../../keys/change-key.ts';
import type { CreatedKey } from '../../keys/create-key.ts';
import type { Database } from '../../storage/database.ts';
import { keyedHash } from '../../vault/seal.ts';
import { type CodeRequest, type Exchange, invalidMethod } from '../bodies.ts';
import { authorityOf, type MintServices, mintKey } from '../mint.ts';
import { oauthError } from '../oauth-error.ts';
import { mustBeWithin, narrowed, rightsOf } from '../rights.ts';
import { shownHostOf } from './callback-url.ts';
import { type Challenge, provesChallenge } from './pkce.ts';
import {
  burnCode,
  type CodeRow,
  countAttempt,
  deleteCodesUntil,
  findAppId,
  findCode,
  findOrInsertApp,
  insertCode,
  markCodeUsed,
} from './store.ts';

export const CODE_LIFE_MS = 10 * 60 * 1000;
/** How long a used code is known for what it is, so that its replay revokes. */
export const CODE_KEPT_MS = 24 * 60 * 60 * 1000;
export const CODE_PREFIX = 'auth_code_';
const CODE_RANDOM_BYTES = 32;
/** How soon the same client sends a request again whose answer it did not get; a thief comes from elsewhere, or later. */
const RETRY_WITHIN_MS = 10_000;
/** Verifiers that one code may be tried with; after that nobody can use it. */
const MAX_ATTEMPTS = 5;

export interface Replay {
  readonly accountId: string;
  readonly appId: number | null;
  readonly keyHash: string;
}

export interface CodeServices extends MintServices {
  readonly masterKey: Uint8Array;
  /** A used code came again from somebody who could have used it, and the key made from it is revoked. */
  readonly onReplay: (replay: Replay) => void;
}

export interface CreatedCode {
  /** The plaintext: it is stored as its hash. */
  readonly code: string;
  readonly appId: number;
  readonly createdAtMs: number;
}

/** With a key's consent. */
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
  await services.database.transaction(async (trx) => {
    await insertCode(trx, {
      ...newCode(code, createdAtMs),
      app_id: appId,
      account_id: principal.accountId,
      authorising_key_hash: principal.keyHash,
      callback_url: request.callback.href,
      code_challenge: request.challenge?.text ?? null,
      code_challenge_method: request.challenge?.method ?? null,
      key_name: request.keyName,
      key_limit_nano_usd: grant.limitNanoUsd,
      key_limit_reset: grant.limitReset,
      key_expires_at_ms: grant.expiresAtMs,
      workspace_id: grant.workspaceId,
    });
    await recordAudit(trx, {
      ...{ action: 'code.created', target: ['app', String(appId)], accountId: principal.accountId },
      ...{ after: { key_name: request.keyName, limit_nano_usd: grant.limitNanoUsd }, nowMs: createdAtMs },
    });
  });
  const { accountId, keyHash } = principal;
  services.logger.info('oauth_consent_given', { accountId, keyHash, appId, clientId: null });
  return { code, appId, createdAtMs };
}

/** What every code begins with. */
export function newCode(code: string, createdAtMs: number) {
  return {
    code_hash: hashOf(code),
    created_at_ms: createdAtMs,
    expires_at_ms: createdAtMs + CODE_LIFE_MS,
    verifier_attempts: 0,
    ...{ authorising_key_hash: null, user_id: null },
    ...{ client_id: null, redirect_uri: null, scope: null },
    ...{ used_at_ms: null, used_from: null, minted_key_hash: null },
  };
}

/** A registered app that has shown who it is. */
export interface Redeemer {
  readonly clientId: string;
  readonly hasSecret: boolean;
  readonly redirectUri: string;
}

/** A code of a registered app is that app's alone, and no registered app gets at any other (RFC 9700, 4.5). */
export async function redeemCode(
  services: CodeServices,
  exchange: Exchange,
  redeemer: Redeemer | null,
  clientAddress: string,
): Promise<CreatedKey & { scope: string | null }> {
  const { db } = services.database;
  const source = keyedHash(services.masterKey, 'source of a code exchange', sourceOf(clientAddress));
  const row = await findCode(db, hashOf(exchange.code));
  if (row === undefined || row.client_id !== (redeemer?.clientId ?? null)) throw refused();
  if (row.used_at_ms !== null) return await refuseReplay(services, row, { exchange, redeemer, source });
  if (row.expires_at_ms <= services.clock.nowMs()) throw expired();
  if (redeemer !== null && redeemer.redirectUri !== row.redirect_uri) throw otherRedirect();
  await mustBeProven(services.database, row, exchange);
  const consent = { ...row, made_for: row.callback_url === null ? null : shownHostOf(row.callback_url) };
  const authority = await authorityOf(services, consent);
  if (authority === 'gone') {
    await burnCode(db, row.code_hash, services.clock.nowMs());
    throw refused();
  }
  if (authority === 'suspended') throw refused();
  const created = await mintKey(services, consent, authority, (trx, { row: key }) =>
    markCodeUsed(trx, row, { atMs: key.created_at_ms, from: source, mintedKeyHash: key.hash }),
  );
  // A twin that came at the same time, such as a double click, is refused but revokes nothing; so is one that a new choice overtook.
  if (created === null) throw refused();
  return { ...created, scope: row.scope };
}

/** For a job that runs now and then. */
export async function forgetOldCodes(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteCodesUntil(services.database.db, services.clock.nowMs() - CODE_KEPT_MS);
}

/** The number of the app whose codes go to this origin. */
export async function appOf(database: Database, origin: string, nowMs: number): Promise<number> {
  const known = await findAppId(database.db, origin);
  return known ?? (await database.transaction((trx) => findOrInsertApp(trx, origin, nowMs)));
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
 * Who knows the verifier or the app's secret is the app, or a thief; nobody can tell which of the two has the key (RFC 6749,
 * 4.1.2). Without either it is only a code out of somebody's history, which must not take a key away, and neither must the same
 * client that lost the answer and asks again at once.
 */
async function refuseReplay(
  services: CodeServices,
  row: CodeRow,
  { exchange, redeemer, source }: { exchange: Exchange; redeemer: Redeemer | null; source: string },
): Promise<never> {
  const { account_id: accountId, app_id: appId, minted_key_hash: keyHash } = row;
  if (keyHash === null || !couldHaveUsed(row, exchange, redeemer)) throw refused();
  if (isRetry(row, source, services.clock.nowMs())) throw refused();
  services.onReplay({ accountId, appId, keyHash });
  try {
    await deleteKey(services, { accountId, hash: keyHash, kinds: ['api'] });
  } catch (thrown) {
    const wasGone = thrown instanceof TurnpikeError && thrown.code === 'not_found';
    if (!wasGone) throw thrown;
  }
  throw refused();
}

function isRetry(row: CodeRow, source: string, nowMs: number): boolean {
  return row.used_from === source && row.used_at_ms !== null && nowMs - row.used_at_ms <= RETRY_WITHIN_MS;
}

function couldHaveUsed(row: CodeRow, exchange: Exchange, redeemer: Redeemer | null): boolean {
  const challenge = challengeOf(row);
  if (challenge === null) return redeemer?.hasSecret ?? false;
  return exchange.verifier !== null && provesChallenge(exchange.verifier, challenge);
}

function challengeOf(row: CodeRow): Challenge | null {
  if (row.code_challenge === null || row.code_challenge_method === null) return null;
  return { text: row.code_challenge, method: row.code_challenge_method };
}

/** One text for every reason, so that nobody learns which codes exist. */
function refused(): TurnpikeError {
  return oauthError('invalid_grant', 'Invalid code or code_verifier');
}

function expired(): TurnpikeError {
  return oauthError('invalid_grant', 'Authorization code expired');
}

function otherRedirect(): TurnpikeError {
  return new TurnpikeError('invalid_request', {
    message: 'redirect_uri: differs from the one that the code was asked for with',
    metadata: { oauth_error: 'invalid_grant' },
  });
}
