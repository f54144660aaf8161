/** What a provider's failure means for the caller, for the next endpoint and for the endpoint's health. */
import { type ErrorCode, TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { Out } from './ways.ts';

export interface PreviousError {
  readonly provider: string;
  readonly code: number;
  readonly status: number;
}

export interface FailureContext {
  readonly providerName: string;
  readonly generationId: string;
  readonly previous: readonly PreviousError[];
  /** The least that any provider that was tried asks to wait. */
  readonly retryAfterSeconds: number | null;
  /** What `error.availability` says of a request that nobody could serve; null where it says nothing. */
  readonly availabilityOf: (error: ProviderError) => JsonObject | null;
}

/**
 * The public error for a provider's failure. An upstream's 401, 402, 403 or 404 is about the operator's account there,
 * not about the caller's key: to the caller the provider is unavailable.
 */
export function publicError(error: ProviderError, context: FailureContext): TurnpikeError {
  const code = codeOf(error);
  const availability = context.availabilityOf(error);
  const passed = passedStatus(error);
  return new TurnpikeError(code, {
    message: error.message,
    // The log shows the cause of a 5xx: of a broken connection it tells why.
    cause: error.failure === 'unreachable' ? error.cause : undefined,
    detail: detailOf(error, context.providerName),
    ...(passed === null ? {} : { status: passed }),
    ...(context.retryAfterSeconds === null ? {} : { retryAfterSeconds: context.retryAfterSeconds }),
    headers: { 'x-generation-id': context.generationId },
    metadata: {
      provider_name: context.providerName,
      ...(error.raw === null || error.raw === '' ? {} : { raw: error.raw }),
      ...(error.providerCode === null ? {} : { provider_code: error.providerCode }),
      ...(context.previous.length === 0 ? {} : { previous_errors: context.previous }),
    },
    ...(availability === null ? {} : { extra: { availability } }),
  });
}

/**
 * Nobody was asked, for everybody who may serve sits out or is full: 429 where waiting is all that it takes, else 503. `outs`: of each
 * that still does.
 */
export function everybodyIsOut(
  outs: readonly Out[],
  {
    generationId,
    availabilityOf,
  }: {
    readonly generationId: string;
    readonly availabilityOf: (isRate: boolean, retryAfterSeconds: number) => JsonObject;
  },
): TurnpikeError {
  const leastMs = outs.reduce((least, { waitMs }) => Math.min(least, waitMs), outs[0]?.waitMs ?? 1000);
  const retryAfterSeconds = Math.max(1, Math.ceil(leastMs / 1000));
  const isRate = outs.some(({ reason }) => reason === 'rate' || reason === 'full');
  const who = isRate
    ? 'Every provider of this model has had as many requests as it takes for now'
    : 'No provider of this model serves this gateway at the moment';
  return new TurnpikeError(isRate ? 'provider_rate_limited' : 'provider_unavailable', {
    message: `${who}; repeat this request in ${retryAfterSeconds} s`,
    detail: `nobody was asked: ${outs.map(({ reason }) => reason).join(', ')}`,
    ...(isRate ? {} : { status: 503 }),
    retryAfterSeconds,
    headers: { 'x-generation-id': generationId },
    extra: { availability: availabilityOf(isRate, retryAfterSeconds) },
  });
}

/**
 * For the operator's log. What a provider says of the operator's account is for nobody else; any other text of its may quote the
 * prompt, and stays out of it.
 */
function detailOf(error: ProviderError, providerName: string): string {
  const known = `${providerName}: ${error.failure} ${error.status ?? ''}`.trimEnd();
  return error.detail === null || error.fault !== 'account' ? known : `${known} ${error.detail}`;
}

/** Anything thrown on the way to a provider, as a ProviderError; what is not one is our own defect and stays as it is. */
export function asProviderError(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  throw thrown;
}

function codeOf(error: ProviderError): ErrorCode {
  if (error.failure === 'timeout') return 'provider_timeout';
  if (error.fault === 'caller')
    return error.isContextLength ? 'context_length_exceeded' : 'provider_rejected';
  if (error.fault === 'content') return 'provider_rejected';
  if (error.fault === 'login') return 'login_refused';
  if (error.fault === 'rate' || error.fault === 'busy') return 'provider_rate_limited';
  if (error.fault === 'account') return 'provider_unavailable';
  if (error.fault === 'gateway') return 'unavailable';
  switch (error.status) {
    case 408:
    case 504:
    case 524:
      return 'provider_timeout';
    case 503:
    case 529:
      return 'provider_overloaded';
    default:
      return 'provider_unavailable';
  }
}

/** Statuses that reach the caller as they are; the catalogue's own serve for all others. */
function passedStatus({ status, fault, isContextLength }: ProviderError): number | null {
  if (fault === 'login' || (fault === 'content' && status === 403)) return status;
  if (fault === 'caller') return !isContextLength && (status === 413 || status === 422) ? status : null;
  return fault === 'provider' && (status === 524 || status === 529) ? status : null;
}
