/**
 * A thousand tenants on few connections to a provider that does everything wrong that a provider can do. Each answer is made of
 * its tenant's own number, so that one foreign byte would show.
 */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createUpstreamClient } from '../../../src/upstream/client.ts';
import type { Exchange, UpstreamFailure } from '../../../src/upstream/upstream.ts';
import { post, type RawConnection, rawProvider } from '../../raw-provider.ts';

const faults = [
  'sound',
  'sound',
  'sound',
  'sound',
  'sound',
  'chunked',
  'chunked',
  'in bytes',
  'interim',
  'until close',
  'says close',
  'http 1.0',
  'ends after',
  'resets after',
  'excess',
  'excess behind',
  'second answer',
  'unasked when idle',
  'garbage',
  'both framings',
  'cut',
  'reset within',
  'stalls',
  'stalls within',
  'silent end',
  'reset before',
  'early',
] as const;
type Fault = (typeof faults)[number];

/** What each tenant of a fault may end with; a closed connection may hit one that merely waits its turn on it. */
const endings: Record<Fault, readonly string[]> = {
  sound: ['end'],
  chunked: ['end'],
  'in bytes': ['end'],
  interim: ['end'],
  'until close': ['end'],
  'says close': ['end'],
  'http 1.0': ['end'],
  'ends after': ['end'],
  'resets after': ['end', 'closed'],
  excess: ['end'],
  'excess behind': ['end'],
  'second answer': ['end'],
  'unasked when idle': ['end'],
  garbage: ['malformed'],
  'both framings': ['malformed'],
  cut: ['closed'],
  'reset within': ['closed'],
  stalls: ['timeout'],
  'stalls within': ['timeout'],
  'silent end': ['closed'],
  'reset before': ['closed'],
  early: ['end'],
};

interface Tenant {
  readonly fault: Fault;
  /** Of the body, in tenths of a kilobyte. */
  readonly size: number;
  readonly delayMs: number;
  /** What the reader does at its first bytes. */
  readonly reader: 'reads' | 'reads' | 'pauses' | 'cancels';
}

const tenant: fc.Arbitrary<Tenant> = fc.record({
  fault: fc.constantFrom(...faults),
  size: fc.integer({ min: 1, max: 40 }),
  delayMs: fc.constantFrom(0, 0, 0, 1, 5),
  reader: fc.constantFrom(
    'reads' as const,
    'reads' as const,
    'reads' as const,
    'pauses' as const,
    'cancels' as const,
  ),
});

function numbered(index: number, size: number): string {
  return `<${index}>`.repeat(size * 15);
}

