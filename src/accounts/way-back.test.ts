import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isOurs, wayBack } from './way-back.ts';

const OURS = 'https://gateway.example.com';

test.each([
  ['/keys', '/keys'],
  [
    '/auth?callback_url=https%3A%2F%2Fapp.example%2Fcb&state=a',
    '/auth?callback_url=https%3A%2F%2Fapp.example%2Fcb&state=a',
  ],
  ['/settings/account#passkeys', '/settings/account#passkeys'],
  ['/a/../keys', '/keys'],
  ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
  ['/%5Cevil.example', '/%5Cevil.example'],
  ['/@evil.example', '/@evil.example'],
  ['/keys?next=//evil.example', '/keys?next=//evil.example'],
  ['/\tkeys', '/keys'],
])('%j leads to %s', (wanted, path) => {
  expect(wayBack(wanted, OURS)).toBe(OURS + path);
});

test.each([
  ...[
    '',
    'keys',
    '?x',
    '#x',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
  ],
  ...['/\t/evil.example', '/\n/evil.example', '/\r\n/evil.example', '\t//evil.example', ' //evil.example'],
  ...[
    '/.//evil.example',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '/./\\evil.example',
  ],
  ...['https:evil.example', 'https:/evil.example', 'https://evil.example', 'HTTPS://evil.example/'],
  ...[`${OURS}@evil.example`, `//gateway.example.com@evil.example`, '//user:pass@gateway.example.com/'],
  ...['javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', '/'.repeat(5000)],
  ...[null, undefined, 7, {}],
])('%j leads nowhere', (wanted) => {
  expect(wayBack(wanted, OURS)).toBeNull();
});

test('whatever is asked for, it leads to us or nowhere, also as a browser reads it again', () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '\\',
      '//',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '@',
      ':',
      '?',
      '#',
      '\t',
      '\n',
      '\r',
      '\0',
      ' ',
      '\u2028',
    ],
    ...['evil.example', 'https:', 'javascript:', 'user', 'keys', '\u3002', '\uff0f', '\u2215'],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const back = wayBack(pieces.join(''), OURS);
      if (back === null) return;
      expect(isOurs(back, OURS)).toBe(true);
      const path = back.slice(OURS.length);
      expect(new URL(path, OURS).origin).toBe(OURS);
      expect(new URL(path, OURS).href).toBe(new URL(back).href);
    }),
    { numRuns: 2000 },
  );
});

test('a whole address is ours by its origin alone', () => {
  expect(isOurs(`${OURS}/keys?error=x`, OURS)).toBe(true);
  for (const foreign of [
    ...['https://evil.example/', 'http://gateway.example.com/', 'https://gateway.example.com:8443/'],
    ...['https://gateway.example.com.evil.example/', 'https://u@gateway.example.com/', '/keys', ''],
  ])
    expect([foreign, isOurs(foreign, OURS)]).toEqual([foreign, false]);
});
