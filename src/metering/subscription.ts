/** Requests that a caller's own subscription at the provider pays for: their endpoint is recorded under a tag that no configuration can give one. */
const SUFFIX = ':subscription';

export function subscriptionTag(tag: string): string {
  return `${tag}${SUFFIX}`;
}

export function isOfSubscription(tag: string | null): boolean {
  return tag?.endsWith(SUFFIX) === true;
}
