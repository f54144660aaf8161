import { afterEach, describe, expect, test } from 'bun:test';
import type { ChatPrompt, DialectName, Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { Loopback, packageOf, promptOf, recorded } from './__fixtures__/loopback.ts';

let open: Loopback | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function speaking(recording: string): Promise<Loopback> {
  open = await Loopback.open({ packageName: packageOf(recording), reply: () => recorded(recording) });
  return open;
}

type Options = Parameters<Loopback['call']>[0] & { readonly prompt?: ChatPrompt };

/** What the vendor is sent, by the recording with which it answers. */
async function sentBy(recording: string, options: Options = {}): Promise<JsonObject & { path: string }> {
  const loopback = await speaking(recording);
  const told = await loopback.tell(options);
  if (told.error !== null) throw told.error;
  const last = loopback.sent.at(-1);
  if (last === undefined) throw new Error('nothing was sent');
  return { ...last.body, path: last.path };
}

const user = (...parts: Part[]) => ({ role: 'user' as const, name: null, parts });
const text = (said: string, cache?: '5m' | '1h'): Part => ({
  type: 'text',
  text: said,
  ...(cache === undefined ? {} : { cache }),
});
const png: Part = {
  type: 'media',
  kind: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
};
const pngByUrl: Part = {
  type: 'media',
  kind: 'image',
  source: { kind: 'url', url: 'https://a.example/cat.png' },
};
const sound: Part = {
  type: 'media',
  kind: 'audio',
  source: { kind: 'base64', mediaType: 'audio/wav', data: 'AAAA' },
};
const weather = {
  name: 'weather',
  description: 'Looks outside',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: null,
};
const called = (extra: Partial<Extract<Part, { type: 'tool-call' }>> = {}): Part => ({
  type: 'tool-call',
  id: 'call_1',
  name: 'weather',
  argumentsJson: '{"city":"Köln"}',
  ...extra,
});
const gave = (content: Part[] = [text('rain')]): Part => ({
  type: 'tool-result',
  callId: 'call_1',
  content,
  isError: false,
});
const conversation = [
  user(text('How is it outside?')),
  { role: 'assistant' as const, name: null, parts: [called()] },
  { role: 'tool' as const, name: null, parts: [gave()] },
];

describe('each vendor is sent', () => {
  test.each([
    ['bedrock-tools.jsonl', '/model/model-x/converse-stream'],
    ['cohere-tools.sse', '/chat'],
    ['mistral-tools.sse', '/chat/completions'],
    ['azure-router.sse', '/chat/completions'],
    ['vertex-tools.sse', '/models/model-x:streamGenerateContent?alt=sse'],
  ])('%s: the model, the prompt and the cap, at %s', async (recording, path) => {
    const sent = await sentBy(recording, { maxTokens: 77 });
    expect(sent.path).toEndWith(path);
    expect(JSON.stringify(sent)).toContain('"hi"');
    expect(JSON.stringify(sent)).toContain('77');
  });

  test.each([
    'bedrock-tools.jsonl',
    'cohere-tools.sse',
    'mistral-tools.sse',
    'azure-router.sse',
    'vertex-tools.sse',
  ])('%s: a conversation with its calls, their results and its tools', async (recording) => {
    const prompt = promptOf({ messages: conversation, tools: [weather], toolChoice: 'auto' });
    const sent = JSON.stringify(await sentBy(recording, { prompt }));
    for (const each of ['How is it outside?', 'weather', 'Köln', 'rain', 'Looks outside'])
      expect(sent).toContain(each);
  });

  test.each([
    ['bedrock-tools.jsonl', 'cachePoint', 'anthropic.claude-x'],
    ['bedrock-tools.jsonl', null, 'meta.llama-x'],
    ['cohere-tools.sse', null, 'command'],
  ])('%s: marks for the cache as %s to %s', async (recording, mark, model) => {
    const prompt = promptOf({
      messages: [{ role: 'system', name: null, parts: [text('Be brief', '1h')] }, user(text('hi'))],
    });
    const sent = JSON.stringify(await sentBy(recording, { prompt, model }));
    if (mark === null) expect(sent).not.toContain('cache');
    else expect(sent).toContain(`"${mark}":{"type":"default","ttl":"1h"}`);
  });

  test('a mark on the whole request behind its last words', async () => {
    const prompt = promptOf({ parameters: { cache_control: { type: 'ephemeral' } } });
    const { messages } = await sentBy('bedrock-tools.jsonl', { prompt, model: 'anthropic.claude-x' });
    expect(messages).toEqual([
      { role: 'user', content: [{ text: 'hi' }, { cachePoint: { type: 'default' } }] },
    ]);
  });

  test('a schema that the answer has to follow', async () => {
    const schema = { type: 'object', properties: { a: { type: 'number' } } };
    const prompt = promptOf({ format: { type: 'schema', name: 'sum', schema, strict: true } });
    const { response_format } = await sentBy('mistral-tools.sse', { prompt });
    expect(response_format).toMatchObject({ json_schema: { name: 'sum', strict: true } });
  });

  test('the name of a user before what they say', async () => {
    const prompt = promptOf({ messages: [{ role: 'user', name: 'Ada', parts: [text('hi')] }] });
    expect(JSON.stringify(await sentBy('cohere-tools.sse', { prompt }))).toContain('Ada: hi');
  });

  test('an instruction in mid-conversation at the beginning, where vendors know no other place', async () => {
    const late = { role: 'system' as const, name: null, parts: [text('Be brief')] };
    const { system } = await sentBy('bedrock-tools.jsonl', {
      prompt: promptOf({ messages: [user(text('hi')), late] }),
    });
    expect(system).toEqual([{ text: 'Be brief' }]);
  });

  test('the tools of a conversation that comes without any, where Bedrock would refuse it', async () => {
    const sent = await sentBy('bedrock-tools.jsonl', { prompt: promptOf({ messages: conversation }) });
    expect(sent['toolConfig']).toMatchObject({ tools: [{ toolSpec: { name: 'weather' } }] });
    expect(JSON.stringify(sent)).toContain('toolResult');
  });

  test('to a deployment of Azure the cap that its newer models insist on, or the other one where it is set', async () => {
    expect(await sentBy('azure-router.sse', { maxTokens: 77 })).toMatchObject({ max_completion_tokens: 77 });
    await open?.close();
    const quirks = { maxTokensField: 'max_tokens' as const };
    expect(await sentBy('azure-router.sse', { maxTokens: 77, quirks })).toMatchObject({ max_tokens: 77 });
  });

  test('a thought signature of Gemini’s beside the call that it came with', async () => {
    const extra = { extra_content: { google: { thought_signature: 'c2lnbmVk' } } };
    const messages = [
      user(text('hi')),
      { role: 'assistant' as const, name: null, parts: [called({ extra })] },
      { role: 'tool' as const, name: null, parts: [gave()] },
    ];
    const sent = await sentBy('vertex-tools.sse', { prompt: promptOf({ messages, tools: [weather] }) });
    expect(JSON.stringify(sent)).toContain('"thoughtSignature":"c2lnbmVk"');
  });

  test.each([
    ['its own', 'anthropic-claude-v1', true],
    ['another vendor’s', 'google-gemini-v1', false],
    ['nobody’s that is known', undefined, false],
  ] as const)('a signed thought that is %s', async (_whose, format, isSent) => {
    const thought: Part = {
      type: 'reasoning',
      text: 'Hm.',
      signature: 'c2lnbmVk',
      ...(format === undefined ? {} : { format }),
    };
    const messages = [
      user(text('hi')),
      { role: 'assistant' as const, name: null, parts: [thought, text('Hello')] },
      user(text('so?')),
    ];
    const sent = await sentBy('bedrock-tools.jsonl', {
      prompt: promptOf({ messages }),
      model: 'anthropic.claude-x',
    });
    expect(JSON.stringify(sent).includes('c2lnbmVk')).toBe(isSent);
    expect(JSON.stringify(sent).includes('Hm.')).toBe(isSent);
  });
});

describe('thinking', () => {
  const claude = 'anthropic.claude-3-7-sonnet-20250219-v1:0';
  const adaptive = 'anthropic.claude-opus-4-7';
  const bounds = ({ inferenceConfig, additionalModelRequestFields: fields }: JsonObject) => ({
    cap: isJsonObject(inferenceConfig) ? inferenceConfig['maxTokens'] : null,
    thinking: isJsonObject(fields) ? fields['thinking'] : null,
  });

  test.each([
    ['an effort', { effort: 'high' as const }, 6400],
    ['a budget', { maxTokens: 3000 }, 3000],
  ])('%s of a Claude that knows budgets stays within the cap', async (_what, reasoning, budget) => {
    const sent = await sentBy('bedrock-reasoning.jsonl', { reasoning, model: claude, maxTokens: 8000 });
    expect(bounds(sent)).toEqual({ cap: 8000, thinking: { type: 'enabled', budget_tokens: budget } });
  });

  test.each([
    ['an effort', { effort: 'high' as const }],
    ['a budget, which it would refuse', { maxTokens: 32_000 }],
  ])('%s of a Claude that thinks as it likes is an effort', async (_what, reasoning) => {
    const sent = await sentBy('bedrock-reasoning.jsonl', { reasoning, model: adaptive, maxTokens: 40_000 });
    expect(bounds(sent)).toMatchObject({ cap: 40_000, thinking: { type: 'adaptive' } });
    expect(JSON.stringify(sent)).toContain('"effort":"high"');
  });

  test('a cap without room for it means none', async () => {
    const sent = await sentBy('bedrock-reasoning.jsonl', {
      reasoning: { effort: 'low' },
      model: claude,
      maxTokens: 500,
    });
    expect(bounds(sent)).toEqual({ cap: 500, thinking: null });
  });

  test('which takes the cap away is refused, and nothing is sent', async () => {
    const loopback = await speaking('bedrock-tools.jsonl');
    const told = await loopback.tell({ reasoning: { effort: 'high' }, model: 'us.amazon.nova-2-lite-v1:0' });
    expect(told.error).toMatchObject({ fault: 'caller', status: 400, neverSent: true });
    expect(told.error?.message).toContain('output cap');
    expect(loopback.sent).toEqual([]);
  });

  test('is shown by Gemini when it was asked for', async () => {
    const sent = await sentBy('vertex-tools.sse', { reasoning: { maxTokens: 2048 }, maxTokens: 8000 });
    expect(sent['generationConfig']).toMatchObject({
      maxOutputTokens: 8000,
      thinkingConfig: { thinkingBudget: 2048, includeThoughts: true },
    });
  });

  test('in tokens becomes the nearest effort where there are efforts alone', async () => {
    expect(
      await sentBy('azure-router.sse', { reasoning: { maxTokens: 4000 }, maxTokens: 8000 }),
    ).toMatchObject({
      reasoning_effort: 'medium',
    });
  });
});

describe('what a package cannot say', () => {
  const refused = async (
    recording: string,
    prompt: ChatPrompt,
    body: JsonObject = {},
    dialect: DialectName = 'openai-text',
  ): Promise<string | null> => {
    const loopback = await speaking(recording);
    const call = loopback.call({ prompt });
    const payload = { ...call.payload, native: { dialect, body } };
    return loopback.adapter.refusal(payload, call.target)?.message ?? null;
  };

  test.each([
    ['bedrock-tools.jsonl', pngByUrl, 'image content by url; send it as a data: URL'],
    ['bedrock-tools.jsonl', sound, 'audio content by base64'],
    ['cohere-tools.sse', sound, 'audio content by base64'],
    ['mistral-tools.sse', sound, 'audio content by base64'],
    [
      'vertex-tools.sse',
      { ...pngByUrl, source: { kind: 'url', url: 'https://a.example/cat' } } as Part,
      'data: URL',
    ],
    ['mistral-tools.sse', { type: 'opaque', dialect: 'openai-chat', value: {} } as Part, 'opaque'],
  ])('%s: content is refused before anything is held', async (recording, part, words) => {
    expect(await refused(recording, promptOf({ messages: [user(text('see'), part)] }))).toContain(words);
  });

  test.each([
    ['bedrock-tools.jsonl', png],
    ['cohere-tools.sse', pngByUrl],
    ['mistral-tools.sse', pngByUrl],
    ['azure-router.sse', sound],
    ['vertex-tools.sse', sound],
    ['vertex-tools.sse', pngByUrl],
  ])('%s: other content is sent', async (recording, part) => {
    const prompt = promptOf({ messages: [user(text('see'), part)] });
    expect(await refused(recording, prompt)).toBeNull();
    await open?.close();
    expect(JSON.stringify(await sentBy(recording, { prompt }))).toMatch(/AAAA|cat\.png/);
  });

  test('is a picture in a tool’s result, but for vendors that take one', async () => {
    const messages = [
      ...conversation.slice(0, 2),
      { role: 'tool' as const, name: null, parts: [gave([png])] },
    ];
    const prompt = promptOf({ messages, tools: [weather] });
    expect(await refused('cohere-tools.sse', prompt)).toContain('a tool’s result can only be text');
    await open?.close();
    expect(JSON.stringify(await sentBy('bedrock-tools.jsonl', { prompt }))).toContain('"image"');
  });

  test.each([
    [{ n: 2 }, '"n"'],
    [{ logprobs: true }, '"logprobs"'],
    [{ service_tier: 'priority' }, '"service_tier"'],
    [{ modalities: ['text', 'audio'] }, '"modalities"'],
    [{ web_search_options: {} }, '"web_search_options"'],
  ])('is the parameter %j', async (parameters, words) => {
    expect(await refused('cohere-tools.sse', promptOf({ parameters }))).toContain(words);
  });

  test.each([{ n: 1 }, { user: 'ada' }, { logprobs: false }, { store: true }, { temperature: 1 }])(
    'is not %j',
    async (parameters) => {
      expect(await refused('cohere-tools.sse', promptOf({ parameters }))).toBeNull();
    },
  );

  test.each([
    ['openai-chat', 'is', '"function"'],
    ['openai-text', 'is not, for who speaks another dialect says so itself,', null],
  ] as const)('of %s %s a tool that is no function', async (dialect, _is, words) => {
    const message = await refused(
      'cohere-tools.sse',
      promptOf(),
      { tools: [{ type: 'web_search' }] },
      dialect,
    );
    if (words === null) expect(message).toBeNull();
    else expect(message).toContain(words);
  });

  test('and changes the style alone is left out, and told to the log once', async () => {
    const loopback = await speaking('bedrock-tools.jsonl');
    const prompt = promptOf({ parameters: { seed: 1, temperature: 1.5 } });
    await loopback.tell({ prompt });
    await loopback.tell({ prompt });
    expect(loopback.ignored).toEqual([
      'seed',
      'temperature: 1.5 exceeds bedrock maximum of 1.0. clamped to 1.0',
    ]);
  });

  test('is shown to the operator without a secret', async () => {
    const loopback = await speaking('cohere-tools.sse');
    expect(loopback.adapter.requestBody(loopback.call({ maxTokens: 9 }))).toEqual({
      model: 'model-x',
      maxOutputTokens: 9,
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    });
  });
});
