import { describe, expect, test } from 'bun:test';
import type { ChatPrompt } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { InferenceRequest } from '../dialect.ts';
import { parseGoogleRequest } from './request.ts';
import { isForeign, readSignature, signatureOf } from './signature.ts';

const hello = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };

function parse(
  body: JsonObject,
  path: Record<string, string> = { id: 'acme/small:generateContent' },
): InferenceRequest {
  const frame = { headers: new Headers(), params: path, query: new URLSearchParams() };
  return parseGoogleRequest(body, Buffer.byteLength(JSON.stringify(body)), frame);
}

function faultOf(body: JsonObject): string {
  try {
    parse(body).payload.prompt();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'accepted';
}

const promptOf = (body: JsonObject): ChatPrompt => parse({ ...hello, ...body }).payload.prompt();
const messagesOf = (...contents: JsonObject[]) => parse({ contents }).payload.prompt().messages;
const user = (...parts: JsonObject[]) => ({ role: 'user', parts });
const model = (...parts: JsonObject[]) => ({ role: 'model', parts });

describe('the path', () => {
  test.each([
    [{ id: 'gemini-2.5-pro:generateContent' }, 'google/gemini-2.5-pro', false],
    [{ id: 'google/gemini-2.5-pro:streamGenerateContent' }, 'google/gemini-2.5-pro', true],
    [{ id: 'models/acme/small:generateContent' }, 'acme/small', false],
    [{ author: 'acme', slug: 'free:free:generateContent' }, 'acme/free:free', false],
  ] as const)('%p', (params, id, stream) => {
    expect(parse(hello, params)).toMatchObject({ modelIds: [id], stream });
  });

  test('more models, the end user and preferences are OpenRouter’s members, and stay here', () => {
    const request = parse({
      ...{ ...hello, models: ['acme/large', 'gemini-2.5-flash'], user: 'u', session_id: 's' },
      provider: { only: ['acme'] },
    });
    expect(request).toMatchObject({
      ...{ modelIds: ['acme/small', 'acme/large', 'google/gemini-2.5-flash'], user: 'u', sessionId: 's' },
      preferences: { only: ['acme'] },
    });
    expect(request.payload.native.body).toEqual(hello);
  });
});

describe('money', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['a cap in digits', { generationConfig: { maxOutputTokens: '50' } }, { maxTokens: 50 }],
    ['a cap in the other spelling', { generation_config: { max_output_tokens: 50 } }, { maxTokens: 50 }],
    ['choices', { generationConfig: { candidateCount: 3 } }, { choices: 3 }],
    ['a cache by its name', { cachedContent: 'cachedContents/1' }, { promptTokensBound: null }],
  ])('%s', (_, body, size) => {
    expect(parse({ ...hello, ...body }).size).toMatchObject(size);
  });

  test.each<[string, JsonObject, number]>([
    ['a picture', { inlineData: { mimeType: 'image/png', data: 'AA' } }, 1],
    ['a film by its address', { file_data: { file_uri: 'https://example.com/x' } }, 0],
    [
      'a picture in a result',
      { functionResponse: { name: 'f', parts: [{ inlineData: { mimeType: 'image/png' } }] } },
      1,
    ],
    ['a part of a kind that nobody knows', { hologram: {} }, 0],
  ])('%s has more tokens than bytes', (_, part, imageCount) => {
    expect(parse({ contents: [user(part)] }).size).toMatchObject({ promptTokensBound: null, imageCount });
  });

  test('a picture in the instruction counts like any other', () => {
    const systemInstruction = { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }] };
    expect(parse({ ...hello, systemInstruction }).size).toMatchObject({
      promptTokensBound: null,
      imageCount: 1,
    });
  });

  test('text alone is bound by its bytes', () => {
    const body = {
      contents: [user({ text: 'x', thoughtSignature: 'c2ln' })],
      systemInstruction: user({ text: 'y' }),
    };
    expect(parse(body).size.promptTokensBound).toBe(JSON.stringify(body).length);
  });

  test.each<[JsonObject, string[]]>([
    [{ tools: [{ functionDeclarations: [] }], safetySettings: [], serviceTier: 'flex' }, []],
    [{ generationConfig: { temperature: 1, thinkingConfig: {}, responseModalities: ['TEXT'] } }, []],
    [
      { tools: [{ googleSearch: {} }, { code_execution: {} }, { urlContext: {} }] },
      ['googleSearch', 'codeExecution', 'urlContext'],
    ],
    [
      { generationConfig: { responseModalities: ['TEXT', 'IMAGE'], speechConfig: {} } },
      ['responseModalities', 'speechConfig'],
    ],
    [{ serviceTier: 'PRIORITY', cachedContent: 'x', newest: {} }, ['cachedContent', 'newest']],
    [{ serviceTier: 'NEWEST' }, ['serviceTier']],
  ])('%p: %p has no price', (body, unpriced) => {
    expect(parse({ ...hello, ...body }).unpriced).toEqual(unpriced);
  });
});

