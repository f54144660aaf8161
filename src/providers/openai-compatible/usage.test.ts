import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { completionTokensOf, NO_USAGE, promptTokensOf, type TokenUsage } from '../../chat/usage.ts';
import type { JsonObject } from '../../json.ts';
import { convertUsage, findUsage } from './usage.ts';

const rows: readonly [string, JsonObject, Partial<TokenUsage> | null][] = [
  // As vendors report it.
  [
    'OpenAI',
    {
      prompt_tokens: 1000,
      completion_tokens: 300,
      total_tokens: 1300,
      prompt_tokens_details: { cached_tokens: 200, audio_tokens: 50 },
      completion_tokens_details: {
        reasoning_tokens: 100,
        audio_tokens: 20,
        accepted_prediction_tokens: 5,
        rejected_prediction_tokens: 6,
      },
    },
    {
      inputTokens: 750,
      cacheReadTokens: 200,
      inputAudioTokens: 50,
      outputTokens: 180,
      reasoningTokens: 100,
      outputAudioTokens: 20,
    },
  ],
  [
    'OpenAI, cache writes',
    {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 30 },
    },
    { inputTokens: 50, cacheReadTokens: 20, cacheWriteTokens: 30, outputTokens: 1 },
  ],
  [
    'DeepSeek, as before there were details',
    { prompt_tokens: 339, completion_tokens: 83, prompt_cache_hit_tokens: 320, prompt_cache_miss_tokens: 19 },
    { inputTokens: 19, cacheReadTokens: 320, outputTokens: 83 },
  ],
  [
    'Moonshot',
    {
      prompt_tokens: 2989,
      completion_tokens: 5,
      cached_tokens: 2800,
      prompt_tokens_details: { cached_tokens: 2800 },
    },
    { inputTokens: 189, cacheReadTokens: 2800, outputTokens: 5 },
  ],
  [
    'Moonshot, at the top alone',
    { prompt_tokens: 20, completion_tokens: 30, cached_tokens: 10 },
    { inputTokens: 10, cacheReadTokens: 10, outputTokens: 30 },
  ],
  [
    'Mistral',
    { prompt_tokens: 20, completion_tokens: 30, num_cached_tokens: 7 },
    { inputTokens: 13, cacheReadTokens: 7, outputTokens: 30 },
  ],
  [
    'Mistral, its other spelling',
    { prompt_tokens: 20, completion_tokens: 30, prompt_token_details: { cached_tokens: 7 } },
    { inputTokens: 13, cacheReadTokens: 7, outputTokens: 30 },
  ],
  [
    'Alibaba',
    {
      prompt_tokens: 1500,
      completion_tokens: 2,
      prompt_tokens_details: {
        cached_tokens: 100,
        cache_creation_input_tokens: 1200,
        cache_type: 'ephemeral',
      },
    },
    { inputTokens: 200, cacheReadTokens: 100, cacheWriteTokens: 1200, outputTokens: 2 },
  ],
  [
    'LiteLLM before Anthropic',
    {
      prompt_tokens: 1500,
      completion_tokens: 2,
      prompt_tokens_details: {
        cached_tokens: 100,
        cache_creation_tokens: 1200,
        cache_creation_token_details: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 200 },
      },
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 1200,
    },
    {
      inputTokens: 200,
      cacheReadTokens: 100,
      cacheWriteTokens: 1000,
      cacheWrite1hTokens: 200,
      outputTokens: 2,
    },
  ],
  [
    'Anthropic’s own words',
    {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 40,
      cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 10 },
    },
    { inputTokens: 10, cacheReadTokens: 100, cacheWriteTokens: 30, cacheWrite1hTokens: 10, outputTokens: 5 },
  ],
  [
    'Anthropic, with a total over all of it',
    {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 155,
      cache_read_input_tokens: 100,
      cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 10 },
    },
    { inputTokens: 10, cacheReadTokens: 100, cacheWriteTokens: 30, cacheWrite1hTokens: 10, outputTokens: 5 },
  ],
  [
    'audio, with a total over all of it',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { audio_tokens: 8 },
    },
    { inputTokens: 2, inputAudioTokens: 8, outputTokens: 5 },
  ],
  [
    'Anthropic, writes of five minutes alone',
    {
      input_tokens: 10,
      output_tokens: 5,
      cache_creation_input_tokens: 40,
      cache_creation: { ephemeral_5m_input_tokens: 40 },
    },
    { inputTokens: 10, cacheWriteTokens: 40, outputTokens: 5 },
  ],
  [
    'Anthropic, writes of an hour alone',
    {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_1h_input_tokens: 40 },
    },
    { inputTokens: 10, cacheWrite1hTokens: 40, outputTokens: 5 },
  ],
  [
    'OpenAI’s newer words',
    {
      input_tokens: 100,
      output_tokens: 50,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens_details: { reasoning_tokens: 20 },
    },
    { inputTokens: 60, cacheReadTokens: 40, outputTokens: 30, reasoningTokens: 20 },
  ],
  [
    'xAI: reasoning beside the completion, the total tells',
    {
      prompt_tokens: 12,
      completion_tokens: 400,
      total_tokens: 752,
      completion_tokens_details: { reasoning_tokens: 340 },
    },
    { inputTokens: 12, outputTokens: 400, reasoningTokens: 340 },
  ],
  [
    'DeepInfra: more reasoning than completion',
    {
      prompt_tokens: 19,
      completion_tokens: 84,
      total_tokens: 1184,
      prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: 1081 },
    },
    { inputTokens: 19, outputTokens: 84, reasoningTokens: 1081 },
  ],
  [
    'Gemini behind a proxy: nothing but reasoning',
    {
      prompt_tokens: 21,
      completion_tokens: 0,
      total_tokens: 81,
      completion_tokens_details: { reasoning_tokens: 60 },
    },
    { inputTokens: 21, reasoningTokens: 60 },
  ],
  [
    'Gemini: reasoning in the total alone',
    { prompt_tokens: 20, completion_tokens: 424, total_tokens: 1016 },
    { inputTokens: 20, outputTokens: 424, reasoningTokens: 572 },
  ],
  [
    'Gemini’s own words',
    {
      promptTokenCount: 20,
      candidatesTokenCount: 198,
      thoughtsTokenCount: 405,
      totalTokenCount: 623,
      cachedContentTokenCount: 5,
    },
    { inputTokens: 15, cacheReadTokens: 5, outputTokens: 198, reasoningTokens: 405 },
  ],
  [
    'Perplexity: reasoning at the top, and searches',
    {
      prompt_tokens: 33,
      completion_tokens: 7163,
      total_tokens: 7196,
      citation_tokens: 20016,
      num_search_queries: 18,
      reasoning_tokens: 95305,
    },
    { inputTokens: 33, outputTokens: 7163, reasoningTokens: 95305, searches: 18 },
  ],
  [
    'searches of Anthropic',
    { prompt_tokens: 1, completion_tokens: 1, server_tool_use: { web_search_requests: 3 } },
    { inputTokens: 1, outputTokens: 1, searches: 3 },
  ],
  [
    'searches of OpenRouter',
    { prompt_tokens: 1, completion_tokens: 1, server_tool_use_details: { web_search_requests: 3 } },
    { inputTokens: 1, outputTokens: 1, searches: 3 },
  ],
  [
    'sources of xAI',
    { prompt_tokens: 1, completion_tokens: 1, num_sources_used: 4 },
    { inputTokens: 1, outputTokens: 1, searches: 4 },
  ],
  [
    'images',
    { prompt_tokens: 1, completion_tokens: 1300, completion_tokens_details: { image_tokens: 1290 } },
    { inputTokens: 1, outputTokens: 10, outputImageTokens: 1290 },
  ],
  // Odd counts.
  [
    'a completion that only the total tells',
    { prompt_tokens: 5, total_tokens: 8 },
    { inputTokens: 5, outputTokens: 3 },
  ],
  ['counts in texts', { prompt_tokens: '5', completion_tokens: '3' }, { inputTokens: 5, outputTokens: 3 }],
  [
    'counts with a point and a zero',
    JSON.parse('{"prompt_tokens": 5.0, "completion_tokens": 3.0}'),
    { inputTokens: 5, outputTokens: 3 },
  ],
  ['zeros', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, {}],
  [
    'a read that is larger than the prompt is beside it',
    { prompt_tokens: 5, completion_tokens: 1, cached_tokens: 9 },
    { inputTokens: 5, cacheReadTokens: 9, outputTokens: 1 },
  ],
  [
    'a cache that the total has beside the prompt is not reasoning',
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 155,
      cache_read_input_tokens: 40,
      cache_creation_input_tokens: 5,
    },
    { inputTokens: 100, cacheReadTokens: 40, cacheWriteTokens: 5, outputTokens: 10 },
  ],
  [
    'parts that cannot be are left out',
    {
      prompt_tokens: 5,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: -1, audio_tokens: 1.5 },
      completion_tokens_details: { reasoning_tokens: 'many', audio_tokens: null },
    },
    { inputTokens: 5, outputTokens: 3 },
  ],
  [
    'parts that are larger than their whole are cut',
    {
      prompt_tokens: 10,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 6, cache_write_tokens: 9, audio_tokens: 9 },
      completion_tokens_details: { audio_tokens: 8, image_tokens: 9 },
    },
    { cacheReadTokens: 6, cacheWriteTokens: 4, outputAudioTokens: 8, outputImageTokens: 2 },
  ],
  [
    'hours that are more than all writes are cut',
    { prompt_tokens: 10, completion_tokens: 1, cache_creation: { ephemeral_1h_input_tokens: 30 } },
    { cacheWrite1hTokens: 10, outputTokens: 1 },
  ],
  [
    'a total that is too small changes nothing',
    { prompt_tokens: 10, completion_tokens: 1, total_tokens: 3 },
    { inputTokens: 10, outputTokens: 1 },
  ],
  [
    'a total that is smaller than the prompt tells no completion',
    { prompt_tokens: 10, total_tokens: 3 },
    null,
  ],
  ['no prompt', { completion_tokens: 3, total_tokens: 8 }, null],
  ['no completion', { prompt_tokens: 3 }, null],
  ['a negative count', { prompt_tokens: -3, completion_tokens: 1 }, null],
  ['half a token', { prompt_tokens: 3, completion_tokens: 1.5 }, null],
  ['an absurd count', { prompt_tokens: 3, completion_tokens: 1_000_000_001 }, null],
  ['a text that is no count', { prompt_tokens: '3 tokens', completion_tokens: 1 }, null],
  ['nothing', {}, null],
];

