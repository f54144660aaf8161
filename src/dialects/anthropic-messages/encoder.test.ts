import { describe, expect, test } from 'bun:test';
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, FACTS, HEAD } from '../__fixtures__/answers.ts';
import { MessagesEncoder } from './encoder.ts';
import { promptOf } from './prompt.ts';
import { wholeMessage } from './whole.ts';

const start = (block: number, part: BlockHead): ChatEvent => ({
  type: 'block-start',
  choice: 0,
  block,
  part,
});
const said = (block: number, text: string): ChatEvent => ({ type: 'delta', choice: 0, block, text });
const end = (block: number, signature?: string): ChatEvent => ({
  type: 'block-end',
  choice: 0,
  block,
  ...(signature === undefined ? {} : { signature }),
});
const call = (id: string): BlockHead => ({ type: 'tool-call', id, name: 'f' });
const finished: ChatEvent = { type: 'finish', choice: 0, reason: 'stop', native: 'stop' };
const relayed = (event: JsonObject): ChatEvent => ({
  type: 'native',
  dialect: 'anthropic-messages',
  event,
  writtenBytes: 1,
  saysSomething: true,
});

function eventsOf(frames: string): JsonObject[] {
  return [...frames.matchAll(/^data: ([^\n]*)/gm)].map((match) => JSON.parse(match[1]!));
}

/** Blocks as clients put them together. */
function blocksOf(frames: string): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const { type, index, content_block, delta } of eventsOf(frames)) {
    if (type === 'content_block_start') blocks[Number(index)] = { ...(content_block as JsonObject) };
    if (type !== 'content_block_delta') continue;
    const block = blocks[Number(index)]!;
    for (const [name, value] of Object.entries(delta as JsonObject)) {
      if (name !== 'type') block[name] = `${block[name] ?? ''}${value}`;
    }
  }
  return blocks;
}

const told = (events: ChatEvent[], head = HEAD) => {
  const encoder = new MessagesEncoder(head);
  return encoder.events(events) + encoder.finish(BILL);
};

