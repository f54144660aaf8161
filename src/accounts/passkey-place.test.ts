import { expect, test } from 'bun:test';
import { passkeyPlaceOf } from './passkey-place.ts';

test.each([
  ['http://127.0.0.1:4141', 'localhost', ['http://localhost:4141', 'http://127.0.0.1:4141']],
  ['http://[::1]:4141', 'localhost', ['http://localhost:4141', 'http://[::1]:4141']],
  ['http://localhost:4141', 'localhost', ['http://localhost:4141']],
  ['https://gateway.example.com', 'gateway.example.com', ['https://gateway.example.com']],
  ['https://10.0.0.7:8443/turnpike', null, ['https://10.0.0.7:8443']],
  ['http://[2001:db8::1]', null, ['http://[2001:db8::1]']],
])('passkeys of %s are for %p', (publicUrl, host, origins) => {
  expect(passkeyPlaceOf(publicUrl)).toEqual({ host, origins });
});
