/**
 * Where a code may be sent: https, this user's own machine, or an editor on it. What browsers read in two ways is refused. No I/O.
 */

export interface CallbackUrl {
  /** As we write it ourselves, never as it came; without a `code` of its own. */
  readonly href: string;
  /** What tells one app from another. */
  readonly origin: string;
  /** With its port, in ASCII: what a user may know the app by. An editor's comes with its scheme, or it could pass for a site. */
  readonly host: string;
  /** On the user's own machine. */
  readonly isLocal: boolean;
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
/** Parsers let `;`, `,` and `*` stand in a host, which mean something of their own in the page's Content-Security-Policy. */
const HOST = /^[a-z0-9._-]+$/;
/** As editors hand a link on to an extension: `vscode://publisher.name/path`. */
const EDITOR = /^([a-z][a-z0-9+.-]*):\/\/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:[/?]|$)/i;

export const CALLBACK_RULE =
  'must be an https URL, or an http URL of localhost, 127.0.0.1 or [::1], without user or fragment';

export const EDITOR_CALLBACK_RULE = `${CALLBACK_RULE}, or the link of an editor that the operator lists`;

/** `editorSchemes`: those of editors, in lower case, whose links may get a code. Null: no code is sent there. */
export function parseCallbackUrl(text: string, editorSchemes: readonly string[] = []): CallbackUrl | null {
  const scheme = EDITOR.exec(text)?.[1]?.toLowerCase() ?? '';
  const isEditor = editorSchemes.includes(scheme);
  if (text.length > MAX_CHARACTERS || !(isEditor || ABSOLUTE.test(text))) return null;
  // A fragment is forbidden by RFC 6749 (3.1.2): a code behind it would never reach the app's server.
  if (AMBIGUOUS.test(text) || ENCODED_LINE_END.test(text) || text.includes('#')) return null;
  const url = URL.parse(text);
  if (url === null || HIDDEN_PARENT.test(url.pathname)) return null;
  const isLocal = isEditor || LOOPBACK_HOSTS.includes(url.hostname);
  if (!isLocal && (url.protocol !== 'https:' || !HOST.test(url.hostname))) return null;
  url.search = without(url.search, ['code']);
  const { href } = url;
  return { href, origin: `${url.protocol}//${url.host}`, host: shownHostOf(href), isLocal };
}

/** Of a callback as we wrote it: what its app is known by. */
export function shownHostOf(href: string): string {
  const { protocol, host } = new URL(href);
  return protocol === 'https:' || protocol === 'http:' ? host : `${protocol}//${host}`;
}

/** The callback with our answer behind its own query; of what we say, nothing else says it too. */
export function withAnswer(
  callback: Pick<CallbackUrl, 'href'>,
  answer: Readonly<Record<string, string | null>>,
): string {
  const said = Object.entries(answer).filter((entry): entry is [string, string] => entry[1] !== null);
  const url = new URL(callback.href);
  const own = without(
    url.search,
    said.map(([name]) => name),
  );
  url.search = [own, new URLSearchParams(said).toString()].filter((part) => part !== '').join('&');
  return url.href;
}

/**
 * Whether a registered app may be sent to `asked`: the very text that was registered, but for the port of its own machine, which a
 * native app gets only when it runs (RFC 8252, 7.3).
 */
export function isRegistered(asked: string, registered: readonly string[]): boolean {
  return registered.some(
    (known) => known === asked || withoutLoopbackPort(known) === withoutLoopbackPort(asked),
  );
}

function withoutLoopbackPort(text: string): string {
  return text.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(?=[/?]|$)/, '$1');
}

/** An old code would stand before the new one and be read in its place. All other parameters keep their spelling. */
function without(search: string, names: readonly string[]): string {
  return search
    .slice(1)
    .split('&')
    .filter((pair) => !names.some((name) => new URLSearchParams(pair).has(name)))
    .join('&');
}
