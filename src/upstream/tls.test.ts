/**
 * Whom the client trusts, by servers with real certificates. Trust is settled when a process starts, so that each case runs in
 * one of its own. The fixtures' authority signed `localhost.pem` and `other.pem` (for other.example), for a hundred years.
 */
import { expect, test } from 'bun:test';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { answer, type RawProvider, type RawScript } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';

const fixtures = `${import.meta.dir}/__fixtures__`;
const AUTHORITY = `${fixtures}/authority.pem`;
const { provider: bareProvider, onEnd } = upstreamRig();

async function certificate(name: string): Promise<{ cert: string; key: string }> {
  return {
    cert: await Bun.file(`${fixtures}/${name}.pem`).text(),
    key: await Bun.file(`${fixtures}/${name}.key`).text(),
  };
}

async function provider(name: string, script: RawScript): Promise<RawProvider> {
  return bareProvider({
    ...script,
    tls: { ...(await certificate(name)), ALPNProtocols: '\x08http/1.1' },
  });
}

const CALLER = `
  import { createUpstreamClient } from ${JSON.stringify(`${import.meta.dir}/client.ts`)};
  const [url, times, bodyBytes] = process.argv.slice(-3);
  const fallbacks = [];
  const client = createUpstreamClient({ sweepMs: 10, lettingRest: false, onFallback: (origin, reason) => fallbacks.push(reason) });
  const once = () => new Promise((resolve) => {
    let body = '';
    let status = null;
    const timeouts = { firstByteMs: 5000, idleMs: 5000, answerMs: null };
    client.send({ url, headers: {}, body: 'x'.repeat(Number(bodyBytes)), timeouts }, {
      onHead: (head) => { status = head.status; },
      onBytes: (bytes) => { body += Buffer.from(bytes).toString(); },
      onEnd: () => resolve({ status, body }),
      onFailure: ({ cause, ...failure }) => resolve({ ...failure, cause: cause?.message, code: cause?.code }),
    });
  });
  const results = [];
  for (let left = Number(times); left > 0; left -= 1) results.push(await once());
  console.log(JSON.stringify({ results, fallbacks }));
  process.exit();
`;

interface Called {
  results: {
    status?: number;
    body?: string;
    kind?: string;
    neverSent?: boolean;
    cause?: string;
    code?: string;
  }[];
  fallbacks: string[];
}

async function call(
  url: string,
  {
    env = {},
    times = 1,
    bodyBytes = 2,
  }: { env?: Record<string, string>; times?: number; bodyBytes?: number } = {},
): Promise<Called> {
  const child = Bun.spawn(
    [process.execPath, '--no-env-file', '-e', CALLER, url, String(times), String(bodyBytes)],
    { env, stdout: 'pipe' },
  );
  onEnd(() => child.kill(9));
  return JSON.parse(await new Response(child.stdout).text());
}

const trusting = { NODE_EXTRA_CA_CERTS: AUTHORITY };
const greet: RawScript = { onRequest: (_request, connection) => connection.write(answer('hello')) };

test('a certificate of an authority that the operator added is trusted, on our own connections', async () => {
  const server = await provider('localhost', greet);
  expect(await call(server.url, { env: trusting, times: 3 })).toEqual({
    results: Array.from({ length: 3 }, () => ({ status: 200, body: 'hello' })),
    fallbacks: [],
  });
  expect(server.connections).toHaveLength(1);
});

const refused: [
  name: string,
  certificate: string,
  env: Record<string, string>,
  host: string,
  code: string,
][] = [
  ['of an unknown authority', 'localhost', {}, 'localhost', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [
    'of an unknown authority, where the environment asks for no verification',
    'localhost',
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    'localhost',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ],
  ['for another name', 'other', trusting, 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['for a name, at an address', 'localhost', trusting, '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
];

for (const [name, which, env, host, code] of refused) {
  test(`a certificate ${name} is refused, and nothing is sent`, async () => {
    const server = await provider(which, greet);
    const { results } = await call(server.url.replace('localhost', host), { env, times: 2 });
    for (const result of results) {
      expect(result).toMatchObject({ kind: 'unreachable', neverSent: true, hasAnswered: false, code });
      expect(result.cause).toBeString();
    }
    expect(server.requests).toHaveLength(0);
  });
}

test('a server that speaks no TLS is unreachable', async () => {
  const server = bareProvider({
    onBytes: (_bytes, connection) => connection.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  });
  const { results } = await call(`https://localhost:${server.port}/`, { env: trusting });
  expect(results[0]).toMatchObject({ kind: 'unreachable', neverSent: true });
});

test('HTTP/1.1 is offered by name, and the name of the server is', async () => {
  const seen: unknown[] = [];
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    tls: { ...(await certificate('localhost')), ALPNProtocols: '\x02h2\x08http/1.1' },
    socket: {
      data(socket) {
        seen.push(socket.alpnProtocol, socket.getServername());
        socket.write(answer('x'));
      },
    },
  });
  onEnd(() => server.stop(true));
  const { results } = await call(`https://localhost:${server.port}/`, { env: trusting });
  expect(results).toEqual([{ status: 200, body: 'x' }]);
  expect(seen).toEqual(['http/1.1', 'localhost']);
});

test('a later connection resumes the session of an earlier one', async () => {
  const reused: boolean[] = [];
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    tls: await certificate('localhost'),
    socket: {
      data(socket) {
        reused.push(socket.isSessionReused());
        socket.write(answer('x', reused.length === 1 ? '' : 'connection: close\r\n'));
      },
    },
  });
  onEnd(() => server.stop(true));
  const { results } = await call(`https://localhost:${server.port}/`, { env: trusting, times: 4 });
  expect(results.map(({ body }) => body)).toEqual(['x', 'x', 'x', 'x']);
  // The first two share a connection.
  expect(reused.slice(1)).toEqual([false, true, true]);
});

test('a body of 10 MB goes through TLS whole', async () => {
  const server = await provider('localhost', {
    onRequest: (request, connection) => connection.write(answer(String(request.body.length))),
  });
  const { results } = await call(server.url, { env: trusting, bodyBytes: 10_000_000, times: 2 });
  expect(results.map(({ body }) => body)).toEqual(['10000000', '10000000']);
  expect(server.connections).toHaveLength(1);
});

test('an answer cut within TLS is a failure', async () => {
  for (const how of ['end', 'reset'] as const) {
    const server = await provider('localhost', {
      onRequest: (_request, connection) => {
        connection.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
        setTimeout(() => connection[how](), 10);
      },
    });
    const { results } = await call(server.url, { env: trusting });
    expect(results[0]).toMatchObject({ kind: 'closed', hasAnswered: true });
  }
});

test('an origin that speaks HTTP/2 alone is reached through fetch, and said so once', async () => {
  const server = createSecureServer(await certificate('localhost'));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end('over h2');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onEnd(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  const called = await call(`https://localhost:${port}/`, { env: trusting, times: 2 });
  expect(called).toEqual({
    results: [
      { status: 200, body: 'over h2' },
      { status: 200, body: 'over h2' },
    ],
    fallbacks: ['HTTP/2 alone'],
  });
});
