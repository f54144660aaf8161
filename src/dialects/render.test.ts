import { expect, test } from 'bun:test';
import { attributionOf } from '../inference/attribution.ts';
import type { ChatCompletion } from '../providers/provider.ts';
import { chatDialect, chunkFrame, closingFrame, textDialect, withoutReasoning } from './render.ts';

const HEAD = { id: 'gen-1', created: 5, model: 'acme/"small"', provider: 'Acme' };
const COMPLETION: ChatCompletion = {
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'hi', reasoning: 'hmm' },
      finish_reason: 'stop',
      native_finish_reason: 'end_turn',
    },
  ],
  usage: null,
  upstreamId: 'up-1',
  systemFingerprint: null,
  serviceTier: null,
};
const CHUNK = {
  choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: null, native_finish_reason: null }],
};

const parsed = (frame: string) => {
  expect(frame).toMatch(/^data: .*\n\n$/);
  return JSON.parse(frame.slice('data: '.length));
};

test('a whole chat answer has the members that official clients insist on, and not the upstream’s own id', () => {
  expect(chatDialect.body(HEAD, COMPLETION, { cost: 1 })).toEqual({
    ...HEAD,
    object: 'chat.completion',
    system_fingerprint: null,
    choices: [{ ...COMPLETION.choices[0], logprobs: null }],
    usage: { cost: 1 },
  });
  expect(chatDialect.body(HEAD, { ...COMPLETION, serviceTier: 'flex' }, {})).toMatchObject({
    service_tier: 'flex',
  });
});

test('a whole text answer has its text, and its reasoning beside it', () => {
  expect(textDialect.body(HEAD, COMPLETION, {})).toMatchObject({
    object: 'text_completion',
    choices: [{ index: 0, text: 'hi', reasoning: 'hmm', logprobs: null, finish_reason: 'stop' }],
  });
});

test('a chunk is one frame of its dialect, without nulls that clients refuse', () => {
  const chat = chunkFrame(chatDialect, chatDialect.chunkHead(HEAD), CHUNK);
  expect(parsed(chat)).toEqual({ ...HEAD, object: 'chat.completion.chunk', choices: CHUNK.choices });
  const tiered = { ...CHUNK, systemFingerprint: 'fp', serviceTier: 'flex' };
  const full = parsed(chunkFrame(chatDialect, chatDialect.chunkHead(HEAD), tiered));
  expect([full.system_fingerprint, full.service_tier]).toEqual(['fp', 'flex']);
  const text = parsed(chunkFrame(textDialect, textDialect.chunkHead(HEAD), CHUNK));
  expect([text.object, text.choices[0].text, text.choices[0].delta]).toEqual([
    'text_completion',
    'hi',
    undefined,
  ]);
});

test('a closing frame carries its own members behind the same head', () => {
  const frame = parsed(closingFrame(chatDialect.chunkHead(HEAD), { choices: [], usage: { cost: 1 } }));
  expect(frame).toEqual({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: { cost: 1 } });
});

test('reasoning is taken out whole', () => {
  expect(withoutReasoning({ content: 'x', reasoning: 'y', reasoning_details: [] })).toEqual({ content: 'x' });
});

const attributed = (headers: Record<string, string>, sessionId: string | null = null) =>
  attributionOf(new Headers(headers), sessionId, null);

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

test('two known categories are kept, and the session of the body goes before the header’s', () => {
  const headers = {
    'http-referer': 'https://a.example',
    'x-openrouter-categories': ' game, nonsense,game,legal , roleplay',
    'x-session-id': 'header',
  };
  expect(attributed(headers).categories).toBe('game,legal');
  expect([attributed(headers).sessionId, attributed(headers, 'body').sessionId]).toEqual(['header', 'body']);
});