describe('calls that a provider writes in turn', () => {
  const events = [
    start(0, { type: 'text' }),
    said(0, 'Both:'),
    end(0),
    start(1, call('a')),
    start(2, call('b')),
    said(1, '{"x"'),
    said(2, '{"y"'),
    said(1, ':1}'),
    said(2, ':2}'),
    finished,
  ];

  test('follow each other, each with its own arguments', () => {
    expect(blocksOf(told(events))).toMatchObject([
      { type: 'text', text: 'Both:' },
      { type: 'tool_use', id: 'a', partial_json: '{"x":1}' },
      { type: 'tool_use', id: 'b', partial_json: '{"y":2}' },
    ]);
  });

  test('end an answer for which clients run tools, though the provider only said that it stopped', () => {
    expect(eventsOf(told(events)).at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });

  test('are told as they come while it is their turn', () => {
    const encoder = new MessagesEncoder(HEAD);
    encoder.events(events.slice(0, 5));
    expect(encoder.events([said(1, '{"x"')])).toContain('{\\"x\\"');
    expect(encoder.events([said(2, '{"y"')])).toBe('');
    expect(blocksOf(encoder.events([end(1)]))).toMatchObject({ 2: { id: 'b', partial_json: '{"y"' } });
  });
});

test('a text that another block interrupts goes on behind it', () => {
  const events = [
    start(0, { type: 'text' }),
    said(0, 'a'),
    start(1, call('c')),
    said(0, 'b'),
    end(1),
    finished,
  ];
  expect(blocksOf(told(events))).toMatchObject([{ text: 'a' }, { id: 'c' }, { text: 'b' }]);
});

test('an empty text is no block', () => {
  const events = [start(0, { type: 'text' }), said(0, ''), end(0), start(1, call('c')), end(1), finished];
  expect(blocksOf(told(events))).toMatchObject([{ type: 'tool_use', input: {} }]);
});

test('the first event says how long the prompt is, as far as it is known', () => {
  const usage = (frames: string) => (eventsOf(frames)[0]!['message'] as JsonObject)['usage'];
  const head = { ...HEAD, remembered: { prompt_tokens: 77 } };
  expect(usage(told([start(0, { type: 'text' }), finished], head))).toMatchObject({ input_tokens: 77 });
  const counted: ChatEvent = { type: 'usage', usage: { ...BILL.usage, inputTokens: 9, inputAudioTokens: 0 } };
  expect(usage(told([counted, finished], head))).toMatchObject({ input_tokens: 9, output_tokens: 0 });
});

test('an answer that its provider gave up ends with an error, streamed and whole', () => {
  const gaveUp: ChatEvent = { type: 'finish', choice: 0, reason: 'error', native: 'error' };
  expect(eventsOf(told([start(0, { type: 'text' }), said(0, 'a'), gaveUp])).at(-1)).toMatchObject({
    type: 'error',
    error: { type: 'api_error' },
  });
  const choice = {
    index: 0,
    parts: [],
    finishReason: 'error',
    nativeFinishReason: 'error',
    logprobs: null,
  } as const;
  const answer = { ...FACTS, form: 'typed', choices: [choice] } as const;
  expect(() => wholeMessage(HEAD, answer, BILL)).toThrow('ended its answer');
});

test('a sequence that stopped the answer is named', () => {
  const stopped: ChatEvent = {
    type: 'finish',
    choice: 0,
    reason: 'stop',
    native: 'stop',
    stopSequence: 'END',
  };
  expect(eventsOf(told([stopped])).at(-2)).toMatchObject({
    delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
  });
});

describe('what another vendor wants back', () => {
  const vendors = { format: 'google-gemini-v1', id: 'r1' } as const;
  const extra = { extra_content: { google: { thought_signature: 'c2ln' } } };
  const events = [
    start(0, { type: 'reasoning', ...vendors }),
    said(0, 'hmm'),
    end(0, 'sig'),
    start(1, { type: 'reasoning', redacted: 'xyz', ...vendors }),
    end(1),
    start(2, { type: 'reasoning' }),
    said(2, 'plain'),
    end(2),
    start(3, { type: 'tool-call', id: 'c', name: 'f', extra }),
    said(3, '{}'),
    finished,
  ];
  const parts = [
    { type: 'reasoning', text: 'hmm', signature: 'sig', ...vendors },
    { type: 'reasoning', text: '', redacted: 'xyz', ...vendors },
    { type: 'reasoning', text: 'plain' },
    { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}', extra },
  ] as const;
  const sentBack = (content: JsonObject[]) =>
    promptOf({ messages: [{ role: 'assistant', content }] }).messages[0]?.parts;
  const input = (blocks: JsonObject[]) => blocks.map(({ partial_json: _, ...block }) => block);

  for (const excludesReasoning of [false, true]) {
    const head = { ...HEAD, excludesReasoning };
    const name = excludesReasoning ? 'though the caller does not read it' : 'and the caller reads it';

    test(`comes back whole from a stream, ${name}`, () => {
      const frames = told(events, head);
      expect(sentBack(input(blocksOf(frames)))).toEqual([...parts]);
      expect(frames.includes('hmm')).toBe(!excludesReasoning);
    });

    test(`comes back from a whole answer, ${name}`, () => {
      const choice = {
        index: 0,
        parts,
        finishReason: 'stop',
        nativeFinishReason: null,
        logprobs: null,
      } as const;
      const whole = wholeMessage(head, { ...FACTS, form: 'typed', choices: [choice] }, BILL);
      expect(sentBack(whole['content'] as JsonObject[])).toEqual([...parts]);
    });
  }

  test('and Anthropic’s own is its own', () => {
    const own = [
      start(0, { type: 'reasoning', format: 'anthropic-claude-v1' }),
      said(0, 'hmm'),
      end(0, 'EqQBCg'),
      start(1, { type: 'reasoning', format: 'anthropic-claude-v1', redacted: 'abc' }),
      finished,
    ];
    expect(blocksOf(told(own))).toEqual([
      { type: 'thinking', thinking: 'hmm', signature: 'EqQBCg' },
      { type: 'redacted_thinking', data: 'abc' },
    ]);
  });
});

describe('what is relayed', () => {
  const begun = [
    relayed({ type: 'message_start', message: { id: 'msg_1', model: 'claude', content: [], usage: {} } }),
    relayed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ];

  test('is not told twice, and what is not known is told as it is', () => {
    const odd = { type: 'new_event', x: { deep: [1] } };
    const frames = new MessagesEncoder(HEAD).events([
      ...begun,
      start(0, { type: 'text' }),
      said(0, 'a'),
      relayed(odd),
    ]);
    expect(eventsOf(frames).map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'new_event',
    ]);
    expect(frames).toContain('event: new_event\ndata: {"type":"new_event","x":{"deep":[1]}}');
  });

  test('text that is written already gets its event’s name', () => {
    const encoder = new MessagesEncoder(HEAD);
    encoder.events(begun);
    const text: ChatEvent = {
      type: 'native-text',
      choice: 0,
      before: '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"',
      text: 'h\\ni',
      behind: '"}}',
      writtenBytes: 3,
    };
    for (const frames of [encoder.events([text]), encoder.events([text])])
      expect(frames).toBe(
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\\ni"}}\n\n',
      );
  });

  test('and cut off ends its blocks and says so', () => {
    const encoder = new MessagesEncoder(HEAD);
    encoder.events(begun);
    const last = eventsOf(encoder.cutOff() + encoder.finish(BILL));
    expect(last.map(({ type }) => type)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    expect(last[1]).toMatchObject({ delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 103 } });
  });

  test('ends so that its calls are run, whatever the provider calls that', () => {
    const call = { type: 'tool_use', id: 'c', name: 'f', input: {} };
    const encoder = new MessagesEncoder(HEAD);
    encoder.events([
      begun[0]!,
      relayed({ type: 'content_block_start', index: 0, content_block: call }),
      relayed({ type: 'content_block_stop', index: 0 }),
      relayed({ type: 'message_delta', delta: { stop_reason: 'end_turn' } }),
    ]);
    expect(eventsOf(encoder.finish(BILL))[0]).toMatchObject({ delta: { stop_reason: 'tool_use' } });
    const body = { content: [call], stop_reason: 'end_turn' };
    const answer = { ...FACTS, form: 'native', dialect: 'anthropic-messages', body } as const;
    expect(wholeMessage(HEAD, answer, BILL)).toMatchObject({ stop_reason: 'tool_use' });
  });

  test('ends with what was said of its end, and the bill', () => {
    const encoder = new MessagesEncoder(HEAD);
    const waiting = encoder.events([
      ...begun,
      relayed({ type: 'content_block_stop', index: 0 }),
      relayed({
        type: 'message_delta',
        delta: { stop_reason: 'pause_turn', container: { id: 'c' } },
        usage: { iterations: [1] },
      }),
      relayed({
        type: 'message_delta',
        delta: { stop_reason: null },
        context_management: { applied_edits: [] },
        usage: { output_tokens: 5 },
      }),
      relayed({ type: 'message_stop', metrics: { ms: 5 } }),
    ]);
    expect(waiting).not.toContain('message_delta');
    const [delta, stop] = eventsOf(encoder.finish(BILL));
    expect(delta).toMatchObject({
      delta: { stop_reason: 'pause_turn', container: { id: 'c' } },
      context_management: { applied_edits: [] },
      usage: { iterations: [1], output_tokens: 103, cost: 0.001234568 },
    });
    expect(stop).toEqual({ type: 'message_stop', metrics: { ms: 5 } });
  });
});

