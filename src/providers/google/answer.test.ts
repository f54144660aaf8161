import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChatEvent } from '../../chat/event.ts';
import type { JsonObject } from '../../json.ts';
import { RESET, SECRET } from '../__fixtures__/upstream.ts';
import { playedToGoogle, recorded, sse } from './__fixtures__/played.ts';

const NATIVE = { native: { contents: [] } };

const candidate = (parts: JsonObject[], more: JsonObject = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
});
const STOP = candidate([{ text: '' }], { finishReason: 'STOP' });
const COUNTED = { usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 } };

function textOf(events: readonly ChatEvent[]): string {
  return events.flatMap((event) => (event.type === 'delta' ? [event.text] : [])).join('');
}

describe('a recorded answer', () => {
  const STREAMS = [
    'text.sse',
    'reasoning.sse',
    'reasoning-late-signature.sse',
    'tools.sse',
    'tools-signed.sse',
    'tools-without-arguments.sse',
    'content-filter-of-prompt.sse',
    'signature-alone.sse',
  ];

  const withoutIds = (value: unknown) =>
    JSON.parse(JSON.stringify(value).replace(/call_[0-9a-f]{32}/g, 'call_ours')) as unknown;

  test.each(STREAMS)('%s tells the same whatever reads its bytes come in, native and typed', (name) => {
    const body = recorded(name);
    for (const options of [{}, NATIVE]) {
      const atOnce = playedToGoogle({ body }, options);
      expect(atOnce.ended).toBe(1);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (split) => {
          const told = playedToGoogle({ body, split }, options);
          expect(withoutIds(told.events)).toEqual(withoutIds(atOnce.events));
          expect(told.ended).toBe(1);
        }),
        { numRuns: 30 },
      );
    }
  });

  test.each(STREAMS)('%s cut anywhere before its end is a failure, never an answer that ended', (name) => {
    const body = Buffer.from(recorded(name));
    const lastChunk = body.lastIndexOf('data: ') + 'data: '.length;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: lastChunk }), (at) => {
        const told = playedToGoogle({ body: body.subarray(0, at), failure: RESET });
        expect([told.ended, told.error === null]).toEqual([0, false]);
      }),
      { numRuns: 40 },
    );
  });

  test('text and its usage, thoughts counted apart', () => {
    const told = playedToGoogle({ body: recorded('text.sse') });
    expect(textOf(told.events)).toContain('There are **3**');
    expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason: 'stop', native: 'STOP' }]);
    const whole = playedToGoogle({ body: recorded('text-whole.json') }, { stream: false });
    expect(whole.whole).toMatchObject({ form: 'typed', finishReason: 'stop' });
    expect(whole.whole?.usage?.reasoningTokens).toBeGreaterThan(0);
  });

  test('a call has its signature beside it, and ends the answer as one', () => {
    const told = playedToGoogle({ body: recorded('tools-signed.sse') });
    expect(told.events.find(({ type }) => type === 'block-start')).toMatchObject({
      part: {
        ...{ type: 'tool-call', id: expect.stringMatching(/^call_[0-9a-f]{32}$/), name: 'weather' },
        extra: { extra_content: { google: { thought_signature: expect.any(String) } } },
      },
    });
    expect(textOf(told.events)).toBe('{"location":"San Francisco"}');
    expect(told.finishes[0]?.reason).toBe('tool_calls');
  });

  test('arguments in pieces are told whole', () => {
    const told = playedToGoogle({ body: recorded('tools-without-arguments.sse') });
    const deltas = told.events.flatMap((event) => (event.type === 'delta' ? [event.text] : []));
    expect(deltas.slice(1)).toEqual(['{}', '{"id":"A"}', '{"id":"B"}', '{"id":"C"}']);
  });

  test('a prompt that is blocked is an answer that a filter ended', () => {
    for (const stream of [true, false]) {
      const told = playedToGoogle({ body: recorded('content-filter-of-prompt.sse') }, { stream });
      const finish = stream
        ? told.finishes[0]
        : { reason: told.whole?.finishReason, native: told.whole?.nativeFinishReason };
      expect(finish).toMatchObject({ reason: 'content_filter', native: 'PROHIBITED_CONTENT' });
    }
  });

  test('what Google’s tools gave the model to read is part of the prompt', () => {
    const told = playedToGoogle({ body: recorded('tool-use-usage.json') }, { stream: false });
    expect(told.whole?.usage).toMatchObject({ inputTokens: 55 + 89, outputTokens: 51, reasoningTokens: 56 });
  });
});

