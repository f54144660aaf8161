/** A whole answer of Google's, also one in pieces: its facts, its parts, and the events where a stream was asked for. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { playedToGoogle } from './__fixtures__/played.ts';

const NATIVE = { native: { contents: [] } };
const of = (parts: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  content: { parts, role: 'model' },
  index: 0,
  ...more,
});
const USAGE = { promptTokenCount: 3, candidatesTokenCount: 4, serviceTier: 'flex' };
const wholeOf = (value: unknown, options: object = NATIVE) =>
  playedToGoogle({ body: JSON.stringify(value) }, { ...options, stream: false });

const TWO = {
  responseId: 'r1',
  usageMetadata: USAGE,
  candidates: [
    of([{ text: 'é' }], {
      index: 1,
      finishReason: 'MAX_TOKENS',
      groundingMetadata: { webSearchQueries: ['a', 'b'] },
    }),
    of([{ functionCall: { name: 'f', args: {} } }], {
      finishReason: 'STOP',
      groundingMetadata: { webSearchQueries: ['c'] },
    }),
  ],
};

describe('facts', () => {
  test('of the first choice, and of all of them what costs', () => {
    const { whole } = wholeOf(TWO);
    expect(whole).toMatchObject({
      form: 'native',
      dialect: 'google-generate',
      body: TWO,
      writtenBytes: 2 + 1 + 2,
      finishReason: 'tool_calls',
      nativeFinishReason: 'STOP',
      usage: { inputTokens: 3, outputTokens: 4, searches: 3 },
      upstreamId: 'r1',
      serviceTier: 'flex',
      systemFingerprint: null,
    });
    const only = { candidates: TWO.candidates.slice(0, 1) };
    expect(wholeOf(only).whole).toMatchObject({ finishReason: 'length', nativeFinishReason: 'MAX_TOKENS' });
  });

  test('each choice has its own to callers of another dialect', () => {
    const { whole } = wholeOf(TWO, {});
    if (whole?.form !== 'typed') throw new Error('not typed');
    expect(whole.choices).toEqual([
      {
        index: 1,
        parts: [{ type: 'text', text: 'é' }],
        finishReason: 'length',
        nativeFinishReason: 'MAX_TOKENS',
        logprobs: null,
      },
      {
        index: 0,
        parts: [{ type: 'tool-call', id: expect.stringMatching(/^call_/), name: 'f', argumentsJson: '{}' }],
        finishReason: 'tool_calls',
        nativeFinishReason: 'STOP',
        logprobs: null,
      },
    ]);
  });

  test('a prompt that was refused is one choice that says nothing', () => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } };
    const refusal = { finishReason: 'content_filter', nativeFinishReason: 'SAFETY' } as const;
    expect(wholeOf(blocked, {}).whole).toMatchObject({
      ...refusal,
      choices: [{ index: 0, parts: [], ...refusal, logprobs: null }],
    });
    const pieces = [{ promptFeedback: blocked.promptFeedback }, { usageMetadata: blocked.usageMetadata }];
    expect(wholeOf(pieces).body).toEqual(blocked);
  });

  test.each([{ usageMetadata: USAGE }, [], [{ usageMetadata: USAGE }, { x: 1 }]].map((value) => [value]))(
    '%j is no answer',
    (value) => {
      expect(wholeOf(value).error).toMatchObject({
        failure: 'garbage',
        message: 'Provider returned an answer without candidates',
        detail: JSON.stringify(value),
      });
    },
  );

  // BerriAI/litellm#14655, livekit/agents#4066.
  test('one that is done without a word or a token is none, and one that says why is', () => {
    const usageMetadata = { promptTokenCount: 4083, totalTokenCount: 4083 };
    for (const content of [undefined, { role: 'model' }, { parts: [{ text: '' }], role: 'model' }])
      expect(
        wholeOf({ candidates: [{ content, finishReason: 'STOP', index: 0 }], usageMetadata }).error?.message,
      ).toBe('Provider returned an empty answer');
    for (const candidate of [
      { finishReason: 'MAX_TOKENS', index: 0 },
      { finishReason: 'RECITATION', index: 0 },
    ])
      expect(wholeOf({ candidates: [candidate], usageMetadata }).error).toBeNull();
    const thought = { ...usageMetadata, thoughtsTokenCount: 12 };
    expect(
      wholeOf({ candidates: [{ finishReason: 'STOP', index: 0 }], usageMetadata: thought }).error,
    ).toBeNull();
  });

  test('an error among pieces is the answer’s, and one beside candidates is not', () => {
    const error = { code: 503, message: 'The model is overloaded' };
    expect(wholeOf([TWO, { error }]).error).toMatchObject({ failure: 'status', status: 503 });
    expect(wholeOf({ ...TWO, error }).error).toBeNull();
  });
});

test('pieces are put together: texts of one kind, up to a signature, each choice for itself', () => {
  const pieces = [
    {
      candidates: [of([{ text: 't', thought: true }]), of([{ text: 'x' }], { index: 1 })],
      modelVersion: 'm',
    },
    {
      candidates: [of([{ text: 'u', thought: true }, { text: 'a' }])],
      usageMetadata: { promptTokenCount: 1 },
    },
    { candidates: [of([{ text: 'b', thoughtSignature: 's' }]), of([{ text: 'y' }], { index: 1 })] },
    { candidates: [of([{ text: 'c' }, { functionCall: { name: 'f' } }, { text: 'd' }])] },
    {
      candidates: [{ index: 0, finishReason: 'STOP' }, of([], { index: 1, finishReason: 'STOP' })],
      usageMetadata: USAGE,
    },
  ];
  expect(wholeOf(pieces).body).toEqual({
    modelVersion: 'm',
    usageMetadata: USAGE,
    candidates: [
      of(
        [
          { text: 'tu', thought: true },
          { text: 'ab', thoughtSignature: 's' },
          { text: 'c' },
          { functionCall: { name: 'f' } },
          { text: 'd' },
        ],
        { finishReason: 'STOP' },
      ),
      of([{ text: 'xy' }], { index: 1, finishReason: 'STOP' }),
    ],
  });
});

test('an answer in one piece passes to its dialect as it is', () => {
  const body = {
    candidates: [
      of([{ text: 'a' }, { text: 'b' }], { finishReason: 'STOP' }),
      { index: 1, finishReason: 'SAFETY' },
    ],
  };
  for (const value of [body, [body]]) expect(wholeOf(value).body).toEqual(body);
});

test('what an earlier piece said stays where a later one says nothing of it, searches too', () => {
  const groundingMetadata = { webSearchQueries: ['a', 'b'] };
  const pieces = [
    { candidates: [of([{ thought: true }], { groundingMetadata, finishReason: 'STOP' })] },
    { candidates: [of([{ text: 'hm', thought: true }, { text: 'a' }])], usageMetadata: USAGE },
  ];
  const told = wholeOf(pieces);
  expect(told.body['candidates']).toEqual([
    of([{ thought: true }, { text: 'hm', thought: true }, { text: 'a' }], {
      groundingMetadata,
      finishReason: 'STOP',
    }),
  ]);
  expect(told.whole).toMatchObject({ finishReason: 'stop', usage: { searches: 2 } });
});

test('a call whose end the vendor left out is told as far as it came', () => {
  const call = { name: 'f', willContinue: true, partialArgs: [{ jsonPath: '$.a', numberValue: 1 }] };
  const { whole } = wholeOf({ candidates: [of([{ functionCall: call }], { finishReason: 'STOP' })] }, {});
  expect(whole).toMatchObject({
    finishReason: 'tool_calls',
    choices: [{ parts: [{ type: 'tool-call', name: 'f', argumentsJson: '{"a":1}' }] }],
  });
});

describe('where a stream was asked for', () => {
  const eventsOf = (value: unknown) => playedToGoogle({ body: JSON.stringify(value) }, NATIVE).events;
  const native = (event: unknown, writtenBytes: number) => ({
    type: 'native',
    dialect: 'google-generate',
    event,
    writtenBytes,
    saysSomething: true,
  });

  test('it is one event, with its counts and each choice’s end', () => {
    expect(eventsOf(TWO)).toEqual([
      { type: 'meta', upstreamId: 'r1', serviceTier: 'flex' },
      native(TWO, 5),
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 3, outputTokens: 4, searches: 3 }) },
      { type: 'finish', choice: 1, reason: 'length', native: 'MAX_TOKENS' },
      { type: 'finish', choice: 0, reason: 'tool_calls', native: 'STOP' },
    ] as never);
  });

  test('what it does not say is not told', () => {
    const body = { candidates: [of([{ text: 'a' }])] };
    expect(eventsOf(body)).toEqual([{ type: 'meta' }, native(body, 1)] as never);
  });

  test('a refusal of the prompt is its end', () => {
    const body = { promptFeedback: { blockReason: 'SAFETY' } };
    expect(eventsOf(body)).toEqual([
      { type: 'meta' },
      native(body, 0),
      { type: 'finish', choice: 0, reason: 'content_filter', native: 'SAFETY' },
    ] as never);
  });
});
