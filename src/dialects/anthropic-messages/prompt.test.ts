import { describe, expect, test } from 'bun:test';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { promptOf } from './prompt.ts';

const user = (...content: JsonObject[]): JsonObject => ({ messages: [{ role: 'user', content }] });
const partsOf = (...content: JsonObject[]): readonly Part[] =>
  promptOf(user(...content)).messages[0]?.parts ?? [];
const toolNames = (body: JsonObject) => promptOf(body).tools.map(({ name }) => name);

function refusal(body: JsonObject): string {
  try {
    promptOf({ ...user({ type: 'text', text: 'hi' }), ...body });
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'accepted';
}

test('a conversation keeps its order, its calls, its results and its marks for the cache', () => {
  const cached = { type: 'ephemeral' };
  const prompt = promptOf({
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'redacted_thinking', data: 'xyz' },
          { type: 'text', text: 'Let me see.', citations: [] },
          { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Köln' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            is_error: true,
            content: [{ type: 'text', text: 'no net' }],
          },
          { type: 'text', text: 'Again.', cache_control: cached },
        ],
      },
      { role: 'system', content: 'Be briefer.' },
    ],
    tools: [
      { name: 'weather', description: 'tells it', input_schema: { type: 'object' }, strict: true },
      { name: 'bare' },
    ],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    stop_sequences: ['END'],
    temperature: 0.5,
    top_k: 3,
    metadata: { user_id: 'u' },
    max_tokens: 9,
  });
  expect(prompt).toEqual({
    messages: [
      { role: 'system', name: null, parts: [{ type: 'text', text: 'Be brief.', cache: '1h' }] },
      { role: 'user', name: null, parts: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        name: null,
        parts: [
          { type: 'reasoning', text: 'hm', signature: 'sig', format: 'anthropic-claude-v1' },
          { type: 'reasoning', text: '', redacted: 'xyz', format: 'anthropic-claude-v1' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool-call', id: 't1', name: 'weather', argumentsJson: '{"city":"Köln"}' },
        ],
      },
      {
        role: 'user',
        name: null,
        parts: [
          { type: 'tool-result', callId: 't1', isError: true, content: [{ type: 'text', text: 'no net' }] },
          { type: 'text', text: 'Again.', cache: '5m' },
        ],
      },
      { role: 'system', name: null, parts: [{ type: 'text', text: 'Be briefer.' }] },
    ],
    tools: [
      { name: 'weather', description: 'tells it', parameters: { type: 'object' }, strict: true },
      { name: 'bare', description: null, parameters: null, strict: null },
    ],
    toolChoice: 'required',
    parallelToolCalls: false,
    format: null,
    stop: ['END'],
    parameters: { temperature: 0.5, top_k: 3 },
  });
});

test('Claude Code’s first block, which only Anthropic takes out again, is left out where it stands first', () => {
  const attribution = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2; cc_entrypoint=cli;' };
  const text = { type: 'text', text: 'You are' };
  const rolesOf = (...system: JsonObject[]) =>
    promptOf({ system, messages: [{ role: 'user', content: 'x' }] }).messages[0];
  expect(rolesOf(attribution, text)?.parts).toEqual([{ type: 'text', text: 'You are' }]);
  expect(rolesOf(attribution)?.role).toBe('user');
  expect(rolesOf(text, attribution)?.parts).toHaveLength(2);
});

