import { describe, expect, test } from 'bun:test';
import { sealedBy } from '../../chat/origin.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseMessagesRequest } from './request.ts';
import { sealed } from './sealed.ts';

const SMALL: JsonObject = { model: 'acme/small', messages: [{ role: 'user', content: 'hi' }] };

function parse(changes: JsonObject = {}, headers: Record<string, string> = {}) {
  const body = { ...SMALL, ...changes };
  return parseMessagesRequest(body, JSON.stringify(body).length, {
    headers: new Headers(headers),
    params: {},
    query: new URLSearchParams(),
  });
}

function refusal(changes: JsonObject, headers: Record<string, string> = {}): string {
  try {
    parse(changes, headers);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(TurnpikeError);
    expect((thrown as TurnpikeError).status).toBe(400);
    return (thrown as TurnpikeError).message;
  }
  return 'accepted';
}

/** As Claude Code 2.1.332 sends it, by its structure. */
const CODING_AGENT: JsonObject = {
  model: 'claude-opus-5-5',
  stream: true,
  max_tokens: 128_000,
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'high' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  metadata: { user_id: '{"device_id":"dev-1","account_uuid":"","session_id":"ses-1"}' },
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.332; cc_entrypoint=cli;' },
    { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } },
  ],
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    {
      role: 'system',
      output_config: { effort: 'low' },
      content: [{ type: 'text', text: 'now', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    },
  ],
  tools: [
    { name: 'Bash', description: 'runs', input_schema: { type: 'object', properties: {} } },
    { name: 'Later', input_schema: { type: 'object' }, defer_loading: true },
  ],
};

describe('what a coding agent sends', () => {
  test('is taken as it is, and all of it but what steers the gateway goes to whoever reads this dialect', () => {
    const request = parse(CODING_AGENT, {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
      'x-claude-code-session-id': 'ses-header',
      'x-claude-code-agent-id': 'agent-1',
      'x-api-key': 'secret',
      authorization: 'Bearer secret',
      'x-stainless-os': 'Linux',
    });
    const { model: _, stream: __, ...rest } = CODING_AGENT;
    expect(request.payload.native).toEqual({
      dialect: 'anthropic-messages',
      body: rest,
      headers: {
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
        'x-claude-code-session-id': 'ses-header',
        'x-claude-code-agent-id': 'agent-1',
      },
    });
    const order = Object.keys({ ...SMALL, ...CODING_AGENT }).filter((name) => name in rest);
    expect(Object.keys(request.payload.native.body)).toEqual(order);
    expect(request).toMatchObject({
      modelIds: ['claude-opus-5-5'],
      stream: true,
      sessionId: 'ses-header',
      user: 'dev-1',
      unpriced: [],
      size: { maxTokens: 128_000, imageCount: 0, choices: 1 },
    });
    expect(request.size.promptTokensBound).toBe(request.bodyBytes);
    // The latest effort holds; what was thought is not to be read.
    expect(request.payload.reasoning).toMatchObject({ enabled: null, effort: 'low', exclude: true });
    expect(request.usedParameters).toEqual(['tools', 'reasoning']);
  });

  test('names its session in one of several places', () => {
    const user_id = '{"device_id":"dev-1","account_uuid":"acc-1","session_id":"ses-1"}';
    expect(parse({ metadata: { user_id } })).toMatchObject({ user: 'acc-1', sessionId: 'ses-1' });
    const earlier = 'user_ab12_account__session_0b9d3f3e-7c1b-4b1a-9a53-2f1e8f5c0d11';
    expect(parse({ metadata: { user_id: earlier } })).toMatchObject({
      user: 'user_ab12_account_',
      sessionId: '0b9d3f3e-7c1b-4b1a-9a53-2f1e8f5c0d11',
    });
    expect(parse({ metadata: { user_id: 'somebody' } })).toMatchObject({ user: 'somebody', sessionId: null });
    expect(parse({ metadata: { user_id: '{broken' } })).toMatchObject({ user: '{broken', sessionId: null });
    const own = { user: 'u', session_id: 's', metadata: { user_id } };
    expect(parse(own)).toMatchObject({ user: 'u', sessionId: 's' });
  });
});

