import { expect, test } from 'bun:test';
import type { ChatEvent } from '../../chat/event.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, framesOf, HEAD } from '../__fixtures__/answers.ts';
import { ChatEncoder } from './encoder.ts';

const relayed = (index: number, delta: JsonObject, reason: string | null = null): ChatEvent => ({
  type: 'native',
  dialect: 'openai-chat',
  event: { choices: [{ index, delta, finish_reason: reason, native_finish_reason: reason }] },
  writtenBytes: 2,
  saysSomething: true,
});
const text = (choice: number, said: string): ChatEvent[] => [
  { type: 'block-start', choice, block: 0, part: { type: 'text' } },
  { type: 'delta', choice, block: 0, text: said },
];
const finish = (choice: number): ChatEvent => ({ type: 'finish', choice, reason: 'stop', native: null });

/** The choices of each frame. */
const choicesOf = (frames: string): unknown[] =>
  framesOf(frames).flatMap((frame) => (frame === '[DONE]' ? [] : [frame['choices']]));
const ends = (frames: string) =>
  choicesOf(frames)
    .flatMap((choices) => choices as JsonObject[])
    .map(({ index, finish_reason }) => [index, finish_reason]);

test('a relayed chunk goes on as it is, behind our own head, and what is told beside it is not said again', () => {
  const { excludesReasoning: _, remembered: __, ...head } = HEAD;
  const encoder = new ChatEncoder(HEAD);
  const event = relayed(0, { content: 'hi', unknown: { deep: [1] } });
  const beside: ChatEvent[] = [
    { type: 'meta', upstreamId: 'up-1', systemFingerprint: 'fp', serviceTier: 'flex' },
    ...text(0, 'hi'),
    finish(0),
    { type: 'logprobs', choice: 0, value: {} },
  ];
  expect(framesOf(encoder.events([event, ...beside]))).toEqual([
    {
      ...head,
      object: 'chat.completion.chunk',
      choices: [
        {
          index: 0,
          delta: { content: 'hi', unknown: { deep: [1] } },
          finish_reason: null,
          native_finish_reason: null,
        },
      ],
    },
  ]);
});

test('a relayed chunk without choices goes on too', () => {
  const event: ChatEvent = {
    type: 'native',
    dialect: 'openai-chat',
    event: { citations: ['https://a.example'] },
    writtenBytes: 0,
    saysSomething: false,
  };
  expect(framesOf(new ChatEncoder(HEAD).events([event]))).toMatchObject([
    { id: 'gen-1', citations: ['https://a.example'] },
  ]);
});

test('what a provider still sends of a choice that has ended does not end it twice', () => {
  const trailing: ChatEvent[][] = [
    [relayed(0, { content: 'a' }), relayed(0, {}, 'stop'), relayed(0, {})],
    [
      relayed(0, { content: 'a' }),
      relayed(0, {}, 'stop'),
      relayed(1, {}),
      relayed(1, {}, 'stop'),
      relayed(0, {}),
    ],
    [...text(0, 'a'), finish(0), { type: 'delta', choice: 0, block: 0, text: '' }],
  ];
  for (const events of trailing) {
    const encoder = new ChatEncoder(HEAD);
    encoder.events(events);
    expect(encoder.cutOff()).toBe('');
  }
});

test('an answer without a provider’s name has no member for it', () => {
  const [frame] = framesOf(new ChatEncoder({ ...HEAD, provider: null }).events([relayed(0, {})]));
  expect(Object.keys(frame as JsonObject)).toEqual(['id', 'object', 'created', 'model', 'choices']);
});

test('what is known of the whole answer stands on each chunk, and is left out while it is not known', () => {
  const encoder = new ChatEncoder(HEAD);
  const [before] = framesOf(encoder.events(text(0, 'a'))) as JsonObject[];
  expect(['system_fingerprint' in before!, 'service_tier' in before!]).toEqual([false, false]);
  expect(encoder.events([{ type: 'meta', systemFingerprint: 'fp' }])).toBe('');
  expect(encoder.events([{ type: 'meta', serviceTier: 'flex' }])).toBe('');
  for (const frame of framesOf(encoder.events([...text(0, 'b'), finish(0)])))
    expect(frame).toMatchObject({ system_fingerprint: 'fp', service_tier: 'flex' });
});

