/** Where a code may be sent: https, or this user's own machine. What browsers read in two ways is refused. No I/O. */

export interface CallbackUrl {
  /** As we write it ourselves, never as it came; without a `code` of its own. */
  readonly href: string;
  /** What tells one app from another. */
  readonly origin: string;
  /** With its port, in ASCII: what a user may know the app by. */
  readonly host: string;
}

const MAX_CHARACTERS = 2048;
/** Both slashes written, and no user in front of the host: neither `https:evil`, nor `https://good@evil`. */
const ABSOLUTE = /^https?:\/\/[^/?#@]+(?:[/?]|$)/i;
/** Controls, line ends and blanks, which parsers drop in silence, and the backslash, which only some take for a slash. */
const AMBIGUOUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u;
const ENCODED_LINE_END = /%0[0ad]/i;
/** Some servers drop what follows the `;` and go up: `/app/..;/elsewhere`. */
const HIDDEN_PARENT = /(?:\.|%2e){2}(?:;|%3b)/i;
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Null: no code is sent there. */
export function parseCallbackUrl(text: string): CallbackUrl | null {
  if (text.length > MAX_CHARACTERS || !ABSOLUTE.test(text)) return null;
  // A fragment is forbidden by RFC 6749 (3.1.2): a code behind it would never reach the app's server.
  if (AMBIGUOUS.test(text) || ENCODED_LINE_END.test(text) || text.includes('#')) return null;
  const url = URL.parse(text);
  if (url === null || HIDDEN_PARENT.test(url.pathname)) return null;
  if (url.protocol !== 'https:' && !LOOPBACK_HOSTS.includes(url.hostname)) return null;
  url.search = withoutCode(url.search);
  return { href: url.href, origin: url.origin, host: url.host };
}

/** An old code would stand before the new one and be read in its place. All other parameters keep their spelling. */
function withoutCode(search: string): string {
  return search
    .slice(1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has('code'))
    .join('&');
}
