import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseGoogleEmbeddings } from './request.ts';

const MODEL = 'google/gemini-embedding-001';
const content = (text: string) => ({ parts: [{ text }] });
const one = (body: JsonObject) => parseGoogleEmbeddings(body, 100, { model: MODEL, method: 'embedContent' });
const many = (...requests: unknown[]) =>
  parseGoogleEmbeddings({ requests }, 100, { model: MODEL, method: 'batchEmbedContents' });

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.status === 400) return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

describe('what Google’s reference shows', () => {
  // curl of "Method: models.embedContent" in Google's API reference.
  test('of one content is one text', () => {
    const { payload, size, modelIds } = one({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text: 'Hello world' }] },
    });
    expect(payload).toEqual({
      input: { kind: 'texts', items: ['Hello world'] },
      ...{ dimensions: null, inputType: null, titles: null, encoding: 'float', others: {} },
    });
    expect(modelIds).toEqual([MODEL]);
    expect(size).toMatchObject({ promptTokensBound: 11 + 16, maxTokens: 0, promptCount: 1 });
  });

  // curl of "Method: models.batchEmbedContents" there.
  test('of many contents is as many texts', () => {
    const texts = [
      'What is the meaning of life?',
      'How much wood would a woodchuck chuck?',
      'How does the brain work?',
    ];
    const { payload, inputBytes } = many(
      ...texts.map((text) => ({ model: 'models/gemini-embedding-001', content: content(text) })),
    );
    expect(payload.input).toEqual({ kind: 'texts', items: texts });
    expect(inputBytes).toBe(texts.join('').length);
  });
});

describe('how vectors are wanted', () => {
  const wish = { taskType: 'RETRIEVAL_DOCUMENT', title: 'On Turnpikes', outputDimensionality: 256 };

  test('is said beside the content, in the configuration, or with underscores, and the configuration wins', () => {
    const expected = { dimensions: 256, inputType: 'search_document', titles: ['On Turnpikes'], others: {} };
    expect(one({ content: content('a'), ...wish }).payload).toMatchObject(expected);
    expect(one({ content: content('a'), embedContentConfig: wish }).payload).toMatchObject(expected);
    expect(
      one({
        content: content('a'),
        ...{ task_type: 'RETRIEVAL_DOCUMENT', title: 'On Turnpikes', output_dimensionality: '256' },
      }).payload,
    ).toMatchObject(expected);
    expect(
      one({ content: content('a'), outputDimensionality: 3, embedContentConfig: wish }).payload.dimensions,
    ).toBe(256);
  });

  test.each([
    ['RETRIEVAL_QUERY', 'search_query'],
    ['CODE_RETRIEVAL_QUERY', 'code_retrieval_query'],
    ['CLUSTERING', 'clustering'],
    ['TASK_TYPE_UNSPECIFIED', null],
    [null, null],
  ])('%s is %p in OpenRouter’s words', (taskType, inputType) => {
    expect(one({ content: content('a'), taskType }).payload.inputType).toBe(inputType);
  });

  test('a title is read along with its text, and paid for', () => {
    const { size, inputBytes } = one({ content: content('four'), title: 'ü' });
    expect([size.promptTokensBound, inputBytes]).toEqual([4 + 2 + 16, 6]);
  });

  test('each content of a batch may have its own title, and nothing else of its own', () => {
    expect(many({ content: content('a'), title: 't' }, { content: content('b') }).payload.titles).toEqual([
      't',
      null,
    ]);
    const first = { content: content('a'), taskType: 'CLUSTERING', outputDimensionality: 3 };
    expect(refusal(() => many(first, { ...first, taskType: 'RETRIEVAL_QUERY' }))).toBe(
      'requests[1].taskType must be that of the first request of the batch',
    );
    expect(refusal(() => many(first, { ...first, outputDimensionality: 4 }))).toBe(
      'requests[1].outputDimensionality must be that of the first request of the batch',
    );
    expect(refusal(() => many(first, { ...first, embedContentConfig: { autoTruncate: true } }))).toBe(
      'requests[1].embedContentConfig must be that of the first request of the batch',
    );
  });

  test('cutting what is too long is part of embedding; whatever else is asked for has no price', () => {
    const config = { autoTruncate: true, documentOcr: true };
    const { payload, unpriced } = one({ content: content('a'), embedContentConfig: config });
    expect(payload.others).toEqual(config);
    expect(unpriced).toEqual(['documentOcr']);
  });
});

describe('parts', () => {
  test('of text are the text that they make', () => {
    const { payload } = one({ content: { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] } });
    expect(payload.input).toEqual({ kind: 'texts', items: ['ab'] });
  });

  test('of pictures, sounds and files go on as OpenRouter writes them', () => {
    const inline = (mimeType: string) => ({ inlineData: { mimeType, data: 'AAAA' } });
    const { payload, size, unpriced } = one({
      content: {
        parts: [{ text: 'a' }, inline('image/png'), inline('audio/mp3'), inline('application/pdf')],
      },
    });
    expect(payload.input).toEqual({
      kind: 'parts',
      items: [
        {
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
            { type: 'input_file', file: { file_data: 'data:application/pdf;base64,AAAA' } },
          ],
        },
      ],
    });
    expect(size).toMatchObject({ promptTokensBound: null, imageCount: 1 });
    expect(unpriced).toEqual(['input_file']);
  });
});

test.each([
  [{}, 'content must be an object with a list of at least one part'],
  [{ content: 'a' }, 'content must be an object with a list of at least one part'],
  [{ content: { parts: [] } }, 'content must be an object with a list of at least one part'],
  [{ content: { parts: [{ text: '' }] } }, 'content must not be empty'],
  [{ content: { parts: ['a'] } }, 'content.parts[0] must be an object'],
  [{ content: { parts: [{ functionCall: {} }] } }, 'content.parts[0] must have text, inlineData or fileData'],
  [{ content: { parts: [{ inlineData: {} }] } }, 'content.parts[0].inlineData must have mimeType and data'],
  [{ content: content('a'), taskType: 5 }, 'taskType must be text of at most 64 characters'],
  [
    { content: content('a'), outputDimensionality: 0 },
    'outputDimensionality must be an integer of at least 1',
  ],
  [{ content: content('a'), embedContentConfig: [] }, 'embedContentConfig must be an object'],
  [
    { content: content('a'), model: 'models/text-embedding-004' },
    'model must be that of the path, models/google/gemini-embedding-001',
  ],
  [
    { content: content('a'), models: ['a/b'] },
    'models is not available for embeddings: vectors of two models cannot be compared',
  ],
] as [JsonObject, string][])('%j is refused', (body, message) => {
  expect(refusal(() => one(body))).toBe(message);
});

test.each([
  [[], 'requests must be a list of at least one request'],
  [['a'], 'requests[0] must be an object with content'],
  [
    [{ content: content('a') }, { content: {} }],
    'requests[1].content must be an object with a list of at least one part',
  ],
  [[{ content: content('a') }, { content: content('') }], 'requests[1].content must not be empty'],
  [
    [{ content: content('a'), model: 'models/other' }],
    'requests[0].model must be that of the path, models/google/gemini-embedding-001',
  ],
  [
    Array(2049).fill({ content: content('a') }),
    'requests must have at most 2048 items in one request; it has 2049',
  ],
] as [unknown[], string][])('a batch of %j is refused', (requests, message) => {
  expect(refusal(() => many(...requests))).toBe(message);
});
