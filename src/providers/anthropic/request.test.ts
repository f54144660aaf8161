/** Typed prompts as bodies of Anthropic's messages. */
import { describe, expect, test } from 'bun:test';
import type { ChatMessage, ChatPrompt, MediaPart, Part, ReasoningPart, Role } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { type CallOptions, callOf, FakeUpstream, promptOf } from '../__fixtures__/upstream.ts';
import { anthropic } from './adapter.ts';

const adapter = anthropic(new FakeUpstream());
const SONNET = 'claude-sonnet-4-5-20250929';

function prompt(messages: readonly ChatMessage[], rest: Partial<ChatPrompt> = {}): ChatPrompt {
  return { ...promptOf(''), messages, ...rest };
}

function said(role: Role, ...parts: readonly (Part | string)[]): ChatMessage {
  const typed = parts.map((part) =>
    typeof part === 'string' ? ({ type: 'text', text: part } as const) : part,
  );
  return { role, name: null, parts: typed };
}

function bodyOf(given: ChatPrompt, options: CallOptions = {}): JsonObject {
  return adapter.requestBody(callOf({ model: SONNET, maxTokens: 4096, ...options, prompt: given }));
}

function refusalOf(given: ChatPrompt, model = SONNET): string | null {
  const { payload, target } = callOf({ model, prompt: given });
  const refused = adapter.refusal(payload, target);
  if (refused !== null) expect(refused).toMatchObject({ code: 'invalid_request', status: 400 });
  return refused?.message ?? null;
}

const call = (id: string, args = '{}'): Part => ({ type: 'tool-call', id, name: 'f', argumentsJson: args });
const result = (callId: string, ...content: readonly Part[]): Part => ({
  type: 'tool-result',
  callId,
  content,
  isError: false,
});
const TOOL = { name: 'f', description: 'does f', parameters: { type: 'object' }, strict: null };

test('a plain question', () => {
  expect(bodyOf(promptOf('hi'), { maxTokens: 100 })).toEqual({
    model: SONNET,
    max_tokens: 100,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    stream: true,
  });
});

test('there is a cap also where nobody names one', () => {
  expect(bodyOf(promptOf('hi'), { maxTokens: null })['max_tokens']).toBe(16_384);
});

describe('messages', () => {
  test('instructions at the beginning are the system prompt, later ones stand where they are', () => {
    const body = bodyOf(
      prompt([said('system', 'a'), said('developer', 'b'), said('user', 'c'), said('system', 'd')]),
    );
    expect(body['system']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
    ]);
  });

  test('instructions alone are asked as a question', () => {
    const body = bodyOf(prompt([said('system', 'a')]));
    expect(body['system']).toBeUndefined();
    expect(body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'a' }] }]);
  });

  test('nothing at all is refused in words', () => {
    expect(refusalOf(prompt([said('user', ' ')]))).toContain('say nothing');
  });

  test('texts that are empty or blank are left out, and messages with them', () => {
    const body = bodyOf(prompt([said('user', 'a', '', ' \n'), said('assistant', ''), said('user', 'b')]));
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
  });

  test('white space at the end of what the assistant is to go on with is cut off', () => {
    const body = bodyOf(prompt([said('user', 'a '), said('assistant', 'b \n')]));
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a ' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
    ]);
  });

  test('a name stands before the text', () => {
    const message = { ...said('user', 'hi'), name: 'Ada' };
    expect(bodyOf(prompt([message]))['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Ada: hi' }] },
    ]);
  });

  test('parallel calls are answered in one message, results before words', () => {
    const body = bodyOf(
      prompt(
        [
          said('user', 'a'),
          said('assistant', call('c1', '{"x":1}'), call('c2')),
          said('user', 'also'),
          said('tool', result('c1', { type: 'text', text: '1' })),
          said('tool', { ...result('c2'), isError: true } as Part),
        ],
        { tools: [TOOL] },
      ),
    );
    expect((body['messages'] as JsonObject[]).slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'c1', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'c2', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: '1' }] },
          { type: 'tool_result', tool_use_id: 'c2', is_error: true },
          { type: 'text', text: 'also' },
        ],
      },
    ]);
  });

  test('ids that the vendor refuses, and those that come twice, are rewritten with their results', () => {
    const turn = [said('assistant', call('functions.f:0')), said('tool', result('functions.f:0'))];
    const body = bodyOf(prompt([said('user', 'a'), ...turn, ...turn], { tools: [TOOL] }));
    const ids = (body['messages'] as { content: JsonObject[] }[]).flatMap(({ content }) =>
      content.flatMap(({ id, tool_use_id: of }) => id ?? of ?? []),
    );
    expect(ids).toEqual(['functions_f_0', 'functions_f_0', 'functions_f_0_2', 'functions_f_0_2']);
  });

  test.each([
    ['', {}],
    ['{"a":1}', { a: 1 }],
    ['{"a":', { arguments: '{"a":' }],
    ['[1]', { arguments: [1] }],
    ['null', { arguments: null }],
  ])('arguments %p', (args, input) => {
    const body = bodyOf(
      prompt([said('user', 'a'), said('assistant', call('c', args)), said('tool', result('c'))]),
    );
    const { content } = (body['messages'] as { content: JsonObject[] }[])[1] ?? { content: [] };
    expect(content[0]?.['input']).toEqual(input);
  });

  test('a conversation with calls and no tools gets those that were called, and none may be', () => {
    const body = bodyOf(prompt([said('user', 'a'), said('assistant', call('c')), said('tool', result('c'))]));
    expect(body['tools']).toEqual([{ name: 'f', input_schema: { type: 'object', properties: {} } }]);
    expect(body['tool_choice']).toEqual({ type: 'none' });
  });
});

