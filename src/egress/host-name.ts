/** Which names may belong to hosts on the public internet; all others are told apart by whose network they are looked up in. No I/O. */

/**
 * Top-level names that no public registry gives out: of special use (RFC 6761, 6762, 7686, 8375), for private networks (ICANN's
 * `internal`, and those that it holds back for the collisions they would cause), and what home routers and clouds use.
 */
const PRIVATE_ENDINGS = [
  ...['localhost', 'local', 'localdomain', 'internal', 'intranet', 'private', 'corp', 'home', 'lan', 'mail'],
  ...['home.arpa', 'in-addr.arpa', 'ip6.arpa', 'invalid', 'onion', 'alt', 'workgroup'],
  ...['cluster', 'svc', 'consul', 'docker', 'fritz.box'],
];

/** `host`: as the URL parser writes it, in lower case and ASCII; with or without the dot that ends a full name. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  // A name without a dot is found in whatever domains the machine searches.
  if (labels.length < 2 || labels.some((label) => label === '')) return false;
  // What ends in a number is an address in one notation or another, or nothing.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return false;
  return !PRIVATE_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`));
}
