/** Failures in Anthropic's envelope, in the words that its clients act on. */
import { routingMember } from '../../error-body.ts';
import type { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { tooLongMessage } from './too-long.ts';

/** By OpenRouter's `error_type`; all others are about the request (4xx) or about us. */
const TYPES: Readonly<Record<string, string>> = {
  authentication: 'authentication_error',
  permission_denied: 'permission_error',
  payment_required: 'billing_error',
  not_found: 'not_found_error',
  image_not_found: 'not_found_error',
  rate_limit_exceeded: 'rate_limit_error',
  provider_overloaded: 'overloaded_error',
  timeout: 'timeout_error',
};

/** `request_id` is that of the generation, once there is one. */
export function messagesErrorBody(error: TurnpikeError): JsonObject {
  return (
    error.body ?? {
      type: 'error',
      error: {
        type: typeOf(error),
        message: messageOf(error),
        error_type: error.type,
        ...error.extra,
      },
      request_id: error.headers['x-generation-id'] ?? null,
      metadata: { ...error.metadata, error_code: error.code },
      ...routingMember(error),
    }
  );
}

/** As Anthropic answers for a model that is not there. OpenRouter's 400 makes Claude Code ask six times, leaving out one header after the other. */
export function messagesErrorStatus({ code, status }: TurnpikeError): number {
  return code === 'model_not_found' ? 404 : status;
}

function typeOf(error: TurnpikeError): string {
  if (messagesErrorStatus(error) === 404) return 'not_found_error';
  return TYPES[error.type] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error');
}

export function messagesErrorHeaders(
  error: TurnpikeError,
  requestId: string,
): Readonly<Record<string, string>> {
  const repeat = helpsToRepeat(error);
  return {
    'request-id': requestId,
    ...(repeat === null ? {} : { 'x-should-retry': String(repeat) }),
  };
}

/** Longer than this clients wait for nobody. */
const MOST_RETRY_AFTER_SECONDS = 60;

/**
 * Null: the client's own rule is right. Claude Code repeats a 401 ten times, and a limit that is used up stays so for hours; while one
 * that requests in flight hold is free again in a moment, which a 402 does not tell it.
 */
function helpsToRepeat(error: TurnpikeError): boolean | null {
  const { code, status, retryAfterSeconds } = error;
  if (code === 'in_flight_budget_exhausted') return lowerCap(error) === null ? true : null;
  if (status === 402) return lowerCap(error) === null ? false : null;
  if (status === 401 || status === 403) return false;
  if (code !== 'rate_limit_exceeded') return null;
  return retryAfterSeconds !== undefined && retryAfterSeconds <= MOST_RETRY_AFTER_SECONDS ? null : false;
}

function messageOf(error: TurnpikeError): string {
  if (error.code === 'context_length_exceeded') return tooLongMessage(error.message);
  if (error.code === 'invalid_api_key' || error.code === 'missing_api_key')
    return `${error.message}. Send a key of this gateway: in Claude Code, ANTHROPIC_AUTH_TOKEN`;
  const cap = lowerCap(error);
  if (cap === null) return error.message;
  return (
    `max_tokens: ${cap.asked} > ${cap.affordable}, which is the maximum allowed number of output tokens for ` +
    `this request. ${error.message}`
  );
}

/** Claude Code lowers itself to no less: 3,000 it did not take. */
const LEAST_CAP = 4096;

/** The cap that the money left would pay for, where it is worth asking again with it. `limits/refusal.ts` tells both numbers. */
function lowerCap({ status, metadata }: TurnpikeError): { asked: number; affordable: number } | null {
  const { requested_tokens: asked, affordable_tokens: affordable } = metadata;
  if (status !== 402 || typeof asked !== 'number' || typeof affordable !== 'number') return null;
  return affordable >= LEAST_CAP && affordable < asked ? { asked, affordable } : null;
}
