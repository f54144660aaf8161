import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../../embeddings/payload.ts';
import type { JsonObject } from '../../json.ts';
import { type Answer, FakeUpstream, RESET, SECRET } from '../__fixtures__/upstream.ts';
import type { ProviderError } from '../provider-error.ts';
import { quirksOf } from '../vendors.ts';
import { embeddingsOver } from './embeddings.ts';

const BASE_URL = 'https://generativelanguage.googleapis.com/v1beta';

const fixture = (name: string) =>
  readFileSync(new URL(`__fixtures__/embeddings/${name}.json`, import.meta.url), 'utf8');
const recorded = JSON.parse(fixture('dimensions')) as { request: JsonObject; response: JsonObject };

function asked(payload: Partial<EmbeddingsPayload> = {}, upstreamModel = 'gemini-embedding-001') {
  const upstream = new FakeUpstream();
  const told: { answered: number; whole: EmbeddingsAnswer | null; error: ProviderError | null } = {
    ...{ answered: 0, whole: null, error: null },
  };
  const call = {
    target: { baseUrl: BASE_URL, apiKey: SECRET, upstreamModel, quirks: quirksOf(BASE_URL) },
    payload: {
      input: { kind: 'texts', items: ['a', 'b'] } as const,
      ...({ dimensions: null, inputType: null, titles: null, encoding: 'float', others: {} } as const),
      ...payload,
    },
    timeouts: { firstByteMs: 1000, idleMs: 2000, answerMs: 5000 },
  };
  const exchange = embeddingsOver(upstream).embed(call, {
    onAnswered: () => {
      told.answered += 1;
    },
    onWhole: (answer) => {
      told.whole = answer;
    },
    onFailure: (error) => {
      told.error = error as ProviderError;
    },
  });
  const sent = () => upstream.requests.map(({ body }) => JSON.parse(body) as { requests: JsonObject[] });
  return { upstream, told, sent, exchange };
}

const vectors = (...values: unknown[]) =>
  JSON.stringify({ embeddings: values.map((each) => ({ values: each })) });

function outcome(answer: Answer, payload: Partial<EmbeddingsPayload> = {}) {
  const { upstream, told } = asked(payload);
  upstream.play(answer);
  return told.error ?? told.whole?.vectors.map((vector) => vector.in('float'));
}

test('what was recorded is what is sent, and its answer is a vector of the length that was asked for', () => {
  const { upstream, told, sent } = asked(
    { input: { kind: 'texts', items: ['Hello, world!'] }, dimensions: 768, inputType: 'search_query' },
    'gemini-embedding-2-preview',
  );
  expect(upstream.requests[0]).toMatchObject({
    url: `${BASE_URL}/models/gemini-embedding-2-preview:batchEmbedContents`,
    headers: { 'x-goog-api-key': SECRET },
    timeouts: { firstByteMs: 5000, idleMs: 5000, answerMs: 5000 },
  });
  expect(sent()).toEqual([recorded.request as { requests: JsonObject[] }]);
  upstream.play({ body: JSON.stringify(recorded.response) });
  expect(told.whole?.vectors.map(({ length }) => length)).toEqual([768]);
  // Google counts nothing here.
  expect([told.whole?.usage, told.answered]).toEqual([null, 1]);
});

test('each input is a content of its own, and what a vector is for is told in Google’s words', () => {
  const taskOf = (inputType: string | null) => asked({ inputType }).sent()[0]?.requests[1]?.['taskType'];
  expect(
    asked()
      .sent()[0]
      ?.requests.map(({ content }) => content),
  ).toEqual([{ parts: [{ text: 'a' }] }, { parts: [{ text: 'b' }] }]);
  expect(['query', 'document', 'clustering', 'CODE_RETRIEVAL_QUERY', null].map(taskOf)).toEqual([
    ...['RETRIEVAL_QUERY', 'RETRIEVAL_DOCUMENT', 'CLUSTERING', 'CODE_RETRIEVAL_QUERY', undefined],
  ]);
});

test('each input keeps its own title, in whichever batch it goes', () => {
  const items = Array.from({ length: 101 }, (_, at) => `text ${at}`);
  const titles = items.map((_, at) => (at === 0 ? null : `title ${at}`));
  const { upstream, sent } = asked({ input: { kind: 'texts', items }, titles });
  upstream.play({ body: vectors(...items.slice(0, 100).map(() => [1])) });
  const asSent = sent().flatMap(({ requests }) => requests);
  expect(asSent.map(({ title }) => title ?? null)).toEqual(titles);
  expect(asSent[0]).not.toHaveProperty('title');
});

test('pictures, sounds and files that the request holds go as Google writes them', () => {
  const items = [
    {
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
        { type: 'input_video', video_url: { url: 'data:video/mp4;base64,CCCC' } },
        { type: 'input_file', file: { file_data: 'data:application/pdf;base64,DDDD' } },
      ],
    },
  ];
  const { upstream, told, sent } = asked({ input: { kind: 'parts', items } });
  const inline = (mimeType: string, data: string) => ({ inlineData: { mimeType, data } });
  expect(sent()[0]?.requests[0]?.['content']).toEqual({
    parts: [
      { text: 'a' },
      ...[inline('image/png', 'AAAA'), inline('audio/mp3', 'BBBB'), inline('video/mp4', 'CCCC')],
      inline('application/pdf', 'DDDD'),
    ],
  });
  upstream.play({
    body: `{"embeddings":[{"values":[1]}],"usageMetadata":{"promptTokenCount":9,"promptTokenDetails":[{"modality":"TEXT","tokenCount":2},{"modality":"AUDIO","tokenCount":7}]}}`,
  });
  expect(told.whole?.usage).toMatchObject({ inputTokens: 2, inputAudioTokens: 7 });
});

