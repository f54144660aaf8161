import { afterAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rejectionOf } from '../../test/databases.ts';
import { addressFault, createGuardedGet } from './guarded-get.ts';
import { EgressError } from './public-host.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dir, '__fixtures__', name), 'utf8');
/** Self-signed, for this one name. */
const NAME = 'idp.example.test';
const certificate = fixture(`${NAME}.cert.pem`);

const seen = { requests: [] as string[], connections: 0 };
let answer: RequestListener = (_request, response) => void response.end('{}');
const server = createServer({ key: fixture(`${NAME}.key.pem`), cert: certificate }, (request, response) => {
  seen.requests.push(`${request.headers.host}${request.url}`);
  answer(request, response);
});
server.on('connection', () => {
  seen.connections += 1;
});
await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
const { port } = server.address() as AddressInfo;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const url = `https://${NAME}:${port}/keys`;
const vouched = {
  privateHosts: [`${NAME}:${port}`],
  resolve: async () => ['127.0.0.1'],
  trustedCertificates: certificate,
};

async function messageOf(options: Parameters<typeof createGuardedGet>[0], address = url): Promise<string> {
  const rejection = await rejectionOf(createGuardedGet(options)(address));
  expect(rejection).toBeInstanceOf(EgressError);
  return rejection.message;
}

describe('with a host that the operator vouches for', () => {
  test('the document comes from the address that was resolved, under the name that was asked for', async () => {
    answer = (_request, response) => void response.end('{"keys":[]}');
    expect(await createGuardedGet(vouched)(url)).toBe('{"keys":[]}');
    expect(seen.requests.at(-1)).toBe(`${NAME}:${port}/keys`);
  });

  test('a certificate of another name is refused', async () => {
    const other = { ...vouched, privateHosts: [`other.example.test:${port}`] };
    expect(await messageOf(other, `https://other.example.test:${port}/keys`)).toContain(
      'could not be reached',
    );
  });

  test('a certificate of an unknown authority is refused, also where the environment asks for no verification', async () => {
    const { trustedCertificates: _, ...unknown } = vouched;
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await messageOf(unknown)).toContain('could not be reached');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test('an address that does not answer is followed by the next', async () => {
    answer = (_request, response) => void response.end('ok');
    expect(await createGuardedGet({ ...vouched, resolve: async () => ['::1', '127.0.0.1'] })(url)).toBe('ok');
  });

  test('redirects are not followed', async () => {
    const before = seen.requests.length;
    answer = (_request, response) => void response.writeHead(302, { location: `${url}/elsewhere` }).end();
    expect(await messageOf(vouched)).toContain('answered with status 302');
    expect(seen.requests.length).toBe(before + 1);
  });

  test('more than a mebibyte is refused, declared or not', async () => {
    answer = (_request, response) => void response.end('x'.repeat(1024 * 1024 + 1));
    expect(await messageOf(vouched)).toContain('sent more than');
    answer = (_request, response) => {
      response.on('error', () => {});
      for (let part = 0; part < 20; part += 1) response.write('x'.repeat(64 * 1024));
      response.end();
    };
    expect(await messageOf(vouched)).toContain('sent more than');
  });

  test('a server or a resolver that never answers is given up', async () => {
    answer = () => {};
    expect(await messageOf({ ...vouched, timeoutMs: 50 })).toContain('did not answer in time');
    answer = (_request, response) => void response.write('{');
    expect(await messageOf({ ...vouched, timeoutMs: 300 })).toContain('did not answer in time');
    const resolve = () => new Promise<string[]>(() => {});
    expect(await messageOf({ ...vouched, resolve, timeoutMs: 50 })).toContain('did not answer in time');
  });
});

describe('without', () => {
  const connectionsDuring = async (work: () => Promise<unknown>) => {
    const before = seen.connections;
    await work();
    return seen.connections - before;
  };

  test.each([
    ['a name that leads to this machine', ['127.0.0.1']],
    ['one private address among public ones', ['1.1.1.1', '127.0.0.1']],
    ['an IPv4 address dressed as IPv6', ['::ffff:127.0.0.1']],
    ['the address of cloud metadata through NAT64', ['64:ff9b::a9fe:a9fe']],
    ['no address at all', []],
  ])('%s opens no connection', async (_case, addresses) => {
    const options = { privateHosts: [], resolve: async () => addresses, trustedCertificates: certificate };
    expect(await connectionsDuring(() => messageOf(options))).toBe(0);
  });

  test('a name is resolved once, so that a second answer cannot lead elsewhere', async () => {
    const answers = [['192.0.2.1'], ['127.0.0.1']];
    let asked = 0;
    const resolve = async () => answers[asked++] ?? [];
    expect(await connectionsDuring(() => messageOf({ privateHosts: [], resolve }))).toBe(0);
    expect(asked).toBe(1);
  });

  test('this machine by the name that the system knows opens no connection', async () => {
    expect(await connectionsDuring(() => messageOf({ privateHosts: [] }, `https://localhost:${port}/`))).toBe(
      0,
    );
  });

  test('another port of a host that was vouched for is not', async () => {
    expect(await messageOf({ ...vouched, privateHosts: [`${NAME}:1`] })).toContain('not a public address');
  });
});

test.each([
  ...[
    'https://127.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::ffff:127.0.0.1]/',
    'https://0/',
  ],
  ...['https://169.254.169.254/latest', 'https://[fd00:ec2::254]/', 'https://１２７.0.0.1/'],
  ...['http://idp.example.com/', 'ftp://idp.example.com/', 'https://user:pass@idp.example.com/'],
  ...['https://idp.example.com/#x', 'idp.example.com', 'javascript:alert(1)', 'file:///etc/passwd', ''],
])('%s is refused as it is written', (address) => {
  expect(addressFault(address, [])).toBeString();
});

test('public https addresses are fine as they are written, and http ones where the operator vouches', () => {
  expect(addressFault('https://token.actions.githubusercontent.com', [])).toBeNull();
  expect(addressFault('https://1.1.1.1/jwks', [])).toBeNull();
  expect(addressFault('http://127.0.0.1:8080/', ['127.0.0.1:8080'])).toBeNull();
  expect(addressFault('https://idp.internal/', ['idp.internal:443'])).toBeNull();
  expect(addressFault('ftp://idp.internal:443/', ['idp.internal:443'])).toBeString();
});