describe('counts', () => {
  const usageOf = (usageMetadata: JsonObject) =>
    playedToGoogle({ body: sse({ ...STOP, usageMetadata }) }).usage;

  test('what a cache served is taken out of the prompt, sounds and pictures out of their sides', () => {
    const modality = (name: string, tokenCount: number) => ({ modality: name, tokenCount });
    expect(
      usageOf({
        ...{
          promptTokenCount: 100,
          cachedContentTokenCount: 40,
          candidatesTokenCount: 30,
          totalTokenCount: 130,
        },
        promptTokensDetails: [modality('TEXT', 70), modality('AUDIO', 30)],
        cacheTokensDetails: [modality('TEXT', 30), modality('AUDIO', 10)],
        candidatesTokensDetails: [modality('IMAGE', 20), modality('TEXT', 10)],
      }),
    ).toMatchObject({
      ...{
        inputTokens: 40,
        cacheReadTokens: 40,
        inputAudioTokens: 20,
        outputTokens: 10,
        outputImageTokens: 20,
      },
    });
  });

  test('an answer that is not counted is what is left of the total', () => {
    expect(usageOf({ promptTokenCount: 10, thoughtsTokenCount: 5, totalTokenCount: 22 })).toMatchObject({
      ...{ inputTokens: 10, reasoningTokens: 5, outputTokens: 7 },
    });
  });

  test.each([
    [{ promptTokenCount: -1 }],
    [{ promptTokenCount: 0.5 }],
    [{ trafficType: 'ON_DEMAND' }],
    [null],
  ])('%p is none', (usageMetadata) => {
    expect(playedToGoogle({ body: sse({ ...STOP, usageMetadata }) }).usage).toBeNull();
  });

  test('searches are counted once, however often they are told', () => {
    const grounded = candidate([{ text: 'x' }], { groundingMetadata: { webSearchQueries: ['a', 'b', ''] } });
    expect(playedToGoogle({ body: sse(grounded, { ...STOP, ...COUNTED }) }).usage?.searches).toBe(2);
  });
});

describe('ends', () => {
  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['UNEXPECTED_TOOL_CALL', 'error'],
    ['SOMETHING_NEW', 'error'],
  ] as const)('%s is %s, also without content', (native, reason) => {
    const chunk = { candidates: [{ finishReason: native, index: 0 }], ...COUNTED };
    expect(playedToGoogle({ body: sse(chunk) }).finishes).toEqual([
      { type: 'finish', choice: 0, reason, native },
    ]);
    expect(playedToGoogle({ body: JSON.stringify(chunk) }, { stream: false }).whole).toMatchObject({
      ...{ finishReason: reason, nativeFinishReason: native },
    });
  });

  test('a reason to stop with a chunk that others follow ends nothing before them', () => {
    const early = candidate([], { finishReason: 'STOP' });
    const told = playedToGoogle({ body: sse(early, candidate([{ text: 'late' }]), STOP) });
    expect(textOf(told.events)).toBe('late');
    expect(told.events.at(-1)?.type).toBe('finish');
    expect(told.finishes).toHaveLength(1);
  });

  test('a stream without a reason to stop is cut short', () => {
    const told = playedToGoogle({ body: sse(candidate([{ text: 'half' }])) });
    expect([told.ended, told.error?.failure]).toEqual([0, 'unreachable']);
  });

  test('no event at all is an empty answer', () => {
    expect(playedToGoogle({ body: ': nothing\n\n' }).error?.failure).toBe('garbage');
    expect(playedToGoogle({ body: '{}' }, { stream: false }).error?.failure).toBe('garbage');
  });

  test('`[DONE]`, which gateways write behind it, is the end', () => {
    expect(playedToGoogle({ body: `${sse(STOP)}data: [DONE]\n\n`, failure: null }).ended).toBe(1);
  });
});

