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

/** What a key that somebody brought for a provider is sealed for: nothing of it can be moved to another row, tenant, provider or host. */
export interface OwnKeyPlace {
  readonly accountId: string;
  readonly id: string;
  readonly provider: string;
  /** Where it may be sent; empty: to the provider's own address. */
  readonly baseUrl: string;
}

export function ownKeyContext({ accountId, id, provider, baseUrl }: OwnKeyPlace): string {
  return JSON.stringify(['byok_key', accountId, id, provider, baseUrl]);
}

/** Of the answer to a request that may be repeated. JSON, so that no two pairs of account and key read the same. */
export function idempotentAnswerContext(accountId: string, idempotencyKey: string): string {
  return JSON.stringify(['idempotent_answer', accountId, idempotencyKey]);
}

/** Of what proves a master key. */
export function keyCheckContext(instanceId: string): string {
  return JSON.stringify(['master_key_check', instanceId]);
}

/** Of where a webhook is told and what it is signed with. */
export function webhookContext(accountId: string, id: string): string {
  return JSON.stringify(['webhook', accountId, id]);
}
