/** Any error as an answer. Its body is written by the dialect of the route, and in OpenRouter's envelope where it has none. */

import { type ErrorForm, OPENROUTER_ERRORS } from '../error-body.ts';
import { toTurnpikeError } from '../errors.ts';
import { newRequestId } from '../ids.ts';

export function errorResponse(
  thrown: unknown,
  requestId: string = newRequestId(),
  form: ErrorForm = OPENROUTER_ERRORS,
): Response {
  const error = toTurnpikeError(thrown);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...form.errorHeaders?.(error, requestId),
    ...error.headers,
  };
  if (error.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, error.retryAfterSeconds));
  const status = form.errorStatus?.(error) ?? error.status;
  return new Response(JSON.stringify(form.errorBody(error, requestId)), { status, headers });
}
