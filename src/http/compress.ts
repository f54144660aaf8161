/**
 * Compresses answers to reading: lists and figures of the API, on the runtime's thread pool.
 *
 * Not what mixes a secret with text that somebody else chooses: how long the compressed whole is tells, guess by guess, whether that
 * text repeats the secret (BREACH, CVE-2013-3587). So these go out as they are:
 * - answers to changes, which POST, PATCH, PUT and DELETE are unless a route says that it only reads: a new key, an app's secret or an
 *   invitation's link stands there once, beside the name that the request gave it;
 * - whatever its handler has marked `no-store`: codes and tokens of OAuth, and what people and models said to each other;
 * - what sets a cookie, and what the pages ask for before or about a session (`browser` routes): it has the CSRF token beside names
 *   that people chose.
 * Inference is not touched either: its answers are the caller's own words, and a stream is not to wait for a compressor.
 */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { acceptedCoding, type Coding } from './accept-encoding.ts';
import type { Route } from './route.ts';

/** Less fits into one packet anyway. */
const MIN_BYTES = 1024;
const COMPRESSIBLE = /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?(?:json|xml)\b|image\/svg\+xml)/;
/** Level 4 compresses JSON as well as gzip's best, in a fifth of the time. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const compressors: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  zstd: (bytes) => Bun.zstdCompress(bytes, { level: 3 }),
  br: (bytes) => promisify<Uint8Array, object, Buffer>(brotliCompress)(bytes, BROTLI),
  gzip: (bytes) => promisify<Uint8Array, object, Buffer>(gzip)(bytes, { level: 6 }),
};
const CODINGS = ['zstd', 'br', 'gzip'] as const;

/** The answer, or the same one compressed; to be asked before any header is added by others than its handler. */
export async function compressed(request: Request, route: Route, response: Response): Promise<Response> {
  if (!mayCompress(request, route, response)) return response;
  const coding = acceptedCoding(request.headers.get('accept-encoding'), CODINGS);
  const headers = new Headers(response.headers);
  headers.append('vary', 'accept-encoding');
  const { status, statusText } = response;
  const bytes = await response.bytes();
  const isSmaller = coding !== null && bytes.length >= MIN_BYTES;
  const body = isSmaller ? await compressors[coding](bytes) : bytes;
  if (isSmaller) {
    headers.set('content-encoding', coding);
    const etag = headers.get('etag');
    // The same content in other bytes.
    if (etag?.startsWith('"') === true) headers.set('etag', `W/${etag}`);
  }
  // An answer to HEAD loses its body on the way, and would be told to be empty.
  headers.set('content-length', String(body.length));
  return new Response(body as Uint8Array<ArrayBuffer>, { status, statusText, headers });
}

function mayCompress(
  { method }: Request,
  { access, onlyReads }: Route,
  { body, headers }: Response,
): boolean {
  if (body === null || (method !== 'GET' && method !== 'HEAD' && onlyReads !== true)) return false;
  if (access === 'apiKey' || access === 'browser') return false;
  if (headers.has('content-encoding') || headers.has('set-cookie')) return false;
  const cacheControl = headers.get('cache-control') ?? '';
  return (
    !/\bno-(?:store|transform)\b/.test(cacheControl) && COMPRESSIBLE.test(headers.get('content-type') ?? '')
  );
}
