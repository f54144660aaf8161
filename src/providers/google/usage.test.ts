import { expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { convertUsage, searchesOf } from './usage.ts';

test('a prompt holds what a cache served, thoughts lie beside the answer, and what tools gave to read is prompt too', () => {
  expect(convertUsage({ promptTokenCount: 10, candidatesTokenCount: 4 })).toEqual({
    ...NO_USAGE,
    inputTokens: 10,
    outputTokens: 4,
  });
  expect(
    convertUsage(
      {
        ...{
          promptTokenCount: 10,
          cachedContentTokenCount: 3,
          candidatesTokenCount: 4,
          thoughtsTokenCount: 6,
        },
        ...{ toolUsePromptTokenCount: 5, totalTokenCount: 25 },
      },
      2,
    ),
  ).toEqual({
    ...NO_USAGE,
    ...{ inputTokens: 12, cacheReadTokens: 3, outputTokens: 4, reasoningTokens: 6, searches: 2 },
  });
});

test('an answer that is not counted is what the total has beyond all else, and never less than nothing', () => {
  const of = (totalTokenCount: number | undefined) =>
    convertUsage({
      ...{ promptTokenCount: 10, thoughtsTokenCount: 6, toolUsePromptTokenCount: 5 },
      ...(totalTokenCount === undefined ? {} : { totalTokenCount }),
    })?.outputTokens;
  expect([of(24), of(21), of(20), of(undefined)]).toEqual([3, 0, 0, 0]);
});

test('more cached than the prompt is the prompt', () => {
  expect(
    convertUsage({ promptTokenCount: 10, cachedContentTokenCount: 30, candidatesTokenCount: 1 }),
  ).toMatchObject({ inputTokens: 0, cacheReadTokens: 10 });
});

test('sound and pictures have their own buckets, without what a cache served of them', () => {
  const usage = {
    ...{ promptTokenCount: 100, cachedContentTokenCount: 40, candidatesTokenCount: 50 },
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 70 },
      { modality: 'AUDIO', tokenCount: 20 },
      { modality: 'AUDIO', tokenCount: 10 },
    ],
    cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 5 }],
    candidatesTokensDetails: [
      { modality: 'IMAGE', tokenCount: 30 },
      { modality: 'AUDIO', tokenCount: 8 },
    ],
  };
  expect(convertUsage(usage)).toEqual({
    ...NO_USAGE,
    ...{ inputTokens: 35, cacheReadTokens: 40, inputAudioTokens: 25 },
    ...{ outputTokens: 12, outputImageTokens: 30, outputAudioTokens: 8 },
  });
});

test('parts that are larger than their whole are cut to it', () => {
  const much = [
    { modality: 'AUDIO', tokenCount: 500 },
    { modality: 'IMAGE', tokenCount: 30 },
  ];
  const usage = { promptTokenCount: 10, cachedContentTokenCount: 4, candidatesTokenCount: 40 };
  expect(convertUsage({ ...usage, promptTokensDetails: much, candidatesTokensDetails: much })).toMatchObject({
    ...{ inputTokens: 0, inputAudioTokens: 6, cacheReadTokens: 4 },
    ...{ outputTokens: 0, outputImageTokens: 30, outputAudioTokens: 10 },
  });
  const cached = { cacheTokensDetails: much, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 1 }] };
  expect(convertUsage({ ...usage, ...cached })).toMatchObject({ inputTokens: 6, inputAudioTokens: 0 });
});

test('counts in texts count, and what cannot be a count is none', () => {
  expect(convertUsage({ promptTokenCount: '10', candidatesTokenCount: '4' })).toMatchObject({
    inputTokens: 10,
    outputTokens: 4,
  });
  for (const usage of [null, [], {}, { candidatesTokenCount: 1 }]) expect(convertUsage(usage)).toBeNull();
  for (const promptTokenCount of [-1, 0.5, 1e12, 'ten', '12345678901', null])
    expect(convertUsage({ promptTokenCount, candidatesTokenCount: 1 })).toBeNull();
  expect(convertUsage({ promptTokenCount: 0 })).toEqual(NO_USAGE);
});

test('searches are the queries that are texts', () => {
  expect(searchesOf({ groundingMetadata: { webSearchQueries: ['a', '', 7, 'b'] } })).toBe(2);
  for (const candidate of [{}, { groundingMetadata: null }, { groundingMetadata: { webSearchQueries: 'a' } }])
    expect(searchesOf(candidate)).toBe(0);
});