test('images and files come in Base64, by URL or by id, and a document of text is text', () => {
  const source = (type: string, more: JsonObject) => ({ source: { type, ...more } });
  const image = (type: string, more: JsonObject) => partsOf({ type: 'image', ...source(type, more) })[0];
  expect(image('base64', { media_type: 'image/png', data: 'AA' })).toEqual({
    type: 'media',
    kind: 'image',
    source: { kind: 'base64', mediaType: 'image/png', data: 'AA' },
  });
  expect(image('url', { url: 'https://a.example/x' })).toMatchObject({ source: { kind: 'url' } });
  expect(image('file', { file_id: 'f' })).toMatchObject({ source: { kind: 'id', id: 'f' } });
  expect(image('new', {})).toMatchObject({ type: 'opaque', dialect: 'anthropic-messages' });
  const document = (type: string, more: JsonObject, rest: JsonObject = {}) =>
    partsOf({ type: 'document', title: 'T', ...source(type, more), ...rest })[0];
  expect(document('base64', { media_type: 'application/pdf', data: 'AA' })).toMatchObject({
    type: 'media',
    kind: 'file',
    fileName: 'T',
  });
  expect(document('text', { data: 'long' }, { context: 'C' })).toEqual({
    type: 'text',
    text: 'T\n\nC\n\nlong',
  });
  const content = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ];
  expect(document('content', { content })).toEqual({ type: 'text', text: 'T\n\na\nb' });
  expect(document('text', { data: 'x' }, { citations: { enabled: true } })).toMatchObject({ type: 'opaque' });
});

test('tools that wait to be searched for are there once they were found or called', () => {
  const tools = [
    { name: 'ToolSearch' },
    ...['found', 'called', 'waiting'].map((name) => ({ name, defer_loading: true })),
  ];
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'b', name: 'called', input: {} }] },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'a',
          content: [{ type: 'tool_reference', tool_name: 'found' }],
        },
      ],
    },
  ];
  expect(toolNames({ messages, tools })).toEqual(['ToolSearch', 'found', 'called']);
  expect(promptOf({ messages }).messages[2]?.parts).toMatchObject([
    { content: [{ type: 'text', text: 'Found the tool found.' }] },
  ]);
});

test('an answer may have to keep to a schema', () => {
  const format = { type: 'json_schema', schema: { type: 'object' } };
  const expected = { type: 'schema', name: 'answer', schema: { type: 'object' }, strict: true } as const;
  expect(promptOf({ ...user(), output_config: { format } }).format).toEqual(expected);
  expect(promptOf({ ...user(), output_format: format }).format).toEqual(expected);
});

test.each([
  [{ type: 'auto' }, 'auto'],
  [{ type: 'none' }, 'none'],
  [{ type: 'any' }, 'required'],
  [{ type: 'tool', name: 'f' }, { name: 'f' }],
] as const)('tool_choice %j is %j', (tool_choice, expected) => {
  expect(promptOf({ ...user(), tool_choice }).toolChoice).toEqual(expected);
});

describe('what only Anthropic can do', () => {
  test.each([
    [{ tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'bash_20250124'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'web_search_20250305'],
    [{ safeguards: [{ type: 'dangerous_tool_use' }] }, 'safeguards: Extra inputs are not permitted'],
    [
      { context_management: { edits: [{ type: 'compact_20260112' }] } },
      'context_management: Extra inputs are not permitted',
    ],
    [{ mcp_servers: [{}] }, 'mcp_servers'],
    [{ container: 'c' }, 'container'],
    [{ speed: 'slow' }, 'speed'],
    [{ inference_geo: 'us' }, 'inference_geo'],
    [{ output_config: { effort: 'new' } }, 'output_config.effort'],
    [{ tool_choice: { type: 'new' } }, 'tool_choice'],
  ])('%j is refused in words: %s', (body, words) => {
    expect(refusal(body)).toContain(words);
  });

  test.each([
    { context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } },
    { speed: 'fast', inference_geo: 'global', mcp_servers: [], safeguards: null },
    { new_member: { a: 1 }, service_tier: 'auto', metadata: { user_id: 'x' } },
  ])('%j changes nothing of the answer', (body) => {
    expect(refusal(body)).toBe('accepted');
  });

  test('blocks of it are told as they are, for adapters to refuse', () => {
    const blocks = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'search_result', source: 's', title: 't', content: [] },
      { type: 'container_upload', file_id: 'f' },
    ];
    expect(partsOf(...blocks)).toEqual(
      blocks.map((value) => ({ type: 'opaque', dialect: 'anthropic-messages', value })),
    );
  });
});
