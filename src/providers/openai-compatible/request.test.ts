import { describe, expect, test } from 'bun:test';
import type { ChatPrompt, Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { type CallOptions, callOf } from '../__fixtures__/upstream.ts';
import { requestBody } from './request.ts';

const bodyOf = (options: CallOptions = {}): JsonObject => requestBody(callOf(options));
const USER = { role: 'user', content: 'hi' };

/** What becomes of one message at this vendor. */
function sent(message: JsonObject, baseUrl: string): JsonObject {
  const body = bodyOf({ body: { messages: [message] }, baseUrl });
  return (body['messages'] as JsonObject[])[0] as JsonObject;
}

const OPENAI = 'https://api.openai.com/v1';
const AZURE = 'https://acme.openai.azure.com/openai/v1';
const ANTHROPIC = 'https://api.anthropic.com/v1';
const GOOGLE = 'https://generativelanguage.googleapis.com/v1beta/openai';
const MISTRAL = 'https://api.mistral.ai/v1';
const GROQ = 'https://api.groq.com/openai/v1';
const DEEPSEEK = 'https://api.deepseek.com/v1';
const MOONSHOT = 'https://api.moonshot.ai/v1';
const CEREBRAS = 'https://api.cerebras.ai/v1';
const ALIBABA = 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1';
const OPENROUTER = 'https://openrouter.ai/api/v1';
const OLLAMA = 'http://127.0.0.1:11434/v1';
const VLLM = 'http://127.0.0.1:8000/v1';
const NOBODY = 'https://llm.example.com/v1';

describe('a request of the same dialect', () => {
  test('is itself, with the upstream’s model and without what the gateway says itself', () => {
    const body = { messages: [USER], temperature: 0.5, safe_prompt: true, max_tokens: 9, stream: false };
    expect(bodyOf({ body, stream: false })).toEqual({
      messages: [USER],
      temperature: 0.5,
      safe_prompt: true,
      model: 'model-x',
      max_tokens: 100,
    });
  });

  test('is not changed for the caller, who may send it to another provider next', () => {
    const body = {
      messages: [{ role: 'developer', content: [{ type: 'text', text: 'x', cache_control: {} }] }],
      tools: [{ type: 'function', function: { name: 'f' }, cache_control: {} }],
      extra_body: { google: { cached_content: 'c' } },
    };
    const before = structuredClone(body);
    for (const baseUrl of [MISTRAL, GOOGLE, DEEPSEEK])
      bodyOf({ body, baseUrl, reasoning: { maxTokens: 2000 } });
    expect(body).toEqual(before);
  });

  test('shares what needs no change', () => {
    const messages = [USER, { role: 'assistant', content: 'a' }];
    expect(bodyOf({ body: { messages } })['messages']).toBe(messages);
  });

  test.each([
    [OPENAI, 'max_completion_tokens'],
    [AZURE, 'max_completion_tokens'],
    [GROQ, 'max_completion_tokens'],
    [MISTRAL, 'max_tokens'],
    [NOBODY, 'max_tokens'],
  ])('at %s the cap is %s', (baseUrl, field) => {
    const body = bodyOf({ baseUrl, body: { messages: [USER], max_tokens: 1, max_completion_tokens: 2 } });
    const other = field === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    expect([body[field], other in body]).toEqual([100, false]);
  });

  test('without a cap there is none', () => {
    const body = bodyOf({ maxTokens: null, body: { messages: [USER], max_tokens: 1 } });
    expect(['max_tokens', 'max_completion_tokens'].filter((name) => name in body)).toEqual([]);
  });

  test('a stream is asked to count, but where the vendor refuses the question', () => {
    expect(bodyOf()).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    for (const baseUrl of [MISTRAL, 'https://api.perplexity.ai']) {
      const body = bodyOf({ baseUrl, body: { messages: [USER], stream_options: { x: 1 } } });
      expect([body['stream'], 'stream_options' in body]).toEqual([true, false]);
    }
    expect(bodyOf({ quirks: { streamOptions: false } })).not.toHaveProperty('stream_options');
    const whole = bodyOf({ stream: false, body: { messages: [USER], stream: true, stream_options: {} } });
    expect(['stream', 'stream_options'].filter((name) => name in whole)).toEqual([]);
  });

  test('parameters that an endpoint does not know are left out', () => {
    const body = bodyOf({
      body: { messages: [USER], top_k: 3, seed: 1 },
      without: ['top_k', 'reasoning'],
      reasoning: { effort: 'high' },
    });
    expect(body).toMatchObject({ seed: 1 });
    expect(['top_k', 'reasoning_effort'].filter((name) => name in body)).toEqual([]);
  });

  test('what would be sent holds no secret', () => {
    expect(JSON.stringify(bodyOf())).not.toContain('canary');
  });
});

describe('roles', () => {
  test.each([
    [OPENAI, 'developer', 'developer'],
    [OPENAI, 'system', 'system'],
    [DEEPSEEK, 'developer', 'system'],
    [MISTRAL, 'developer', 'system'],
    [VLLM, 'developer', 'system'],
    [OPENROUTER, 'developer', 'developer'],
    [DEEPSEEK, 'user', 'user'],
    [DEEPSEEK, 'tool', 'tool'],
  ])('at %s a %s is a %s', (baseUrl, role, becomes) => {
    expect(sent({ role, content: 'x' }, baseUrl)).toEqual({ role: becomes, content: 'x' });
  });

  test.each([
    [['developer'], 'system', 'developer'],
    [[], 'system', 'user'],
    [[], 'developer', 'user'],
  ] as const)('where %o are taken, a %s is a %s', (roles, role, becomes) => {
    const body = bodyOf({ body: { messages: [{ role, content: 'x' }] }, quirks: { roles } });
    expect(body['messages']).toEqual([{ role: becomes, content: 'x' }]);
  });
});

describe('names of messages', () => {
  const parts = [{ type: 'image_url' }, { type: 'text', text: 'hi' }, { type: 'text', text: 'ho' }];

  test.each([OPENAI, OPENROUTER, DEEPSEEK, NOBODY])('stay at %s', (baseUrl) => {
    const message = { role: 'user', name: 'ann', content: 'hi' };
    expect(sent(message, baseUrl)).toEqual(message);
  });

  test.each([MISTRAL, ANTHROPIC, GOOGLE])('stand before the text at %s', (baseUrl) => {
    expect(sent({ role: 'user', name: 'ann', content: 'hi' }, baseUrl)).toEqual({
      role: 'user',
      content: 'ann: hi',
    });
    expect(sent({ role: 'user', name: 'ann', content: parts }, baseUrl)).toEqual({
      role: 'user',
      content: [parts[0], { type: 'text', text: 'ann: hi' }, parts[2]],
    });
    expect(sent({ role: 'assistant', name: 'bot', content: null }, baseUrl)).toEqual({
      role: 'assistant',
      content: null,
    });
    const result = { role: 'tool', name: 'f', tool_call_id: 'gSIMJiOkT', content: 'r' };
    expect(sent(result, baseUrl)).toEqual(result);
    expect(sent(USER, baseUrl)).toEqual(USER);
  });
});

describe('earlier thoughts', () => {
  const details = [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'unknown', index: 0 }];
  const answer = { role: 'assistant', content: 'a' };
  const spellings: Record<string, JsonObject> = {
    'our own answer': { ...answer, reasoning: 'hm', reasoning_details: details },
    reasoning: { ...answer, reasoning: 'hm' },
    reasoning_content: { ...answer, reasoning_content: 'hm' },
    reasoning_text: { ...answer, reasoning_text: 'hm' },
    'a thinking member': { ...answer, thinking: 'hm' },
    reasoning_details: { ...answer, reasoning_details: details },
    thinking_blocks: { ...answer, thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }] },
    'parts of the content': {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'a' },
      ],
    },
  };

  test.each(Object.entries(spellings))('%s: each vendor gets them under its own name', (name, message) => {
    const content = name === 'parts of the content' ? [{ type: 'text', text: 'a' }] : 'a';
    const plain = { role: 'assistant', content };
    for (const baseUrl of [
      DEEPSEEK,
      MOONSHOT,
      ALIBABA,
      VLLM,
      NOBODY,
      'https://api.x.ai/v1',
      'https://api.z.ai/v4',
    ]) {
      expect(sent(message, baseUrl)).toEqual({ ...plain, reasoning_content: 'hm' });
    }
    for (const baseUrl of [GROQ, CEREBRAS, OLLAMA, 'https://api.together.xyz/v1']) {
      expect(sent(message, baseUrl)).toEqual({ ...plain, reasoning: 'hm' });
    }
    for (const baseUrl of [OPENAI, AZURE, ANTHROPIC, GOOGLE]) expect(sent(message, baseUrl)).toEqual(plain);
    expect(sent(message, MISTRAL)).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'a' },
      ],
    });
    const kept = sent(message, OPENROUTER);
    const signed = { ...details[0], format: 'anthropic-claude-v1' };
    expect(kept['reasoning_details'] ?? kept['reasoning']).toEqual(
      'reasoning_details' in message ? details : name === 'thinking_blocks' ? [signed] : 'hm',
    );
  });

  test('a signature or a seal reaches a vendor that takes details, however the caller spells them', () => {
    const blocks = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
    ];
    const told = [
      { type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'd', format: 'anthropic-claude-v1', index: 1 },
    ];
    expect(sent({ ...answer, thinking_blocks: blocks }, OPENROUTER)).toEqual({
      ...answer,
      reasoning_details: told,
    });
    const text = { type: 'text', text: 'a' };
    expect(sent({ role: 'assistant', content: [...blocks, text] }, OPENROUTER)).toEqual({
      role: 'assistant',
      content: [text],
      reasoning_details: told,
    });
  });

  test('a thought with nothing else said is a content by itself at Mistral', () => {
    expect(
      sent({ role: 'assistant', content: null, reasoning: 'hm', tool_calls: [{ id: 'gSIMJiOkT' }] }, MISTRAL),
    ).toEqual({
      role: 'assistant',
      content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }],
      tool_calls: [{ id: 'gSIMJiOkT' }],
    });
  });

  test('where a vendor refuses tool calls without a thought, it gets its placeholder', () => {
    const calls = { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] };
    expect(sent(calls, DEEPSEEK)).toEqual({ ...calls, reasoning_content: '' });
    expect(sent(calls, MOONSHOT)).toEqual({ ...calls, reasoning_content: ' ' });
    expect(sent(calls, NOBODY)).toEqual(calls);
    expect(sent(answer, DEEPSEEK)).toEqual(answer);
  });

  test('sealed thoughts alone are no text', () => {
    const sealed = { ...answer, reasoning_details: [{ type: 'reasoning.encrypted', data: 'd' }] };
    expect(sent(sealed, DEEPSEEK)).toEqual(answer);
    expect(sent(sealed, OPENROUTER)).toEqual(sealed);
  });

  test('members of a user with such names are not thoughts', () => {
    expect(sent({ role: 'user', content: 'x', reasoning: 'r' }, NOBODY)).toHaveProperty('reasoning', 'r');
  });

  test('the operator’s word decides where the host is unknown', () => {
    const message = { ...answer, reasoning: 'hm' };
    const body = bodyOf({ body: { messages: [message] }, quirks: { reasoningHistory: 'none' } });
    expect(body['messages']).toEqual([answer]);
  });
});

