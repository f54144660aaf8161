import { expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { FREE } from '../../pricing/cost.ts';
import { usageJson } from './usage-json.ts';

const usageOf = (usage: object) => usageJson({ usage: { ...NO_USAGE, imageCount: 0, ...usage }, cost: FREE });

test('counts of nothing are left out, and one token is counted', () => {
  const nothing = usageOf({});
  expect(Object.keys(nothing)).not.toContain('cachedContentTokenCount');
  expect(Object.keys(nothing)).not.toContain('thoughtsTokenCount');
  expect(nothing).toMatchObject({ promptTokensDetails: [], candidatesTokensDetails: [] });
  expect(usageOf({ cacheReadTokens: 1, reasoningTokens: 1, outputTokens: 1, outputAudioTokens: 1 })).toEqual({
    promptTokenCount: 1,
    candidatesTokenCount: 2,
    totalTokenCount: 4,
    cachedContentTokenCount: 1,
    thoughtsTokenCount: 1,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1 }],
    candidatesTokensDetails: [
      { modality: 'TEXT', tokenCount: 1 },
      { modality: 'AUDIO', tokenCount: 1 },
    ],
    cost: 0,
  });
});
