import { describe, expect, test } from 'bun:test';
import type { ChatMessage, ChatPrompt, ReasoningWish } from '../../chat/prompt.ts';
import { FakeUpstream, SECRET, Told } from '../__fixtures__/upstream.ts';
import { BASE, type GoogleCall, googleCall, NOTHING_SAID, said } from './__fixtures__/played.ts';
import { google } from './adapter.ts';
import { refusal, requestBody } from './request.ts';

const message = (role: ChatMessage['role'], ...parts: ChatMessage['parts'][number][]): ChatMessage => ({
  ...{ role, name: null, parts },
});
const text = (words: string) => ({ type: 'text', text: words }) as const;
const bodyOf = (prompt: Partial<ChatPrompt>, options: GoogleCall = {}) =>
  requestBody(googleCall({ prompt: { ...NOTHING_SAID, ...prompt }, maxTokens: null, ...options }));

describe('where it goes', () => {
  test.each([
    [true, `${BASE}/models/gemini-2.5-flash:streamGenerateContent?alt=sse`],
    [false, `${BASE}/models/gemini-2.5-flash:generateContent`],
  ])('stream %p: %s, with the key in its own header', (stream, url) => {
    const upstream = new FakeUpstream();
    google(upstream).chat(googleCall({ stream }), new Told());
    expect(upstream.requests[0]).toMatchObject({ url, headers: { 'x-goog-api-key': SECRET } });
    expect(upstream.requests[0]?.headers['authorization']).toBeUndefined();
  });

  test('a tuned model brings the name of its collection', () => {
    const upstream = new FakeUpstream();
    google(upstream).chat(googleCall({ stream: false, model: 'tunedModels/mine-1' }), new Told());
    expect(upstream.requests[0]?.url).toBe(`${BASE}/tunedModels/mine-1:generateContent`);
  });
});

describe('a caller who speaks Google’s dialect', () => {
  const own = {
    contents: [{ role: 'user', parts: [{ text: 'hi', unheardOf: 1 }] }],
    generationConfig: { topK: 3, maxOutputTokens: 9000, unheardOf: true },
    tools: [{ googleSearch: {} }],
    unheardOf: { kept: true },
  };

  test('is passed on with every member in its place, and the cap in the place of theirs', () => {
    const call = googleCall({ native: own, maxTokens: 100, without: ['top_k'] });
    expect(JSON.stringify(requestBody(call))).toBe(
      JSON.stringify({ ...own, generationConfig: { topK: 3, maxOutputTokens: 100, unheardOf: true } }),
    );
    expect(refusal(call.payload, call.target)).toBeNull();
  });

  const step = (...parts: object[]) => ({
    contents: [
      { role: 'user', parts: [{ text: 'hi' }] },
      { role: 'model', parts },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] },
    ],
  });
  const called = { functionCall: { name: 'f', args: {} } };

  test.each([
    ['gemini-2.5-pro', undefined],
    ['gemini-3-pro-preview', 'skip_thought_signature_validator'],
  ])('%s takes the first call that another model made as signed by %p', (model, thoughtSignature) => {
    const native = step({ text: 'so' }, called, called);
    const before = JSON.stringify(native);
    const { contents } = requestBody(googleCall({ native, maxTokens: null, model }));
    expect((contents as { parts: object[] }[])[1]?.parts).toEqual([
      { text: 'so' },
      thoughtSignature === undefined ? called : { ...called, thoughtSignature },
      called,
    ]);
    expect(JSON.stringify(native)).toBe(before);
  });

  test('a call that is signed is passed on as it is', () => {
    const native = step({ ...called, thoughtSignature: 'of Google' }, called);
    expect(requestBody(googleCall({ native, maxTokens: null, model: 'gemini-3-pro' }))).toBe(native);
  });

  test('without a cap none is sent', () => {
    expect(requestBody(googleCall({ native: { contents: [] }, maxTokens: null }))).toEqual({ contents: [] });
    expect(requestBody(googleCall({ native: own, maxTokens: null }))['generationConfig']).toEqual({
      ...{ topK: 3, unheardOf: true },
    });
  });
});

