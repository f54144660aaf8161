import { expect, test } from 'bun:test';
import { NO_USAGE } from '../../chat/usage.ts';
import { FREE } from '../../pricing/cost.ts';
import { usageJson } from './usage-json.ts';

test('searches are told where there was one', () => {
  const usageOf = (searches: number) =>
    usageJson({ usage: { ...NO_USAGE, imageCount: 0, searches }, cost: FREE });
  expect(Object.keys(usageOf(0))).not.toContain('server_tool_use_details');
  expect(usageOf(1)).toMatchObject({ server_tool_use_details: { web_search_requests: 1 } });
});
