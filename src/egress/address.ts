/** Which IP addresses belong to the public internet; everything else may be a machine that trusts us. No I/O. */
import { BlockList, isIP } from 'node:net';

/**
 * IPv4 that is not globally reachable (IANA's special-purpose registry, RFC 6890), with multicast, the reserved block, and the
 * relays of 6to4, behind which anything may stand.
 */
const SPECIAL_IPV4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Within 2000::/3, what is not a host on the internet: IETF protocols and Teredo, documentation, 6to4. */
const SPECIAL_IPV6: readonly (readonly [network: string, bits: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const specialIpv4 = new BlockList();
for (const [network, bits] of SPECIAL_IPV4) specialIpv4.addSubnet(network, bits, 'ipv4');
const specialIpv6 = new BlockList();
for (const [network, bits] of SPECIAL_IPV6) specialIpv6.addSubnet(network, bits, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** False for anything that is not an address, one with a zone (`fe80::1%eth0`) among them. */
export function isPublicAddress(text: string): boolean {
  if (text.includes('%')) return false;
  const family = isIP(text);
  if (family === 4) return isPublicIpv4(text);
  if (family === 0) return false;
  const embedded = embeddedIpv4(text);
  if (embedded !== null) return isPublicIpv4(embedded);
  return globalUnicast.check(text, 'ipv6') && !specialIpv6.check(text, 'ipv6');
}

/** Whether only programs of this machine can be at the other end. `host`: with or without the brackets of a URL. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?::1\]?$/.test(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isPublicIpv4(address: string): boolean {
  return !specialIpv4.check(address, 'ipv4');
}

/** The IPv4 address that `::ffff:0:0/96` (RFC 4291) and NAT64's `64:ff9b::/96` (RFC 6052) lead to; null: none. */
function embeddedIpv4(address: string): string | null {
  // The URL parser gives every IPv6 address its one short form (RFC 5952), in hexadecimal.
  const short = URL.parse(`http://[${address}]/`)?.hostname ?? '';
  const match = /^\[(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(short);
  if (match === null) return null;
  const [high, low] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
