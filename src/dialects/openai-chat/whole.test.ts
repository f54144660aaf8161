import { expect, test } from 'bun:test';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, FACTS, HEAD } from '../__fixtures__/answers.ts';
import { usageJson } from './usage-json.ts';
import { wholeChat } from './whole.ts';

const { excludesReasoning: _, remembered: __, ...OWN } = HEAD;
const HIDING = { ...HEAD, excludesReasoning: true };

function native(body: JsonObject): ChatAnswer {
  return { ...FACTS, form: 'native', dialect: 'openai-chat', body };
}

function typed(...parts: Part[]): ChatAnswer {
  return {
    ...FACTS,
    form: 'typed',
    choices: [{ index: 0, parts, finishReason: 'stop', nativeFinishReason: 'end_turn', logprobs: null }],
  };
}

const messageOf = (body: JsonObject) => (body['choices'] as { message: JsonObject }[])[0]?.message;

test('a whole answer has the members that official clients insist on, and not the upstream’s own head', () => {
  const choices = [
    { index: 0, message: { role: 'assistant', content: 'hi', unknown: [1] }, finish_reason: 'stop' },
  ];
  const theirs = { id: 'up-1', object: 'x', created: 1.5, model: 'small-2026', provider: 'Z', usage: null };
  expect(wholeChat(HEAD, native({ ...theirs, choices, citations: ['https://a.example'] }), BILL)).toEqual({
    ...OWN,
    object: 'chat.completion',
    system_fingerprint: null,
    choices,
    citations: ['https://a.example'],
    usage: usageJson(BILL),
  });
  expect(Object.keys(wholeChat(HEAD, native({ choices }), BILL))[0]).toBe('id');
  expect(Object.keys(wholeChat({ ...HEAD, provider: null }, typed(), BILL))).not.toContain('provider');
});

test('what the provider says of itself is told, and a tier only where there is one', () => {
  const answer = { ...typed(), systemFingerprint: 'fp', serviceTier: 'flex' };
  expect(wholeChat(HEAD, answer, BILL)).toMatchObject({ system_fingerprint: 'fp', service_tier: 'flex' });
  expect(Object.keys(wholeChat(HEAD, typed(), BILL))).not.toContain('service_tier');
});

test('a message has its texts, and null where there is none', () => {
  const texts = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ] as const;
  expect(messageOf(wholeChat(HEAD, typed(...texts), BILL))).toEqual({
    role: 'assistant',
    content: 'ab',
    refusal: null,
  });
  const refused = wholeChat(HEAD, typed({ type: 'refusal', text: 'no' }), BILL);
  expect(messageOf(refused)).toEqual({ role: 'assistant', content: null, refusal: 'no' });
});

test('thoughts keep their order and their signatures, and a sealed one stays sealed', () => {
  const message = messageOf(
    wholeChat(
      HEAD,
      typed(
        { type: 'reasoning', text: 'a', signature: 's' },
        { type: 'reasoning', text: '', redacted: 'r', format: 'anthropic-claude-v1', id: 'rs_1' },
        { type: 'reasoning', text: 'b' },
      ),
      BILL,
    ),
  );
  expect(message).toMatchObject({
    reasoning: 'ab',
    reasoning_details: [
      { type: 'reasoning.text', text: 'a', signature: 's', format: 'unknown', index: 0 },
      { type: 'reasoning.encrypted', data: 'r', id: 'rs_1', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: 'b', format: 'unknown', index: 2 },
    ],
  });
  expect(JSON.stringify(message)).not.toContain('"signature":null');
});

test('thoughts that are not wanted are left out, whatever they are called', () => {
  const thought: JsonObject = { role: 'assistant', content: 'x' };
  for (const name of ['reasoning', 'reasoning_details', 'reasoning_content', 'thinking'])
    thought[name] = 'secret';
  const choices = [{ index: 0, message: { ...thought }, finish_reason: 'stop' }];
  expect(messageOf(wholeChat(HIDING, native({ choices }), BILL))).toEqual({
    role: 'assistant',
    content: 'x',
  });
  const told = typed({ type: 'reasoning', text: 'secret' }, { type: 'text', text: 'x' });
  expect(messageOf(wholeChat(HIDING, told, BILL))).toEqual({
    role: 'assistant',
    content: 'x',
    refusal: null,
  });
  expect(messageOf(wholeChat(HEAD, told, BILL))).toMatchObject({ reasoning: 'secret' });
});

test('a body without choices has no thoughts to leave out', () => {
  for (const choices of [undefined, null, 'x', [null, {}, { message: null }]])
    expect(wholeChat(HIDING, native({ choices }), BILL)['choices']).toEqual(choices);
});

test('calls have what clients insist on, and what their vendor wants back', () => {
  const call = { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}' } as const;
  const body = wholeChat(HEAD, typed(call, { ...call, id: 'd', extra: { extra_content: { a: 1 } } }), BILL);
  const fn = { name: 'f', arguments: '{}' };
  const one = messageOf(wholeChat(HEAD, typed(call), BILL));
  expect(one?.['tool_calls']).toEqual([{ id: 'c', type: 'function', index: 0, function: fn }]);
  expect(Object.keys(messageOf(wholeChat(HEAD, typed(), BILL))!)).not.toContain('tool_calls');
  expect(messageOf(body)?.['tool_calls']).toEqual([
    { id: 'c', type: 'function', index: 0, function: fn },
    { id: 'd', type: 'function', index: 1, function: fn, extra_content: { a: 1 } },
  ]);
});

test('what only this dialect can say is part of the message, and what only another can is not', () => {
  const ours = { type: 'opaque', dialect: 'openai-chat', value: { images: [1] } } as const;
  const others = { type: 'opaque', dialect: 'openai-text', value: { odd: 1 } } as const;
  const message = messageOf(wholeChat(HEAD, typed(ours, others), BILL));
  expect([message?.['images'], message?.['odd']]).toEqual([[1], undefined]);
});

test('searches are told of only where there were any', () => {
  expect(usageJson(BILL)['server_tool_use_details']).toEqual({ web_search_requests: 2 });
  const { usage, cost } = BILL;
  const once = usageJson({ cost, usage: { ...usage, searches: 1 } });
  expect(once['server_tool_use_details']).toEqual({ web_search_requests: 1 });
  expect(Object.keys(usageJson({ cost, usage: { ...usage, searches: 0 } }))).not.toContain(
    'server_tool_use_details',
  );
});
