/** What sealed values are bound to that more than one folder opens: the same text seals and opens. */

/** Of the private half of a signing key. */
export function signingKeyContext(kid: string): string {
  return JSON.stringify(['signing_key', kid]);
}

/** Of the data key that a workspace's content of one day is sealed with. */
export function contentKeyContext(accountId: string, keyId: string): string {
  return JSON.stringify(['content_key', accountId, keyId]);
}

/** Of the prompt and the answer of one generation. */
export function contentContext(accountId: string, generationId: string): string {
  return JSON.stringify(['content', accountId, generationId]);
}
