import { expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { FREE } from '../../pricing/cost.ts';
import { reasonBehindCalls } from './stop-reason.ts';
import { usageJson } from './usage-json.ts';

const billOf = (usage: object) => ({ usage: { ...NO_USAGE, imageCount: 0, ...usage }, cost: FREE });

test('what was not used is null, as Anthropic’s clients expect, and one of it is told', () => {
  expect(usageJson(billOf({}))).toMatchObject({ output_tokens_details: null, server_tool_use: null });
  expect(usageJson(billOf({ reasoningTokens: 1, searches: 1 }))).toMatchObject({
    output_tokens: 1,
    output_tokens_details: { thinking_tokens: 1 },
    server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
  });
});

test('the usual tier is Anthropic’s “standard”, a paid one keeps its name, and what the provider said wins', () => {
  const tierOf = (tier: string | null, theirs = {}) => usageJson(billOf({}), theirs, tier)['service_tier'];
  expect([null, 'default', 'auto', 'priority'].map((tier) => tierOf(tier))).toEqual([
    'standard',
    'standard',
    'standard',
    'priority',
  ]);
  expect(tierOf('default', { service_tier: 'batch' })).toBe('batch');
});

test('an answer with calls that was cut off stays cut off: only an ordinary end becomes a call', () => {
  expect(['end_turn', 'max_tokens', 'tool_use'].map(reasonBehindCalls)).toEqual([
    'tool_use',
    'max_tokens',
    'tool_use',
  ]);
});