function respond(index: number, { fault, size }: Tenant, connection: RawConnection): void {
  const body = numbered(index, size);
  const half = body.slice(0, body.length / 2);
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n`;
  const whole = `${head}\r\n${body}`;
  switch (fault) {
    case 'sound':
      return connection.write(whole);
    case 'chunked':
      return connection.write(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n` +
          `${(body.length - half.length).toString(16)};x=y\r\n${body.slice(half.length)}\r\n0\r\nx-trailer: 1\r\n\r\n`,
      );
    case 'in bytes':
      for (const byte of whole) connection.write(byte);
      return;
    case 'interim':
      return connection.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${whole}`);
    case 'until close':
      connection.write(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      return connection.end();
    case 'says close':
      return connection.write(`${head}connection: close\r\n\r\n${body}`);
    case 'http 1.0':
      return connection.write(whole.replace('HTTP/1.1', 'HTTP/1.0'));
    case 'ends after':
      connection.write(whole);
      return connection.end();
    case 'resets after':
      connection.write(whole);
      setTimeout(() => connection.reset(), 0);
      return;
    case 'excess':
      return connection.write(`${whole}${numbered(index, 1)}`);
    case 'excess behind':
      connection.write(whole);
      return connection.write('\r\n');
    case 'second answer':
      return connection.write(whole + whole);
    case 'unasked when idle':
      connection.write(whole);
      // Any later, and another request may be there, whose answer this would be: no client could tell.
      setTimeout(() => connection.write(whole), 1);
      return;
    case 'garbage':
      return connection.write(`${numbered(index, 1)}\r\n\r\n${whole}`);
    case 'both framings':
      return connection.write(`${head}transfer-encoding: chunked\r\n\r\n${body}`);
    case 'cut':
      connection.write(`${head}\r\n${half}`);
      return connection.end();
    case 'reset within':
      connection.write(`${head}\r\n${half}`);
      setTimeout(() => connection.reset(), 1);
      return;
    case 'stalls':
      return;
    case 'stalls within':
      return connection.write(`${head}\r\n${half}`);
    case 'silent end':
      return connection.end();
    case 'reset before':
      return connection.reset();
    case 'early':
      return connection.write(whole.replace('200 OK', '429 Too Many Requests'));
  }
}

test('a thousand tenants on few connections: no byte reaches another, and no request is handled twice', async () => {
  const tenants = fc.sample(fc.tuple(tenant), { numRuns: 1000, seed: seed() }).map(([each]) => each);
  const seen = new Map<number, number>();
  /** Connections that still owe an answer. */
  const owing = new Set<RawConnection>();
  using provider = rawProvider({
    onRequest: (request, connection) => {
      const index = Number(request.body.toString());
      seen.set(index, (seen.get(index) ?? 0) + 1);
      const each = tenants[index]!;
      owing.add(connection);
      const finish = (): void => {
        respond(index, each, connection);
        if (endings[each.fault].includes('end')) owing.delete(connection);
      };
      if (each.delayMs === 0) finish();
      else setTimeout(finish, each.delayMs);
    },
  });
  const client = createUpstreamClient({ environment: {}, maxConnections: 60, sweepMs: 10 });
  // Idle connections end at any time, also just as they are used again.
  const reaper = setInterval(() => {
    for (const connection of provider.connections) {
      const isIdle = !connection.isClosed && connection.requests > 0 && !owing.has(connection);
      if (isIdle && connection.unsentBytes === 0 && Math.random() < 0.02) connection.end();
    }
  }, 3);

  const results = await Promise.all(
    tenants.map(
      (each, index) =>
        new Promise<{ body: string; end: string; failure: UpstreamFailure | null }>((resolve) => {
          let body = '';
          let exchange: Exchange | null = null;
          let hasActed = false;
          const start = (): void => {
            exchange = client.send(
              post(provider.url, {
                body: String(index),
                timeouts: {
                  firstByteMs: each.fault === 'stalls' ? 1500 : 20_000,
                  idleMs: 300,
                  answerMs: null,
                },
              }),
              {
                onHead: () => undefined,
                onBytes: (bytes) => {
                  body += Buffer.from(bytes).toString('latin1');
                  if (hasActed || each.reader === 'reads') return;
                  hasActed = true;
                  if (each.reader === 'cancels') {
                    exchange?.cancel();
                    resolve({ body, end: 'cancelled', failure: null });
                  } else {
                    exchange?.pause();
                    setTimeout(() => exchange?.resume(), 3);
                  }
                },
                onEnd: () => resolve({ body, end: 'end', failure: null }),
                onFailure: (failure) => resolve({ body, end: failure.kind, failure }),
              },
            );
          };
          setTimeout(start, index / 5);
        }),
    ),
  );
  clearInterval(reaper);
  client.close();

  for (const [index, { body, end, failure }] of results.entries()) {
    const { fault, size, reader } = tenants[index]!;
    const whole = numbered(index, size);
    const shown = JSON.stringify({
      index,
      fault,
      reader,
      end,
      failure,
      seen: seen.get(index),
      body: body.slice(0, 200),
    });
    if (!whole.startsWith(body)) throw new Error(`Foreign or lost bytes: ${shown}`);
    if (end === 'end' && body !== whole) throw new Error(`Too little: ${shown}`);
    if (
      end !== 'cancelled' &&
      ![...endings[fault], ...(failure?.neverSent ? ['timeout'] : [])].includes(end)
    ) {
      throw new Error(`Wrong end: ${shown}`);
    }
    // Only what a reset threw away unread goes out twice, and from this provider one of the tenant's own making as well.
    const most = fault === 'reset before' ? 2 : 1;
    if ((seen.get(index) ?? 0) > most) throw new Error(`Sent too often: ${shown}`);
    if (end === 'end' && seen.get(index) !== 1) throw new Error(`Never seen: ${shown}`);
  }
  expect(results.filter(({ end }) => end === 'end').length).toBeGreaterThan(400);
  expect(provider.connections.length).toBeLessThan(900);
}, 60_000);

function seed(): number {
  const chosen = Number(process.env['TENANTS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`TENANTS_SEED=${chosen}`);
  return chosen;
}
