/** A provider that speaks Google's own API, behind the whole gateway: asked by Google's client, and by OpenAI's. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const RECORDINGS = join(import.meta.dir, '../../../src/providers/google/__fixtures__');
const SECRET = 'AIza-the-operators-own';

interface Asked {
  readonly path: string;
  readonly key: string | null;
  readonly body: Record<string, unknown>;
}

const asked: Asked[] = [];
let recording = 'text.sse';
let status = 200;
let upstream: ReturnType<typeof Bun.serve>;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = (await request.json()) as Record<string, unknown>;
      asked.push({ path: pathname + search, key: request.headers.get('x-goog-api-key'), body });
      const type = recording.endsWith('.sse') ? 'text/event-stream' : 'application/json';
      return new Response(readFileSync(join(RECORDINGS, recording)), {
        status,
        headers: { 'content-type': type },
      });
    },
  });
  gateway = await startGateway({
    config: {
      providers: [
        {
          ...{ slug: 'goog', name: 'Goog', format: 'google', api_key: SECRET },
          base_url: `http://127.0.0.1:${upstream.port}/v1beta`,
        },
      ],
      models: [
        {
          ...{ id: 'google/gemini-3-pro', context_length: 100_000, max_completion_tokens: 8192 },
          endpoints: [
            {
              ...{ provider: 'goog', model: 'gemini-3-pro-preview' },
              pricing: { prompt: '0.000002', completion: '0.000012' },
            },
          ],
        },
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop(true);
});

function played(name: string, code = 200): void {
  recording = name;
  status = code;
  asked.length = 0;
}

const google = (apiKey = gateway.apiKey) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${gateway.url}/api` } });
const openai = () => new OpenAI({ apiKey: gateway.apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });

// 9 tokens of prompt; 185 of thoughts and 23 of text.
const COST = (9 * 2 + (185 + 23) * 12) / 1e6;

describe('Google’s client', () => {
  test('reads a stream as Google wrote it, with our bill in its last chunk', async () => {
    played('text.sse');
    const stream = await google().models.generateContentStream({
      ...{ model: 'gemini-3-pro', contents: 'how many?' },
      config: { topK: 7, safetySettings: [] },
    });
    const chunks: GenerateContentResponse[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const texts = readFileSync(join(RECORDINGS, 'text.sse'), 'utf8').match(/"text":"/g);
    expect(chunks).toHaveLength(texts?.length ?? 0);
    expect(JSON.stringify(chunks.at(-1))).toContain('thoughtSignature');
    expect(chunks.map(({ modelVersion }) => modelVersion)).toEqual(chunks.map(() => 'google/gemini-3-pro'));
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({
      thoughtsTokenCount: 185,
      candidatesTokenCount: 23,
      cost: COST,
    });
    expect(asked).toEqual([
      {
        path: '/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse',
        key: SECRET,
        body: {
          contents: [{ parts: [{ text: 'how many?' }], role: 'user' }],
          ...{ safetySettings: [], generationConfig: { topK: 7 } },
        },
      },
    ]);
  });

  test('has its call’s signature back at Google', async () => {
    played('tools-signed.json');
    const model = 'google/gemini-3-pro';
    const first = await google().models.generateContent({ model, contents: 'weather?' });
    expect(asked[0]?.path).toBe('/v1beta/models/gemini-3-pro-preview:generateContent');
    const called = first.candidates?.[0]?.content;
    if (called === undefined) throw new Error('no content');
    await google().models.generateContent({
      model,
      contents: [{ role: 'user', parts: [{ text: 'weather?' }] }, called],
    });
    const sent = asked[1]?.body['contents'] as { parts: object[] }[];
    const signature =
      /"thoughtSignature": *"([^"]+)"/.exec(
        readFileSync(join(RECORDINGS, 'tools-signed.json'), 'utf8'),
      )?.[1] ?? '';
    expect(signature).not.toBe('');
    expect(JSON.stringify(sent.flatMap(({ parts }) => parts))).toContain(JSON.stringify(signature));
    // What the client keeps says whose it is.
    expect(called.parts?.[0]?.thoughtSignature).toEndWith(signature);
    expect(called.parts?.[0]?.thoughtSignature).not.toBe(signature);
  });

  test('under a limit is told a cap, and none of Google’s own tools', async () => {
    const limited = await makeKey(gateway, { limit: 0.05 });
    played('text-whole.json');
    const ask = (config: object) =>
      google(limited.key).models.generateContent({ model: 'gemini-3-pro', contents: 'hi', config });
    await ask({});
    expect(asked[0]?.body['generationConfig']).toEqual({ maxOutputTokens: expect.any(Number) });
    const refused = await ask({ tools: [{ googleSearch: {} }] }).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ status: 402 });
    expect(asked).toHaveLength(1);
  });

  test('hears of a key of the operator’s that is not valid as of a provider that is not there', async () => {
    played('error-400-key.json', 400);
    const thrown = await google()
      .models.generateContent({ model: 'gemini-3-pro', contents: 'hi' })
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ status: 502 });
    expect(String(thrown)).not.toContain('API key');
  });

  test('hears of a prompt that is too long in Google’s words', async () => {
    played('error-400-length.json', 400);
    const thrown = await google()
      .models.generateContent({ model: 'gemini-3-pro', contents: 'hi' })
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ status: 400, message: expect.stringContaining('1048576') });
  });
});

describe('OpenAI’s client', () => {
  const model = 'google/gemini-3-pro';

  test('reads text, usage and cost, streamed and whole', async () => {
    played('text.sse');
    const messages = [
      { role: 'system' as const, content: 'Be brief' },
      { role: 'user' as const, content: 'how many?' },
    ];
    const stream = await openai().chat.completions.create({ model, messages, stream: true, max_tokens: 500 });
    let text = '';
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toContain('There are **3**');
    expect(usage).toMatchObject({
      ...{ prompt_tokens: 9, completion_tokens: 208, cost: COST },
      completion_tokens_details: { reasoning_tokens: 185 },
    });
    expect(asked[0]?.body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'how many?' }] }],
      systemInstruction: { parts: [{ text: 'Be brief' }] },
      generationConfig: { maxOutputTokens: 500 },
    });
    played('text-whole.json');
    const whole = await openai().chat.completions.create({ model, messages });
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: expect.any(String) },
    });
  });

  test('calls a function, and gives back its result with the signature that Gemini wants', async () => {
    played('tools-signed.sse');
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ];
    const user = { role: 'user' as const, content: 'weather?' };
    const runner = openai().chat.completions.stream({ model, messages: [user], tools });
    const [choice] = (await runner.finalChatCompletion()).choices;
    const [call] = choice?.message.tool_calls ?? [];
    expect([choice?.finish_reason, call]).toMatchObject([
      'tool_calls',
      { function: { name: 'weather', arguments: '{"location":"San Francisco"}' } },
    ]);
    if (choice === undefined || call === undefined) throw new Error('no call');
    const result = { role: 'tool' as const, tool_call_id: call.id, content: 'foggy' };
    await openai().chat.completions.create({
      model,
      messages: [user, choice.message, result],
      tools,
      stream: true,
    });
    const contents = asked[1]?.body['contents'] as { role: string; parts: Record<string, unknown>[] }[];
    expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
    const sent = contents[1]?.parts[0];
    expect(sent).toMatchObject({ functionCall: { id: call.id, name: 'weather' } });
    expect(String(sent?.['thoughtSignature'])).toMatch(/^EpEgCo4g/);
    expect(contents[2]?.parts).toEqual([
      { functionResponse: { id: call.id, name: 'weather', response: { output: 'foggy' } } },
    ]);
  });

  test('is told what cannot be told to Google, before anybody is asked', async () => {
    played('text-whole.json');
    const file = { type: 'file', file: { file_id: 'file-123' } } as const;
    const thrown = await openai()
      .chat.completions.create({ model, messages: [{ role: 'user', content: [file] }] })
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ status: 400, message: expect.stringContaining('Google') });
    expect(asked).toEqual([]);
  });
});
