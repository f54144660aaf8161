/** What callers of Responses send, as the gateway and providers of other formats read it. */
import { describe, expect, test } from 'bun:test';
import type { ChatPrompt } from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseResponsesRequest } from './request.ts';

function parse(members: JsonObject, headers: Record<string, string> = {}) {
  const body = { model: 'acme/small', input: 'hi', ...members };
  return parseResponsesRequest(body, JSON.stringify(body).length, { headers: new Headers(headers) });
}

const promptOf = (members: JsonObject): ChatPrompt => parse(members).payload.prompt();
const messagesOf = (input: unknown) => promptOf({ input }).messages;

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return `${thrown.status} ${thrown.message}`;
    throw thrown;
  }
  return 'accepted';
}

const apply_patch = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Edits files.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch"' },
};
const shell = {
  type: 'function',
  name: 'shell',
  description: 'Runs a command.',
  strict: false,
  parameters: { type: 'object', properties: { command: { type: 'array', items: { type: 'string' } } } },
};
const search = {
  type: 'tool_search',
  execution: 'client',
  description: 'Finds tools.',
  parameters: { type: 'object', properties: { query: { type: 'string' } } },
};
const gmail = {
  type: 'namespace',
  name: 'mcp__gmail__',
  description: 'Mail',
  tools: [
    { type: 'function', name: 'send', description: null, strict: null, parameters: { type: 'object' } },
  ],
};

/** A request as Codex 0.171.0 makes it, each text cut short. */
const CODEX: JsonObject = {
  model: 'acme/small',
  stream: true,
  store: false,
  include: ['reasoning.encrypted_content'],
  reasoning: { effort: 'medium', summary: 'auto' },
  text: { verbosity: 'low' },
  tool_choice: 'auto',
  parallel_tool_calls: true,
  prompt_cache_key: '0199',
  client_metadata: { 'x-codex-installation-id': '1' },
  input: [
    { type: 'message', id: 'msg_1', role: 'developer', content: [{ type: 'input_text', text: 'Rules' }] },
    { type: 'message', id: 'msg_2', role: 'user', content: [{ type: 'input_text', text: 'Go' }] },
  ],
  tools: [
    shell,
    apply_patch,
    search,
    { type: 'web_search', external_web_access: false, search_content_types: ['text'] },
    gmail,
  ],
};

describe('a request of Codex', () => {
  test('is a prompt of any provider: what no function stands for is left out', () => {
    const { messages, tools, toolChoice, parallelToolCalls, parameters } = parse(CODEX).payload.prompt();
    expect(messages).toEqual([
      { role: 'developer', name: null, parts: [{ type: 'text', text: 'Rules' }] },
      { role: 'user', name: null, parts: [{ type: 'text', text: 'Go' }] },
    ]);
    expect(tools.map(({ name }) => name)).toEqual([
      'shell',
      'apply_patch',
      'tool_search',
      'mcp__gmail__send',
    ]);
    expect(tools[1]?.parameters).toMatchObject({ required: ['input'] });
    expect(tools[1]?.description).toContain('start: "*** Begin Patch"');
    expect([toolChoice, parallelToolCalls, parameters]).toEqual(['auto', true, { verbosity: 'low' }]);
  });

  test('goes on to its own kind with every member in place', () => {
    const { model: _, stream: __, store: ___, ...rest } = CODEX;
    expect(parse(CODEX).payload.native).toEqual({ dialect: 'openai-responses', body: rest });
  });

  test('may search the web where it is relayed, which costs money, and nowhere else', () => {
    const { unpriced, unpricedElsewhere } = parse(CODEX);
    expect([unpriced, unpricedElsewhere]).toEqual([['tools'], []]);
  });

  test('names its session in a header, unless another does', () => {
    expect(parse(CODEX, { 'session-id': 's-1', 'thread-id': 't-1' }).sessionId).toBe('s-1');
    expect(parse(CODEX, { 'session-id': 's-1', 'x-session-id': 'x' }).sessionId).toBeNull();
    expect(parse({ ...CODEX, session_id: 'own' }, { 'session-id': 's-1' }).sessionId).toBe('own');
  });

  test('remembers how calls are told back', () => {
    expect(parse(CODEX).remembered).toMatchObject({
      wantsSealed: true,
      kinds: {
        apply_patch: { type: 'custom', name: 'apply_patch' },
        tool_search: { type: 'tool_search' },
        mcp__gmail__send: { type: 'function', name: 'send', namespace: 'mcp__gmail__' },
      },
    });
  });
});