describe('what is for the gateway', () => {
  test('stays here', () => {
    const { payload, preferences } = parse({
      ...{ provider: { order: ['acme'] }, plugins: [], route: 'fallback', session_id: 's', trace: {} },
      ...{ user: 'u', debug: { echo_upstream_body: true }, models: ['acme/other'], max_tokens: 5 },
    });
    expect(Object.keys(payload.native.body)).toEqual(['messages', 'max_tokens']);
    expect(preferences.order).toEqual(['acme']);
  });

  test('fallbacks are models, at most three, and nothing else', () => {
    expect(parse({ fallbacks: [{ model: 'b' }, { model: 'c' }] }).modelIds).toEqual(['acme/small', 'b', 'c']);
    expect(parse({ fallbacks: null }).modelIds).toEqual(['acme/small']);
    const four = ['a', 'b', 'c', 'd'].map((model) => ({ model }));
    expect(refusal({ fallbacks: four })).toContain('at most 3');
    expect(refusal({ fallbacks: [{ model: 'b', max_tokens: 5 }] })).toContain('max_tokens');
    expect(refusal({ fallbacks: [{ model: 'b' }], models: ['c'] })).toContain('exclude');
  });

  test('betas may come in a header of OpenRouter’s', () => {
    const { headers } = parse({}, { 'anthropic-beta': 'a', 'x-anthropic-beta': 'b' }).payload.native;
    expect(headers).toEqual({ 'anthropic-beta': 'a,b' });
    expect(parse({}, { 'x-anthropic-beta': 'b' }).payload.native.headers).toEqual({ 'anthropic-beta': 'b' });
  });

  test('headers are bounded', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`anthropic-h${at}`, 'x']));
    const { headers } = parse({}, { ...many, 'anthropic-long': 'x'.repeat(5000) }).payload.native;
    expect(Object.keys(headers ?? {})).toHaveLength(40);
    expect(headers).not.toHaveProperty('anthropic-long');
  });
});

describe('what is let through', () => {
  test('blocks, members and tools that nobody here knows', () => {
    const odd = {
      messages: [{ role: 'user', content: [{ type: 'new_block', x: 1 }], clear_at: 'never', new: 1 }],
      new_member: { a: 1 },
      tools: [{ type: 'new_tool_20270101', name: 't' }],
      thinking: { type: 'new', depth: 3 },
      tool_choice: { type: 'new' },
    };
    const { payload, size } = parse(odd);
    expect(payload.native.body).toEqual(odd);
    // Nobody knows how many tokens it has.
    expect(size.promptTokensBound).toBeNull();
  });

  test('no max_tokens, two users in a row, a prefill and an empty list of blocks', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'user', content: [] },
      { role: 'assistant', content: '  ' },
    ];
    expect(parse({ messages, max_tokens: null }).size.maxTokens).toBeNull();
  });
});

test('images, also those in results and documents, are counted; bytes bound a prompt of text alone', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const user = (...content: JsonObject[]) => parse({ messages: [{ role: 'user', content }] }).size;
  const result = (content: unknown) => ({ type: 'tool_result', tool_use_id: 't', content });
  const document = (source: JsonObject) => ({ type: 'document', source });
  expect(user(image, result([image]), result('text'))).toMatchObject({
    imageCount: 2,
    promptTokensBound: null,
  });
  expect(user(document({ type: 'content', content: [image] }))).toMatchObject({ imageCount: 1 });
  const pdf = document({ type: 'base64', media_type: 'application/pdf', data: 'AAAA' });
  expect(user(pdf)).toMatchObject({ imageCount: 0, promptTokensBound: null });
  const texts = [document({ type: 'text', data: 'x' }), result([{ type: 'text', text: 'x' }])];
  expect(user(...texts).promptTokensBound).toBeInteger();
  const deep = result([result([result([result([result([image])])])])]);
  expect(user(deep).promptTokensBound).toBeNull();
});

