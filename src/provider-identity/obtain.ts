/** One exchange: our own token, signed for this vendor and these few minutes, for one of the vendor's. */
import { SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { ProviderIdentity } from '../providers/identity.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { NoAnswer, type SmallRequest, sendSmall } from '../upstream/small-request.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import type { Signer } from '../workload-identity/signing-keys.ts';
import {
  exchangeRequest,
  impersonationRequest,
  type Obtained,
  readImpersonated,
  readObtained,
  refusalCode,
} from './exchanges.ts';

const ASSERTION_SECONDS = 300;
/** Requests may wait for it. */
const TIMEOUT_MS = 10_000;

export interface ObtainServices {
  readonly client: UpstreamClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signer: () => Promise<Signer>;
  readonly issuer: string;
}

/** Rejects with a ProviderError whose words are for callers, and has told the operator's log why. */
export async function obtain(
  services: ObtainServices,
  provider: string,
  identity: ProviderIdentity,
): Promise<Obtained> {
  try {
    const askedAtMs = services.clock.nowMs();
    const text = await ask(services, exchangeRequest(identity, await assertion(services, identity)));
    const obtained = readObtained(identity, text, askedAtMs);
    if (obtained === null) throw new Failure('provider', 'an answer that is no credential');
    if (identity.exchange !== 'google' || identity.impersonationUrl === null) return obtained;
    if (obtained.credential.kind !== 'bearer') throw new Error('Google gives bearer tokens alone');
    const { token } = obtained.credential;
    const impersonated = readImpersonated(
      await ask(services, impersonationRequest(identity.impersonationUrl, token)),
    );
    if (impersonated === null) throw new Failure('provider', 'an answer that is no credential');
    return impersonated;
  } catch (thrown) {
    throw failureOf(services, provider, identity, thrown);
  }
}

async function assertion(
  { signer, issuer, clock }: ObtainServices,
  identity: ProviderIdentity,
): Promise<string> {
  const { kid, privateKey, algorithm } = await signer();
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  return await new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid })
    .setIssuer(issuer)
    .setSubject(identity.subject)
    .setAudience(identity.audience)
    // Some vendors take each token once.
    .setJti(newId())
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + ASSERTION_SECONDS)
    .sign(privateKey);
}

/** Why, in words for the operator: nothing that a vendor wrote but its code. */
class Failure extends Error {
  readonly fault: 'account' | 'provider';

  constructor(fault: 'account' | 'provider', message: string) {
    super(message);
    this.fault = fault;
  }
}

async function ask({ client }: ObtainServices, request: SmallRequest): Promise<string> {
  const { status, text } = await sendSmall(client, request, TIMEOUT_MS);
  if (status >= 200 && status < 300) return text;
  const code = refusalCode(text);
  const isTransient = status === 408 || status === 429 || status >= 500 || status < 400;
  throw new Failure(
    isTransient ? 'provider' : 'account',
    code === null ? `status ${status}` : `status ${status}, ${code}`,
  );
}

function failureOf(
  { logger }: ObtainServices,
  provider: string,
  { exchange, tokenUrl }: ProviderIdentity,
  thrown: unknown,
): ProviderError {
  const isKnown = thrown instanceof Failure || thrown instanceof NoAnswer;
  const reason = isKnown ? thrown.message : 'our own token could not be signed';
  logger.error('provider_sign_in_failed', {
    ...{ provider, exchange, reason, tokenEndpoint: new URL(tokenUrl).host },
    // What a vendor said is in none of these.
    ...(isKnown ? {} : { error: thrown }),
  });
  const fault = thrown instanceof Failure ? thrown.fault : 'provider';
  return new ProviderError(thrown instanceof NoAnswer ? 'unreachable' : 'status', {
    fault,
    message: 'The provider does not serve this gateway at the moment',
    detail: `sign-in by workload identity: ${reason}`,
    // The request itself has gone nowhere yet.
    neverSent: true,
  });
}