test('each choice begins with its role, once', () => {
  const encoder = new ChatEncoder(HEAD);
  const started = (choice: number, block: number): ChatEvent => ({
    type: 'block-start',
    choice,
    block,
    part: { type: 'text' },
  });
  const roles = choicesOf(encoder.events([started(0, 0), started(0, 1), started(1, 0)]));
  expect(roles).toMatchObject([
    [{ index: 0, delta: { role: 'assistant', content: '' } }],
    [{ index: 1, delta: { role: 'assistant', content: '' } }],
  ]);
  const call: ChatEvent = {
    type: 'block-start',
    choice: 2,
    block: 0,
    part: { type: 'tool-call', id: 'c', name: 'f' },
  };
  expect(choicesOf(encoder.events([call]))).toMatchObject([
    [{ index: 2, delta: { role: 'assistant', tool_calls: [{ index: 0, id: 'c' }] } }],
  ]);
});

test('calls are numbered within their choice, whatever stands between them', () => {
  const encoder = new ChatEncoder(HEAD);
  const call = (choice: number, block: number): ChatEvent[] => [
    { type: 'block-start', choice, block, part: { type: 'tool-call', id: `${choice}-${block}`, name: 'f' } },
    { type: 'delta', choice, block, text: '{}' },
  ];
  const frames = encoder.events([...text(0, 'x'), ...call(0, 1), ...call(1, 0), ...call(0, 7)]);
  const calls = choicesOf(frames).flatMap((choices) =>
    (choices as { index: number; delta: { tool_calls?: { index: number; id?: string }[] } }[]).flatMap(
      ({ index, delta }) => (delta.tool_calls ?? []).map((fragment) => [index, fragment.index, fragment.id]),
    ),
  );
  expect(calls).toEqual([
    [0, 0, '0-1'],
    [0, 0, undefined],
    [1, 0, '1-0'],
    [1, 0, undefined],
    [0, 1, '0-7'],
    [0, 1, undefined],
  ]);
});

test('a signature is told only of a thought', () => {
  const encoder = new ChatEncoder(HEAD);
  encoder.events(text(0, 'x'));
  expect(encoder.events([{ type: 'block-end', choice: 0, block: 0, signature: 'sig' }])).toBe('');
  encoder.events([{ type: 'block-start', choice: 0, block: 1, part: { type: 'reasoning' } }]);
  expect(encoder.events([{ type: 'block-end', choice: 0, block: 1 }])).toBe('');
  expect(encoder.events([{ type: 'block-end', choice: 0, block: 1, signature: 'sig' }])).toContain('"sig"');
});

test('thoughts that are not wanted are in no frame, however they are told', () => {
  const thought: JsonObject = { content: 'x' };
  for (const name of ['reasoning', 'reasoning_details', 'reasoning_content', 'thinking'])
    thought[name] = 'secret';
  const native = new ChatEncoder({ ...HEAD, excludesReasoning: true });
  expect(framesOf(native.events([relayed(0, { ...thought })]))).toMatchObject([
    { choices: [{ delta: { content: 'x' } }] },
  ]);
  const typed = new ChatEncoder({ ...HEAD, excludesReasoning: true });
  const frames = typed.events([
    { type: 'block-start', choice: 0, block: 0, part: { type: 'reasoning' } },
    { type: 'delta', choice: 0, block: 0, text: 'secret' },
    { type: 'block-end', choice: 0, block: 0, signature: 'secret' },
    {
      type: 'block-start',
      choice: 0,
      block: 1,
      part: { type: 'opaque', dialect: 'openai-chat', value: { ...thought } },
    },
  ]);
  expect(native.events([relayed(0, { ...thought })]) + frames).not.toContain('secret');
  expect(frames).toContain('"content":"x"');
});