describe('items', () => {
  test('what an assistant thought, said and called is one message, and each result one of a tool', () => {
    const messages = messagesOf([
      { role: 'user', content: 'Weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm' }],
        encrypted_content: 'gAAA',
      },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me see.' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'weather', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'apply_patch', input: '*** Begin' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: 'Done!' },
      { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'Rain' }] },
    ]);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
    expect(messages[1]?.parts).toEqual([
      { type: 'reasoning', text: 'Hm', id: 'rs_1', redacted: 'gAAA', format: 'openai-responses-v1' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', id: 'c1', name: 'weather', argumentsJson: '{}' },
      { type: 'tool-call', id: 'c2', name: 'apply_patch', argumentsJson: '{"input":"*** Begin"}' },
    ]);
    expect(messages[3]?.parts).toEqual([
      { type: 'tool-result', callId: 'c1', content: [{ type: 'text', text: 'Rain' }], isError: false },
    ]);
  });

  test('a result stands behind its call, whatever was told in between', () => {
    const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' });
    const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: id });
    const messages = messagesOf([
      call('c1'),
      call('c2'),
      { role: 'developer', content: 'Mind this' },
      output('c1'),
      { role: 'user', content: 'Look' },
      output('c2'),
      call('c3'),
      output('c3'),
    ]);
    expect(messages.map(({ role }) => role).join(' ')).toBe(
      'assistant tool tool developer user assistant tool',
    );
    expect(messages[2]?.parts).toMatchObject([{ callId: 'c2' }]);
  });

  test('a signature that was shown openly comes back with its format', () => {
    const [message] = messagesOf([
      { type: 'reasoning', id: 'rs_1', summary: [], signature: 'c2ln', format: 'anthropic-claude-v1' },
    ]);
    expect(message?.parts).toMatchObject([{ signature: 'c2ln', format: 'anthropic-claude-v1' }]);
  });

  test('a thought that was neither shown nor sealed is none', () => {
    expect(
      messagesOf([
        { role: 'user', content: 'hi' },
        { type: 'reasoning', id: 'rs_1', summary: [] },
      ]),
    ).toHaveLength(1);
    expect(
      messagesOf([
        { role: 'user', content: 'hi' },
        { type: 'reasoning', id: 'rs', summary: null, encrypted_content: null },
      ]),
    ).toHaveLength(1);
  });

  test('pictures, files and sounds are media', () => {
    const [message] = messagesOf([
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
          { type: 'input_image', file_id: 'file-1' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
          { type: 'input_file', file_url: 'https://a.test/b.pdf' },
          { type: 'input_audio', input_audio: { data: 'UklG', format: 'mp3' } },
        ],
      },
    ]);
    expect(message?.parts).toEqual([
      {
        type: 'media',
        kind: 'image',
        source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
        detail: 'low',
      },
      { type: 'media', kind: 'image', source: { kind: 'id', id: 'file-1' } },
      {
        type: 'media',
        kind: 'file',
        source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' },
        fileName: 'a.pdf',
      },
      { type: 'media', kind: 'file', source: { kind: 'url', url: 'https://a.test/b.pdf' } },
      { type: 'media', kind: 'audio', source: { kind: 'base64', mediaType: 'audio/mp3', data: 'UklG' } },
    ]);
  });

  test('what a client found by search can be called from then on, under the name of its namespace', () => {
    const prompt = promptOf({
      tools: [search],
      input: [
        { role: 'user', content: 'Mail Ann' },
        { type: 'tool_search_call', call_id: 's1', execution: 'client', arguments: { query: 'mail' } },
        { type: 'tool_search_output', call_id: 's1', execution: 'client', tools: [gmail] },
        { type: 'function_call', call_id: 'c1', namespace: 'mcp__gmail__', name: 'send', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'Sent' },
      ],
    });
    expect(prompt.tools.map(({ name }) => name)).toEqual(['tool_search', 'mcp__gmail__send']);
    expect(prompt.messages[1]?.parts).toMatchObject([
      { name: 'tool_search', argumentsJson: '{"query":"mail"}' },
    ]);
    expect(prompt.messages[2]?.parts).toMatchObject([
      { content: [{ text: expect.stringContaining('mcp__gmail__send') }] },
    ]);
    expect(prompt.messages[3]?.parts).toMatchObject([{ name: 'mcp__gmail__send' }]);
  });

  test('calls of built-in tools of OpenAI that clients run are calls like others', () => {
    const messages = messagesOf([
      {
        type: 'local_shell_call',
        call_id: 'l1',
        action: { type: 'exec', command: ['ls'] },
        status: 'completed',
      },
      { type: 'local_shell_call_output', call_id: 'l1', output: '{"stdout":"a"}' },
    ]);
    expect(messages[0]?.parts).toMatchObject([
      { id: 'l1', name: 'local_shell', argumentsJson: '{"type":"exec","command":["ls"]}' },
    ]);
  });

  test('instructions come first, and items that say nothing to others are left out', () => {
    const { messages } = promptOf({
      instructions: 'Be brief',
      input: [
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        { type: 'some_new_item', id: 'n_1' },
        { role: 'user', content: 'hi' },
      ],
    });
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
  });

  test('a later effort counts from there on', () => {
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'configuration_update', reasoning: { effort: 'high' } },
    ];
    expect(parse({ input, reasoning: { effort: 'low' } }).payload.reasoning?.effort).toBe('high');
  });
});

