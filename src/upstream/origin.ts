/** Where a URL leads: the origin whose connections are shared, and what stands in the request line. */
import type { PublicAddressOf } from '../egress/public-host.ts';

export interface Origin {
  /** `https://host:port`, the port always said. */
  readonly key: string;
  readonly isTls: boolean;
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Of an address that somebody typed in: the address to connect to; rejects where it is not of the public internet. */
  readonly addressOf?: PublicAddressOf;
}

export interface Target {
  readonly origin: Origin;
  /** As the Host field says it: the port only where it is not the scheme's own. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** `Basic …`, of a user name and password in the URL; null: none. */
  readonly authorization: string | null;
}

const MAX_CACHED = 1000;

/** The few URLs that a gateway calls, each parsed once. */
export class Targets {
  readonly #known = new Map<string, Target>();

  /** Throws a TypeError for what is no absolute http or https URL, or has white space or control characters. */
  of(url: string): Target {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const target = parseTarget(url);
    if (this.#known.size >= MAX_CACHED) this.#known.clear();
    this.#known.set(url, target);
    return target;
  }
}

export function parseTarget(url: string): Target {
  // The URL parser drops tabs and line ends without a word, so that it would hide them from the check.
  if (hasControlOrSpace(url)) throw new TypeError('The URL has white space or control characters');
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new TypeError('The URL is not an absolute http or https URL');
  }
  const isTls = parsed.protocol === 'https:';
  const port = parsed.port === '' ? (isTls ? 443 : 80) : Number(parsed.port);
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    origin: { key: `${parsed.protocol}//${parsed.hostname}:${port}`, isTls, hostname, port },
    host: parsed.host,
    path: parsed.pathname + parsed.search,
    authorization: basic(parsed),
  };
}

/** RFC 7617. Throws a TypeError where the URL's escapes are not UTF-8. */
function basic({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw new TypeError('The URL has a user name or a password that is not UTF-8');
  }
}

function hasControlOrSpace(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
