import { expect, test } from 'bun:test';
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, framesOf, HEAD } from '../__fixtures__/answers.ts';
import { CompletionEncoder } from './encoder.ts';

const { excludesReasoning: _, remembered: __, ...OWN } = HEAD;

const block = (choice: number, at: number, part: BlockHead, ...texts: string[]): ChatEvent[] => [
  { type: 'block-start', choice, block: at, part },
  ...texts.map((text): ChatEvent => ({ type: 'delta', choice, block: at, text })),
];
const finish = (choice: number): ChatEvent => ({ type: 'finish', choice, reason: 'stop', native: 'end' });
const choicesOf = (frames: string) =>
  framesOf(frames).flatMap((frame) => (frame === '[DONE]' ? [] : (frame['choices'] as JsonObject[])));

test('a chunk is one frame with its text, behind the head, and without nulls that clients refuse', () => {
  const encoder = new CompletionEncoder(HEAD);
  expect(framesOf(encoder.events(block(0, 0, { type: 'text' }, 'hi')))).toEqual([
    {
      ...OWN,
      object: 'text_completion',
      choices: [{ index: 0, text: 'hi', logprobs: null, finish_reason: null, native_finish_reason: null }],
    },
  ]);
  expect(encoder.events([{ type: 'meta', systemFingerprint: 'fp' }])).toBe('');
  expect(encoder.events([{ type: 'meta', serviceTier: 'flex' }])).toBe('');
  const more: ChatEvent[] = [{ type: 'delta', choice: 0, block: 0, text: '!' }, finish(0)];
  const frames = framesOf(encoder.events(more));
  expect(frames).toHaveLength(2);
  for (const frame of frames) expect(frame).toMatchObject({ system_fingerprint: 'fp', service_tier: 'flex' });
  expect(frames[1]).toMatchObject({
    choices: [{ index: 0, text: '', finish_reason: 'stop', native_finish_reason: 'end', logprobs: null }],
  });
});

test('a refusal is text, and a thought stands beside it, unless it is not wanted', () => {
  const told = [
    ...block(0, 0, { type: 'reasoning' }, 'hmm'),
    ...block(0, 1, { type: 'text' }, 'a'),
    ...block(0, 2, { type: 'refusal' }, 'no'),
  ];
  const said = (excludesReasoning: boolean) =>
    choicesOf(new CompletionEncoder({ ...HEAD, excludesReasoning }).events(told)).map(
      ({ text, reasoning }) => [text, reasoning],
    );
  expect(said(false)).toEqual([
    ['', 'hmm'],
    ['a', undefined],
    ['no', undefined],
  ]);
  expect(said(true)).toEqual([
    ['a', undefined],
    ['no', undefined],
  ]);
});

test('what has no place here is left out', () => {
  const encoder = new CompletionEncoder(HEAD);
  const call = { type: 'tool-call', id: 'c', name: 'f' } as const;
  const opaque = { type: 'opaque', dialect: 'openai-chat', value: { images: [] } } as const;
  expect(encoder.events([...block(0, 0, call, '{}'), ...block(0, 1, opaque)])).toBe('');
  expect(encoder.events([{ type: 'block-end', choice: 0, block: 0 }])).toBe('');
});

test('blocks of different choices are not taken for each other', () => {
  const encoder = new CompletionEncoder(HEAD);
  encoder.events([...block(0, 11, { type: 'reasoning' }), ...block(1, 1, { type: 'text' })]);
  const frames = encoder.events([
    { type: 'delta', choice: 0, block: 11, text: 'hmm' },
    { type: 'delta', choice: 1, block: 1, text: 'a' },
  ]);
  expect(choicesOf(frames)).toMatchObject([
    { index: 0, text: '', reasoning: 'hmm' },
    { index: 1, text: 'a' },
  ]);
});

test('the offsets of log probabilities count on from chunk to chunk, in each choice', () => {
  const encoder = new CompletionEncoder(HEAD);
  const probabilities = (choice: number, ...tokens: string[]): ChatEvent => ({
    type: 'logprobs',
    choice,
    value: { content: tokens.map((token) => ({ token, logprob: -1 })) },
  });
  const frames = encoder.events([
    probabilities(0, 'ab', 'c'),
    probabilities(1, 'x'),
    probabilities(0, 'd'),
    probabilities(1, 'y'),
  ]);
  expect(
    choicesOf(frames).map(({ index, logprobs }) => [index, (logprobs as JsonObject)['text_offset']]),
  ).toEqual([
    [0, [0, 2]],
    [1, [0]],
    [0, [3]],
    [1, [1]],
  ]);
});

test('a failure and a cut-off are written in this dialect too, for each choice that is open', () => {
  const open = [...block(1, 0, { type: 'text' }, 'b'), ...block(0, 0, { type: 'text' }, 'a')];
  const third = [...block(2, 0, { type: 'text' }, 'c'), finish(2)];
  const last = { text: '', logprobs: null, native_finish_reason: null };
  const failing = new CompletionEncoder(HEAD);
  failing.events([...open, ...third]);
  const failure = framesOf(failing.fail(new TurnpikeError('internal')));
  expect(failure).toEqual([
    {
      ...OWN,
      object: 'text_completion',
      error: {
        code: 500,
        message: 'Internal Server Error',
        metadata: { error_type: 'server', error_code: 'internal' },
      },
      choices: [0, 1].map((index) => ({ index, ...last, finish_reason: 'error' })),
    },
    '[DONE]',
  ]);
  const cut = new CompletionEncoder(HEAD);
  cut.events([...open, ...third]);
  expect(choicesOf(cut.cutOff())).toEqual(
    [0, 1].map((index) => ({ index, ...last, finish_reason: 'length' })),
  );
  expect(cut.cutOff()).toBe('');
  expect(framesOf(cut.finish(BILL))).toMatchObject([
    { ...OWN, object: 'text_completion', choices: [] },
    '[DONE]',
  ]);
});