describe('foreign members', () => {
  const mark = { type: 'ephemeral' };
  const marked = {
    cache_control: mark,
    messages: [
      {
        role: 'system',
        content: [{ type: 'text', text: 's', cache_control: mark, prompt_cache_breakpoint: {} }],
      },
      { role: 'user', content: 'u', cache_control: mark },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'c',
            type: 'function',
            cache_control: mark,
            function: { name: 'f', arguments: '{}', cache_control: mark },
          },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 'c',
        content: [{ type: 'tool_result', content: [{ type: 'text', text: 'r', cache_control: mark }] }],
      },
    ],
    tools: [{ type: 'function', cache_control: mark, function: { name: 'f', cache_control: mark } }],
  };

  test.each([OPENAI, MISTRAL, NOBODY, VLLM])(
    'cache marks do not reach %s, wherever they stand',
    (baseUrl) => {
      const text = JSON.stringify(bodyOf({ baseUrl, body: marked }));
      expect(text).not.toContain('cache_control');
      expect(text).not.toContain('prompt_cache_breakpoint');
      expect(text).toContain('"text":"r"');
    },
  );

  test.each([OPENROUTER, ALIBABA])('cache marks reach %s as they are', (baseUrl) => {
    const body = bodyOf({ baseUrl, body: marked });
    expect(body['messages']).toEqual(marked.messages);
    expect([body['tools'], body['cache_control']]).toEqual([marked.tools, mark]);
  });

  test('the operator can say that a vendor reads cache marks', () => {
    expect(bodyOf({ body: marked, quirks: { cacheControl: true } })['tools']).toBe(marked.tools);
  });

  const signed = {
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        index: 0,
        id: 'gSIMJiOkT',
        type: 'function',
        function: { name: 'f', arguments: '{}' },
        extra_content: { google: { thought_signature: 'sig' } },
      },
    ],
  };

  test.each([GOOGLE, OPENROUTER, NOBODY, VLLM])('a thought signature goes back to %s', (baseUrl) => {
    expect(sent(signed, baseUrl)).toEqual(signed);
  });

  test.each([OPENAI, AZURE, MISTRAL, GROQ, CEREBRAS])(
    '%s, which refuses what it does not know, gets none',
    (baseUrl) => {
      expect(sent(signed, baseUrl)).toEqual({
        ...signed,
        tool_calls: [{ id: 'gSIMJiOkT', type: 'function', function: { name: 'f', arguments: '{}' } }],
      });
    },
  );

  test('a vendor that refuses what it does not know gets what it knows', () => {
    const known = {
      ...{ role: 'assistant', content: 'a', name: 'bot', refusal: 'no', prefix: true },
      ...{ audio: { id: 'x' }, function_call: { name: 'f', arguments: '{}' } },
    };
    expect(sent({ ...known, timestamp: 5, metadata: { a: 1 }, status: 'ok' }, OPENAI)).toEqual(known);
    const custom = { id: 'c', type: 'custom', custom: { name: 'f', input: 'x' } };
    const calls = { role: 'assistant', content: null, tool_calls: [{ ...custom, extra_content: {} }] };
    expect(sent(calls, OPENAI)).toEqual({ ...calls, tool_calls: [custom] });
    expect(sent({ ...known, timestamp: 5 }, NOBODY)).toEqual({ ...known, timestamp: 5 });
  });

  test('ids of calls are nine letters where a vendor takes no others, and results still find their calls', () => {
    const conversation = (id: string) => [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'r' },
    ];
    const idsAt = (id: string, baseUrl: string) => {
      const [calls, result] = bodyOf({ baseUrl, body: { messages: conversation(id) } })[
        'messages'
      ] as JsonObject[];
      const made = (calls?.['tool_calls'] ?? []) as JsonObject[];
      return [made[0]?.['id'], result?.['tool_call_id']];
    };
    const ids = ['call_PTLP8xhu3uwZk4l3nlnrrJha', 'call_PTLP8xhu3uwZk4l3nlnrrJhb', 'toolu_01', '1'];
    const sentIds = ids.map((id) => {
      const [called, answered] = idsAt(id, MISTRAL);
      expect(called).toBe(answered);
      expect(called).toMatch(/^[a-zA-Z0-9]{9}$/);
      return called;
    });
    expect(new Set(sentIds).size).toBe(ids.length);
    expect(idsAt('gSIMJiOkT', MISTRAL)).toEqual(['gSIMJiOkT', 'gSIMJiOkT']);
    expect(idsAt('call_x', NOBODY)).toEqual(['call_x', 'call_x']);
  });

  test('what only OpenRouter’s answers have stays behind, nulls and empty lists too', () => {
    const message = {
      role: 'assistant',
      content: null,
      refusal: null,
      audio: null,
      function_call: null,
      tool_calls: [],
      annotations: [],
      images: [],
      model: 'x/y',
      mood: 'good',
    };
    expect(sent(message, NOBODY)).toEqual({ role: 'assistant', content: null, mood: 'good' });
    expect(sent(message, OPENAI)).toEqual({ role: 'assistant', content: null });
    expect(sent(message, OPENROUTER)).toEqual({
      role: 'assistant',
      content: null,
      annotations: [],
      images: [],
      model: 'x/y',
      mood: 'good',
    });
  });
});

