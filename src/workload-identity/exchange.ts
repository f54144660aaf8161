/** A workload's own token for an access token of ours (RFC 8693): every check between the two, in order, on one screen. */
import type { TokenParties } from '../auth/access-token.ts';
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import type { TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { oauthError } from '../oauth/oauth-error.ts';
import type { Database } from '../storage/database.ts';
import { deleteExchangesUntil, insertExchange } from './exchange-store.ts';
import { type IssuerKeys, IssuerUnavailable } from './issuer-keys.ts';
import { mintAccessToken } from './mint.ts';
import { brokenRule } from './policy.ts';
import { ACCESS_TOKEN_LIFE_MS } from './rotation.ts';
import type { SigningKeys } from './signing-keys.ts';
import { findPolicyAndIssuer, type IssuerRow, type PolicyRow } from './store.ts';
import { type SubjectToken, SubjectTokenError, verifySubjectToken } from './subject-token.ts';

const MAX_LIFE_SECONDS = ACCESS_TOKEN_LIFE_MS / 1000;
/** Past its expiry, by more than the clocks of two nodes differ. */
const EXCHANGE_KEPT_MS = 5 * 60_000;

export interface ExchangeServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly issuerKeys: IssuerKeys;
  readonly signingKeys: Pick<SigningKeys, 'signer'>;
  readonly parties: TokenParties;
  /** From the database, not from memory: null for unknown and deleted keys. */
  readonly readPrincipal: (keyHash: string) => Promise<Principal | null>;
}

export interface ExchangeRequest {
  readonly policyId: string;
  readonly subjectToken: string;
}

export interface Exchanged {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

export async function exchangeToken(
  services: ExchangeServices,
  { policyId, subjectToken }: ExchangeRequest,
): Promise<Exchanged> {
  const found = await findPolicyAndIssuer(services.database.db, policyId);
  if (found === undefined) throw refused();
  const { policy, issuer } = found;
  try {
    mustBeEnabled(policy);
    const token = await mustBeSigned(services, issuer, subjectToken);
    mustFit(policy, token);
    await mustHaveUsableTarget(services, policy);
    const life = lifeOf(token, services.clock.nowMs());
    const signer = await services.signingKeys.signer();
    const minted = await mintAccessToken(signer, services.parties, {
      subject: token.subject,
      policyId: policy.id,
      issuerId: issuer.id,
      targetKeyHash: policy.target_key_hash,
      ...life,
    });
    // Last, so that a token is not used up by a failure of ours.
    await mustBeFirst(services, policy, token);
    services.logger.info('token_exchanged', {
      ...namesOf(policy),
      subject: token.subject,
      keyHash: policy.target_key_hash,
      accessTokenId: minted.tokenId,
    });
    return { accessToken: minted.token, expiresInSeconds: life.expiresAt - life.issuedAt };
  } catch (thrown) {
    throw toldToOperator(services.logger, policy, thrown);
  }
}

/** For a job that runs now and then. */
export async function forgetOldExchanges(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteExchangesUntil(services.database.db, services.clock.nowMs());
}

/** As good as no policy. */
function mustBeEnabled(policy: PolicyRow): void {
  if (policy.enabled === 0) throw new SubjectTokenError('the policy is paused');
}

function mustBeSigned(services: ExchangeServices, issuer: IssuerRow, token: string): Promise<SubjectToken> {
  const findKey = services.issuerKeys.finder({
    issuerUrl: issuer.issuer_url,
    jwksUrl: issuer.jwks_url,
    pinnedJwks: issuer.pinned_jwks,
  });
  return verifySubjectToken(token, { url: issuer.issuer_url, findKey }, services.clock.nowMs());
}

function mustFit(policy: PolicyRow, token: SubjectToken): void {
  const broken = brokenRule(policy, token);
  if (broken !== null) throw new SubjectTokenError(`the ${broken} is not the policy's`);
}

async function mustHaveUsableTarget(services: ExchangeServices, policy: PolicyRow): Promise<void> {
  const key = await services.readPrincipal(policy.target_key_hash);
  if (key === null) throw new SubjectTokenError('the target key is deleted');
  if (key.disabled) throw new SubjectTokenError('the target key is disabled');
  if (key.expiresAtMs !== null && key.expiresAtMs <= services.clock.nowMs())
    throw new SubjectTokenError('the target key has expired');
}

/** Never past the workload's own token. */
function lifeOf(token: SubjectToken, nowMs: number): { issuedAt: number; expiresAt: number } {
  const issuedAt = Math.floor(nowMs / 1000);
  const expiresAt = Math.min(issuedAt + MAX_LIFE_SECONDS, token.expiresAt);
  if (expiresAt <= issuedAt) throw new SubjectTokenError('the token has expired');
  return { issuedAt, expiresAt };
}

async function mustBeFirst(
  services: ExchangeServices,
  policy: PolicyRow,
  token: SubjectToken,
): Promise<void> {
  const isFirst = await insertExchange(services.database.db, {
    policy_id: policy.id,
    token_hash: token.identity,
    expires_at_ms: token.expiresAt * 1000 + EXCHANGE_KEPT_MS,
  });
  if (!isFirst) throw new SubjectTokenError('the token was exchanged before');
}

/** The caller learns nothing of other people's settings; the operator, why it did not work. */
function toldToOperator(logger: Logger, policy: PolicyRow, thrown: unknown): unknown {
  if (thrown instanceof SubjectTokenError) {
    logger.info('token_exchange_refused', { ...namesOf(policy), reason: thrown.message });
    return refused();
  }
  if (thrown instanceof IssuerUnavailable) {
    logger.warn('issuer_unavailable', { ...namesOf(policy), error: thrown.cause });
    return oauthError(
      'temporarily_unavailable',
      'The keys of the issuer cannot be fetched; try again later',
      {
        retryAfterSeconds: thrown.retryAfterSeconds,
      },
    );
  }
  return thrown;
}

function namesOf(policy: PolicyRow) {
  return { accountId: policy.account_id, policyId: policy.id, issuerId: policy.issuer_id };
}

/** One text for every reason, so that nobody can probe a policy. */
function refused(): TurnpikeError {
  return oauthError('invalid_grant', 'The subject token was not accepted under this policy');
}
