/** What errors look like: the form of a door, and OpenRouter's envelope, which most have. */
import type { TurnpikeError } from './errors.ts';
import type { JsonObject } from './json.ts';

/**
 * The `error` member, for a JSON answer and for the last event of a stream alike. `code` is the HTTP status, an integer, or the
 * official SDK rejects the whole answer; our own word goes beside it as `metadata.error_code`.
 */
export function errorMember(error: TurnpikeError): JsonObject {
  return {
    code: error.status,
    message: error.message,
    ...error.extra,
    metadata: { ...error.metadata, error_type: error.type, error_code: error.code },
  };
}

/** Beside the error, in each envelope that has room for it. */
export function routingMember({ routing }: TurnpikeError): JsonObject {
  return routing === null ? {} : { openrouter_metadata: routing };
}

/** How one kind of API tells its callers of failures. */
export interface ErrorForm {
  errorBody(error: TurnpikeError, requestId: string): JsonObject;
  /** The HTTP status, where its clients act on another one than OpenRouter's; absent: the error's own. */
  errorStatus?(error: TurnpikeError): number;
  /** Beside those that the error brings itself, which win. */
  errorHeaders?(error: TurnpikeError, requestId: string): Readonly<Record<string, string>>;
}

/** A standard with a shape of its own (RFC 6749, 5.2) brings the whole body. */
export function errorBody(error: TurnpikeError): JsonObject {
  return error.body ?? { error: errorMember(error), ...routingMember(error) };
}

export const OPENROUTER_ERRORS: ErrorForm = { errorBody };
