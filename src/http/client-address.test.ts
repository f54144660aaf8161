import { expect, test } from 'bun:test';
import { createClientAddressReader } from './client-address.ts';

const forwarded = (list: string) => new Headers({ 'x-forwarded-for': list });

test('without trusted proxies the connection tells, whatever the headers say', () => {
  const read = createClientAddressReader([]);
  expect(read('192.0.2.1', forwarded('203.0.113.9'))).toBe('192.0.2.1');
  expect(read('::ffff:192.0.2.1', new Headers())).toBe('192.0.2.1');
  expect(read(null, forwarded('203.0.113.9'))).toBe('unknown');
});

test('a trusted proxy is believed, as far back as the list was written by trusted ones', () => {
  const read = createClientAddressReader(['10.0.0.0/8', '::1', 'fd00::/8']);
  expect(read('10.1.2.3', forwarded('203.0.113.9'))).toBe('203.0.113.9');
  expect(read('10.1.2.3', forwarded('1.1.1.1, 203.0.113.9, 10.9.9.9'))).toBe('203.0.113.9');
  expect(read('::ffff:10.1.2.3', forwarded('[2001:db8::7]:4711'))).toBe('2001:db8::7');
  expect(read('::1', forwarded('203.0.113.9:4711'))).toBe('203.0.113.9');
  expect(read('192.0.2.1', forwarded('203.0.113.9'))).toBe('192.0.2.1');
});

test('a list that is missing or broken leaves the last address that is known', () => {
  const read = createClientAddressReader(['10.0.0.0/8']);
  expect(read('10.1.2.3', new Headers())).toBe('10.1.2.3');
  expect(read('10.1.2.3', forwarded('203.0.113.9, <script>'))).toBe('10.1.2.3');
  expect(read('10.1.2.3', forwarded('nobody, 10.0.0.9'))).toBe('10.0.0.9');
});
