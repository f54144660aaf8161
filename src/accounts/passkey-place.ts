/** Where passkeys work: browsers tie each to a name, which an address of digits is not (WebAuthn, 5.1.3). No I/O. */
import { isIP } from 'node:net';

export interface PasskeyPlace {
  /** The name that passkeys are made for; they work on what lies below it too. Null: there is none. */
  readonly host: string | null;
  /** The pages that they may be used on. */
  readonly origins: readonly string[];
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A gateway on one's own machine has a name beside its address, by which browsers find it as well. */
export function passkeyPlaceOf(publicUrl: string): PasskeyPlace {
  const url = new URL(publicUrl);
  const { hostname, origin } = url;
  if (LOOPBACK.test(hostname)) {
    url.hostname = 'localhost';
    return { host: 'localhost', origins: [url.origin, origin] };
  }
  const isAddress = isIP(hostname) !== 0 || hostname.startsWith('[');
  return { host: isAddress ? null : hostname, origins: [origin] };
}
