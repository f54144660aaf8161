/** What sealed values are bound to that more than one folder opens: the same text seals and opens. */

/** Of the private half of a signing key. */
export function signingKeyContext(kid: string): string {
  return JSON.stringify(['signing_key', kid]);
}