describe('a prompt of another dialect', () => {
  const empty: ChatPrompt = {
    messages: [],
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    format: null,
    stop: [],
    parameters: {},
  };
  const say = (...parts: Part[]): JsonObject[] => {
    const prompt = { ...empty, messages: [{ role: 'user' as const, name: null, parts }] };
    return bodyOf({ prompt, baseUrl: OPENROUTER })['messages'] as JsonObject[];
  };

  test('is written in OpenAI’s words', () => {
    const prompt: ChatPrompt = {
      messages: [
        { role: 'system', name: null, parts: [{ type: 'text', text: 'be brief' }] },
        {
          role: 'user',
          name: 'ann',
          parts: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        {
          role: 'assistant',
          name: null,
          parts: [
            { type: 'reasoning', text: 'hm', signature: 's' },
            { type: 'reasoning', text: '', redacted: 'd' },
            { type: 'refusal', text: 'no' },
            {
              type: 'tool-call',
              id: 'c',
              name: 'f',
              argumentsJson: '{}',
              extra: { extra_content: { x: 1 } },
            },
          ],
        },
        {
          role: 'user',
          name: null,
          parts: [
            { type: 'tool-result', callId: 'c', content: [{ type: 'text', text: 'r' }], isError: false },
            { type: 'text', text: 'go on' },
          ],
        },
        {
          role: 'tool',
          name: null,
          parts: [{ type: 'tool-result', callId: 'd', content: [], isError: false }],
        },
      ],
      tools: [
        { name: 'f', description: 'does', parameters: { type: 'object' }, strict: true },
        { name: 'g', description: null, parameters: null, strict: null },
      ],
      toolChoice: { name: 'f' },
      parallelToolCalls: false,
      format: { type: 'schema', name: 'n', schema: { type: 'object' }, strict: true },
      stop: ['END'],
      parameters: { temperature: 0.5 },
    };
    expect(bodyOf({ prompt, baseUrl: OPENROUTER })).toEqual({
      model: 'model-x',
      max_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'a\nb', name: 'ann' },
        {
          role: 'assistant',
          content: null,
          reasoning_details: [
            { type: 'reasoning.text', text: 'hm', signature: 's' },
            { type: 'reasoning.encrypted', data: 'd' },
          ],
          refusal: 'no',
          tool_calls: [
            { id: 'c', type: 'function', extra_content: { x: 1 }, function: { name: 'f', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: 'r' },
        { role: 'user', content: 'go on' },
        { role: 'tool', tool_call_id: 'd', content: '' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'does', parameters: { type: 'object' }, strict: true },
        },
        { type: 'function', function: { name: 'g' } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
      },
      stop: ['END'],
      temperature: 0.5,
    });
  });

  test('images, sound, films and files have their parts, and cache marks stay', () => {
    const base64 = { kind: 'base64', mediaType: 'image/png', data: 'AA' } as const;
    const url = { kind: 'url', url: 'https://example.com/x' } as const;
    expect(
      say(
        { type: 'text', text: 'a', cache: '1h' },
        { type: 'text', text: 'b', cache: '5m' },
        { type: 'media', kind: 'image', source: base64, detail: 'low', cache: '5m' },
        { type: 'media', kind: 'video', source: url },
        { type: 'media', kind: 'audio', source: { ...base64, mediaType: 'audio/mpeg' } },
        { type: 'media', kind: 'file', source: base64, fileName: 'x.png' },
        { type: 'media', kind: 'file', source: { kind: 'id', id: 'f1' } },
        { type: 'opaque', dialect: 'openai-chat', value: { type: 'input_video' } },
      )[0]?.['content'],
    ).toEqual([
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
      {
        type: 'image_url',
        image_url: { url: 'data:image/png;base64,AA', detail: 'low' },
        cache_control: { type: 'ephemeral' },
      },
      { type: 'video_url', video_url: { url: 'https://example.com/x' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
      { type: 'file', file: { filename: 'x.png', file_data: 'data:image/png;base64,AA' } },
      { type: 'file', file: { file_id: 'f1' } },
      { type: 'input_video' },
    ]);
  });

  test('what the dialect has no words for is refused', () => {
    const id = { kind: 'id', id: 'x' } as const;
    for (const part of [
      { type: 'media', kind: 'image', source: id },
      { type: 'media', kind: 'video', source: id },
      { type: 'media', kind: 'audio', source: { kind: 'url', url: 'x' } },
      { type: 'opaque', dialect: 'openai-text', value: {} },
    ] as Part[]) {
      expect(() => say(part)).toThrow('cannot be sent');
    }
  });

  test.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
  ] as const)('the choice %s of a tool is said', (toolChoice, said) => {
    expect(bodyOf({ prompt: { ...empty, toolChoice } })['tool_choice']).toBe(said);
  });

  test('formats are named, and nothing is said where nothing is wished', () => {
    expect(bodyOf({ prompt: { ...empty, format: { type: 'json' } } })['response_format']).toEqual({
      type: 'json_object',
    });
    expect(bodyOf({ prompt: { ...empty, format: { type: 'text' } } })['response_format']).toEqual({
      type: 'text',
    });
    expect(Object.keys(bodyOf({ prompt: empty })).sort()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'stream',
      'stream_options',
    ]);
  });
});
