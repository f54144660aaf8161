/** Requests of callers who speak Anthropic's dialect: every member and header goes on. */
import { describe, expect, test } from 'bun:test';
import { type CallOptions, callOf, FakeUpstream, promptOf, SECRET, Told } from '../__fixtures__/upstream.ts';
import { anthropic } from './adapter.ts';

/** As Claude Code sends it, in structure. */
const BODY = {
  max_tokens: 128_000,
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'high' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  metadata: { user_id: '{"session_id":"x"}' },
  safeguards: [{ type: 'dangerous_tool_use' }],
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' },
    { type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '1h' } },
  ],
  messages: [
    { role: 'user', content: 'hi ' },
    { role: 'system', output_config: { effort: 'low' }, content: [{ type: 'text', text: '' }] },
  ],
  tools: [{ name: 'f', input_schema: {}, defer_loading: true }],
};

function sentBy(options: CallOptions) {
  const upstream = new FakeUpstream();
  anthropic(upstream).chat(
    callOf({ dialect: 'anthropic-messages', model: 'claude-x', ...options }),
    new Told(),
  );
  const [request] = upstream.requests;
  if (request === undefined) throw new Error('nothing was sent');
  return { ...request, body: JSON.parse(request.body) };
}

test('a body goes on as it is but for model, cap and stream, in the order of its members', () => {
  const { body } = sentBy({ body: BODY, maxTokens: 64_000 });
  expect(body).toEqual({ ...BODY, model: 'claude-x', max_tokens: 64_000, stream: true });
  expect(Object.keys(body)).toEqual(['model', ...Object.keys(BODY), 'stream']);
  expect(sentBy({ body: { ...BODY, stream: true }, stream: false }).body['stream']).toBeUndefined();
});

test("its cap is the caller's own where nothing else bounds it, and there always is one", () => {
  expect(sentBy({ body: BODY, maxTokens: null }).body['max_tokens']).toBe(128_000);
  expect(sentBy({ body: { messages: [] }, maxTokens: null }).body['max_tokens']).toBe(16_384);
});

test('a model that does not think is told nothing of thinking', () => {
  const { body } = sentBy({ body: { ...BODY, temperature: 1 }, without: ['reasoning', 'temperature'] });
  for (const name of ['thinking', 'temperature', 'output_config', 'context_management'])
    expect(body).not.toHaveProperty(name);
  expect(body).toMatchObject({ metadata: BODY.metadata, tools: BODY.tools });
});

test('where it goes and as whom', () => {
  const { url, headers } = sentBy({ body: BODY, baseUrl: 'https://api.anthropic.com/v1' });
  expect(url).toBe('https://api.anthropic.com/v1/messages');
  expect(headers).toMatchObject({
    'x-api-key': SECRET,
    'anthropic-version': '2023-06-01',
    accept: 'text/event-stream',
    'content-type': 'application/json',
  });
  expect(headers).not.toHaveProperty('authorization');
  expect(sentBy({ body: BODY, apiKey: null }).headers).not.toHaveProperty('x-api-key');
});

test('headers of the dialect go on, and none that is not', () => {
  const given = {
    'anthropic-version': '2026-10-21',
    'anthropic-beta': 'effort-2025-11-24,context-management-2025-06-27',
    'x-claude-code-session-id': 's',
    'x-app': 'cli',
    'x-api-key': 'sk-other',
    authorization: 'Bearer other',
    cookie: 'c',
    host: 'h',
  };
  const { headers } = sentBy({ body: BODY, headers: given });
  expect(headers).toMatchObject({
    'anthropic-version': '2026-10-21',
    'anthropic-beta': given['anthropic-beta'],
    'x-claude-code-session-id': 's',
    'x-app': 'cli',
    'x-api-key': SECRET,
  });
  for (const name of ['authorization', 'cookie', 'host']) expect(headers).not.toHaveProperty(name);
});

test('a caller of another dialect may name betas, and no version', () => {
  const headers = { 'anthropic-beta': 'a', 'anthropic-version': '2026-10-21', 'x-app': 'b' };
  const sent = sentBy({ dialect: 'openai-chat', prompt: promptOf('hi'), headers }).headers;
  expect(sent).toMatchObject({ 'anthropic-beta': 'a', 'anthropic-version': '2023-06-01' });
  expect(sent).not.toHaveProperty('x-app');
});

test('no native request is refused, whatever is in it', () => {
  const { payload, target } = callOf({ dialect: 'anthropic-messages', body: { messages: 'nonsense' } });
  expect(anthropic(new FakeUpstream()).refusal(payload, target)).toBeNull();
});

describe('tokens that the vendor adds', () => {
  const adapter = anthropic(new FakeUpstream());
  const ofNative = (body: object) =>
    adapter.promptOverheadTokens(callOf({ dialect: 'anthropic-messages', body: { ...body } }).payload);
  const ofTyped = (more: object) =>
    adapter.promptOverheadTokens(callOf({ prompt: { ...promptOf('a'), ...more } }).payload);

  test('none for words alone', () => {
    expect([ofNative({ messages: [] }), ofTyped({})]).toEqual([0, 0]);
  });

  test('for tools, its own ones, and a schema', () => {
    const schema = { type: 'schema', name: 'x', schema: {}, strict: true };
    expect(ofNative({ tools: [{ name: 'f' }, { type: 'custom', name: 'g' }] })).toBe(804);
    expect(ofNative({ tools: [{ type: 'computer_20250124' }] })).toBe(804 + 1234);
    expect(ofNative({ output_config: { format: {} } })).toBe(804);
    expect(ofTyped({ tools: [{ name: 'f', parameters: null }], format: schema })).toBe(1608);
    expect(ofTyped({ format: { type: 'json' } })).toBeGreaterThan(0);
    // A choice of forms is said twice.
    const parameters = { anyOf: [{ properties: { a: {} } }, { properties: { b: {} } }] };
    expect(ofTyped({ tools: [{ name: 'f', parameters }] })).toBeGreaterThan(804 + 40);
  });

  test('for a conversation with calls whose tools are left out', () => {
    const called = { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '' };
    expect(ofTyped({ messages: [{ role: 'assistant', name: null, parts: [called] }] })).toBe(804);
  });
});
