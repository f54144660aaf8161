/**
 * Cross-origin access to the API: open to every origin, never with credentials, because only a Bearer key authenticates.
 * See the CORS protocol in the Fetch standard.
 */

export const corsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'X-Generation-Id, X-Turnpike-Router, X-Turnpike-Downgraded-From, X-Request-Id, Request-Id, Retry-After, X-Total-Count, Content-Disposition, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
};

const DEFAULT_REQUEST_HEADERS =
  'Authorization, Content-Type, HTTP-Referer, X-Title, X-OpenRouter-Title, X-OpenRouter-Categories, ' +
  'X-OpenRouter-Metadata, X-Turnpike-Priority, X-Session-Id, Idempotency-Key';

/** The answer to a preflight: the headers that were asked for are allowed, since none of them can authenticate by itself. */
export function preflight(request: Request, allowedMethods: string): Response {
  const asked = request.headers.get('access-control-request-headers');
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders,
      allow: allowedMethods,
      'access-control-allow-methods': allowedMethods,
      'access-control-allow-headers': asked ?? DEFAULT_REQUEST_HEADERS,
      'access-control-max-age': '86400',
    },
  });
}