describe('a signature without a thought, behind text', () => {
  const vendors = { format: 'google-gemini-v1' } as const;
  const thought: BlockHead = { type: 'reasoning', ...vendors };
  const text = [start(0, { type: 'text' }), said(0, 'one two'), end(0)];
  const signed = [start(1, thought), end(1, 'c2ln')];
  const typesOf = (...events: ChatEvent[]) => {
    const encoder = new MessagesEncoder(HEAD);
    return blocksOf(encoder.events(events) + encoder.finish(BILL)).map(({ type }) => type);
  };

  test('is not the last block of an answer, which clients take for the answer itself', () => {
    expect(typesOf(...text, ...signed, finished)).toEqual(['text']);
    const parts: Part[] = [
      { type: 'text', text: 'one two' },
      { type: 'reasoning', text: '', signature: 'c2ln', ...vendors },
    ];
    const choices = [
      { index: 0, parts, finishReason: 'stop', nativeFinishReason: 'stop', logprobs: null },
    ] as const;
    const whole = wholeMessage(HEAD, { ...FACTS, form: 'typed', choices }, BILL);
    expect(whole['content']).toMatchObject([{ type: 'text', text: 'one two' }]);
  });

  test('stands before whatever follows it', () => {
    const called = [start(2, call('a')), said(2, '{}'), end(2)];
    expect(typesOf(...text, ...signed, ...called, finished)).toEqual(['text', 'thinking', 'tool_use']);
  });

  test('is told at once where there was no text', () => {
    expect(typesOf(...signed, finished)).toEqual(['thinking']);
  });

  test('is nothing special behind a thought', () => {
    const thinking = [start(1, thought), said(1, 'hmm'), end(1, 'c2ln')];
    expect(typesOf(...text, ...thinking, finished)).toEqual(['text', 'thinking']);
  });
});