test('what only another dialect can say is not passed on', () => {
  const opaque = { type: 'opaque', dialect: 'openai-text', value: { odd: 1 } } as const;
  const encoder = new ChatEncoder(HEAD);
  expect(encoder.events([{ type: 'block-start', choice: 0, block: 0, part: opaque }])).toBe('');
});

test('a cut-off ends every choice that is open, and none twice', () => {
  const cases: [ChatEvent[], unknown[][]][] = [
    [[], [[0, 'length']]],
    [text(1, 'b'), [[1, 'length']]],
    [
      [...text(1, 'b'), ...text(0, 'a'), ...text(1, 'b')],
      [
        [0, 'length'],
        [1, 'length'],
      ],
    ],
    [[...text(0, 'a'), ...text(1, 'b'), finish(0)], [[1, 'length']]],
    [[...text(0, 'a'), finish(0)], []],
    [[relayed(0, { content: 'a' }), relayed(1, {}), relayed(0, {}, 'stop')], [[1, 'length']]],
    [[relayed(0, { content: 'a' }, 'stop')], []],
  ];
  for (const [events, expected] of cases) {
    const encoder = new ChatEncoder(HEAD);
    encoder.events(events);
    expect(ends(encoder.cutOff())).toEqual(expected);
    // What is cut off has ended: a record that cannot be kept is told without ending it again as another choice.
    expect(ends(encoder.fail(new TurnpikeError('internal')))).toEqual([[0, 'error']]);
  }
});

test('a failure ends every choice that is open, and one at least', () => {
  const error = new TurnpikeError('provider_unavailable');
  const cases: [ChatEvent[], unknown[][]][] = [
    [[], [[0, 'error']]],
    [
      [...text(2, 'c'), ...text(1, 'b'), ...text(2, 'c'), ...text(0, 'a')],
      [
        [0, 'error'],
        [1, 'error'],
        [2, 'error'],
      ],
    ],
    [[...text(0, 'a'), ...text(1, 'b'), finish(1)], [[0, 'error']]],
    [[relayed(0, { content: 'a' }), relayed(1, { content: 'b' }), relayed(0, {}, 'stop')], [[1, 'error']]],
    [[...text(0, 'a'), finish(0)], [[0, 'error']]],
  ];
  for (const [events, expected] of cases) {
    const encoder = new ChatEncoder(HEAD);
    encoder.events(events);
    const frames = encoder.fail(error);
    expect(ends(frames)).toEqual(expected);
    expect(framesOf(frames).at(-1)).toBe('[DONE]');
  }
});

test('the last frames carry the usage behind the same head, and the word that ends a stream', () => {
  const { excludesReasoning: _, remembered: __, ...head } = HEAD;
  const [usage, done] = framesOf(new ChatEncoder(HEAD).finish(BILL));
  expect(usage).toMatchObject({
    ...head,
    object: 'chat.completion.chunk',
    choices: [],
    usage: { cost: 0.001234568 },
  });
  expect(done).toBe('[DONE]');
});

test('a thought says whose it is, and a sealed one comes whole', () => {
  const format = 'anthropic-claude-v1';
  const part = { type: 'reasoning', format, id: 'rs_1' } as const;
  const told = new ChatEncoder(HEAD).events([
    { type: 'block-start', choice: 0, block: 0, part },
    { type: 'delta', choice: 0, block: 0, text: 'hm' },
    { type: 'block-end', choice: 0, block: 0, signature: 's' },
    { type: 'block-start', choice: 0, block: 1, part: { ...part, redacted: 'r' } },
    { type: 'block-end', choice: 0, block: 1 },
  ]);
  const details = told
    .split('\n\n')
    .filter((frame) => frame !== '')
    .flatMap((frame) => JSON.parse(frame.slice(6)).choices[0].delta.reasoning_details ?? []);
  expect(details).toEqual([
    { type: 'reasoning.text', text: 'hm', index: 0, id: 'rs_1', format },
    { type: 'reasoning.text', signature: 's', index: 0, id: 'rs_1', format },
    { type: 'reasoning.encrypted', data: 'r', index: 1, id: 'rs_1', format },
  ]);
});
