import { expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import { keyTextOf } from './bearer.ts';

function read(headers: Record<string, string> | [string, string][], keyHeaders?: readonly string[]) {
  try {
    return keyTextOf(
      new Request('http://localhost/?key=KEY&api_key=KEY', { method: 'POST', headers }),
      keyHeaders,
    );
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError)) throw thrown;
    return [thrown.status, thrown.code, thrown.headers['WWW-Authenticate'] ?? null] as const;
  }
}

const MISSING = [401, 'missing_api_key', 'Bearer realm="turnpike"'] as const;
const NO_SCHEME = [401, 'invalid_api_key', 'Bearer realm="turnpike"'] as const;
const REPEATED = [400, 'invalid_request', null] as const;

test('the scheme is read in any case, after which one space parts it from the key', () => {
  for (const header of ['Bearer KEY', 'bearer KEY', 'BEARER KEY']) {
    expect(read({ authorization: header })).toBe('KEY');
  }
});

test('what follows the space is handed on untouched, and HTTP itself takes off what is blank behind it', () => {
  expect(read({ authorization: 'Bearer  KEY' })).toBe(' KEY');
  expect(read({ authorization: 'Bearer KEY \t' })).toBe('KEY');
  expect(read({ authorization: 'Bearer "KEY"' })).toBe('"KEY"');
  expect(read({ authorization: 'Bearer \tKEY' })).toBe('\tKEY');
});

test('no header, an empty one and a scheme without a key are a missing key', () => {
  expect(read({})).toEqual(MISSING);
  for (const header of ['', 'Bearer', 'Bearer ', 'bearer'])
    expect(read({ authorization: header })).toEqual(MISSING);
});

test('another scheme, or none, is an invalid key', () => {
  for (const header of ['Basic x', 'sk-or-v1-00', 'BearerKEY', 'Bearer\tKEY', 'Token KEY']) {
    expect(read({ authorization: header })).toEqual(NO_SCHEME);
  }
});

test('two Authorization headers are an error, whichever comes first', () => {
  const [good, bad] = [
    ['authorization', 'Bearer KEY'] as [string, string],
    ['authorization', 'Bearer x'] as [string, string],
  ];
  expect(read([good, bad])).toEqual(REPEATED);
  expect(read([bad, good])).toEqual(REPEATED);
});

test('at the doors that say so a header of their own carries the key, and Authorization wins over another one', () => {
  const door = ['x-api-key', 'x-goog-api-key'];
  expect(read({ 'x-api-key': 'KEY' }, door)).toBe('KEY');
  expect(read({ 'x-goog-api-key': 'KEY' }, door)).toBe('KEY');
  expect(read({ 'x-api-key': '', 'x-goog-api-key': 'KEY' }, door)).toBe('KEY');
  expect(read({ 'x-api-key': 'KEY', 'x-goog-api-key': 'OTHER' }, door)).toBe('KEY');
  expect(read({ 'x-api-key': 'KEY', authorization: 'Bearer KEY' }, door)).toBe('KEY');
  expect(read({ 'x-api-key': 'OTHER', authorization: 'Bearer KEY' }, door)).toBe('KEY');
  expect(read({ 'x-api-key': 'KEY', authorization: 'Basic x' }, door)).toEqual(NO_SCHEME);
  expect(read({ 'x-api-key': '' }, door)).toEqual(MISSING);
  expect(
    read([['x-api-key', 'KEY'] as [string, string], ['x-api-key', 'KEY'] as [string, string]], door),
  ).toEqual(REPEATED);
});

test('elsewhere such a header is an unknown one, and a key in the query or a cookie is none', () => {
  expect(read({ 'x-api-key': 'KEY', 'x-goog-api-key': 'KEY' })).toEqual(MISSING);
  expect(read({ 'x-goog-api-key': 'KEY' }, ['x-api-key'])).toEqual(MISSING);
  expect(read({ 'x-api-key': 'OTHER', authorization: 'Bearer KEY' })).toBe('KEY');
  expect(read({ cookie: 'api_key=KEY; authorization=KEY' })).toEqual(MISSING);
});
