import { expect, test } from 'bun:test';
import type { ChatMessage, Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { promptOf } from './prompt.ts';

const messageOf = (message: JsonObject): ChatMessage | undefined =>
  promptOf({ messages: [message] }).messages[0];
/** Of a user's message. */
const partOf = (part: JsonObject): Part | undefined => messageOf({ role: 'user', content: [part] })?.parts[0];

const PNG = 'data:image/png;base64,AAAA';

/** Each part as a client may write it, and what it is. */
const PARTS: [JsonObject, Part][] = [
  [
    { type: 'text', text: 'hi' },
    { type: 'text', text: 'hi' },
  ],
  [
    { type: 'input_text', text: 'hi' },
    { type: 'text', text: 'hi' },
  ],
  [
    { type: 'output_text', text: 'hi' },
    { type: 'text', text: 'hi' },
  ],
  [{ type: 'text' }, { type: 'text', text: '' }],
  [
    { type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } },
    { type: 'text', text: 'hi', cache: '5m' },
  ],
  [
    { type: 'text', text: 'hi', cache_control: { type: 'ephemeral', ttl: '1h' } },
    { type: 'text', text: 'hi', cache: '1h' },
  ],
  [
    { type: 'text', text: 'hi', cache_control: null },
    { type: 'text', text: 'hi' },
  ],
  [
    { type: 'refusal', refusal: 'no' },
    { type: 'refusal', text: 'no' },
  ],
  [
    { type: 'image_url', image_url: { url: 'https://a.example/x.png', detail: 'high' } },
    {
      type: 'media',
      kind: 'image',
      source: { kind: 'url', url: 'https://a.example/x.png' },
      detail: 'high',
    },
  ],
  [
    { type: 'image_url', image_url: 'https://a.example/x.png' },
    { type: 'media', kind: 'image', source: { kind: 'url', url: 'https://a.example/x.png' } },
  ],
  [
    { type: 'image_url', image_url: { url: PNG }, cache_control: { type: 'ephemeral' } },
    {
      type: 'media',
      kind: 'image',
      source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
      cache: '5m',
    },
  ],
  [
    { type: 'image_url', image_url: { url: 'data:image/svg+xml;charset=utf-8;base64,QQ==' } },
    {
      type: 'media',
      kind: 'image',
      source: { kind: 'base64', mediaType: 'image/svg+xml', data: 'QQ==' },
    },
  ],
  [
    { type: 'image_url', image_url: { url: 'data:text/plain,hi' } },
    { type: 'media', kind: 'image', source: { kind: 'url', url: 'data:text/plain,hi' } },
  ],
  [{ type: 'image_url' }, { type: 'media', kind: 'image', source: { kind: 'url', url: '' } }],
  [
    { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    {
      type: 'media',
      kind: 'audio',
      source: { kind: 'base64', mediaType: 'audio/mp3', data: 'AAAA' },
    },
  ],
  [
    { type: 'input_audio' },
    { type: 'media', kind: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: '' } },
  ],
  [
    { type: 'input_audio', input_audio: { data: 'A', format: 'wav' }, cache_control: {} },
    {
      type: 'media',
      kind: 'audio',
      source: { kind: 'base64', mediaType: 'audio/wav', data: 'A' },
      cache: '5m',
    },
  ],
  [
    { type: 'video_url', video_url: { url: 'https://a.example/x.mp4' }, cache_control: {} },
    {
      type: 'media',
      kind: 'video',
      source: { kind: 'url', url: 'https://a.example/x.mp4' },
      cache: '5m',
    },
  ],
  [
    { type: 'input_video', input_video: { url: 'https://a.example/x.mp4' } },
    { type: 'media', kind: 'video', source: { kind: 'url', url: 'https://a.example/x.mp4' } },
  ],
  [
    { type: 'input_video', video_url: { url: 'https://a.example/x.mp4' } },
    { type: 'media', kind: 'video', source: { kind: 'url', url: 'https://a.example/x.mp4' } },
  ],
  [
    {
      type: 'file',
      file: { filename: 'x.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      cache_control: {},
    },
    {
      type: 'media',
      kind: 'file',
      source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' },
      fileName: 'x.pdf',
      cache: '5m',
    },
  ],
  [
    { type: 'file', file: { file_data: 'https://a.example/x.pdf' } },
    { type: 'media', kind: 'file', source: { kind: 'url', url: 'https://a.example/x.pdf' } },
  ],
  [
    { type: 'file', file: { file_id: 'file-1', file_data: 'ignored' } },
    { type: 'media', kind: 'file', source: { kind: 'id', id: 'file-1' } },
  ],
  [{ type: 'file' }, { type: 'media', kind: 'file', source: { kind: 'url', url: '' } }],
  [
    { type: 'thinking', thinking: 'hm', signature: 's' },
    {
      type: 'opaque',
      dialect: 'openai-chat',
      value: { type: 'thinking', thinking: 'hm', signature: 's' },
    },
  ],
];

test.each(PARTS)('%j is what it says', (written, part) => {
  expect(partOf(written)).toEqual(part);
});

test('every role is known, and a name stays', () => {
  const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
  const { messages } = promptOf({ messages: roles.map((role) => ({ role, content: 'x', name: 'n' })) });
  expect(messages.map(({ role, name }) => [role, name])).toEqual(
    ['system', 'developer', 'user', 'assistant', 'tool', 'tool'].map((role) => [role, 'n']),
  );
  expect(messageOf({ role: 'user', content: 'x' })).toEqual({
    role: 'user',
    name: null,
    parts: [{ type: 'text', text: 'x' }],
  });
});

test('a tool answers its call, with text or with parts; the function of old times answers by its name', () => {
  const result = (callId: string, content: Part[]): Part[] => [
    { type: 'tool-result', callId, content, isError: false },
  ];
  const text: Part = { type: 'text', text: '42' };
  expect(messageOf({ role: 'tool', tool_call_id: 'c', content: '42' })?.parts).toEqual(result('c', [text]));
  const parts = [
    { type: 'text', text: '42' },
    { type: 'image_url', image_url: { url: PNG } },
  ];
  expect(messageOf({ role: 'tool', tool_call_id: 'c', name: 'n', content: parts })?.parts).toEqual(
    result('c', [
      text,
      { type: 'media', kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
    ]),
  );
  expect(messageOf({ role: 'function', name: 'weather', content: '42' })?.parts).toEqual(
    result('weather', [text]),
  );
  expect(messageOf({ role: 'function', content: null })?.parts).toEqual(result('', []));
});

test('an earlier answer keeps its thoughts, texts, refusals, calls and media, in this order', () => {
  const message = messageOf({
    role: 'assistant',
    content: [{ type: 'text', text: 'a' }],
    refusal: 'no',
    reasoning: 'ignored, for the details say it better',
    reasoning_details: [
      { type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.summary', summary: 'short', index: 1 },
      { type: 'reasoning.encrypted', data: 'r', index: 2 },
      { type: 'reasoning.server_tool_call', tool_name: 'x' },
    ],
    tool_calls: [
      { id: 'c', type: 'function', index: 0, function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'd', type: 'function', function: { name: 'g', arguments: '' }, extra_content: { google: 1 } },
      { id: 'e' },
    ],
    images: [{ type: 'image_url' }],
    audio: { id: 'audio_1' },
  });
  expect(message?.parts).toEqual([
    { type: 'reasoning', text: 'hm', signature: 's', format: 'anthropic-claude-v1' },
    { type: 'reasoning', text: 'short' },
    { type: 'reasoning', text: '', redacted: 'r' },
    { type: 'text', text: 'a' },
    { type: 'refusal', text: 'no' },
    { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{"a":1}' },
    { type: 'tool-call', id: 'd', name: 'g', argumentsJson: '', extra: { extra_content: { google: 1 } } },
    { type: 'tool-call', id: 'e', name: '', argumentsJson: '' },
    { type: 'opaque', dialect: 'openai-chat', value: { images: [{ type: 'image_url' }] } },
    { type: 'opaque', dialect: 'openai-chat', value: { audio: { id: 'audio_1' } } },
  ]);
});

test('without details thoughts are read from the text, under either name; a user has none', () => {
  const thoughts = (members: JsonObject) =>
    messageOf({ role: 'assistant', content: null, ...members })?.parts;
  expect(thoughts({ reasoning: 'hm' })).toEqual([{ type: 'reasoning', text: 'hm' }]);
  expect(thoughts({ reasoning_content: 'hm' })).toEqual([{ type: 'reasoning', text: 'hm' }]);
  expect(thoughts({ reasoning: 'a', reasoning_content: 'b' })).toEqual([{ type: 'reasoning', text: 'a' }]);
  expect(thoughts({ reasoning: 'hm', reasoning_details: [] })).toEqual([{ type: 'reasoning', text: 'hm' }]);
  const one = { reasoning: 'ignored', reasoning_details: [{ type: 'reasoning.summary', summary: 'hm' }] };
  expect(thoughts(one)).toEqual([{ type: 'reasoning', text: 'hm' }]);
  for (const none of [{}, { reasoning: '' }, { reasoning: null }, { reasoning_details: [{ type: 'x' }] }])
    expect(thoughts(none)).toEqual([]);
  expect(messageOf({ role: 'user', content: 'x', reasoning: 'hm', tool_calls: [{}] })?.parts).toHaveLength(1);
});

test('what is null is not there', () => {
  const empty = { content: null, refusal: null, tool_calls: null, images: null, audio: null };
  expect(messageOf({ role: 'assistant', ...empty })?.parts).toEqual([]);
});

test('functions become tools; what the provider would run itself is none of ours', () => {
  const { tools } = promptOf({
    tools: [
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      },
      { type: 'function', function: { name: 'g', parameters: 'x', strict: 'x' } },
      { type: 'function' },
      { type: 'custom', custom: {}, function: { name: 'h' } },
    ],
  });
  expect(tools).toEqual([
    { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
    { name: 'g', description: null, parameters: null, strict: null },
  ]);
  expect(promptOf({}).tools).toEqual([]);
});

test('the choice of a tool, the format and the stops are typed', () => {
  const choices: [unknown, unknown][] = [
    ...(['auto', 'none', 'required'] as const).map((word) => [word, word] as [unknown, unknown]),
    [{ type: 'function', function: { name: 'f' } }, { name: 'f' }],
    [{ type: 'function' }, null],
    ['any', null],
    [undefined, null],
  ];
  for (const [written, choice] of choices)
    expect(promptOf({ tool_choice: written }).toolChoice).toEqual(choice as null);
  const schema = { name: 's', schema: { type: 'object' }, strict: true };
  const formats: [unknown, unknown][] = [
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      { type: 'json_schema', json_schema: schema },
      { type: 'schema', ...schema },
    ],
    [
      { type: 'json_schema', json_schema: {} },
      { type: 'schema', name: '', schema: {}, strict: false },
    ],
    [{ type: 'json_schema' }, null],
    [{ type: 'grammar', json_schema: schema }, null],
    ['json', null],
    [undefined, null],
  ];
  for (const [written, format] of formats)
    expect(promptOf({ response_format: written }).format).toEqual(format as null);
  expect([promptOf({ stop: 'x' }).stop, promptOf({ stop: ['x', 'y'] }).stop, promptOf({}).stop]).toEqual([
    ['x'],
    ['x', 'y'],
    [],
  ]);
  const parallel = (value?: unknown) => promptOf({ parallel_tool_calls: value }).parallelToolCalls;
  expect([parallel(true), parallel(false), parallel(), parallel('x')]).toEqual([true, false, null, null]);
});

test('everything without a place of its own is a parameter, under its name', () => {
  const { parameters } = promptOf({
    messages: [],
    ...{
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      response_format: { type: 'text' },
      stop: 'x',
    },
    ...{ max_tokens: 1, max_completion_tokens: 1, reasoning: {}, reasoning_effort: 'low' },
    ...{ temperature: 1, seed: 5, made_up: { deep: true } },
  });
  expect(parameters).toEqual({ temperature: 1, seed: 5, made_up: { deep: true } });
});

test('pieces of one thought are put together up to its signature, and say whose it is', () => {
  const format = 'anthropic-claude-v1';
  const message = messageOf({
    role: 'assistant',
    content: null,
    reasoning_details: [
      { type: 'reasoning.text', text: 'a', index: 0, format },
      { type: 'reasoning.text', text: 'b', index: 0, format },
      { type: 'reasoning.text', signature: 's', index: 0, format },
      { type: 'reasoning.text', text: 'c', index: 1, format },
      { type: 'reasoning.text', text: 'd', signature: 't', index: 1, format },
      { type: 'reasoning.encrypted', data: 'r', id: 'rs_1', format: 'openai-responses-v1', index: 2 },
      { type: 'reasoning.text', text: 'e', format: 'of nobody' },
    ],
  });
  expect(message?.parts).toEqual([
    { type: 'reasoning', text: 'ab', signature: 's', format },
    { type: 'reasoning', text: 'cd', signature: 't', format },
    { type: 'reasoning', text: '', redacted: 'r', format: 'openai-responses-v1', id: 'rs_1' },
    { type: 'reasoning', text: 'e' },
  ]);
});

test('what has no typed form stays under its name', () => {
  const custom = { type: 'custom', custom: { name: 'x' } };
  const fn = { type: 'function', function: { name: 'f' } };
  const body = {
    messages: [],
    tools: [fn, custom],
    tool_choice: { type: 'allowed_tools' },
    response_format: { type: 'grammar', grammar: 'x' },
  };
  const { tools, parameters } = promptOf(body);
  expect(tools.map(({ name }) => name)).toEqual(['f']);
  expect(parameters).toEqual({
    tools: [custom],
    tool_choice: body.tool_choice,
    response_format: body.response_format,
  });
  expect(
    promptOf({ messages: [], tools: [fn], tool_choice: null, response_format: null }).parameters,
  ).toEqual({});
});
