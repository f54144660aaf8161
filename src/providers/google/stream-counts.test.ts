/** What money and limits read beside a stream of Google's: bytes written, counts, searches, ends and who answered. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { RESET } from '../__fixtures__/upstream.ts';
import { playedToGoogle, sse } from './__fixtures__/played.ts';

const NATIVE = { native: { contents: [] } };
const of = (parts: unknown, more: JsonObject = {}): JsonObject => ({
  content: { parts, role: 'model' },
  index: 0,
  ...more,
});
const candidate = (parts: unknown, more: JsonObject = {}) => ({ candidates: [of(parts, more)] });
const STOP = candidate([{ text: '' }], { finishReason: 'STOP' });
const counted = (promptTokenCount: number, candidatesTokenCount: number) => ({
  usageMetadata: { promptTokenCount, candidatesTokenCount },
});
const played = (...chunks: readonly unknown[]) => playedToGoogle({ body: sse(...chunks) }, NATIVE);
const finishesOf = (...chunks: readonly unknown[]) =>
  played(...chunks).finishes.map(({ choice, reason, native }) => [choice, reason, native]);

test.each([
  [candidate([{ text: 'a' }]), 1, true],
  [candidate([{ text: 'é' }, { text: '漢' }]), 5, true],
  [candidate([{ text: '' }]), 0, false],
  [candidate([{ text: '', thoughtSignature: 'EsEC' }]), 0, false],
  [candidate([{ text: 'hm', thought: true }]), 2, true],
  [candidate([{ functionCall: { name: 'fé', args: { a: 1 } } }]), 3 + 7, true],
  [candidate([{ functionCall: { name: 'f' } }]), 1, true],
  [candidate([{ functionCall: { args: {} } }]), 2, true],
  [candidate([{ functionCall: { partialArgs: [1] } }]), 3, true],
  [candidate([{ functionCall: 'none' }, 'none']), 0, true],
  [candidate([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }]), 0, true],
  [candidate(['none']), 0, false],
  [candidate('none'), 0, false],
  [{ candidates: [of([{ text: 'ab' }]), of([{ text: 'cde' }])] }, 5, true],
  [{ candidates: [{ index: 0, finishReason: 'SAFETY' }] }, 0, true],
  [{ candidates: [{ index: 0 }] }, 0, false],
  [{ promptFeedback: { blockReason: 'SAFETY' } }, 0, true],
  [{ promptFeedback: {} }, 0, false],
  [counted(3, 4), 0, false],
])('%j has %p bytes of the model’s and says something: %p', (chunk, writtenBytes, saysSomething) => {
  expect(played(chunk, STOP).events.find(({ type }) => type === 'native')).toEqual({
    type: 'native',
    dialect: 'google-generate',
    event: chunk,
    writtenBytes,
    saysSomething,
  });
});

describe('counts', () => {
  test('the latest count is the answer’s, and a chunk without one tells none', () => {
    const told = played({ ...candidate([{ text: 'a' }]), ...counted(3, 1) }, STOP, counted(3, 9));
    expect(told.events.map(({ type }) => type)).toEqual([
      'native',
      'usage',
      'native',
      'native',
      'usage',
      'finish',
    ]);
    expect(told.usage).toMatchObject({ inputTokens: 3, outputTokens: 9, searches: 0 });
  });

  test('searches are those of all choices, of each as many as it ever told', () => {
    const searched = (index: number, ...webSearchQueries: unknown[]) =>
      of([{ text: 'x' }], { index, groundingMetadata: { webSearchQueries } });
    const told = played(
      { candidates: [searched(0, 'a', 'b', '', 7), searched(1, 'c')] },
      { candidates: [searched(0, 'a'), of([], { finishReason: 'STOP', index: 1 })] },
      { ...STOP, ...counted(3, 4) },
    );
    expect(told.usage?.searches).toBe(3);
  });
});

describe('ends', () => {
  test('a choice that has called ends as a call, whatever its last chunk has', () => {
    const call = candidate([{ functionCall: { name: 'f', args: {} } }]);
    expect(finishesOf(call, candidate([{ text: 'a' }]), STOP)).toEqual([[0, 'tool_calls', 'STOP']]);
    expect(finishesOf(call, candidate([], { finishReason: 'MAX_TOKENS' }))).toEqual([
      [0, 'length', 'MAX_TOKENS'],
    ]);
  });

  test('each choice has its own end, and the answer ends with the last of them', () => {
    const first = candidate([{ functionCall: { name: 'f' } }], { finishReason: 'STOP' });
    const second = candidate([{ text: 'b' }], { index: 1, finishReason: 'MAX_TOKENS' });
    expect(finishesOf(first, second)).toEqual([
      [0, 'tool_calls', 'STOP'],
      [1, 'length', 'MAX_TOKENS'],
    ]);
    const told = played(first, candidate([{ text: 'b' }], { index: 1 }));
    expect([told.ended, told.error?.message]).toEqual([
      0,
      'Provider closed the stream before it was finished',
    ]);
  });

  test.each([
    [127, 127],
    [128, 0],
    [-1, 0],
    [1.5, 0],
    ['1', 0],
  ])('a choice numbered %p is choice %p', (index, choice) => {
    expect(finishesOf(candidate([{ text: 'a' }], { index, finishReason: 'STOP' }))).toEqual([
      [choice, 'stop', 'STOP'],
    ]);
  });

  test.each(['', 'FINISH_REASON_UNSPECIFIED', null])('%p is no reason, and undoes none', (finishReason) => {
    const chunk = candidate([{ text: 'a' }], { finishReason });
    expect(played(chunk).ended).toBe(0);
    expect(finishesOf(STOP, chunk)).toEqual([[0, 'stop', 'STOP']]);
  });

  test('a prompt that was refused has one end, and the first reason for it', () => {
    const block = (blockReason: unknown) => ({ promptFeedback: { blockReason } });
    expect(finishesOf(block('SAFETY'), block('OTHER'))).toEqual([[0, 'content_filter', 'SAFETY']]);
    expect(finishesOf(block('SAFETY'), candidate([], { finishReason: 'RECITATION' }))).toEqual([
      [0, 'content_filter', 'RECITATION'],
    ]);
    for (const none of ['', 'BLOCK_REASON_UNSPECIFIED', 7])
      expect(played(block(none)).error?.message).toBe('Provider returned an empty answer');
  });
});

test('who answered is told once, and again when there is more to tell', () => {
  const usageMetadata = { serviceTier: 'flex' };
  const metaOf = (...chunks: readonly unknown[]) =>
    played(...chunks, STOP).events.flatMap((event) => (event.type === 'meta' ? [event] : []));
  const named = { ...candidate([{ text: 'a' }]), responseId: 'r1' };
  const tiered = { ...named, usageMetadata };
  expect(metaOf(named, named, tiered, tiered, named)).toEqual([
    { type: 'meta', upstreamId: 'r1' },
    { type: 'meta', upstreamId: 'r1', serviceTier: 'flex' },
  ]);
  expect(metaOf({ ...candidate([]), usageMetadata })).toEqual([{ type: 'meta', serviceTier: 'flex' }]);
  expect(metaOf(candidate([{ text: 'a' }]))).toEqual([]);
});

describe('what is not a chunk', () => {
  const around = (raw: string) =>
    playedToGoogle({ body: sse(candidate([{ text: 'a' }])) + raw + sse(STOP) }, NATIVE);

  test.each(['data: \n\n', 'event: ping\ndata: nonsense\n\n', 'data: {"type":"ping"}\n\n', 'data: null\n\n'])(
    '%j is a sign of life',
    (raw) => {
      const told = around(raw);
      expect([told.ended, told.error, told.chunks.length]).toEqual([1, null, 2]);
    },
  );

  test('several chunks in one event are each of them one', () => {
    const told = around(`data: ${JSON.stringify([candidate([{ text: 'b' }]), { x: 1 }, STOP])}\n\n`);
    expect(told.chunks).toHaveLength(4);
  });

  test('what is no JSON breaks the answer, and nothing is read behind it', () => {
    const told = around('data: Internal Server Error\n\n');
    expect(told.error).toMatchObject({
      failure: 'garbage',
      message: 'Provider returned an event that is not JSON',
      detail: 'Internal Server Error',
    });
    expect(told.chunks).toHaveLength(1);
  });

  test('an error breaks it, alone or among chunks, and the first one counts', () => {
    const error = (code: number) => ({ error: { code, message: 'no' } });
    const behind = 'data: nonsense\n\n';
    for (const raw of [
      sse(error(503), error(429)),
      sse([error(503), STOP, error(429)]),
      sse(error(503)) + behind,
    ]) {
      const told = around(raw);
      expect(told.error).toMatchObject({ failure: 'status', status: 503 });
      expect(told.chunks).toHaveLength(1);
    }
    const beside = { ...candidate([{ text: 'b' }]), error: { code: 503, message: 'a tool of one choice' } };
    expect(around(sse(beside)).error).toBeNull();
  });

  test('an event without an end is too large, if nothing went wrong before', () => {
    const large = `data: ${'x'.repeat(16 * 1024 * 1024 + 1)}`;
    const errorOf = (chunk: unknown) => playedToGoogle({ body: sse(chunk) + large }, NATIVE).error;
    expect(errorOf(candidate([{ text: 'a' }]))).toMatchObject({
      failure: 'garbage',
      message: 'Provider returned an event that is too large',
    });
    expect(errorOf({ error: { code: 503, message: 'no' } })).toMatchObject({ status: 503 });
  });

  test('behind `[DONE]` nothing is read', () => {
    const told = playedToGoogle({ body: `${sse(STOP)}data: [DONE]\n\n${sse(STOP, { error: {} })}` }, NATIVE);
    expect([told.ended, told.error, told.chunks.length, told.finishes.length]).toEqual([1, null, 1, 1]);
  });
});

describe('the end of the bytes', () => {
  test('needs no empty line', () => {
    for (const last of [sse(STOP), `${sse(STOP)}data: [DONE]`]) {
      const told = playedToGoogle({ body: (sse(candidate([{ text: 'a' }])) + last).trimEnd() }, NATIVE);
      expect([told.ended, told.chunks.length]).toEqual([1, 2]);
      expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason: 'stop', native: 'STOP' }]);
    }
  });

  test('before a reason tells of none', () => {
    expect(finishesOf(candidate([{ text: 'a' }]))).toEqual([]);
    expect(played(counted(3, 0)).finishes).toEqual([]);
  });

  test('by a break is the connection’s fault, also where nothing was said yet', () => {
    for (const body of [sse(counted(3, 0)), sse(candidate([{ text: 'a' }]))])
      expect(playedToGoogle({ body, failure: RESET }, NATIVE).error?.failure).toBe('unreachable');
  });
});
