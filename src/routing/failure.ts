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

/** A provider that was too slow for us may work on, and bill: nobody else is paid for the same request unasked. */
export function mayTryNext(error: ProviderError): boolean {
  return error.failure !== 'timeout' || error.neverSent;
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
  const passed = passedStatus(error.status);
  const availability = context.availabilityOf(error);
  return new TurnpikeError(codeOf(error), {
    message: error.message,
    // The log shows the cause of a 5xx: of a broken connection it tells why, while what a provider wrote may quote the prompt.
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

/** The provider's own text is for the operator where it is about the operator's account. */
function detailOf(error: ProviderError, providerName: string): string {
  const said = error.fault === 'account' && error.detail !== null ? `: ${error.detail}` : '';
  return `${providerName}: ${error.failure} ${error.status ?? ''}${said}`;
}

/** Anything thrown on the way to a provider, as a ProviderError; what is not one is our own defect and stays as it is. */
export function asProviderError(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  throw thrown;
}

function codeOf(error: ProviderError): ErrorCode {
  if (error.failure === 'timeout') return 'provider_timeout';
  if (error.fault === 'account') return 'provider_unavailable';
  if (error.fault === 'rate') return 'provider_rate_limited';
  if (error.fault === 'caller')
    return error.isContextLength ? 'context_length_exceeded' : 'provider_rejected';
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
function passedStatus(status: number | null): number | null {
  return status === 413 || status === 422 || status === 524 || status === 529 ? status : null;
}
