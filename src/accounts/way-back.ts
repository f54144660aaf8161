/** Where somebody may be sent once they are signed in: to a page of ours. No I/O. */

const MAX_LENGTH = 4096;

/**
 * The whole address of a page that was asked for as a path, or null. It is judged by what it has become after parsing, and once more
 * as it is handed out: parsers drop tabs and line ends, take `\\` for `/`, and make `/.//other.example` begin like another host.
 */
export function wayBack(wanted: unknown, publicUrl: string): string | null {
  if (typeof wanted !== 'string' || wanted.length > MAX_LENGTH || !wanted.startsWith('/')) return null;
  const { origin } = new URL(publicUrl);
  const url = URL.parse(wanted, origin);
  if (url === null || url.origin !== origin) return null;
  const path = `${url.pathname}${url.search}${url.hash}`;
  if (URL.parse(path, origin)?.href !== url.href) return null;
  return isOurs(`${publicUrl}${path}`, publicUrl) ? `${publicUrl}${path}` : null;
}

/** Whether a whole address is one of ours. */
export function isOurs(address: string, publicUrl: string): boolean {
  const url = URL.parse(address);
  return (
    url !== null && url.origin === new URL(publicUrl).origin && url.username === '' && url.password === ''
  );
}
