/** How much a model is to think, by its generation. */
import { describe, expect, test } from 'bun:test';
import type { ChatPrompt, ReasoningWish } from '../../chat/prompt.ts';
import { type CallOptions, callOf, FakeUpstream, promptOf } from '../__fixtures__/upstream.ts';
import { anthropic } from './adapter.ts';

const adapter = anthropic(new FakeUpstream());

type Wish = Partial<ReasoningWish>;

function thinkingOf(model: string, reasoning: Wish, options: CallOptions = {}) {
  const call = callOf({ model, reasoning, maxTokens: 10_000, prompt: promptOf('hi'), ...options });
  const { thinking, output_config } = adapter.requestBody(call);
  return [thinking, (output_config as { effort?: string } | undefined)?.effort];
}

const BUDGET = (tokens: number) => ({ type: 'enabled', budget_tokens: tokens });
const ADAPTIVE = { type: 'adaptive', display: 'summarized' };

const ASKED: readonly (readonly [string, Wish, unknown, string?])[] = [
  ['claude-3-5-haiku-20241022', { effort: 'high' }, undefined],
  ['claude-3-7-sonnet-20250219', { effort: 'high' }, BUDGET(8000)],
  ['claude-sonnet-4-20250514', { maxTokens: 3000 }, BUDGET(3000)],
  ['claude-haiku-4-5-20251001', { enabled: true }, BUDGET(5000)],
  ['claude-haiku-4-5', { maxTokens: 10 }, BUDGET(1024)],
  ['claude-haiku-4-5', { maxTokens: 50_000 }, BUDGET(9999)],
  ['claude-opus-4-5-20251101', { effort: 'xhigh' }, BUDGET(9500), 'high'],
  ['claude-sonnet-4-6', { effort: 'xhigh' }, { type: 'adaptive' }, 'max'],
  ['claude-opus-4-6', { maxTokens: 2000 }, BUDGET(2000), 'low'],
  ['claude-opus-4-7', { effort: 'minimal' }, ADAPTIVE, 'low'],
  ['claude-opus-4-7', { maxTokens: 5000 }, ADAPTIVE, 'medium'],
  ['claude-sonnet-5-5', { enabled: true, exclude: true }, { type: 'adaptive', display: 'omitted' }, 'medium'],
  ['claude-mythos-preview', { effort: 'max' }, ADAPTIVE, 'max'],
  ['MiniMax-M2', { effort: 'low' }, BUDGET(2000)],
  // Off: where it is so by itself nothing is said, and some cannot.
  ['claude-sonnet-4-5', { effort: 'none' }, undefined],
  ['claude-opus-4-8', { enabled: false }, undefined],
  ['claude-opus-5', { enabled: false }, { type: 'disabled' }],
  ['claude-fable-5-2', { enabled: false }, undefined],
  ['claude-sonnet-4-5', {}, undefined],
];

test.each(ASKED.map((asked) => [asked[0], asked] as const))('%s', (_, [model, wish, thinking, effort]) => {
  expect(thinkingOf(model, wish)).toEqual([thinking, effort]);
});

test('a cap that leaves no room for the least budget says that there shall be none', () => {
  expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { maxTokens: 1024 })).toEqual([
    undefined,
    undefined,
  ]);
  expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { maxTokens: 1025 })).toEqual([
    BUDGET(1024),
    undefined,
  ]);
});

test('an endpoint that is known not to think is not asked to', () => {
  expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { without: ['reasoning'] })).toEqual([
    undefined,
    undefined,
  ]);
});

test('verbosity is an effort there', () => {
  const verbose = { prompt: { ...promptOf('hi'), parameters: { verbosity: 'low' } } };
  expect(thinkingOf('claude-opus-4-7', {}, verbose)).toEqual([undefined, 'low']);
  expect(thinkingOf('claude-opus-4-7', { effort: 'high' }, verbose)).toEqual([ADAPTIVE, 'high']);
});

