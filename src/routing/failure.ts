/** What a provider's failure means for the caller, for the next endpoint and for the endpoint's health. */
import { type ErrorCode, TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { ProviderError } from '../providers/provider-error.ts';

/** The request itself is at fault: another provider of the same model would refuse it too. */
export function isCallersFault(error: ProviderError): boolean {
  return error.fault === 'caller';
}

/** Counted against the endpoint: everything but the caller's own mistakes and rate limits. */
export function isProvidersFault(error: ProviderError): boolean {
  return error.fault === 'provider' || error.fault === 'account';
}

/**
 * Whether another endpoint may be tried. After a time-out of ours it may not: the provider goes on working and charges for it, so a
 * second one would be paid for the same request without anybody having asked for that. A request that never left is tried again, unless
 * this machine is why. What one of its endpoints refuses of a caller's login, the others do too.
 */
export function mayTryNext(error: ProviderError): boolean {
  return (
    error.fault !== 'gateway' && error.fault !== 'login' && (error.failure !== 'timeout' || error.neverSent)
  );
}

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
  if (error.fault === 'login') return 'login_refused';
  if (error.fault === 'rate') return 'provider_rate_limited';
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
  if (fault === 'login') return status;
  if (fault === 'caller') return !isContextLength && (status === 413 || status === 422) ? status : null;
  return fault === 'provider' && (status === 524 || status === 529) ? status : null;
}