describe('what is said', () => {
  test('instructions stand beside the conversation, later ones in their place', () => {
    const messages = [
      message('system', text('Be brief')),
      message('developer', text('Be kind')),
      message('user', text('hi')),
      message('assistant', text('hello')),
      message('system', text('Now in French')),
    ];
    expect(bodyOf({ messages })).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        { role: 'model', parts: [{ text: 'hello' }] },
        { role: 'user', parts: [{ text: 'Now in French' }] },
      ],
      systemInstruction: { parts: [{ text: 'Be brief' }, { text: 'Be kind' }] },
    });
  });

  test.each([
    ['of nothing but instructions', 'gemini-2.5-flash', []],
    ['to a model that knows no instructions', 'gemma-3-27b-it', [message('user', text('hi'))]],
  ])('a conversation %s says them as the user', (_, model, more) => {
    const body = bodyOf({ messages: [message('system', text('Be brief')), ...more] }, { model });
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Be brief' }] },
      ...more.map(() => ({ role: 'user', parts: [{ text: 'hi' }] })),
    ]);
    expect(body['systemInstruction']).toBeUndefined();
  });

  test('results of calls that were made together are one content, named by their calls', () => {
    const call = (id: string, name: string) =>
      ({ type: 'tool-call', id, name, argumentsJson: '{"a":1}' }) as const;
    const result = (callId: string, isError = false) =>
      message('tool', { type: 'tool-result', callId, content: [text('ok')], isError });
    const messages = [
      message('user', text('both')),
      message('assistant', text(''), call('1', 'one'), call('2', 'two')),
      result('2'),
      result('1', true),
      message('user', text('go on')),
    ];
    expect(bodyOf({ messages })['contents']).toEqual([
      { role: 'user', parts: [{ text: 'both' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: '1', name: 'one', args: { a: 1 } } },
          { functionCall: { id: '2', name: 'two', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: '2', name: 'two', response: { output: 'ok' } } },
          { functionResponse: { id: '1', name: 'one', response: { error: 'ok' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'go on' }] },
    ]);
  });

  test.each([
    ['', {}],
    ['not json', { arguments: 'not json' }],
    ['[1]', { arguments: [1] }],
  ])('arguments %p that are no object are passed on as %p', (argumentsJson, args) => {
    const messages = [message('assistant', { type: 'tool-call', id: '', name: 'f', argumentsJson })];
    expect(bodyOf({ messages })['contents']).toEqual([
      { role: 'model', parts: [{ functionCall: { name: 'f', args } }] },
    ]);
  });

  test('pictures, sounds, films and files go inline or by their address', () => {
    const media = (kind: 'image' | 'audio' | 'video' | 'file', mediaType: string) =>
      ({ type: 'media', kind, source: { kind: 'base64', mediaType, data: 'AAAA' } }) as const;
    const prompt = said(
      media('image', 'image/png'),
      media('audio', 'audio/wav'),
      media('file', 'application/pdf'),
      { type: 'media', kind: 'video', source: { kind: 'url', url: 'https://example.com/film.mp4?x=1' } },
      { type: 'media', kind: 'image', source: { kind: 'url', url: 'https://example.com/picture' } },
    );
    expect(bodyOf(prompt)['contents']).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
          { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
          { inlineData: { mimeType: 'application/pdf', data: 'AAAA' } },
          { fileData: { mimeType: 'video/mp4', fileUri: 'https://example.com/film.mp4?x=1' } },
          { fileData: { fileUri: 'https://example.com/picture' } },
        ],
      },
    ]);
  });
});