test.each(rows)('%s', (_name, usage, wanted) => {
  expect(convertUsage(usage)).toEqual(wanted === null ? null : { ...NO_USAGE, ...wanted });
});

describe('where usage stands', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 3 };
  const counted = { ...NO_USAGE, inputTokens: 5, outputTokens: 3 };

  test.each([
    ['on the event', { usage }],
    ['in Groq’s member', { x_groq: { id: 'r', usage } }],
    ['in Groq’s member, beside an empty one', { usage: {}, x_groq: { usage } }],
    ['in Gemini’s member', { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3 } }],
    ['in Gemini’s member, its other spelling', { usage_metadata: usage }],
  ])('%s', (_name, event) => {
    expect(findUsage(event)).toEqual(counted);
  });

  test.each([{}, { usage: null }, { usage: 7 }, { x_groq: { id: 'r' } }, { usage: [] }])(
    'nowhere: %o',
    (event) => {
      expect(findUsage(event)).toBeNull();
    },
  );
});

describe('a count', () => {
  const counted = (usage: JsonObject) => {
    const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = {
      ...NO_USAGE,
      ...convertUsage(usage),
    };
    return [inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens];
  };
  const openAi = { prompt_tokens: 400, completion_tokens: 100 };

  test('is read under each of its names', () => {
    expect(counted({ promptTokenCount: 9, totalTokenCount: 11 })).toEqual([9, 0, 0, 2, 0]);
    expect(
      counted({ promptTokenCount: 9, candidatesTokenCount: 2, thoughtsTokenCount: 5, totalTokenCount: 16 }),
    ).toEqual([9, 0, 0, 2, 5]);
    expect(counted({ promptTokenCount: 9, candidatesTokenCount: 2, thoughtsTokenCount: 5 })).toEqual([
      9, 0, 0, 2, 5,
    ]);
    for (const name of ['cache_write_tokens', 'cache_creation_tokens', 'cache_creation_input_tokens']) {
      expect(counted({ ...openAi, prompt_tokens_details: { [name]: 50 } })).toEqual([350, 0, 50, 100, 0]);
    }
  });

  test('is not what is null, empty or a switch under one name, when another has it', () => {
    for (const nothing of [null, '', true, [5]]) {
      expect(counted({ prompt_tokens: nothing, input_tokens: 7, output_tokens: 2 })).toEqual([7, 0, 0, 2, 0]);
    }
  });

  test('of an answer without a token is one', () => {
    expect(convertUsage({ prompt_tokens: 5, total_tokens: 5 })).toEqual({ ...NO_USAGE, inputTokens: 5 });
    expect(convertUsage({ prompt_tokens: 5, total_tokens: 4 })).toBeNull();
  });

  test('of a prompt that came all from the cache is in it once', () => {
    const details = { prompt_tokens_details: { cached_tokens: 400 } };
    expect(counted({ ...openAi, ...details })).toEqual([0, 400, 0, 100, 0]);
    expect(counted({ ...openAi, ...details, total_tokens: 500 })).toEqual([0, 400, 0, 100, 0]);
  });

  test('of one cached token is in the prompt, with a total or without', () => {
    expect(counted({ ...openAi, cached_tokens: 1 })).toEqual([399, 1, 0, 100, 0]);
    expect(counted({ ...openAi, cached_tokens: 1, total_tokens: 500 })).toEqual([399, 1, 0, 100, 0]);
    expect(counted({ ...openAi, cached_tokens: 1, total_tokens: 501 })).toEqual([400, 1, 0, 100, 0]);
  });

  test('of an answer that was all thought is in it once', () => {
    const details = { completion_tokens_details: { reasoning_tokens: 100 } };
    expect(counted({ ...openAi, ...details })).toEqual([400, 0, 0, 0, 100]);
    expect(counted({ ...openAi, ...details, total_tokens: 500 })).toEqual([400, 0, 0, 0, 100]);
    expect(counted({ ...openAi, ...details, total_tokens: 600 })).toEqual([400, 0, 0, 100, 100]);
  });
});

