/** What every answer to a page of ours carries: no other site may frame it, read it, guess its type or learn its address. */

const headers: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Where a handler set a header itself, its own stays. */
export function addPageHeaders(response: Response): void {
  for (const name in headers) {
    if (!response.headers.has(name)) response.headers.set(name, headers[name] ?? '');
  }
}