describe('signatures', () => {
  const signed = { extra_content: { google: { thought_signature: 'c2ln' } } };
  const call = (extra?: typeof signed) =>
    ({ type: 'tool-call', id: '1', name: 'f', argumentsJson: '{}', ...(extra && { extra }) }) as const;

  test('of Google go back to it, and no others', () => {
    const messages = [
      message(
        'assistant',
        { type: 'reasoning', text: 'hm', signature: 'b3du', format: 'google-gemini-v1' },
        { type: 'reasoning', text: '', signature: 'bGF0ZQ==', format: 'google-gemini-v1' },
        { type: 'reasoning', text: 'hm', signature: 'c29tZQ==', format: 'anthropic-claude-v1' },
        { type: 'reasoning', text: 'hm', signature: 'c29tZQ==' },
        { type: 'reasoning', text: 'unsigned', format: 'google-gemini-v1' },
        call(signed),
      ),
    ];
    expect(bodyOf({ messages })['contents']).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'hm', thought: true, thoughtSignature: 'b3du' },
          { text: '', thoughtSignature: 'bGF0ZQ==' },
          { functionCall: { id: '1', name: 'f', args: {} }, thoughtSignature: 'c2ln' },
        ],
      },
    ]);
  });

  test('of a call may stand among the thoughts, as OpenRouter’s clients give it back', () => {
    const sealed = (id: string, format: 'google-gemini-v1' | 'openai-responses-v1') =>
      ({ type: 'reasoning', text: '', redacted: `of ${id}`, format, id }) as const;
    const messages = [
      message(
        'assistant',
        sealed('1', 'google-gemini-v1'),
        sealed('other', 'google-gemini-v1'),
        sealed('2', 'openai-responses-v1'),
        call(),
      ),
    ];
    expect(bodyOf({ messages })['contents']).toEqual([
      {
        role: 'model',
        parts: [
          { text: '', thoughtSignature: 'of other' },
          { functionCall: { id: '1', name: 'f', args: {} }, thoughtSignature: 'of 1' },
        ],
      },
    ]);
  });

  test.each([
    ['gemini-2.5-pro', undefined],
    ['gemini-3-pro-preview', 'skip_thought_signature_validator'],
    ['gemini-flash-latest', 'skip_thought_signature_validator'],
  ])('%s takes the first call without one as %p', (model, thoughtSignature) => {
    const messages = [message('assistant', call(), call())];
    const [content] = bodyOf({ messages }, { model })['contents'] as { parts: object[] }[];
    expect(content?.parts.map((part) => (part as { thoughtSignature?: string }).thoughtSignature)).toEqual([
      thoughtSignature,
      undefined,
    ]);
  });
});

describe('tools and formats', () => {
  const tool = { name: 'f', description: null, parameters: { type: 'object' }, strict: null };
  const configOf = (toolChoice: ChatPrompt['toolChoice'], strict: boolean | null = null) =>
    bodyOf({ tools: [{ ...tool, strict }], toolChoice })['toolConfig'];

  test('functions are declared in JSON Schema', () => {
    expect(
      bodyOf({ tools: [tool, { ...tool, name: 'g', parameters: null, description: 'd' }] })['tools'],
    ).toEqual([
      {
        functionDeclarations: [
          { name: 'f', parametersJsonSchema: { type: 'object' } },
          { name: 'g', description: 'd' },
        ],
      },
    ]);
  });

  test('each choice has its mode', () => {
    const mode = (word: string, more: object = {}) => ({ functionCallingConfig: { mode: word, ...more } });
    expect(configOf(null)).toBeUndefined();
    expect(configOf('auto')).toEqual(mode('AUTO'));
    expect(configOf('auto', true)).toEqual(mode('VALIDATED'));
    expect(configOf('none')).toEqual(mode('NONE'));
    expect(configOf('required')).toEqual(mode('ANY'));
    expect(configOf({ name: 'f' })).toEqual(mode('ANY', { allowedFunctionNames: ['f'] }));
  });

  test('settings have Google’s names, and what the model does not know is left out', () => {
    const parameters = {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      seed: 7,
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      min_p: 1,
    };
    const format = { type: 'schema', name: 'x', schema: { type: 'object' }, strict: true } as const;
    const body = bodyOf({ parameters, format, stop: ['END'] }, { maxTokens: 50, without: ['top_k'] });
    expect(body['generationConfig']).toEqual({
      ...{ temperature: 0.5, topP: 0.9, seed: 7, candidateCount: 2, responseLogprobs: true, logprobs: 3 },
      ...{
        stopSequences: ['END'],
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
      },
      maxOutputTokens: 50,
    });
  });
});