describe('shapes', () => {
  test('a list is what a stream without events gives', () => {
    const chunks = [candidate([{ text: 'one ' }]), candidate([{ text: 'two' }]), { ...STOP, ...COUNTED }];
    const whole = playedToGoogle({ body: JSON.stringify(chunks) }, { stream: false }).whole;
    expect(whole).toMatchObject({
      choices: [{ parts: [{ type: 'text', text: 'one two' }] }],
      finishReason: 'stop',
    });
    expect(textOf(playedToGoogle({ body: JSON.stringify(chunks) }).events)).toBe('one two');
  });

  test('a whole answer where a stream was asked for, and the other way round', () => {
    const body = JSON.stringify({ ...candidate([{ text: 'hi' }], { finishReason: 'STOP' }), ...COUNTED });
    expect(textOf(playedToGoogle({ body }).events)).toBe('hi');
    const native = playedToGoogle(
      { body: sse(candidate([{ text: 'h' }]), candidate([{ text: 'i' }]), STOP) },
      {
        ...NATIVE,
        stream: false,
      },
    );
    expect(native.body['candidates']).toEqual([
      { content: { parts: [{ text: 'hi' }], role: 'model' }, index: 0, finishReason: 'STOP' },
    ]);
  });

  test('text beside a call in one part loses neither', () => {
    const part = { text: 'Let me see', functionCall: { name: 'f', args: { a: 1 } } };
    const { whole } = playedToGoogle(
      { body: JSON.stringify(candidate([part], { finishReason: 'STOP' })) },
      { stream: false },
    );
    expect(whole).toMatchObject({
      choices: [
        {
          parts: [
            { type: 'text', text: 'Let me see' },
            { type: 'tool-call', name: 'f' },
          ],
          finishReason: 'tool_calls',
        },
      ],
    });
  });

  test('a picture is told in the form that most dialects have', () => {
    const part = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    expect(playedToGoogle({ body: sse(candidate([part]), STOP) }).events[0]).toMatchObject({
      part: { type: 'opaque', value: { images: [{ image_url: { url: 'data:image/png;base64,AAAA' } }] } },
    });
  });

  test('probabilities have OpenAI’s form in the middle', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'a', logProbability: -0.1 }],
      topCandidates: [{ candidates: [{ token: 'b', logProbability: -2 }] }],
    };
    const told = playedToGoogle({ body: sse(candidate([{ text: 'a' }], { logprobsResult }), STOP) });
    expect(told.events.find(({ type }) => type === 'logprobs')).toMatchObject({
      value: {
        content: [{ token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2 }] }],
      },
    });
  });

  test('a path of streamed arguments reaches no prototype, and no endless list', () => {
    const piece = (jsonPath: string) => ({
      functionCall: { partialArgs: [{ jsonPath, stringValue: 'x' }], willContinue: true },
    });
    const parts = [
      { functionCall: { name: 'f', willContinue: true } },
      piece('$.__proto__.y'),
      piece('$.list[99999999]'),
      piece("$['a b'][1]"),
    ];
    const told = playedToGoogle({ body: sse(candidate(parts), STOP) });
    expect(textOf(told.events)).toBe('{"a b":[null,"x"]}');
    expect(({} as JsonObject)['y']).toBeUndefined();
  });
});

describe('failures', () => {
  const errorOf = (status: number, body: string) => playedToGoogle({ status, body }).error;

  test('a key that is not valid is the operator’s account, whatever its status', () => {
    const error = errorOf(400, recorded('error-400-key.json'));
    expect(error).toMatchObject({ fault: 'account', raw: null });
    expect(error?.message).not.toContain('API key');
  });

  test('a prompt that is too long is the caller’s, told in Google’s sentence', () => {
    expect(errorOf(400, recorded('error-400-length.json'))).toMatchObject({
      ...{ fault: 'caller', isContextLength: true, status: 400 },
      message: expect.stringContaining('1048576'),
    });
  });

  test('a quota says when it is over', () => {
    expect(errorOf(429, recorded('error-429.json'))).toMatchObject({ fault: 'rate', retryAfterSeconds: 35 });
  });

  test.each([
    [503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.', 'provider'],
    [404, 'NOT_FOUND', 'models/x is not found for API version v1beta', 'provider'],
    [400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.', 'account'],
    [400, 'INVALID_ARGUMENT', 'Thinking level MINIMAL is not supported for this model.', 'caller'],
  ])('%p %s is %p', (code, status, message, fault) => {
    expect(errorOf(code, JSON.stringify({ error: { code, message, status } }))).toMatchObject({
      fault,
      status: code,
    });
  });

  test('in mid-stream ends it with the status it states, and no secret', () => {
    const error = { error: { code: 503, message: `overloaded ${SECRET}`, status: 'UNAVAILABLE' } };
    const told = playedToGoogle({ body: sse(candidate([{ text: 'half' }]), error) });
    expect(textOf(told.events)).toBe('half');
    expect(told.error).toMatchObject({ failure: 'status', status: 503 });
    expect(JSON.stringify([told.error?.message, told.error?.detail])).not.toContain(SECRET);
  });
});
