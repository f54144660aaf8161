/** Whose address a request comes from: the connection's, or what a reverse proxy that the operator trusts says of it. */
import { BlockList, isIP } from 'node:net';

/** When nothing tells, as behind a Unix socket. */
export const UNKNOWN_ADDRESS = 'unknown';

/** `peer`: the other end of the connection. */
export type ReadClientAddress = (peer: string | null, headers: Headers) => string;

/** `trustedProxies`: addresses and networks such as `10.0.0.0/8`. From anybody else, `X-Forwarded-For` is only a claim. */
export function createClientAddressReader(trustedProxies: readonly string[]): ReadClientAddress {
  const trusted = new BlockList();
  for (const entry of trustedProxies) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return (peer, headers) => {
    let address = peer === null ? UNKNOWN_ADDRESS : withoutMapping(peer);
    if (trustedProxies.length === 0 || !isTrusted(address)) return address;
    // Each proxy appends the address it heard from, so the list is believed from its end, as far as it was written by ours.
    const hops = (headers.get('x-forwarded-for') ?? '').split(',').reverse();
    for (const hop of hops) {
      const claimed = withoutMapping(withoutPort(hop.trim()));
      if (isIP(claimed) === 0) break;
      address = claimed;
      if (!isTrusted(claimed)) break;
    }
    return address;
  };
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

/** A socket that listens on both families shows IPv4 as `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2). */
function withoutMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
