import { describe, expect, test } from 'bun:test';
import { generationOf } from '../../test/generations.ts';
import type { Generation } from './generation.ts';
import { contextMembers, endMembers, objectOf, startMembers, storableMembers } from './members.ts';

const NOTHING: Partial<Generation> = {
  ...{ generation_time_ms: null, latency_ms: null, finish_reason: null, native_finish_reason: null },
  ...{ prompt_tokens: 0, completion_tokens: 0, upstream_cost_nano_usd: 0n, cache_discount_nano_usd: 0n },
};

const endOf = (members: Partial<Generation>) =>
  JSON.parse(`{${endMembers(generationOf({ ...NOTHING, ...members })).slice(1)}}`);

describe('the members of an end', () => {
  test('say nothing where there is nothing, but for the two counts', () => {
    expect(endOf({})).toEqual({ prompt_tokens: 0, completion_tokens: 0 });
  });

  test.each(
    Object.entries({
      ...{
        prompt_tokens: 7,
        completion_tokens: 7,
        reasoning_tokens: 1,
        cached_tokens: 1,
        cache_write_tokens: 1,
        cache_write_1h_tokens: 1,
      },
      ...{ image_count: 1, generation_time_ms: 0, latency_ms: 0, cancelled: 1, estimated: 1 },
      ...{ upstream_id: 'u"p', finish_reason: 'stop', native_finish_reason: 'STOP', service_tier: 'flex' },
    }),
  )('have %s as it is', (name, value) => {
    const counts = { prompt_tokens: 0, completion_tokens: 0 };
    expect(endOf({ [name]: value })).toEqual({ ...counts, [name]: value });
  });

  test('have amounts as numbers, and attempts as the list that they are', () => {
    expect(
      endOf({ upstream_cost_nano_usd: 1n, cache_discount_nano_usd: -1n, attempts: '[{"a":1}]' }),
    ).toEqual({
      ...{ prompt_tokens: 0, completion_tokens: 0, attempts: [{ a: 1 }] },
      ...{ upstream_cost_nano_usd: 1, cache_discount_nano_usd: -1 },
    });
  });

  test('have integers alone, whatever was counted', () => {
    const most = Number.MAX_SAFE_INTEGER;
    for (const [counted, kept] of [
      [1e21, most],
      [-1e21, -most],
      [1.6, 2],
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, most],
    ] as const) {
      expect(endOf({ reasoning_tokens: counted, prompt_tokens: counted })).toMatchObject({
        reasoning_tokens: kept,
        prompt_tokens: kept,
      });
    }
  });
});

test('the members of a start say what is there', () => {
  const of = (members: Partial<Generation>) => JSON.parse(`{${startMembers(generationOf(members))}}`);
  expect(of({})).toEqual({ request_id: 'req' });
  expect(of({ streamed: 1 })).toEqual({ request_id: 'req', streamed: 1 });
  expect(of({ session_id: 's' })).toEqual({ request_id: 'req', session_id: 's' });
  const agent = { agent_id: 'a-2', parent_agent_id: 'a-1', agent_class: 'subagent' };
  expect(of(agent)).toEqual({ request_id: 'req', ...agent });
  expect(of({ end_user: 'e' })).toEqual({ request_id: 'req', end_user: 'e' });
  const tags = '{"prompt_tokens":"9"}';
  expect(of({ tags })).toEqual({ request_id: 'req', tags });
});

test('the members of a context are all texts that are the same for many requests', () => {
  const texts = {
    ...{ workspace_id: 'w', api_type: 'a', model_permaslug: 'm', router: 'r', provider_slug: 'p' },
    ...{ provider_name: 'n', endpoint_tag: 't', http_referer: 'h', app_title: 'i', app_categories: 'c' },
    ...{ user_agent: 'u', external_user: 'x', door: 'd' },
  };
  expect(JSON.parse(`{${contextMembers(generationOf(texts), false)}}`)).toEqual(texts);
  const none = Object.fromEntries(Object.keys(texts).map((name) => [name, null]));
  expect(contextMembers(generationOf(none as Partial<Generation>), false)).toBe('');
  expect(contextMembers(generationOf(none as Partial<Generation>), true)).toBe('"counts":"workspace"');
});

describe('the members of a row', () => {
  test('are one object, with a context or without', () => {
    expect(objectOf('', '"a":1')).toBe('{"a":1}');
    expect(objectOf('"c":2', '"a":1')).toBe('{"c":2,"a":1}');
  });

  test('have no character that PostgreSQL refuses, and are left alone where there is none', () => {
    const members = (text: string) => `"user_agent":${JSON.stringify(text)},"prompt_tokens":7`;
    const harmless = members('tab\t é 🌍 \u001f');
    expect(storableMembers(harmless)).toBe(harmless);
    for (const [text, kept] of [
      ['a\0b', 'a\ufffdb'],
      ['half \ud83c', 'half \ufffd'],
      ['other half \udf0d.', 'other half \ufffd.'],
    ] as const) {
      expect(JSON.parse(`{${storableMembers(members(text))}}`)).toEqual({
        user_agent: kept,
        prompt_tokens: 7,
      });
    }
  });
});
