import { describe, expect, test } from 'bun:test';
import type { ReasoningWish } from '../../chat/prompt.ts';
import { callOf } from '../__fixtures__/upstream.ts';
import type { Quirks } from '../quirks.ts';
import { quirksOf } from '../vendors.ts';
import { canHonourReasoning, reasoningMembers } from './reasoning.ts';
import { requestBody } from './request.ts';

const NO_WISH: ReasoningWish = {
  enabled: null,
  effort: null,
  maxTokens: null,
  exclude: false,
  summary: null,
};
const OFF = { enabled: false };
const ON = { enabled: true };
const LOW = { effort: 'low' } as const;
const HIGH = { effort: 'high' } as const;
const XHIGH = { effort: 'xhigh' } as const;
const NONE = { effort: 'none' } as const;
const BUDGET = { maxTokens: 2000 };
const THINK = { type: 'enabled' };
const template = (isOn: boolean) => ({ chat_template_kwargs: { enable_thinking: isOn, thinking: isOn } });

const hosts = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta/openai',
  mistral: 'https://api.mistral.ai/v1',
  groq: 'https://api.groq.com/openai/v1',
  deepseek: 'https://api.deepseek.com/v1',
  moonshot: 'https://api.moonshot.ai/v1',
  zai: 'https://api.z.ai/api/paas/v4',
  alibaba: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  perplexity: 'https://api.perplexity.ai',
  openrouter: 'https://openrouter.ai/api/v1',
  vllm: 'http://127.0.0.1:8000/v1',
  ollama: 'http://127.0.0.1:11434/v1',
} as const;

type Row = readonly [keyof typeof hosts, Partial<ReasoningWish>, object, boolean];

/** Vendor, wish, what is sent with a cap of 8,000 tokens, and whether that is what was wished. */
const rows: readonly Row[] = [
  ['openai', OFF, { reasoning_effort: 'none' }, true],
  ['openai', ON, { reasoning_effort: 'medium' }, true],
  ['openai', HIGH, { reasoning_effort: 'high' }, true],
  ['openai', { effort: 'max' }, { reasoning_effort: 'xhigh' }, true],
  ['openai', BUDGET, { reasoning_effort: 'low' }, false],
  ['openai', { maxTokens: 800 }, { reasoning_effort: 'minimal' }, false],
  ['openai', { maxTokens: 4000 }, { reasoning_effort: 'medium' }, false],
  ['openai', { maxTokens: 6500 }, { reasoning_effort: 'high' }, false],
  ['openai', { maxTokens: 7800 }, { reasoning_effort: 'xhigh' }, false],
  ['anthropic', OFF, { thinking: { type: 'disabled' } }, true],
  ['anthropic', ON, { thinking: { ...THINK, budget_tokens: 4000 } }, true],
  ['anthropic', HIGH, { thinking: { ...THINK, budget_tokens: 6400 } }, true],
  ['anthropic', XHIGH, { thinking: { ...THINK, budget_tokens: 7600 } }, true],
  ['anthropic', { effort: 'minimal' }, { thinking: { ...THINK, budget_tokens: 1024 } }, true],
  ['anthropic', BUDGET, { thinking: { ...THINK, budget_tokens: 2000 } }, true],
  ['anthropic', { maxTokens: 10 }, { thinking: { ...THINK, budget_tokens: 1024 } }, true],
  ['anthropic', { maxTokens: 9000 }, { thinking: { ...THINK, budget_tokens: 7999 } }, true],
  ['google', OFF, { reasoning_effort: 'none' }, true],
  ['google', XHIGH, { reasoning_effort: 'high' }, true],
  ['google', BUDGET, { extra_body: { google: { thinking_config: { thinking_budget: 2000 } } } }, true],
  ['mistral', OFF, { reasoning_effort: 'none' }, true],
  ['mistral', LOW, { reasoning_effort: 'high' }, true],
  ['groq', NONE, { reasoning_effort: 'none' }, true],
  ['groq', { effort: 'minimal' }, { reasoning_effort: 'low' }, true],
  ['deepseek', OFF, { thinking: { type: 'disabled' } }, true],
  ['deepseek', ON, { thinking: THINK, reasoning_effort: 'high' }, true],
  ['deepseek', XHIGH, { thinking: THINK, reasoning_effort: 'max' }, true],
  ['deepseek', BUDGET, { thinking: THINK, reasoning_effort: 'low' }, false],
  ['moonshot', OFF, { thinking: { type: 'disabled' } }, true],
  ['moonshot', HIGH, { thinking: THINK }, true],
  ['moonshot', BUDGET, { thinking: THINK }, false],
  ['zai', OFF, { thinking: { type: 'disabled' } }, true],
  ['zai', LOW, { thinking: THINK, reasoning_effort: 'low' }, true],
  ['alibaba', OFF, { enable_thinking: false }, true],
  ['alibaba', ON, { enable_thinking: true, thinking_budget: 4000 }, true],
  ['alibaba', BUDGET, { enable_thinking: true, thinking_budget: 2000 }, true],
  ['perplexity', OFF, {}, false],
  ['perplexity', XHIGH, { reasoning_effort: 'high' }, true],
  ['openrouter', OFF, { reasoning: { enabled: false } }, true],
  ['openrouter', BUDGET, { reasoning: { max_tokens: 2000 } }, true],
  [
    'openrouter',
    { effort: 'low', summary: 'auto', exclude: true },
    { reasoning: { effort: 'low', summary: 'auto', exclude: true } },
    true,
  ],
  ['vllm', OFF, template(false), true],
  ['vllm', ON, { ...template(true), reasoning_effort: 'medium' }, true],
  ['vllm', BUDGET, { ...template(true), reasoning_effort: 'low' }, false],
  ['ollama', OFF, { reasoning_effort: 'none' }, true],
  ['ollama', { maxTokens: 0 }, { reasoning_effort: 'none' }, true],
];

