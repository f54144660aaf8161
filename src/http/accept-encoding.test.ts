import { expect, test } from 'bun:test';
import { acceptedCoding } from './accept-encoding.ts';

test.each([
  [null, null],
  ['', null],
  ['identity', null],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, deflate, br', 'br'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['br;q=0, gzip;q=0.001', 'gzip'],
  ['gzip;q=0', null],
  ['*', 'gzip'],
  ['*;q=0', null],
  ['br, *;q=0.1', 'br'],
  ['gzip;q=nonsense', null],
  ['gzip;q=2', null],
  ['xgzip', null],
  ['deflate', null],
])('%j is answered with %j', (header, coding) => {
  expect(acceptedCoding(header, ['zstd', 'br', 'gzip'])).toBe(coding as never);
});
