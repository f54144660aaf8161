import { expect, test } from 'bun:test';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { completionTokensOf, promptTokensOf } from '../../chat/usage.ts';
import { promptOf } from '../../dialects/openai-chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { ChatCall, Exchange } from '../adapter.ts';
import { echo } from './adapter.ts';

function callOf(messages: unknown, options: Partial<ChatCall> = {}): ChatCall {
  const body = { messages } as JsonObject;
  return {
    payload: { native: { dialect: 'openai-chat', body }, reasoning: null, prompt: () => promptOf(body) },
    dialect: 'openai-chat',
    stream: false,
    maxTokens: null,
    ...options,
  } as ChatCall;
}

/** Calls, and writes down what it hears; `onWord` may steer the exchange. */
function calling(call: ChatCall, onWord: (exchange: Exchange, word: string) => void = () => {}) {
  const told: ChatEvent[] = [];
  const heard: string[] = [];
  const answers: ChatAnswer[] = [];
  const exchange = echo.chat(call, {
    onAnswered: () => heard.push('answered'),
    onEvents: (events) => {
      heard.push('events');
      told.push(...events);
      for (const event of events) if (event.type === 'delta') onWord(exchange, event.text);
    },
    onEnd: () => heard.push('end'),
    onWhole: (answer) => {
      heard.push('whole');
      answers.push(answer);
    },
    onFailure: () => heard.push('failure'),
  });
  return { exchange, told, heard, answers };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const textOf = (events: readonly ChatEvent[]) =>
  events.flatMap((event) => (event.type === 'delta' ? [event.text] : [])).join('');

async function whole(call: ChatCall) {
  const { answers, heard } = calling(call);
  await turn();
  const [answer] = answers;
  if (answer?.form !== 'typed') throw new Error('no typed answer');
  expect(heard).toEqual(['answered', 'whole']);
  return answer;
}

const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'first' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Hello,\n  wide' },
      { type: 'text', text: 'wörld!' },
    ],
  },
  { role: 'assistant', content: null },
];
const STREAM = callOf(MESSAGES, { stream: true });

test('it says the last user message, and counts words as tokens', async () => {
  const { choices, usage, ...facts } = await whole(callOf(MESSAGES));
  expect(choices).toEqual([
    {
      index: 0,
      parts: [{ type: 'text', text: 'Hello,\n  wide wörld!' }],
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      logprobs: null,
    },
  ]);
  expect([promptTokensOf(usage!), completionTokensOf(usage!)]).toEqual([6, 3]);
  expect(facts).toMatchObject({ writtenBytes: 21, finishReason: 'stop', nativeFinishReason: 'stop' });
});

test('a cap cuts it short, and it says so', async () => {
  const cut = await whole(callOf(MESSAGES, { maxTokens: 2 }));
  expect(cut.choices[0]).toMatchObject({ parts: [{ text: 'Hello,\n  wide' }], finishReason: 'length' });
  expect([cut.finishReason, completionTokensOf(cut.usage!)]).toEqual(['length', 2]);
  expect((await whole(callOf(MESSAGES, { maxTokens: 3 }))).finishReason).toBe('stop');
});

test('streamed, it says the same word by word, with its block first and the usage last', async () => {
  const { told, heard } = calling(STREAM);
  // Nothing is told before the call has returned.
  expect(heard).toEqual([]);
  await turn();
  expect(textOf(told)).toBe('Hello,\n  wide wörld!');
  expect(told.filter(({ type }) => type === 'delta')).toHaveLength(3);
  expect(told[0]).toEqual({ type: 'block-start', choice: 0, block: 0, part: { type: 'text' } });
  expect(told.slice(-3)).toMatchObject([
    { type: 'block-end', choice: 0, block: 0 },
    { type: 'finish', choice: 0, reason: 'stop', native: 'stop' },
    { type: 'usage', usage: { inputTokens: 6, outputTokens: 3 } },
  ]);
  expect([heard[0], heard.at(-1), heard.includes('whole')]).toEqual(['answered', 'end', false]);
});

test('a cap cuts a stream short too', async () => {
  const { told } = calling({ ...STREAM, maxTokens: 1 });
  await turn();
  expect([textOf(told), told.at(-2)]).toEqual([
    'Hello,',
    { type: 'finish', choice: 0, reason: 'length', native: 'length' },
  ]);
});

test('a cancelled stream says nothing more, and one that never began nothing at all', async () => {
  const { told, heard } = calling(STREAM, (exchange) => exchange.cancel());
  await turn();
  expect([textOf(told), heard.at(-1)]).toEqual(['Hello,', 'events']);
  for (const stream of [true, false]) {
    const early = calling({ ...STREAM, stream });
    early.exchange.cancel();
    await turn();
    expect(early.heard).toEqual([]);
  }
});

test('a paused stream waits until it is resumed, and goes on where it was', async () => {
  const { exchange, told, heard } = calling(STREAM, (paused, word) => {
    if (word === 'Hello,') paused.pause();
  });
  await turn();
  expect(textOf(told)).toBe('Hello,');
  exchange.resume();
  exchange.resume();
  await turn();
  expect([textOf(told), heard.filter((word) => word === 'end').length]).toEqual(['Hello,\n  wide wörld!', 1]);
  exchange.resume();
  exchange.pause();
  await turn();
  expect(heard.filter((word) => word === 'end')).toHaveLength(1);
});

test('a paused stream that is cancelled stays silent', async () => {
  const { exchange, told } = calling(STREAM, (paused) => paused.pause());
  await turn();
  exchange.cancel();
  exchange.resume();
  await turn();
  expect(textOf(told)).toBe('Hello,');
});

test('without a user message it says nothing, and ends properly', async () => {
  for (const messages of [undefined, [], [null, 7], [{ role: 'system', content: 'x' }]]) {
    const { choices, finishReason } = await whole(callOf(messages));
    expect([choices[0]?.parts, finishReason]).toEqual([[{ type: 'text', text: '' }], 'stop']);
  }
});

test('what goes upstream is what came', () => {
  expect(echo.requestBody(callOf(MESSAGES))).toEqual({ messages: MESSAGES });
});
