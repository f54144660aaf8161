import { expect, test } from 'bun:test';
import { legacyLogprobs, lengthOf } from './logprobs.ts';

const token = (text: string, more: object = {}) => ({ token: text, logprob: -0.5, ...more });

test('lists stand side by side, with where each token begins in the text', () => {
  const top = [
    { token: 'Grü', logprob: -0.1 },
    { token: 'Hi', logprob: null },
  ];
  const content = [token('Grü', { top_logprobs: top }), token('🚀', { top_logprobs: [] }), token('!')];
  expect(legacyLogprobs({ content })).toEqual({
    tokens: ['Grü', '🚀', '!'],
    token_logprobs: [-0.5, -0.5, -0.5],
    top_logprobs: [{ Grü: -0.1, Hi: null }, null, null],
    text_offset: [0, 3, 5],
  });
});

test('the offsets of a later chunk count on', () => {
  const first = { content: [token('ab'), token('c')] };
  expect(lengthOf(first)).toBe(3);
  expect(legacyLogprobs({ content: [token('d'), token('e')] }, 3)['text_offset']).toEqual([3, 4]);
});

test('what is no list of tokens is none, and what is no number is null', () => {
  const none = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
  for (const content of [null, undefined, 'x', {}]) {
    expect(legacyLogprobs({ content })).toEqual(none);
    expect(lengthOf({ content })).toBe(0);
  }
  expect(legacyLogprobs({ content: [7, { token: 5, logprob: 'x' }] })).toMatchObject({
    tokens: [''],
    token_logprobs: [null],
  });
});