describe('thoughts', () => {
  const thought = (more: Partial<ReasoningPart>): ReasoningPart => ({
    type: 'reasoning',
    text: 'hm',
    ...more,
  });

  test('its own, signed or sealed, go back as they came; those of others, and unsigned ones, do not', () => {
    const format = 'anthropic-claude-v1';
    const body = bodyOf(
      prompt([
        said('user', 'a'),
        said(
          'assistant',
          thought({ signature: 's', format }),
          thought({ text: '', redacted: 'r', format }),
          thought({ format }),
          thought({ signature: 's', format: 'google-gemini-v1' }),
          thought({ text: '', redacted: 'r', format: 'openai-responses-v1' }),
          thought({ signature: 's' }),
          'b',
        ),
        said('user', 'c'),
      ]),
    );
    expect((body['messages'] as { content: JsonObject[] }[])[1]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'r' },
      { type: 'text', text: 'b' },
    ]);
  });
});

describe('content', () => {
  const media = (kind: MediaPart['kind'], source: MediaPart['source'], fileName?: string): MediaPart => ({
    type: 'media',
    kind,
    source,
    ...(fileName === undefined ? {} : { fileName }),
  });
  const base64 = (mediaType: string, data = 'AA==') => ({ kind: 'base64', mediaType, data }) as const;
  const url = (address: string) => ({ kind: 'url', url: address }) as const;

  test.each([
    [
      media('image', url('https://x/y.png')),
      { type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
    ],
    [
      media('image', base64('image/jpg')),
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AA==' } },
    ],
    [
      media('file', base64('application/pdf'), 'a.pdf'),
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' },
        title: 'a.pdf',
      },
    ],
    [
      media('file', base64('text/csv', Buffer.from('a,b').toString('base64'))),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
    ],
    [
      media('file', url('https://x/y.pdf')),
      { type: 'document', source: { type: 'url', url: 'https://x/y.pdf' } },
    ],
  ])('%#', (part, block) => {
    const body = bodyOf(prompt([said('user', part, 'what?')]));
    expect(body['messages']).toEqual([{ role: 'user', content: [block, { type: 'text', text: 'what?' }] }]);
    const inResult = bodyOf(prompt([said('assistant', call('c')), said('tool', result('c', part))]));
    expect((inResult['messages'] as { content: JsonObject[] }[])[1]?.content[0]?.['content']).toEqual([
      block,
    ]);
  });

  test.each([
    [media('audio', base64('audio/wav')), 'audio'],
    [media('video', url('https://x/y.mp4')), 'video'],
    [media('file', { kind: 'id', id: 'file-1' }), 'does not know the file file-1'],
    [media('image', base64('image/bmp')), 'image/bmp'],
    [media('file', base64('application/zip')), 'application/zip'],
    [media('image', url('gs://bucket/x')), 'http(s)'],
    [{ type: 'opaque', dialect: 'openai-chat', value: { type: 'gadget' } } as Part, '"gadget"'],
  ])('what it cannot be sent is refused in words: %#', (part, words) => {
    expect(refusalOf(prompt([said('user', part)]))).toContain(words);
  });

  test('an image in the instructions is refused in words', () => {
    expect(
      refusalOf(prompt([said('system', media('image', url('https://x/y'))), said('user', 'a')])),
    ).toContain('system');
  });
});

