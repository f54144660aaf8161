import { expect, test } from 'bun:test';
import { provesChallenge } from './pkce.ts';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

test('the example of RFC 7636, appendix B, is proven', () => {
  expect(provesChallenge(VERIFIER, { text: CHALLENGE, method: 'S256' })).toBe(true);
});

test('a challenge in plain base64 is proven, with or without padding', () => {
  const base64 = Bun.SHA256.hash('fills-both-62-and-63', 'base64');
  const verifier = 'fills-both-62-and-63';
  expect(provesChallenge(verifier, { text: base64, method: 'S256' })).toBe(true);
  expect(provesChallenge(verifier, { text: base64.replace(/=+$/, ''), method: 'S256' })).toBe(true);
  expect(provesChallenge(VERIFIER, { text: CHALLENGE.replace('-', '+'), method: 'S256' })).toBe(true);
  expect(provesChallenge(VERIFIER, { text: `${CHALLENGE}=`, method: 'S256' })).toBe(true);
});

test('a short verifier is as good as a long one', () => {
  expect(provesChallenge('a', { text: Bun.SHA256.hash('a', 'base64url'), method: 'S256' })).toBe(true);
  expect(provesChallenge('a', { text: 'a', method: 'plain' })).toBe(true);
});

test('plain is compared byte for byte', () => {
  expect(provesChallenge(VERIFIER, { text: VERIFIER, method: 'plain' })).toBe(true);
  expect(provesChallenge('a-b', { text: 'a+b', method: 'plain' })).toBe(false);
  expect(provesChallenge('ab', { text: 'ab=', method: 'plain' })).toBe(false);
});

test.each([
  ['', 'S256'],
  [CHALLENGE, 'S256'],
  [`${VERIFIER} `, 'S256'],
  [VERIFIER.toLowerCase(), 'S256'],
  [VERIFIER, 'plain'],
] as const)('%j does not prove a challenge by %s', (verifier, method) => {
  expect(provesChallenge(verifier, { text: CHALLENGE, method })).toBe(false);
});
