/** Any error as an answer: the one place that knows OpenRouter's error envelope. */
import { type TurnpikeError, toTurnpikeError } from '../errors.ts';

export interface ErrorBody {
  code: number;
  message: string;
  metadata: Record<string, unknown>;
  [extra: string]: unknown;
}

/**
 * The `error` member, for a JSON answer and for the last event of a stream alike. `code` is the HTTP status, an integer,
 * or the official SDK rejects the whole answer; our own word goes beside it as `metadata.error_code`.
 */
export function errorBody(error: TurnpikeError): ErrorBody {
  return {
    code: error.status,
    message: error.message,
    ...error.extra,
    metadata: { ...error.metadata, error_type: error.type, error_code: error.code },
  };
}

export function errorResponse(thrown: unknown): Response {
  const error = toTurnpikeError(thrown);
  const headers: Record<string, string> = { 'content-type': 'application/json', ...error.headers };
  if (error.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, error.retryAfterSeconds));
  return new Response(JSON.stringify(error.body ?? { error: errorBody(error) }), {
    status: error.status,
    headers,
  });
}