test("a caller of another dialect may say the vendor's own word for it", () => {
  const thinking = { type: 'enabled', budget_tokens: 2000 };
  const prompt = { ...promptOf('hi'), parameters: { thinking, temperature: 0.5 } };
  expect(thinkingOf('claude-sonnet-4-5', {}, { prompt })[0]).toEqual(thinking);
  expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { prompt })[0]).toEqual(BUDGET(8000));
  expect(thinkingOf('claude-sonnet-4-5', {}, { prompt, without: ['reasoning'] })[0]).toBeUndefined();
  const call = callOf({ model: 'claude-sonnet-4-5', maxTokens: 10_000, prompt });
  expect(adapter.requestBody(call)['temperature']).toBeUndefined();
});

describe('what the vendor refuses beside thinking', () => {
  const tools = [{ name: 'f', description: null, parameters: null, strict: null }];
  const forced: ChatPrompt = { ...promptOf('hi'), tools, toolChoice: 'required' };

  test('a forced tool, within a budget: it is called without a thought', () => {
    expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { prompt: forced })).toEqual([
      undefined,
      undefined,
    ]);
    expect(thinkingOf('claude-opus-4-7', { effort: 'high' }, { prompt: forced })).toEqual([
      { type: 'adaptive', display: 'summarized' },
      'high',
    ]);
  });

  test('a turn under way that began without thoughts, within a budget', () => {
    const text = { type: 'text', text: 'a' } as const;
    const called = { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '' } as const;
    const thought = { type: 'reasoning', text: 'hm', signature: 's', format: 'anthropic-claude-v1' } as const;
    const given = { type: 'tool-result', callId: 'c', content: [text], isError: false } as const;
    const turn = (parts: ChatPrompt['messages'][number]['parts']): ChatPrompt => ({
      ...promptOf(''),
      tools,
      messages: [
        { role: 'user', name: null, parts: [text] },
        { role: 'assistant', name: null, parts },
        { role: 'tool', name: null, parts: [given] },
      ],
    });
    const wish = { effort: 'high' } as const;
    expect(thinkingOf('claude-sonnet-4-5', wish, { prompt: turn([called]) })[0]).toBeUndefined();
    expect(thinkingOf('claude-sonnet-4-5', wish, { prompt: turn([thought, called]) })[0]).toEqual(
      BUDGET(8000),
    );
    expect(thinkingOf('claude-opus-4-6', wish, { prompt: turn([called]) })[0]).toEqual({ type: 'adaptive' });
  });

  test('words of an assistant to go on with, within a budget', () => {
    const prompt: ChatPrompt = {
      ...promptOf('hi'),
      messages: [
        ...promptOf('hi').messages,
        { role: 'assistant', name: null, parts: [{ type: 'text', text: 'b' }] },
      ],
    };
    expect(thinkingOf('claude-sonnet-4-5', { effort: 'high' }, { prompt })[0]).toBeUndefined();
  });

  test('temperature and the like, but nearly all of top_p', () => {
    const parameters = { temperature: 0.5, top_p: 0.95, top_k: 5 };
    const prompt = { ...promptOf('hi'), parameters };
    const call = callOf({
      model: 'claude-sonnet-4-5',
      reasoning: { effort: 'high' },
      maxTokens: 10_000,
      prompt,
    });
    const { temperature, top_p, top_k } = adapter.requestBody(call);
    expect([temperature, top_p, top_k]).toEqual([undefined, 0.95, undefined]);
  });
});

test.each<[string, Wish, boolean]>([
  ['claude-3-5-haiku-20241022', { effort: 'high' }, false],
  ['claude-3-5-haiku-20241022', { enabled: false }, true],
  ['claude-sonnet-4-5', { maxTokens: 2000 }, true],
  ['claude-opus-4-6', { maxTokens: 2000 }, true],
  ['claude-opus-4-7', { maxTokens: 2000 }, false],
  ['claude-opus-4-7', { effort: 'low' }, true],
  ['claude-fable-5', { enabled: false }, false],
  ['claude-fable-5', {}, true],
])('require_parameters: %s can do %p: %p', (model, reasoning, can) => {
  const { payload, target } = callOf({ model, reasoning, prompt: promptOf('hi') });
  expect(adapter.honoursReasoning(payload.reasoning, target)).toBe(can);
});
