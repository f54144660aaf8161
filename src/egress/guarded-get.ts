/**
 * Fetching a document from an address that somebody typed in, or sending one there: a request the gateway makes for others must not
 * reach what only the gateway can reach. Https only, public addresses only, the address that was judged is the one connected to, no
 * redirects, and bounded in size and time.
 */
import { isIP } from 'node:net';
import { isPublicAddress } from './address.ts';
import { isPublicName } from './host-name.ts';
import {
  addressesOf,
  bareHost,
  EgressError,
  isVouchedFor,
  mustAllBePublic,
  type Resolve,
  resolveBySystem,
} from './public-host.ts';

const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 5000;
/** Of one name, in the order in which the resolver prefers them. */
const MAX_ADDRESSES_TRIED = 4;

/** The document's text; rejects with an `EgressError`. */
export type GuardedGet = (address: string) => Promise<string>;

/**
 * Sends a text and gives what was answered, whatever its status; rejects with an `EgressError` where nothing was. Of the answer's body
 * nothing is read: what it says to us is its status, and how long it may go on is not for its sender to decide.
 */
export type GuardedPost = (
  address: string,
  body: string,
  headers: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly retryAfter: string | null }>;

export interface EgressOptions {
  /** Hosts as `host:port` that the operator vouches for: they may be private, and spoken to without TLS. */
  readonly privateHosts: readonly string[];
  /** All addresses of a name; the system's resolver unless told. */
  readonly resolve?: Resolve;
  /** Certificates to trust in place of the system's. */
  readonly trustedCertificates?: string;
  readonly timeoutMs?: number;
}

export function createGuardedGet(options: EgressOptions): GuardedGet {
  return async (address) => {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const { url, response } = await send(options, address, { headers: FOR_DOCUMENTS }, deadline);
    return await before(deadline, url.host, readText(response, url.host));
  };
}

export function createGuardedPost(options: EgressOptions): GuardedPost {
  return async (address, body, headers) => {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const { response } = await send(options, address, { method: 'POST', body, headers }, deadline);
    // Without waiting for it: a connection is never used again.
    response.body?.cancel().catch(() => undefined);
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  };
}

const FOR_DOCUMENTS = { accept: 'application/json' };

interface Sent {
  readonly method?: 'POST';
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function send(options: EgressOptions, address: string, sent: Sent, deadline: AbortSignal) {
  const { privateHosts, resolve = resolveBySystem } = options;
  const fault = addressFault(address, privateHosts);
  if (fault !== null) throw new EgressError(`The address ${fault}`);
  const url = new URL(address);
  const addresses = await before(deadline, url.host, addressesOf(url, resolve));
  if (!isVouchedFor(url, privateHosts)) mustAllBePublic(url, addresses);
  return { url, response: await connect(url, addresses, sent, deadline, options.trustedCertificates) };
}

/**
 * What is wrong with an address as it is written, as the rest of a sentence, or null: for whoever saves one. What its name
 * resolves to is judged when it is fetched, and every time anew.
 */
export function addressFault(address: string, privateHosts: readonly string[]): string | null {
  const url = URL.parse(address);
  if (url === null) return 'is not a URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (address.includes('#')) return 'must not have a "#" part';
  if (isVouchedFor(url, privateHosts)) {
    return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'must be an https URL';
  }
  if (url.protocol !== 'https:') return 'must be an https URL';
  const host = bareHost(url);
  if (isIP(host) !== 0) return isPublicAddress(host) ? null : 'must not name a private address';
  return isPublicName(host) ? null : 'must not name a host of a private network';
}

async function connect(
  url: URL,
  addresses: readonly string[],
  sent: Sent,
  deadline: AbortSignal,
  trustedCertificates: string | undefined,
): Promise<Response> {
  let failure: unknown;
  for (const address of addresses.slice(0, MAX_ADDRESSES_TRIED)) {
    try {
      return await request(url, address, sent, deadline, trustedCertificates);
    } catch (cause) {
      failure = cause;
      if (deadline.aborted) break;
    }
  }
  const why = deadline.aborted ? 'did not answer in time' : 'could not be reached';
  throw new EgressError(`${url.host} ${why}`, { cause: failure });
}

/** The URL carries the address, so that no second look-up can lead elsewhere; the name goes into `Host` and the TLS handshake. */
function request(
  url: URL,
  address: string,
  { headers, ...sent }: Sent,
  deadline: AbortSignal,
  trustedCertificates: string | undefined,
): Promise<Response> {
  const host = bareHost(url);
  const target = new URL(url);
  target.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return fetch(target.href, {
    ...sent,
    headers: { ...headers, host: url.host, 'accept-encoding': 'identity' },
    redirect: 'manual',
    signal: deadline,
    // A connection kept for one name must not serve another that has the same address.
    keepalive: false,
    tls: {
      // Whatever the environment says.
      rejectUnauthorized: true,
      ...(isIP(host) === 0 && { serverName: host }),
      ...(trustedCertificates !== undefined && { ca: trustedCertificates }),
    },
  });
}

async function readText(response: Response, host: string): Promise<string> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new EgressError(`${host} answered with status ${response.status}`);
  }
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let total = 0;
  const reader = response.body.getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    total += value.byteLength;
    if (total > MAX_BYTES) {
      await reader.cancel();
      throw new EgressError(`${host} sent more than ${MAX_BYTES} bytes`);
    }
    parts.push(value);
  }
}

async function before<T>(deadline: AbortSignal, host: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const give = () => late.reject(new EgressError(`${host} did not answer in time`));
  if (deadline.aborted) give();
  deadline.addEventListener('abort', give, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } catch (cause) {
    if (cause instanceof EgressError) throw cause;
    throw new EgressError(`${host} could not be read`, { cause });
  } finally {
    deadline.removeEventListener('abort', give);
  }
}