test('whatever is reported, no token is counted twice and none is less than nothing', () => {
  const count = fc.oneof(fc.nat({ max: 2000 }), fc.constantFrom(null, -1, 'x', 1.5));
  const names = (...all: string[]) =>
    fc.dictionary(fc.constantFrom(...all), count) as fc.Arbitrary<JsonObject>;
  const usage = fc
    .tuple(
      names(
        'total_tokens',
        'cached_tokens',
        'prompt_cache_hit_tokens',
        'cache_creation_input_tokens',
        'reasoning_tokens',
      ),
      names('cached_tokens', 'cache_write_tokens', 'audio_tokens'),
      names('reasoning_tokens', 'audio_tokens', 'image_tokens'),
      fc.nat({ max: 2000 }),
      fc.nat({ max: 2000 }),
    )
    .map(([top, prompt, completion, promptTokens, completionTokens]) => ({
      ...top,
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      prompt_tokens_details: prompt,
      completion_tokens_details: completion,
    }));
  fc.assert(
    fc.property(usage, (reported) => {
      const converted = convertUsage(reported);
      if (converted === null) throw new Error('counts were there');
      expect(Object.values(converted).every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
      expect(promptTokensOf(converted)).toBeGreaterThanOrEqual(reported.prompt_tokens);
      expect(completionTokensOf(converted)).toBeGreaterThanOrEqual(reported.completion_tokens);
    }),
  );
});