test('a count is read where there is one', () => {
  const { upstream, told } = asked();
  upstream.play({
    body: `{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":7}}`,
  });
  expect(told.whole?.usage?.inputTokens).toBe(7);
});

test('tokens and what only an address names are refused before anything is asked', () => {
  const { refusal } = embeddingsOver(new FakeUpstream());
  const payload = { dimensions: null, inputType: null, titles: null, encoding: 'float', others: {} } as const;
  expect(refusal({ ...payload, input: { kind: 'texts', items: ['a'] } })).toBeNull();
  expect(refusal({ ...payload, input: { kind: 'tokens', items: [[1]] } })?.message).toContain('not tokens');
  const elsewhere = { content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] };
  expect(refusal({ ...payload, input: { kind: 'parts', items: [elsewhere] } })?.message).toContain(
    'not what is elsewhere',
  );
});

describe('a wrong answer', () => {
  test.each([
    ['one vector of all inputs', vectors([1, 2]), 'Provider returned 1 embeddings for 2 inputs'],
    ['nulls', vectors([null], [1]), 'Provider returned an embedding that is not a vector'],
    ['two lengths', vectors([1], [1, 2]), 'Provider returned an embedding that is not a vector'],
    ['something else', '{"candidates":[]}', 'Provider returned an answer that is not a list of embeddings'],
    ['no JSON', '<html>', 'Provider returned an answer that is not JSON'],
  ])('%s', (_, body, message) => {
    expect(outcome({ body })).toMatchObject({ message, failure: 'garbage', fault: 'provider' });
  });

  test('broken off', () => {
    expect(outcome({ body: '{"embeddings":[', failure: RESET })).toMatchObject({ failure: 'unreachable' });
  });

  test('of an unknown model, as recorded, is the provider’s', () => {
    expect(outcome({ status: 404, body: fixture('error-404') })).toMatchObject({
      status: 404,
      fault: 'provider',
    });
  });

  test('of another length than was asked for is the caller’s to mend', () => {
    expect(outcome({ body: vectors([1, 2], [3, 4]) }, { dimensions: 3 })).toMatchObject({
      fault: 'caller',
      status: 400,
    });
  });
});

describe('more inputs than Google takes at once', () => {
  const items = Array.from({ length: 250 }, (_, at) => `text ${at}`);
  const input = { kind: 'texts', items } as const;
  const part = (from: number, to: number, usage = '') =>
    `{"embeddings":[${items.slice(from, to).map((_, at) => `{"values":[${from + at}]}`)}]${usage}}`;

  test('go in batches one after another, and come back as one, in order', () => {
    const { upstream, told, sent } = asked({ input });
    for (const [from, to] of [
      [0, 100],
      [100, 200],
      [200, 250],
    ] as const) {
      expect(told.whole).toBeNull();
      upstream.play({ body: part(from, to, ',"usageMetadata":{"promptTokenCount":5}') });
    }
    expect(sent().map(({ requests }) => requests.length)).toEqual([100, 100, 50]);
    expect(told.whole?.vectors.map((vector) => vector.in('float'))).toEqual(items.map((_, at) => [at]));
    expect([told.whole?.usage?.inputTokens, told.answered]).toEqual([15, 1]);
  });

  test('are not counted where one batch is not', () => {
    const { upstream, told } = asked({ input });
    upstream.play({ body: part(0, 100, ',"usageMetadata":{"promptTokenCount":5}') });
    upstream.play({ body: part(100, 200) });
    upstream.play({ body: part(200, 250, ',"usageMetadata":{"promptTokenCount":5}') });
    expect([told.whole?.vectors.length, told.whole?.usage]).toEqual([250, null]);
  });

  test('fail as a whole when one of them fails, and nothing more is asked', () => {
    const { upstream, told } = asked({ input });
    upstream.play({ body: part(0, 100) });
    upstream.play({
      status: 429,
      body: '{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}',
    });
    expect([told.whole, told.error?.fault, upstream.requests.length]).toEqual([null, 'rate', 2]);
  });

  test('must all be of one length', () => {
    const { upstream, told } = asked({ input: { kind: 'texts', items: items.slice(0, 101) } });
    upstream.play({ body: part(0, 100) });
    upstream.play({ body: vectors([1, 2]) });
    expect(told.error).toMatchObject({
      failure: 'garbage',
      message: 'Provider returned embeddings of different lengths',
    });
  });

  test('fail when the next batch cannot be sent', () => {
    const { upstream, told } = asked({ input });
    upstream.send = () => {
      throw new Error('The client is closed');
    };
    upstream.play({ body: part(0, 100) });
    expect(told.error?.message).toBe('The client is closed');
  });

  test('are over when the call is given up', () => {
    const { upstream, told, exchange } = asked({ input });
    upstream.play({ body: part(0, 100) });
    exchange.cancel();
    upstream.play({ body: part(100, 200) });
    expect([upstream.requests.length, upstream.cancelled, told.whole, told.error]).toEqual([
      2,
      1,
      null,
      null,
    ]);
  });
});
