import { expect, test } from 'bun:test';
import { attributionOf } from './attribution.ts';

const attributed = (headers: Record<string, string>, sessionId: string | null = null) =>
  attributionOf(new Headers(headers), sessionId, null, 'chat', null);

test('an app is its address without what may be private in it', () => {
  expect(
    attributed({ 'http-referer': 'https://me:pw@app.example/x?key=1#y', 'x-title': 'App' }),
  ).toMatchObject({
    referer: 'https://app.example/x',
    title: 'App',
  });
  expect(attributed({ referer: 'https://app.example' }).referer).toBe('https://app.example/');
  for (const referer of [
    'nonsense',
    'javascript:alert(1)',
    'file:///etc/passwd',
    `https://x/${'y'.repeat(5000)}`,
  ]) {
    expect(attributed({ 'http-referer': referer, 'x-title': 'App' })).toMatchObject({
      referer: null,
      title: null,
    });
  }
});

test('a local app counts only under a title', () => {
  expect(attributed({ 'http-referer': 'http://localhost:3000' }).referer).toBeNull();
  expect(attributed({ 'http-referer': 'http://localhost:3000', 'x-title': 'Mine' }).title).toBe('Mine');
  expect(attributed({ 'x-title': 'No address' }).title).toBeNull();
});

test('titles are read as UTF-8, bounded, and cannot play with a terminal or a page', () => {
  const title = (value: string) =>
    attributed({ 'http-referer': 'https://a.example', 'x-title': value }).title;
  expect(title(Buffer.from('Größe 🚀').toString('latin1'))).toBe('Größe 🚀');
  expect(title('caf\u00e9')).toBe('café');
  expect(title('a\u001b[31mb\u0085c')).toBe('a [31mb c');
  expect(title('x'.repeat(300))).toHaveLength(256);
});

test('a session is read from the headers of each client that has one, and of a coding agent who works for whom', () => {
  for (const name of ['x-session-id', 'x-claude-code-session-id', 'session-id', 'x-session-affinity']) {
    expect(attributed({ [name]: 's-1' }).sessionId).toBe('s-1');
  }
  expect(attributed({ 'x-session-id': 'own', 'session-id': 'other' }).sessionId).toBe('own');
  const headers = {
    'x-claude-code-agent-id': 'agent-2',
    'x-claude-code-parent-agent-id': 'agent-1',
    'x-claude-code-request-class': `subagent${'x'.repeat(300)}`,
  };
  expect(attributed(headers)).toMatchObject({ agentId: 'agent-2', parentAgentId: 'agent-1' });
  expect(attributed(headers).agentClass).toHaveLength(256);
  expect(attributed({})).toMatchObject({ sessionId: null, agentId: null, agentClass: null });
});

test('two known categories are kept, and the session of the body goes before the header’s', () => {
  const headers = {
    'http-referer': 'https://a.example',
    'x-openrouter-categories': ' game, nonsense,game,legal , roleplay',
    'x-session-id': 'header',
  };
  expect(attributed(headers).categories).toBe('game,legal');
  expect([attributed(headers).sessionId, attributed(headers, 'body').sessionId]).toEqual(['header', 'body']);
});
