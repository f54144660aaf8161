/** What to do about a refusal: beside the gateway's own words, for whoever sits before this page. */
import type { Failure } from './answer.ts';

export interface Remedy {
  readonly text: string;
  /** Where that is done. */
  readonly to?: string;
  readonly link?: string;
}

export function remedyOf({ code, status, retryAfterSeconds }: Failure, keyHash: string): Remedy | null {
  const key = `/keys/${keyHash}`;
  switch (code) {
    case 'key_limit_exceeded':
      return { text: 'Raise the key’s limit, or choose another key.', to: key, link: 'Open the key' };
    case 'key_disabled':
    case 'key_expired':
      return { text: 'Choose another key.', to: key, link: 'Open the key' };
    case 'model_not_found':
    case 'no_endpoints':
      return { text: 'Choose another model, or ask for less of it.', to: '/models', link: 'Models' };
    case 'unreachable':
      return { text: 'Check your connection, and ask again.' };
    case 'not_signed_in':
      return { text: 'What you entered stays here.', to: '/sign-in', link: 'Sign in' };
    default:
  }
  if (status === 402) return { text: 'Ask for fewer tokens, or have credits added.' };
  if (status === 413) return { text: 'Send fewer or smaller pictures, or a shorter conversation.' };
  if (status === 429 || status === 503)
    return {
      text: retryAfterSeconds === null ? 'Ask again in a moment.' : `Ask again in ${retryAfterSeconds} s.`,
    };
  if (status >= 500) return { text: 'Ask again, or choose another provider or model.' };
  return null;
}
