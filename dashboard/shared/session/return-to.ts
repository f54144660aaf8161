/** Where somebody wanted to go before they were asked to sign in: a page of ours, or nowhere. */

const HOME = '/keys';

/**
 * Whatever does not lead to our own origin is ignored, so that no link can lead elsewhere through our sign-in. What is judged is what
 * the browser makes of it, and that as it is used then: `/.//other.example` is a path of ours that begins like another host.
 */
export function safeReturnTo(value: string | null | undefined): string {
  const url = value?.startsWith('/') === true ? URL.parse(value, location.origin) : null;
  if (url === null || url.origin !== location.origin) return HOME;
  const path = `${url.pathname}${url.search}${url.hash}`;
  return URL.parse(path, location.origin)?.href === url.href ? path : HOME;
}

export function returnToOf(search: string): string {
  return safeReturnTo(new URLSearchParams(search).get('return_to'));
}

/** The same page's query, for the next step of the same sign-in. */
export function keepingReturnTo(path: string, search: string): string {
  const value = new URLSearchParams(search).get('return_to');
  return value === null ? path : `${path}?return_to=${encodeURIComponent(value)}`;
}

/** The document itself is loaded anew: what it may do depends on its address (`/auth` alone may lead to an app). */
export function leaveFor(path: string): void {
  location.assign(safeReturnTo(path));
}

export function signInPath(): string {
  const here = `${location.pathname}${location.search}`;
  return here === '/' ? '/sign-in' : `/sign-in?return_to=${encodeURIComponent(here)}`;
}