describe('cache marks', () => {
  const marked = (text: string, cache: '5m' | '1h'): Part => ({ type: 'text', text, cache });
  const marksOf = (body: JsonObject) =>
    [
      ...((body['system'] as JsonObject[]) ?? []),
      ...(body['messages'] as { content: JsonObject[] }[]).flatMap(({ content }) => content),
    ].map(
      (block) =>
        (block['cache_control'] as JsonObject | undefined)?.['ttl'] ??
        ('cache_control' in block ? '5m' : null),
    );

  test('for an hour and for five minutes', () => {
    expect(
      marksOf(bodyOf(prompt([said('system', marked('a', '1h')), said('user', marked('b', '5m'))]))),
    ).toEqual(['1h', '5m']);
  });

  test('of more than four the last ones count', () => {
    const many = said('user', ...['a', 'b', 'c', 'd', 'e', 'f'].map((text) => marked(text, '5m')));
    expect(marksOf(bodyOf(prompt([many])))).toEqual([null, null, '5m', '5m', '5m', '5m']);
    const automatic = prompt([many], { parameters: { cache_control: { type: 'ephemeral' } } });
    expect(marksOf(bodyOf(automatic))).toEqual([null, null, null, '5m', '5m', '5m']);
    expect(bodyOf(automatic)['cache_control']).toEqual({ type: 'ephemeral' });
  });

  test('none for an hour behind one for five minutes, which the vendor refuses', () => {
    expect(marksOf(bodyOf(prompt([said('user', marked('a', '5m'), marked('b', '1h'))])))).toEqual([
      '5m',
      '5m',
    ]);
  });

  test('one on a blank text, which the vendor refuses, stands on what is before it', () => {
    expect(marksOf(bodyOf(prompt([said('user', 'a', marked(' ', '5m'))])))).toEqual(['5m']);
  });

  test('on the content of a result it stands on the result', () => {
    const body = bodyOf(prompt([said('assistant', call('c')), said('tool', result('c', marked('a', '5m')))]));
    expect((body['messages'] as { content: JsonObject[] }[])[1]?.content).toEqual([
      {
        type: 'tool_result',
        tool_use_id: 'c',
        content: [{ type: 'text', text: 'a' }],
        cache_control: { type: 'ephemeral' },
      },
    ]);
  });
});

describe('tools', () => {
  test.each([
    ['auto', null, { type: 'auto' }],
    ['none', false, { type: 'none' }],
    ['required', false, { type: 'any', disable_parallel_tool_use: true }],
    [{ name: 'f' }, true, { type: 'tool', name: 'f' }],
    [null, false, { type: 'auto', disable_parallel_tool_use: true }],
    [null, true, undefined],
  ] as const)('choice %p, parallel %p', (toolChoice, parallelToolCalls, expected) => {
    const body = bodyOf({ ...promptOf('a'), tools: [TOOL], toolChoice, parallelToolCalls });
    expect(body['tool_choice']).toEqual(expected as never);
    expect(body['tools']).toEqual([
      { name: 'f', description: 'does f', input_schema: { type: 'object', properties: {} } },
    ]);
  });

  test('one that takes nothing has a schema that says so', () => {
    const body = bodyOf({ ...promptOf('a'), tools: [{ ...TOOL, description: null, parameters: null }] });
    expect(body['tools']).toEqual([{ name: 'f', input_schema: { type: 'object', properties: {} } }]);
  });

  test('one with a choice of forms at its top, which the vendor refuses, takes the members of all', () => {
    const parameters = {
      anyOf: [
        { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
        { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] },
      ],
    };
    const [tool] = bodyOf({ ...promptOf('a'), tools: [{ ...TOOL, parameters }] })['tools'] as JsonObject[];
    expect(tool?.['input_schema']).toEqual({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      description: `(anyOf: ${JSON.stringify(parameters.anyOf)})`,
    });
  });

  test('one whose arguments are to keep to its schema', () => {
    const parameters = { type: 'object', properties: { a: { type: 'integer', minimum: 3 } } };
    const tools = [{ ...TOOL, parameters, strict: true }];
    expect(bodyOf({ ...promptOf('a'), tools })['tools']).toEqual([
      {
        name: 'f',
        description: 'does f',
        strict: true,
        input_schema: {
          type: 'object',
          properties: { a: { type: 'integer', description: '(minimum: 3)' } },
          additionalProperties: false,
        },
      },
    ]);
    expect(bodyOf({ ...promptOf('a'), tools }, { model: 'claude-sonnet-4-20250514' })['tools']).toEqual([
      { name: 'f', description: 'does f', input_schema: parameters },
    ]);
  });
});

