/** What a provider's failure means for the caller, for the next endpoint and for the endpoint's health. */
import { type ErrorCode, TurnpikeError } from '../errors.ts';
import { ProviderError } from '../providers/provider.ts';

/** The request itself is at fault: another provider of the same model would refuse it too. */
export function isCallersFault(error: ProviderError): boolean {
  return error.status === 400 || error.status === 413 || error.status === 422;
}

/** Counted against the endpoint: everything but the caller's own mistakes, rate limits and our own cancelling. */
export function isProvidersFault(error: ProviderError): boolean {
  return error.failure !== 'aborted' && error.status !== 429 && !isCallersFault(error);
}

export interface PreviousError {
  readonly provider: string;
  readonly code: number;
  readonly status: number;
}

/**
 * The public error for a provider's failure. An upstream's 401, 402, 403 or 404 is about the operator's account there,
 * not about the caller's key: to the caller the provider is unavailable.
 */
export function publicError(
  error: ProviderError,
  context: {
    providerName: string;
    generationId: string;
    previous: readonly PreviousError[];
    retryAfterSeconds: number | null;
  },
): TurnpikeError {
  const code = codeOf(error);
  const passed = passedStatus(error.status);
  return new TurnpikeError(code, {
    message: error.message,
    // The log shows the cause of a 5xx: of a broken connection it tells why, while what a provider wrote may quote the prompt.
    cause: error.failure === 'unreachable' ? error.cause : undefined,
    detail: `${context.providerName}: ${error.failure} ${error.status ?? ''}`,
    ...(passed === null ? {} : { status: passed }),
    ...(context.retryAfterSeconds === null ? {} : { retryAfterSeconds: context.retryAfterSeconds }),
    headers: { 'x-generation-id': context.generationId },
    metadata: {
      provider_name: context.providerName,
      ...(error.raw === null || error.raw === '' ? {} : { raw: error.raw }),
      ...(error.providerCode === null ? {} : { provider_code: error.providerCode }),
      ...(context.previous.length === 0 ? {} : { previous_errors: context.previous }),
    },
  });
}

/** Anything thrown on the way to a provider, as a ProviderError; what is not one is our own defect and stays as it is. */
export function asProviderError(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  throw thrown;
}

function codeOf(error: ProviderError): ErrorCode {
  if (error.failure === 'timeout') return 'provider_timeout';
  switch (error.status) {
    case 400:
    case 413:
    case 422:
      return error.providerCode === 'context_length_exceeded'
        ? 'context_length_exceeded'
        : 'provider_rejected';
    case 429:
      return 'provider_rate_limited';
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
