/** The host that somebody typed in, judged by every address that its name has at the moment in which it is connected to. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './address.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Why nothing was reached. The text is for the operator: it names the host, which the caller may not know. */
export class EgressError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EgressError';
  }
}

export function isVouchedFor(url: URL, privateHosts: readonly string[]): boolean {
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  return privateHosts.includes(`${url.hostname}:${port}`);
}

export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

export async function addressesOf(url: URL, resolve: Resolve): Promise<readonly string[]> {
  const host = bareHost(url);
  if (isIP(host) !== 0) return [host];
  const addresses = await resolve(host);
  if (addresses.length === 0) throw new EgressError(`${host} has no address`);
  return addresses;
}

export async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

/** One private address among public ones is no accident. */
export function mustAllBePublic(url: URL, addresses: readonly string[]): void {
  const own = addresses.find((address) => !isPublicAddress(address));
  if (own !== undefined) throw new EgressError(`${url.host} leads to ${own}, which is not a public address`);
}

/**
 * The address to connect to, which is the one that was judged: no second look-up can lead elsewhere. Rejects with an `EgressError`.
 * @param port as a number, also where it is the scheme's own
 */
export type PublicAddressOf = (hostname: string, port: number, isTls: boolean) => Promise<string>;

export function createPublicAddressOf(options: {
  readonly privateHosts: readonly string[];
  readonly resolve?: Resolve;
}): PublicAddressOf {
  const { privateHosts, resolve = resolveBySystem } = options;
  return async (hostname, port, isTls) => {
    const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
    const url = new URL(`${isTls ? 'https' : 'http'}://${host}:${port}`);
    const addresses = await addressesOf(url, resolve);
    if (!isVouchedFor(url, privateHosts)) {
      if (!isTls) throw new EgressError(`${host} would be spoken to without TLS`);
      mustAllBePublic(url, addresses);
    }
    const [first] = addresses;
    if (first === undefined) throw new EgressError(`${host} has no address`);
    return first;
  };
}