describe('the form of the answer', () => {
  test('a schema', () => {
    const schema = {
      type: 'object',
      properties: {
        a: {
          oneOf: [
            { type: 'string', format: 'email' },
            { type: 'string', format: 'phone' },
          ],
        },
      },
      required: ['a'],
    };
    const format = { type: 'schema', name: 'x', schema, strict: true } as const;
    expect(bodyOf({ ...promptOf('a'), format })['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            a: {
              anyOf: [
                { type: 'string', format: 'email' },
                { type: 'string', description: '(format: "phone")' },
              ],
            },
          },
          required: ['a'],
          additionalProperties: false,
        },
      },
    });
    expect(refusalOf({ ...promptOf('a'), format }, 'claude-3-5-haiku-20241022')).toContain('schema');
  });

  test('any JSON: the model is told in words', () => {
    const body = bodyOf({ ...promptOf('a'), format: { type: 'json' } });
    expect(body['system']).toEqual([{ type: 'text', text: expect.stringContaining('JSON') }]);
    expect(body['output_config']).toBeUndefined();
  });
});

describe('parameters', () => {
  const parameters = { temperature: 1.5, top_p: 0.9, top_k: 40, seed: 7, frequency_penalty: 1 };

  test.each([
    ['claude-3-5-haiku-20241022', { temperature: 1, top_p: 0.9, top_k: 40 }],
    [SONNET, { temperature: 1, top_k: 40 }],
    ['claude-opus-4-7', {}],
    ['claude-opus-5-5', {}],
    ['MiniMax-M2', { temperature: 1, top_p: 0.9, top_k: 40 }],
  ])('%s', (model, expected) => {
    const {
      messages,
      model: _,
      max_tokens,
      stream,
      ...rest
    } = bodyOf({ ...promptOf('a'), parameters }, { model });
    expect(rest).toEqual(expected);
  });

  test('what an endpoint does not know is not sent', () => {
    const body = bodyOf({ ...promptOf('a'), parameters }, { without: ['temperature', 'top_k'] });
    expect([body['temperature'], body['top_p'], body['top_k']]).toEqual([undefined, 0.9, undefined]);
  });

  test('where to stop', () => {
    expect(bodyOf({ ...promptOf('a'), stop: ['###', ''] })['stop_sequences']).toEqual(['###']);
    expect(refusalOf({ ...promptOf('a'), stop: ['\n'] })).toContain('white space');
  });

  test.each([
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ functions: [] }, 'functions'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ audio: { voice: 'a' } }, 'audio'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools'],
    [{ tool_choice: { type: 'allowed_tools' } }, 'tool_choice'],
    [{ response_format: { type: 'grammar' } }, 'response_format'],
  ])('what would be another answer is refused by its name: %p', (given, name) => {
    expect(refusalOf({ ...promptOf('a'), parameters: given })).toContain(`told ${name}`);
  });

  test('what changes nothing is not refused', () => {
    expect(
      refusalOf({ ...promptOf('a'), parameters: { n: 1, logprobs: false, modalities: ['text'], seed: 1 } }),
    ).toBeNull();
  });
});
