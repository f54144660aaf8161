/** Any error as an answer. Its body is written by the dialect of the route, and in OpenRouter's envelope where it has none. */
import { errorBody } from '../error-body.ts';
import { type TurnpikeError, toTurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';

export function errorResponse(
  thrown: unknown,
  render: (error: TurnpikeError) => JsonObject = errorBody,
): Response {
  const error = toTurnpikeError(thrown);
  const headers: Record<string, string> = { 'content-type': 'application/json', ...error.headers };
  if (error.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, error.retryAfterSeconds));
  return new Response(JSON.stringify(render(error)), { status: error.status, headers });
}
