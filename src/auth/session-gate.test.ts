import { expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import type { Session } from './session.ts';
import { createSessionGate } from './session-gate.ts';

const session: Session = {
  ...{ id: 's', userId: 'u', email: 'u@example.com', name: 'U', accountId: 'a' },
  ...{ role: 'member', createdAtMs: 0 },
};

const gate = createSessionGate({
  readSession: async (request) => (request.headers.get('cookie') === 'signed-in' ? session : null),
  publicUrl: 'https://gateway.example.com',
  masterKey: new Uint8Array(32).fill(1),
});

function verdict(judge: () => void): string {
  try {
    judge();
    return 'ours';
  } catch (thrown) {
    return thrown instanceof TurnpikeError ? thrown.code : String(thrown);
  }
}

const change = (headers: Record<string, string>, method = 'POST') =>
  new Request('http://10.0.0.1:4141/api/dashboard/keys', {
    method,
    headers: { host: '10.0.0.1:4141', ...headers },
  });

test('a change must come from a page of ours, by the public name or by the one that was asked', () => {
  const from = (headers: Record<string, string>) => verdict(() => gate.mustBeOurs(change(headers)));
  expect(from({ origin: 'https://gateway.example.com' })).toBe('ours');
  expect(from({ origin: 'http://10.0.0.1:4141' })).toBe('ours');
  for (const origin of [
    'https://evil.example.com',
    'https://gateway.example.com.evil.com',
    'http://gateway.example.com',
    'https://gateway.example.com:8443',
    'http://10.0.0.1',
  ]) {
    expect([origin, from({ origin })]).toEqual([origin, 'foreign_request']);
  }
  expect(from({})).toBe('foreign_request');
});

test('a form of a page without referrer is ours by the word of the browser alone', () => {
  const from = (site: Record<string, string>) =>
    verdict(() => gate.mustBeOurs(change({ origin: 'null', ...site })));
  expect(from({ 'sec-fetch-site': 'same-origin' })).toBe('ours');
  for (const site of ['same-site', 'cross-site', 'none', '']) {
    expect(from({ 'sec-fetch-site': site })).toBe('foreign_request');
  }
  expect(from({})).toBe('foreign_request');
  // It says nothing against an origin that is named and foreign.
  const foreign = { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-origin' };
  expect(verdict(() => gate.mustBeOurs(change(foreign)))).toBe('foreign_request');
});

test('reading is open to every origin, for it changes nothing and no other origin sees the answer', () => {
  const read = change({ origin: 'https://evil.example.com' }, 'GET');
  expect(verdict(() => gate.mustBeOurs(read))).toBe('ours');
});

test('whoever is not signed in is 401, and whose role does not do 403', async () => {
  const codeOf = (request: Request, role: 'member' | 'admin') =>
    gate.admit(request, role).then(
      ({ userId }) => userId,
      (thrown) => (thrown instanceof TurnpikeError ? thrown.code : String(thrown)),
    );
  const ours = { origin: 'https://gateway.example.com' };
  expect(await codeOf(change(ours), 'member')).toBe('not_signed_in');
  expect(await codeOf(change({ ...ours, cookie: 'signed-in' }), 'member')).toBe('u');
  expect(await codeOf(change({ ...ours, cookie: 'signed-in' }), 'admin')).toBe('role_required');
  expect(await codeOf(change({ cookie: 'signed-in' }), 'member')).toBe('foreign_request');
});

test('a CSRF token is of one session and fits no other', () => {
  const token = gate.csrfTokenOf(session);
  expect(verdict(() => gate.mustHaveToken(session, token))).toBe('ours');
  for (const wrong of [null, '', token.slice(1), `${token}0`, gate.csrfTokenOf({ ...session, id: 't' })]) {
    expect(verdict(() => gate.mustHaveToken(session, wrong))).toBe('foreign_request');
  }
});