describe('what is refused', () => {
  test.each([
    [{ messages: [] }, 'messages must be a list'],
    [{ messages: null }, 'messages must be a list'],
    [{ messages: ['x'] }, 'messages[0] must be an object'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content must be text'],
    [{ messages: [{ role: 'user', content: ['x'] }] }, 'messages[0].content[0]'],
    [{ system: 5 }, 'system must be text'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ top_k: -1 }, 'top_k'],
    [{ stop_sequences: 'x' }, 'stop_sequences'],
    [{ tools: [{ description: 'x' }] }, 'tools[0].name'],
    [{ tools: [{ type: 'openrouter:web_search' }] }, 'not available'],
    [{ tool_choice: 'auto' }, 'tool_choice must be an object'],
    [{ thinking: { type: 'enabled', budget_tokens: 1000 } }, 'at least 1024'],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 2048 }, 'max_tokens must be greater'],
    [{ plugins: [{ id: 'web' }] }, 'plugins are not available'],
    [{ model: '' }, 'model must be'],
  ])('%j: it says %s', (changes, words) => {
    expect(refusal(changes as JsonObject)).toContain(words);
  });

  test('a budget beyond the cap is fine where the model thinks between its calls', () => {
    const changes = { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 2048 };
    expect(refusal(changes, { 'anthropic-beta': 'interleaved-thinking-2025-05-14' })).toBe('accepted');
  });
});

test.each([
  [{ tools: [{ name: 't' }, { type: 'custom', name: 'u' }, { type: 'bash_20250124', name: 'bash' }] }, []],
  [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, ['tools']],
  [{ tools: [{ type: 'code_execution_20250825', name: 'x' }] }, ['tools']],
  [{ service_tier: 'standard_only' }, []],
  [{ service_tier: 'priority' }, []],
  [{ service_tier: 'scale' }, ['service_tier']],
  [{ speed: 'standard' }, []],
  [{ speed: 'fast' }, []],
  [{ speed: 'FAST' }, ['speed']],
  [{ inference_geo: 'us' }, ['inference_geo']],
  [{ container: sealedBy('c', 'acme') }, ['container']],
  [{ mcp_servers: [{ url: 'https://a.example' }] }, ['mcp_servers']],
  [{ mcp_servers: [] }, []],
  [{ context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }, []],
  [{ context_management: { edits: [{ type: 'compact_20260112' }] } }, ['context_management']],
  [{ context_management: { edits: [], other: 1 } }, ['context_management']],
  [{ some_new_member: {} }, ['some_new_member']],
])('%j may make a provider do work without a known price: %j', (changes, members) => {
  expect(parse(changes as JsonObject).unpriced).toEqual(members as string[]);
});

test('thoughts of other vendors are not sent to whoever reads this dialect, and nothing else is touched', () => {
  const theirs = { type: 'thinking', thinking: 'hmm', signature: sealed({}) };
  const sealedThought = { type: 'redacted_thinking', data: sealed({ redacted: 'x' }) };
  const own = { type: 'thinking', thinking: 'hm', signature: 'EqQBCgIYAhIM' };
  const unsigned = { type: 'thinking', thinking: 'h', signature: '' };
  const call = { type: 'tool_use', id: 't', name: 'f', input: {} };
  const { payload } = parse({
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [theirs, sealedThought, own, unsigned, call] },
      { role: 'assistant', content: [theirs] },
    ],
  });
  expect(payload.native.body['messages']).toEqual([
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [own, unsigned, call] },
  ]);
  expect(payload.prompt().messages[1]?.parts).toHaveLength(5);
});