describe('what is no request is refused by its member', () => {
  test.each<[JsonObject, string]>([
    [{}, 'contents must be a list'],
    [{ contents: [{ text: 'hi' }] }, 'contents[0] must have its text and whatever else in parts'],
    [{ contents: [{ role: 'assistant', parts: [] }] }, 'contents[0].role'],
    [{ contents: [user({ text: 1 as never })] }, 'contents[0].parts[0].text'],
    [{ contents: [user({ functionCall: { args: {} } })] }, 'functionCall.name'],
    [
      { contents: [user({ functionResponse: { name: 'f', response: 'text' } })] },
      'functionResponse.response',
    ],
    [{ ...hello, systemInstruction: 'be brief' }, 'systemInstruction'],
    [{ ...hello, tools: {} }, 'tools must be a list'],
    [{ ...hello, tools: [{ functionDeclarations: [{}] }] }, 'functionDeclarations[0].name'],
    [{ ...hello, generationConfig: { stopSequences: ['1', '2', '3', '4', '5', '6'] } }, 'stopSequences'],
    [{ ...hello, generationConfig: { maxOutputTokens: 0 } }, 'maxOutputTokens'],
    [{ ...hello, generationConfig: { candidateCount: 9 } }, 'candidateCount'],
    [{ ...hello, generationConfig: { thinkingConfig: { thinkingLevel: 'enormous' } } }, 'thinkingLevel'],
    [{ ...hello, generationConfig: {}, generation_config: {} }, 'generationConfig is there twice'],
    [JSON.parse('{"contents":[{"parts":[]}],"__proto__":{"tools":[]}}'), '__proto__ is no member'],
    [JSON.parse('{"contents":[{"parts":[{"__proto__":{"text":"x"}}]}]}'), '__proto__ is no member'],
    [{ ...hello, toolConfig: { functionCallingConfig: { mode: 'SOME' } } }, 'mode must be'],
    [{ ...hello, cachedContent: 'cachedContents/1' }, 'cachedContent is understood by Google'],
    [{ ...hello, tools: [{ codeExecution: {} }] }, 'tools.codeExecution is understood by Google'],
    [{ ...hello, generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig is understood'],
    [{ ...hello, generationConfig: { responseMimeType: 'text/x.enum' } }, 'responseMimeType text/x.enum'],
  ])('%p: %s', (body, fault) => {
    expect(faultOf(body)).toContain(fault);
  });

  test('filters, labels and nulls refuse nothing', () => {
    expect(
      faultOf({ ...hello, safetySettings: [{}], labels: {}, tools: null, generationConfig: { seed: null } }),
    ).toBe('accepted');
  });
});

describe('the prompt', () => {
  test('what is said by whom, in parts of every kind', () => {
    const body = {
      systemInstruction: { parts: [{ text: 'Be brief' }] },
      contents: [
        user({ text: 'look' }, { inlineData: { mimeType: 'application/pdf', data: 'AA' } }),
        model({ text: 'hm', thought: true, thoughtSignature: 'c2ln' }, { text: 'A letter' }),
        { parts: [{ fileData: { mimeType: 'video/mp4', fileUri: 'https://youtu.be/x' } }] },
      ],
    };
    expect(parse(body).payload.prompt().messages).toEqual([
      { role: 'system', name: null, parts: [{ type: 'text', text: 'Be brief' }] },
      {
        ...{ role: 'user', name: null },
        parts: [
          { type: 'text', text: 'look' },
          {
            type: 'media',
            kind: 'file',
            source: { kind: 'base64', mediaType: 'application/pdf', data: 'AA' },
          },
        ],
      },
      {
        ...{ role: 'assistant', name: null },
        parts: [
          { type: 'reasoning', text: 'hm', signature: 'c2ln', format: 'google-gemini-v1' },
          { type: 'text', text: 'A letter' },
        ],
      },
      {
        ...{ role: 'user', name: null },
        parts: [{ type: 'media', kind: 'video', source: { kind: 'url', url: 'https://youtu.be/x' } }],
      },
    ]);
  });

  test('calls of one name without ids have their results in order', () => {
    const call = (town: string) => ({ functionCall: { name: 'weather', args: { town } } });
    const result = (output: string, more: JsonObject = {}) => ({
      functionResponse: { name: 'weather', response: { output }, ...more },
    });
    const messages = messagesOf(
      user({ text: 'both' }),
      model(call('Rome'), call('Oslo')),
      user(result('warm'), result('cold', { id: 'the-clients-own' }), { text: 'so?' }),
      model(call('Kyiv')),
      { role: 'function', parts: [result('mild')] },
    );
    const ids = messages.flatMap(({ parts }) =>
      parts.flatMap((part) =>
        part.type === 'tool-call' ? [part.id] : part.type === 'tool-result' ? [part.callId] : [],
      ),
    );
    expect(ids).toEqual(['call_1', 'call_2', 'call_1', 'call_2', 'call_3', 'call_3']);
    expect(messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'user',
      'assistant',
      'tool',
    ]);
  });

  test('ids that calls have are theirs, in any order', () => {
    const call = (id: string) => ({ functionCall: { id, name: 'f', args: {} } });
    const result = (id: string) => ({ functionResponse: { id, name: 'f', response: {} } });
    const [, results] = messagesOf(model(call('a'), call('b')), user(result('b'), result('a')));
    expect(results?.parts).toMatchObject([{ callId: 'b' }, { callId: 'a' }]);
  });

  test.each<[JsonObject, string, boolean]>([
    [{ output: 'ok' }, 'ok', false],
    [{ result: 'ok' }, 'ok', false],
    [{ error: 'no such town' }, 'no such town', true],
    [{ output: 'ok', more: 1 }, '{"output":"ok","more":1}', false],
    [{ output: { a: 1 } }, '{"output":{"a":1}}', false],
    [{}, '{}', false],
  ])('the result %p is %p', (response, text, isError) => {
    const [message] = messagesOf(user({ functionResponse: { name: 'f', response } }));
    expect(message?.parts).toEqual([
      { type: 'tool-result', callId: 'call_1', content: [{ type: 'text', text }], isError },
    ]);
  });

  test('a call keeps its signature, and chunks of a streamed answer are one message again', () => {
    const messages = messagesOf(
      model({ text: 'one ' }),
      model({ text: 'two' }),
      model({ text: '' }),
      model({ functionCall: { name: 'f', args: {} }, thoughtSignature: 'c2ln' }),
    );
    expect(messages).toEqual([
      {
        ...{ role: 'assistant', name: null },
        parts: [
          { type: 'text', text: 'one two' },
          {
            ...{ type: 'tool-call', id: 'call_1', name: 'f', argumentsJson: '{}' },
            extra: { extra_content: { google: { thought_signature: 'c2ln' } } },
          },
        ],
      },
    ]);
  });

  test('code that ran at Google is nobody else’s', () => {
    const [message] = messagesOf(model({ executableCode: { code: '1+1' } }));
    expect(message?.parts).toMatchObject([{ type: 'opaque', dialect: 'google-generate' }]);
  });

  test('schemas of Google’s become JSON Schema, and those that are stay', () => {
    const parameters = {
      type: 'OBJECT',
      properties: {
        type: { type: 'STRING', nullable: true, enum: ['a'], format: 'enum' },
        min_items: {
          type: 'ARRAY',
          items: { any_of: [{ type: 'INTEGER', format: 'int32' }] },
          min_items: '2',
        },
        when: { type: 'STRING', format: 'date-time' },
      },
      propertyOrdering: ['type'],
    };
    const own = { type: ['string', 'null'], $schema: 'x' };
    const functionDeclarations = [
      { name: 'f', description: 'd', parameters },
      { name: 'g', parametersJsonSchema: own },
      { name: 'h' },
    ];
    expect(promptOf({ tools: [{ functionDeclarations }] }).tools.map((tool) => tool.parameters)).toEqual([
      {
        type: 'object',
        properties: {
          type: { type: ['string', 'null'], enum: ['a', null] },
          min_items: { type: 'array', items: { anyOf: [{ type: 'integer' }] }, minItems: 2 },
          when: { type: 'string', format: 'date-time' },
        },
      },
      own,
      null,
    ]);
  });

  test.each<[JsonObject, ChatPrompt['toolChoice'], string[]]>([
    [{ mode: 'AUTO' }, 'auto', ['f', 'g']],
    [{ mode: 'ANY' }, 'required', ['f', 'g']],
    [{ mode: 'ANY', allowedFunctionNames: ['g'] }, { name: 'g' }, ['g']],
    [{ mode: 'ANY', allowed_function_names: ['f', 'g'] }, 'required', ['f', 'g']],
    [{ mode: 'NONE' }, 'none', ['f', 'g']],
    [{ mode: 'VALIDATED', allowedFunctionNames: ['f'] }, 'auto', ['f']],
  ])('%p is %p of %p', (functionCallingConfig, choice, names) => {
    const tools = [{ functionDeclarations: [{ name: 'f' }, { name: 'g' }] }];
    const prompt = promptOf({ tools, toolConfig: { functionCallingConfig } });
    expect(prompt.toolChoice).toEqual(choice);
    expect(prompt.tools.map(({ name }) => name)).toEqual(names);
  });

  test('settings have everybody’s names', () => {
    const generationConfig = {
      ...{
        temperature: 1,
        topP: 0.5,
        topK: '40',
        seed: 7,
        candidateCount: 2,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
      },
      ...{ responseLogprobs: true, logprobs: 3, stopSequences: ['END'], maxOutputTokens: 5 },
      ...{ responseMimeType: 'application/json', responseSchema: { type: 'STRING' } },
    };
    expect(promptOf({ generationConfig })).toMatchObject({
      parameters: {
        ...{
          temperature: 1,
          top_p: 0.5,
          top_k: 40,
          seed: 7,
          n: 2,
          presence_penalty: 0.1,
          frequency_penalty: 0.2,
        },
        ...{ logprobs: true, top_logprobs: 3 },
      },
      stop: ['END'],
      format: { type: 'schema', schema: { type: 'string' }, strict: false },
    });
    expect(promptOf({ generationConfig: { responseMimeType: 'application/json' } }).format).toEqual({
      type: 'json',
    });
  });

  test.each<[JsonObject, JsonObject]>([
    [{ thinkingBudget: 0 }, { enabled: false, effort: null, maxTokens: null, exclude: true }],
    [
      { thinkingBudget: -1, includeThoughts: true },
      { enabled: true, effort: null, maxTokens: null, exclude: false },
    ],
    [{ thinking_budget: 2000 }, { enabled: null, effort: null, maxTokens: 2000 }],
    [{ thinkingLevel: 'HIGH' }, { enabled: null, effort: 'high', maxTokens: null }],
  ])('thinking %p', (thinkingConfig, wish) => {
    expect(parse({ ...hello, generationConfig: { thinkingConfig } }).payload.reasoning).toMatchObject(wish);
  });
});

describe('signatures of others', () => {
  const claude = { signature: 'EqQB', format: 'anthropic-claude-v1' } as const;
  const envelope = signatureOf(claude) ?? '';

  test('come back as whose they are', () => {
    expect(isForeign(envelope)).toBe(true);
    expect(readSignature(envelope)).toEqual(claude);
    const sealed = { redacted: 'xyz', format: 'openai-responses-v1', id: 'rs_1' } as const;
    expect(readSignature(signatureOf(sealed))).toEqual(sealed);
    expect(readSignature(signatureOf({ signature: 'c2ln', format: 'google-gemini-v1' }))).toEqual({
      ...{ signature: 'c2ln', format: 'google-gemini-v1' },
    });
  });

  test('never reach Google, and everything else of the conversation does', () => {
    const contents = [
      user({ text: 'hi' }),
      model(
        { text: 'hm', thought: true, thoughtSignature: envelope },
        { text: 'hello', thoughtSignature: 'c2ln' },
      ),
      model({ text: '', thought: true, thoughtSignature: envelope }),
    ];
    const request = parse({ contents });
    expect(request.payload.native.body['contents']).toEqual([
      user({ text: 'hi' }),
      model({ text: 'hello', thoughtSignature: 'c2ln' }),
      model({ text: '' }),
    ]);
    expect(request.payload.prompt().messages[1]?.parts[0]).toMatchObject(claude);
  });

  test('what only begins like one is Google’s', () => {
    expect(readSignature(`${envelope.slice(0, 12)}####`)).toMatchObject({ format: 'google-gemini-v1' });
  });
});
