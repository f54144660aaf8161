/** The catalogue as Google's clients read it: they ask for it at paths of which OpenRouter's clients expect another list. */
import type { JsonObject } from '../json.ts';

export interface GoogleListing {
  /** Models that can be asked by Google's methods, in the catalogue's order. Throws a 400 for a page that is none. */
  page(query: URLSearchParams): JsonObject;
  /** Throws a 404 for a name of nothing. */
  model(name: string): JsonObject;
}

/** Google's clients name themselves, or bring their key, in a header that no others have. */
export function isGoogleClient(headers: Headers): boolean {
  return headers.has('x-goog-api-client') || headers.has('x-goog-api-key');
}