describe('the most tokens of a prompt', () => {
  test('are its bytes while it is text', () => {
    const { size, bodyBytes } = parse({
      input: [
        { role: 'user', content: 'hi' },
        { type: 'reasoning', summary: [] },
      ],
    });
    expect([size.promptTokensBound, size.imageCount]).toEqual([bodyBytes, 0]);
  });

  test.each([
    ['a picture', { role: 'user', content: [{ type: 'input_image', image_url: 'https://a.test/a.png' }] }, 1],
    [
      'a picture that a tool gave back',
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image' }] },
      1,
    ],
    ['a file', { role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }, 0],
    ['a sealed conversation', { type: 'compaction', encrypted_content: 'x' }, 0],
    ['whatever is new', { type: 'some_new_item' }, 0],
  ])('are not known with %s', (_, item, images) => {
    const { size } = parse({ input: [item] });
    expect([size.promptTokensBound, size.imageCount]).toEqual([null, images]);
  });
});

describe('what is asked of an answer', () => {
  test('a format', () => {
    const schema = { type: 'object', properties: {} };
    const format = { type: 'json_schema', name: 'city', schema, strict: true };
    expect(promptOf({ text: { format } }).format).toEqual({
      type: 'schema',
      name: 'city',
      schema,
      strict: true,
    });
    expect(promptOf({ text: { format: { type: 'json_object' } } }).format).toEqual({ type: 'json' });
    expect(promptOf({}).format).toBeNull();
  });

  test('one of some tools, or none where there are none', () => {
    const tools = [shell, apply_patch];
    expect(promptOf({ tools, tool_choice: { type: 'custom', name: 'apply_patch' } }).toolChoice).toEqual({
      name: 'apply_patch',
    });
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'shell' }] };
    const { tools: left, toolChoice } = promptOf({ tools, tool_choice: allowed });
    expect([left.map(({ name }) => name), toolChoice]).toEqual([['shell'], 'required']);
    expect(promptOf({ tools: [], tool_choice: 'auto', parallel_tool_calls: true })).toMatchObject({
      toolChoice: null,
      parallelToolCalls: null,
    });
  });

  test('probabilities of words', () => {
    expect(promptOf({ top_logprobs: 3 }).parameters).toEqual({ logprobs: true, top_logprobs: 3 });
    expect(promptOf({ include: ['message.output_text.logprobs'] }).parameters).toEqual({ logprobs: true });
  });

  test('what clients send without being asked goes to nobody', () => {
    expect(promptOf({ service_tier: 'auto', store: false, metadata: { a: 'b' } }).parameters).toEqual({});
  });
});

