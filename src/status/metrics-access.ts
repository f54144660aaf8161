/**
 * Who may read the figures: they tell what an operator's business is. Anyone who reaches us only from this machine; else, and when
 * a proxy has handed the request on, whoever shows the operator's token.
 */
import { timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../egress/address.ts';
import { TurnpikeError } from '../errors.ts';

/** What proxies add (RFC 7239, RFC 9110 section 7.6.3, and habits). */
const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
];

/**
 * `host`: where the gateway listens; `token`: null when the operator has set none. Throws 404 without one, 401 for a wrong one.
 *
 * Without a token the request must name this machine: a page of a stranger's, whose own name the stranger lets lead to 127.0.0.1 once
 * it is open (DNS rebinding), asks from this machine too, and reads what comes back as its own; but it cannot ask under another name.
 */
export function createMetricsGate(options: {
  readonly host: string;
  readonly token: () => string | null;
}): (headers: Headers) => void {
  const isLocal = isLoopback(options.host);
  return (headers) => {
    const isForwarded = FORWARDING_HEADERS.some((name) => headers.has(name));
    if (isLocal && !isForwarded && namesThisMachine(headers.get('host'))) return;
    const token = options.token();
    // As if it were not there: an operator who has set no token wants nobody to find it.
    if (token === null) throw new TurnpikeError('not_found');
    if (isEqual(headers.get('authorization') ?? '', `Bearer ${token}`)) return;
    throw new TurnpikeError('invalid_api_key', {
      message: 'The token for the metrics is missing or wrong',
      headers: { 'www-authenticate': 'Bearer realm="metrics"' },
    });
  };
}

/** A program that names nobody (HTTP/1.0) is no browser. */
function namesThisMachine(host: string | null): boolean {
  if (host === null) return true;
  return isLoopback(URL.parse(`http://${host}`)?.hostname ?? '');
}

/** In a time that tells nothing about where they differ. */
function isEqual(given: string, right: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}
