import { expect, test } from 'bun:test';
import { addressFault } from './guarded-get.ts';
import { isPublicName } from './host-name.ts';

test.each([
  ...[
    'id.example.com',
    'accounts.google.com',
    'token.actions.githubusercontent.com',
    'gitlab.com',
    'a.b.c.de',
  ],
  ...[
    'id.example.com.',
    'internal.example.com',
    'localhost.example.com',
    'xn--bcher-kva.example',
    'local.io',
  ],
])('%s may be on the internet', (name) => {
  expect(isPublicName(name)).toBe(true);
  expect(addressFault(`https://${name}/`, [])).toBeNull();
});

test.each([
  ...['localhost', 'LOCALHOST', 'localhost.', 'foo.localhost', 'a.b.localhost.', 'localhost.localdomain'],
  ...[
    'metadata.google.internal',
    'metadata.google.internal.',
    'idp.internal',
    'host.docker.internal',
    'internal',
  ],
  ...[
    'printer.local',
    'router.lan',
    'nas.home',
    'id.corp',
    'x.home.arpa',
    'db.intranet',
    'a.private',
    'a.onion',
  ],
  ...['idp', 'metadata', 'kubernetes', 'kubernetes.default.svc', 'db.svc.cluster.local', 'a.invalid'],
  ...['1.0.0.127.in-addr.arpa', 'vault.service.consul', 'fritz.box'],
])('%s is of a private network', (name) => {
  expect(isPublicName(name)).toBe(false);
  expect(addressFault(`https://${name}/`, [])).not.toBeNull();
  expect(addressFault(`https://${name}:8443/path`, [])).not.toBeNull();
});

test.each([
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '0',
  ],
  ...[
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '100.100.100.200',
  ],
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]'],
  ...[
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[::127.0.0.1]',
    '[2002:7f00:1::]',
    '１２７.0.0.1',
    '127。0。0。1',
    '%31%32%37.1',
  ],
  ...['127.0.0.1.', '①②⑦.0.0.1', 'ⓛocalhost', 'localhost%2e', 'ｌｏｃａｌｈｏｓｔ'],
])('https://%s is refused in whatever way it is written', (host) => {
  expect(addressFault(`https://${host}/`, [])).not.toBeNull();
});

test('what the operator vouches for is taken by its exact name and port', () => {
  const vouched = ['idp.internal:443', 'localhost:8080'];
  expect(addressFault('https://idp.internal/', vouched)).toBeNull();
  expect(addressFault('http://localhost:8080/', vouched)).toBeNull();
  expect(addressFault('https://idp.internal:8443/', vouched)).not.toBeNull();
  expect(addressFault('https://foo.localhost:8080/', vouched)).not.toBeNull();
});
