import { describe, expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { convertUsage, mergedUsage, serviceTierOf } from './usage.ts';

describe('what one answer is counted as', () => {
  test('each bucket is its own member, and what is missing is nothing', () => {
    expect(convertUsage({ input_tokens: 5, output_tokens: 7 })).toEqual({
      ...NO_USAGE,
      inputTokens: 5,
      outputTokens: 7,
    });
    expect(
      convertUsage({
        ...{ input_tokens: 1, cache_read_input_tokens: 2, cache_creation_input_tokens: 7, output_tokens: 9 },
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
        output_tokens_details: { thinking_tokens: 6 },
        server_tool_use: { web_search_requests: 2 },
      }),
    ).toEqual({
      ...NO_USAGE,
      ...{ inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, cacheWrite1hTokens: 4 },
      ...{ outputTokens: 3, reasoningTokens: 6, searches: 2 },
    });
  });

  test('writes are the larger of their sum and their parts, and what has no life of an hour lives five minutes', () => {
    const of = (members: object) => convertUsage({ input_tokens: 1, output_tokens: 1, ...members });
    expect(of({ cache_creation_input_tokens: 9 })).toMatchObject({
      cacheWriteTokens: 9,
      cacheWrite1hTokens: 0,
    });
    expect(of({ cache_creation: { ephemeral_5m_input_tokens: 9 } })).toMatchObject({ cacheWriteTokens: 9 });
    expect(of({ cache_creation: { ephemeral_1h_input_tokens: 9 } })).toMatchObject({
      cacheWriteTokens: 0,
      cacheWrite1hTokens: 9,
    });
    expect(
      of({
        cache_creation_input_tokens: 10,
        cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 4 },
      }),
    ).toMatchObject({ cacheWriteTokens: 6, cacheWrite1hTokens: 4 });
  });

  test('counts that cannot be counts are none', () => {
    for (const usage of [
      null,
      [],
      {},
      { input_tokens: 1 },
      { output_tokens: 1 },
      { input_tokens: -1, output_tokens: 1 },
      { input_tokens: 1, output_tokens: 0.5 },
      { input_tokens: 1, output_tokens: 'one' },
      { input_tokens: 1, output_tokens: 1e12 },
    ]) {
      expect(convertUsage(usage)).toBeNull();
    }
    expect(convertUsage({ input_tokens: 0, output_tokens: 0 })).toEqual(NO_USAGE);
  });
});

describe('an answer of several runs', () => {
  const run = (type: string, members: object = {}) => ({
    type,
    input_tokens: 1,
    output_tokens: 2,
    ...members,
  });
  const of = (...iterations: object[]) => convertUsage({ input_tokens: 100, output_tokens: 200, iterations });

  test('is the sum of them in each bucket, where a compaction was one', () => {
    const cached = {
      ...{ cache_read_input_tokens: 3, cache_creation_input_tokens: 9 },
      cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 4 },
    };
    expect(of(run('compaction', cached), run('message', cached))).toEqual({
      ...NO_USAGE,
      ...{ inputTokens: 2, outputTokens: 4, cacheReadTokens: 6, cacheWriteTokens: 10, cacheWrite1hTokens: 8 },
    });
  });

  test('takes the hour from the counts beside them, where the runs do not say for how long', () => {
    const usage = {
      ...run('total', { cache_creation: { ephemeral_1h_input_tokens: 4 } }),
      iterations: [run('compaction', { cache_creation_input_tokens: 6 }), run('message')],
    };
    expect(convertUsage(usage)).toMatchObject({ cacheWriteTokens: 2, cacheWrite1hTokens: 4 });
  });

  test('leaves out runs of other models', () => {
    expect(of(run('compaction'), run('message'), run('advisor_message', { input_tokens: 50 }))).toMatchObject(
      {
        inputTokens: 2,
        outputTokens: 4,
      },
    );
  });

  test('is what the counts beside them say, without a compaction, after a fallback, or where a run cannot be counted', () => {
    const beside = { inputTokens: 100, outputTokens: 200 };
    expect(of(run('message'), run('message'))).toMatchObject(beside);
    expect(of(run('compaction'), run('fallback_message'))).toMatchObject(beside);
    expect(of(run('compaction', { input_tokens: -1 }), run('message'))).toMatchObject(beside);
  });
});

describe('a stream that counts twice', () => {
  test('is counted by what is later, member by member, below the top too', () => {
    const known = {
      input_tokens: 5,
      output_tokens: 1,
      cache_creation: { ephemeral_1h_input_tokens: 4, other: 1 },
    };
    const later = {
      output_tokens: 9,
      cache_creation: { ephemeral_1h_input_tokens: 6 },
      cache_read_input_tokens: 2,
    };
    expect(mergedUsage(known, later)).toEqual({
      ...{ input_tokens: 5, output_tokens: 9, cache_read_input_tokens: 2 },
      cache_creation: { ephemeral_1h_input_tokens: 6, other: 1 },
    });
  });

  test('keeps what a later null or zero would take away', () => {
    const known = { input_tokens: 5, output_tokens: 7, service_tier: 'priority' };
    expect(mergedUsage(known, { input_tokens: 0, output_tokens: 0, service_tier: null })).toEqual(known);
    expect(mergedUsage({}, { output_tokens: 0 })).toEqual({ output_tokens: 0 });
  });

  test('believes a later zero of the prompt beside another count of it, and never one of the answer', () => {
    const known = { input_tokens: 5, cache_creation_input_tokens: 3, output_tokens: 7 };
    const later = {
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 8,
      output_tokens: 0,
    };
    expect(mergedUsage(known, later)).toEqual({
      ...{ input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 8, output_tokens: 7 },
    });
  });
});

test('the standard tier is the default one of others', () => {
  expect(serviceTierOf({ service_tier: 'standard' })).toBe('default');
  expect(serviceTierOf({ service_tier: 'priority' })).toBe('priority');
  expect(serviceTierOf({})).toBeNull();
});

test('the fast mode is the priority tier, whatever tier its usage names', () => {
  expect(serviceTierOf({ service_tier: 'standard', speed: 'fast' })).toBe('priority');
  expect(serviceTierOf({ service_tier: 'standard', speed: 'standard' })).toBe('default');
});