describe('refused, in words', () => {
  test.each<[string, JsonObject, RegExp]>([
    ['to be stored', { store: true }, /^400 store must be false/],
    ['an earlier response', { previous_response_id: 'resp_1' }, /^400 previous_response_id/],
    ['a conversation', { conversation: 'conv_1' }, /^400 conversation/],
    ['work behind the back', { background: true }, /^400 background/],
    [
      'an item by its id',
      { input: [{ type: 'item_reference', id: 'msg_1' }] },
      /^400 input\[0\].*send the item/,
    ],
    ['an item by its id alone', { input: [{ id: 'msg_1' }] }, /^400 input\[0\].*send the item/],
    ['no input', { input: undefined }, /^400 input must be/],
    ['a role that is none', { input: [{ role: 'tool', content: '' }] }, /^400 input\[0\].role/],
    ['tools of the gateway', { tools: [{ type: 'openrouter:web_search' }] }, /^400 tools\[0\]: openrouter/],
    ['a tool without a name', { tools: [{ type: 'function' }] }, /^400 tools\[0\].name/],
    ['a template', { prompt: { id: 'pmpt_1' } }, /^400 prompt templates/],
    ['a cap of none', { max_output_tokens: 0 }, /^400 max_output_tokens/],
    [
      'a format without a name',
      { text: { format: { type: 'json_schema', schema: {} } } },
      /^400 text.format.name/,
    ],
    ['an effort that is none', { reasoning: { effort: 'enormous' } }, /^400 reasoning.effort/],
  ])('%s', (_, members, words) => {
    expect(refusal(() => parse(members))).toMatch(words);
  });

  test.each<[string, JsonObject]>([
    [
      'no earlier response',
      { previous_response_id: null, store: null, background: null, conversation: null },
    ],
    ['not to be stored', { store: false, background: false }],
    [
      'members and tools that are new',
      { client_metadata: {}, brand_new: 1, tools: [{ type: 'brand_new', x: 1 }] },
    ],
    [
      'everything as null',
      { instructions: null, tools: null, tool_choice: null, text: null, reasoning: null, include: null },
    ],
    [
      'an assistant without id and status',
      {
        input: [
          { role: 'assistant', content: 'hi' },
          { role: 'user', content: 'x' },
        ],
      },
    ],
    ['a function in a function', { tools: [{ type: 'function', function: { name: 'a', parameters: {} } }] }],
  ])('but not %s', (_, members) => {
    expect(refusal(() => parse(members).payload.prompt())).toBe('accepted');
  });

  test.each<[string, JsonObject, RegExp]>([
    [
      'a result of no call',
      { input: [{ type: 'function_call_output', call_id: 'c9', output: '' }] },
      /no tool call.*"c9"/,
    ],
    [
      'a conversation that OpenAI sealed',
      { input: [{ type: 'compaction', encrypted_content: 'x' }] },
      /cannot read a compaction/,
    ],
    [
      'files that OpenAI keeps',
      { tools: [{ type: 'file_search', vector_store_ids: ['vs'] }] },
      /no tool of the type "file_search"/,
    ],
    [
      'a tool that it lacks',
      { tools: [shell], tool_choice: { type: 'web_search' } },
      /tool_choice names a tool/,
    ],
    ['nothing at all', { input: [] }, /input must say something/],
  ])('to providers of another format: %s', (_, members, words) => {
    expect(refusal(() => parse(members))).toBe('accepted');
    expect(refusal(() => parse(members).payload.prompt())).toMatch(words);
  });
});

test.each<[JsonObject, string[]]>([
  [{ tools: [shell, apply_patch, gmail, search] }, []],
  [{ tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, ['tools']],
  [{ reasoning: { effort: 'high', mode: 'pro' } }, ['reasoning']],
  [{ reasoning: { effort: 'high', context: 'auto' } }, []],
  [{ service_tier: 'scale' }, ['service_tier']],
  [{ service_tier: 'priority' }, []],
  [{ service_tier: 'flex', brand_new: 1, background: null }, ['brand_new']],
])('%j may cost what nobody knows: %j', (members, unpriced) => {
  expect(parse(members).unpriced).toEqual(unpriced);
});
