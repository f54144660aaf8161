import { describe, expect, test } from 'bun:test';
import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import fc from 'fast-check';
import { completionTokensOf, promptTokensOf } from '../../chat/usage.ts';
import { mapStopReason } from './stop-reason.ts';
import { convertUsage } from './usage.ts';

const counted = (
  input: Partial<LanguageModelV4Usage['inputTokens']>,
  output: Partial<LanguageModelV4Usage['outputTokens']>,
  raw: NonNullable<LanguageModelV4Usage['raw']> = {},
): LanguageModelV4Usage => ({
  inputTokens: {
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
    ...input,
  },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined, ...output },
  raw,
});

describe('usage', () => {
  test('whatever is reported, the parts are the whole and none is negative', () => {
    const count = fc.option(fc.integer({ min: -5, max: 5000 }), { nil: undefined });
    fc.assert(
      fc.property(count, count, count, count, count, (input, read, write, output, reasoning) => {
        const usage = convertUsage(
          counted({ total: input, cacheRead: read, cacheWrite: write }, { total: output, reasoning }),
        );
        const isKnown = input !== undefined && output !== undefined && input >= 0 && output >= 0;
        expect(usage !== null).toBe(isKnown);
        if (usage === null) return;
        expect(promptTokensOf(usage)).toBe(input ?? 0);
        expect(completionTokensOf(usage)).toBe(output ?? 0);
        for (const tokens of Object.values(usage)) expect(tokens).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('sounds and pictures are told apart by Google’s own counts', () => {
    const raw = {
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 10 },
        { modality: 'AUDIO', tokenCount: 32 },
      ],
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
    };
    expect(convertUsage(counted({ total: 42 }, { total: 1300 }, raw))).toMatchObject({
      inputTokens: 10,
      inputAudioTokens: 32,
      outputTokens: 10,
      outputImageTokens: 1290,
    });
  });

  test('what Anthropic keeps for an hour is told apart from what it keeps for minutes', () => {
    const raw = { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 } };
    expect(convertUsage(counted({ total: 17, cacheWrite: 7 }, { total: 1 }, raw))).toMatchObject({
      inputTokens: 10,
      cacheWriteTokens: 3,
      cacheWrite1hTokens: 4,
    });
  });

  test('more of a kind than there are tokens is cut to them: what is left is none, never less', () => {
    const raw = {
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 90 }],
      candidatesTokensDetails: [
        { modality: 'IMAGE', tokenCount: 30 },
        { modality: 'AUDIO', tokenCount: 90 },
      ],
    };
    const usage = convertUsage(
      counted({ total: 50, cacheRead: 20, cacheWrite: 10 }, { total: 60, reasoning: 10 }, raw),
    );
    expect(usage).toEqual({
      ...{ inputTokens: 0, cacheReadTokens: 20, cacheWriteTokens: 10, cacheWrite1hTokens: 0 },
      ...{ inputAudioTokens: 20, outputTokens: 0, reasoningTokens: 10 },
      ...{ outputImageTokens: 30, outputAudioTokens: 20, searches: 0 },
    });
  });

  test('a count that is none is as if it were not there, also among counts that are', () => {
    const raw = { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 'four' } };
    expect(convertUsage(counted({ total: 17, cacheWrite: 7 }, { total: 1 }, raw))).toMatchObject({
      cacheWriteTokens: 7,
      cacheWrite1hTokens: 0,
    });
    const bedrock = {
      cacheDetails: [
        { ttl: '1h', inputTokens: -1 },
        { ttl: '1h', inputTokens: 5 },
        { ttl: '5m', inputTokens: 2 },
      ],
    };
    expect(convertUsage(counted({ total: 17, cacheWrite: 7 }, { total: 1 }, bedrock))).toMatchObject({
      cacheWriteTokens: 2,
      cacheWrite1hTokens: 5,
    });
    const bound = 1_000_000_000;
    expect(convertUsage(counted({ total: bound }, { total: 0 }))).toMatchObject({ inputTokens: bound });
    for (const total of [bound + 1, 1.5, 'seven' as unknown as number])
      expect(convertUsage(counted({ total }, { total: 1 }))).toBeNull();
  });
});

test.each([
  ['stop', 'end_turn', false, 'stop'],
  ['stop', 'STOP', true, 'tool_calls'],
  ['stop', undefined, false, 'stop'],
  ['tool-calls', 'tool_use', false, 'tool_calls'],
  ['interrupted', 'end_turn', false, null],
  ['length', 'max_tokens', false, 'length'],
  ['content-filter', 'SAFETY', false, 'content_filter'],
  ['tool-calls', 'tool_use', true, 'tool_calls'],
  ['error', 'MALFORMED_FUNCTION_CALL', false, 'error'],
  ['other', 'pause_turn', false, 'stop'],
  ['other', 'pause_turn', true, 'tool_calls'],
  ['other', undefined, false, null],
  ['interrupted', undefined, false, null],
] as const)('%s, which the vendor called %s, with calls: %p, is %s', (unified, raw, hasCalls, reason) => {
  expect(mapStopReason({ unified, raw }, hasCalls)).toBe(reason);
});
