import { describe, expect, test } from 'bun:test';
import { canonicalLogprobs } from './logprobs.ts';

const WHOLE = {
  token: 'a',
  logprob: -1,
  bytes: [97],
  top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }],
};

describe('log probabilities', () => {
  test('that are whole stay as they are, with what the vendor put beside them', () => {
    const whole = { content: [{ ...WHOLE, id: 7 }], refusal: null, vendor: 1 };
    expect(canonicalLogprobs(whole)).toEqual(whole);
    expect(canonicalLogprobs({ content: null, refusal: [WHOLE] })).toEqual({
      content: null,
      refusal: [WHOLE],
    });
    expect(canonicalLogprobs({ content: [] })).toEqual({ content: [] });
  });

  test('lack no member that clients insist on', () => {
    for (const bytes of [undefined, null, 'x']) {
      for (const top of [undefined, null, 7]) {
        const given = { token: 'a', logprob: -1, bytes, top_logprobs: top };
        expect(canonicalLogprobs({ content: [given] })).toEqual({
          content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }],
        });
      }
      const alternative = { token: 'b', logprob: -2, bytes };
      expect(canonicalLogprobs({ content: [{ ...WHOLE, top_logprobs: [alternative] }] })).toEqual({
        content: [{ ...WHOLE, top_logprobs: [{ token: 'b', logprob: -2, bytes: null }] }],
      });
    }
  });

  test.each([
    null,
    7,
    'a',
    {},
    { token: 'a' },
    { logprob: -1 },
    { token: 7, logprob: -1 },
    { token: 'a', logprob: 'x' },
  ])('of %j, which is no token, are left out', (token) => {
    expect(canonicalLogprobs({ content: [token, WHOLE] })).toEqual({ content: [WHOLE] });
    expect(
      canonicalLogprobs({ content: [{ ...WHOLE, top_logprobs: [token, ...WHOLE.top_logprobs] }] }),
    ).toEqual({
      content: [WHOLE],
    });
  });

  test('in the lists of old times become tokens, each with its own alternatives', () => {
    const lists = {
      tokens: ['a', 'b', 7, 'c'],
      token_logprobs: [null, -2, -3, -4],
      top_logprobs: [{ x: -1 }, { b: -2, d: -5, e: null }, null, [1]],
      text_offset: [0, 1, 2, 3],
    };
    expect(canonicalLogprobs(lists)).toEqual({
      content: [
        {
          ...{ token: 'b', logprob: -2, bytes: null },
          top_logprobs: [
            { token: 'b', logprob: -2, bytes: null },
            { token: 'd', logprob: -5, bytes: null },
          ],
        },
        { token: 'c', logprob: -4, bytes: null, top_logprobs: [] },
      ],
      refusal: null,
    });
    for (const top of [undefined, null, {}]) {
      expect(canonicalLogprobs({ tokens: ['a'], token_logprobs: [-1], top_logprobs: top })).toMatchObject({
        content: [{ token: 'a', top_logprobs: [] }],
      });
    }
  });

  test.each([
    null,
    undefined,
    7,
    'x',
    [1],
    {},
    { content: 'x' },
    { tokens: ['a'] },
    { token_logprobs: [-1] },
  ])('in the form of %j are none', (value) => {
    expect(canonicalLogprobs(value)).toBeUndefined();
  });
});