describe('what Google cannot be told is refused in words', () => {
  const refusalOf = (prompt: Partial<ChatPrompt>) => {
    const { payload, target } = googleCall({ prompt: { ...NOTHING_SAID, ...prompt } });
    return refusal(payload, target);
  };

  test.each([
    [
      'a file by its id elsewhere',
      said({ type: 'media', kind: 'file', source: { kind: 'id', id: 'file-1' } }),
    ],
    ['another dialect’s own', said({ type: 'opaque', dialect: 'openai-chat', value: { type: 'custom' } })],
    ['a result of no call', said({ type: 'tool-result', callId: 'x', content: [], isError: false })],
    ['six stop sequences', { stop: ['1', '2', '3', '4', '5', '6'] }],
    ['an unknown parameter', { parameters: { guided_regex: 'x' } }],
  ])('%s', (_, prompt) => {
    expect(refusalOf(prompt)).toMatchObject({ status: 400, message: expect.stringContaining('Google') });
  });

  test('everything else is not', () => {
    expect(refusalOf(said(text('hi')))).toBeNull();
    expect(refusalOf({ parameters: { logit_bias: {}, verbosity: 'low' } })).toBeNull();
  });
});

describe('thinking', () => {
  const thinking = (model: string, reasoning: Partial<ReasoningWish>, maxTokens = 10_000) => {
    const body = requestBody(googleCall({ model, reasoning, maxTokens }));
    return (body['generationConfig'] as Record<string, unknown>)['thinkingConfig'];
  };

  test.each<[string, Partial<ReasoningWish>, object | undefined]>([
    ['gemini-2.5-flash', { enabled: false }, { includeThoughts: false, thinkingBudget: 0 }],
    ['gemini-2.5-pro', { effort: 'none' }, { includeThoughts: false, thinkingBudget: 128 }],
    ['gemini-2.5-pro', { effort: 'medium' }, { includeThoughts: true, thinkingBudget: 5000 }],
    ['gemini-2.5-flash-lite', { maxTokens: 100 }, { includeThoughts: true, thinkingBudget: 512 }],
    ['gemini-2.5-flash', { maxTokens: 100_000 }, { includeThoughts: true, thinkingBudget: 24_576 }],
    ['gemini-2.5-flash', { enabled: true, exclude: true }, { includeThoughts: false, thinkingBudget: -1 }],
    ['gemini-3-flash-preview', { enabled: false }, { includeThoughts: false, thinkingLevel: 'minimal' }],
    ['gemini-3.1-pro-preview', { enabled: false }, { includeThoughts: false, thinkingLevel: 'low' }],
    ['gemini-3-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-3.1-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'medium' }],
    ['gemini-3.7-flash', { effort: 'max' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-3.7-flash', { maxTokens: 2000 }, { includeThoughts: true, thinkingBudget: 2000 }],
    ['gemini-3.7-flash', { enabled: true }, { includeThoughts: true }],
    ['gemini-2.0-flash', { effort: 'high' }, undefined],
    ['gemma-3-27b-it', { effort: 'high' }, undefined],
  ])('%s, %p: %p', (model, wish, config) => {
    expect(thinking(model, wish)).toEqual(config as never);
  });

  test('a model that cannot is not asked to', () => {
    const body = requestBody(
      googleCall({ reasoning: { effort: 'high' }, without: ['reasoning'], maxTokens: null }),
    );
    expect(body['generationConfig']).toBeUndefined();
  });
});