test.each(rows)('%s, %o: %o, exactly so: %p', (host, wish, members, exact) => {
  const whole = { ...NO_WISH, ...wish };
  const quirks = quirksOf(hosts[host]);
  expect(reasoningMembers(whole, quirks, 8000)).toEqual(members as Record<string, unknown>);
  expect(canHonourReasoning(whole, quirks)).toBe(exact);
});

describe('no wish', () => {
  test.each(Object.entries(hosts))('%s: nothing is sent', (_name, host) => {
    expect(reasoningMembers(null, quirksOf(host), 8000)).toEqual({});
    expect(canHonourReasoning(null, quirksOf(host))).toBe(true);
  });

  test('to hide the thoughts is ours to do, and changes nothing upstream', () => {
    const hidden = { ...NO_WISH, exclude: true };
    expect(reasoningMembers(hidden, quirksOf(hosts.openai), 8000)).toEqual({});
    expect(canHonourReasoning(hidden, quirksOf('', { reasoning: 'none' }))).toBe(true);
  });
});

test('a vendor that cannot be told is sent nothing, and honours nothing', () => {
  const quirks = quirksOf('', { reasoning: 'none' });
  for (const wish of [OFF, ON, HIGH, BUDGET]) {
    expect(reasoningMembers({ ...NO_WISH, ...wish }, quirks, 8000)).toEqual({});
    expect(canHonourReasoning({ ...NO_WISH, ...wish }, quirks)).toBe(false);
  }
});

test('a word that a vendor lacks becomes the nearest one, and thinking never becomes none', () => {
  const sentFor = (effort: ReasoningWish['effort'], efforts: Quirks['efforts']) =>
    reasoningMembers({ ...NO_WISH, effort }, { ...quirksOf(''), reasoning: 'effort', efforts }, 8000)[
      'reasoning_effort'
    ];
  expect(sentFor('minimal', ['none', 'high'])).toBe('high');
  expect(sentFor('low', ['none', 'max'])).toBe('max');
  expect(sentFor('medium', ['low', 'high'])).toBe('high');
  expect(sentFor('max', ['none', 'low', 'high'])).toBe('high');
});

test('Google can be told not to think only where it has a word for that', () => {
  const google = quirksOf(hosts.google);
  const without = { ...google, efforts: google.efforts.filter((word) => word !== 'none') };
  for (const wish of [ON, LOW, BUDGET])
    expect(canHonourReasoning({ ...NO_WISH, ...wish }, without)).toBe(true);
  expect(canHonourReasoning({ ...NO_WISH, ...OFF }, google)).toBe(true);
  expect(canHonourReasoning({ ...NO_WISH, ...OFF }, without)).toBe(false);
});

test('a budget has no more than its most, and needs room under the cap', () => {
  const quirks = quirksOf(hosts.anthropic);
  expect(reasoningMembers({ ...NO_WISH, ...XHIGH }, quirks, 1_000_000)).toEqual({
    thinking: { type: 'enabled', budget_tokens: 128_000 },
  });
  expect(reasoningMembers({ ...NO_WISH, ...HIGH }, quirks, 1024)).toEqual({});
  expect(reasoningMembers({ ...NO_WISH, ...HIGH }, quirks, null)).toEqual({
    thinking: { type: 'enabled', budget_tokens: 13_107 },
  });
});

test('objects that the caller set beside the wish keep their members', () => {
  const body = {
    messages: [],
    extra_body: { google: { cached_content: 'c' }, x: 1 },
    reasoning: { effort: 'low' },
  };
  expect(requestBody(callOf({ baseUrl: hosts.google, body, reasoning: BUDGET }))['extra_body']).toEqual({
    google: { cached_content: 'c', thinking_config: { thinking_budget: 2000 } },
    x: 1,
  });
  const kwargs = { messages: [], chat_template_kwargs: { x: 1 }, reasoning_effort: 'low' };
  const sent = requestBody(callOf({ baseUrl: hosts.vllm, body: kwargs, reasoning: OFF }));
  expect(sent['chat_template_kwargs']).toEqual({ x: 1, enable_thinking: false, thinking: false });
  expect(sent).not.toHaveProperty('reasoning_effort');
});
