import { expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import type { ChatCall, ChatChunk } from '../provider.ts';
import { echo } from './adapter.ts';

function callOf(messages: unknown, options: Partial<ChatCall> = {}): ChatCall {
  return {
    target: { providerSlug: 'turnpike', baseUrl: '', apiKey: null, upstreamModel: 'echo' },
    body: { messages } as JsonObject,
    stream: false,
    maxTokens: null,
    timeouts: { firstByteMs: 1, idleMs: 1 },
    abort: new AbortController(),
    ...options,
  };
}

async function whole(call: ChatCall) {
  const answer = await echo.chat(call);
  if (answer.kind !== 'completion') throw new Error('a stream');
  return answer.completion;
}

async function streamed(call: ChatCall) {
  const answer = await echo.chat({ ...call, stream: true });
  if (answer.kind !== 'stream') throw new Error('not a stream');
  return answer.source;
}

const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'first' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Hello,\n  wide' },
      { type: 'text', text: 'world!' },
    ],
  },
  { role: 'assistant', content: null },
];

test('it says the last user message, and counts words as tokens', async () => {
  const { choices, usage } = await whole(callOf(MESSAGES));
  expect(choices[0]).toMatchObject({ message: { content: 'Hello,\n  wide world!' }, finish_reason: 'stop' });
  expect(usage).toMatchObject({ promptTokens: 6, completionTokens: 3 });
});

test('a cap cuts it short, and it says so', async () => {
  const { choices, usage } = await whole(callOf(MESSAGES, { maxTokens: 2 }));
  expect(choices[0]).toMatchObject({ message: { content: 'Hello,\n  wide' }, finish_reason: 'length' });
  expect(usage?.completionTokens).toBe(2);
  expect((await whole(callOf(MESSAGES, { maxTokens: 3 }))).choices[0]?.finish_reason).toBe('stop');
});

test('streamed, it says the same word by word, with the role first and the usage last', async () => {
  const source = await streamed(callOf(MESSAGES));
  const chunks: ChatChunk[] = [];
  for (let next = await source.next(); next !== null; next = await source.next()) chunks.push(...next);
  const text = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta['content'] ?? '')).join('');
  expect(text).toBe('Hello,\n  wide world!');
  expect(chunks[0]?.choices[0]?.delta['role']).toBe('assistant');
  expect(chunks.at(-1)?.usage).toMatchObject({ promptTokens: 6, completionTokens: 3 });
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
});

test('a cancelled stream says nothing more', async () => {
  const source = await streamed(callOf(MESSAGES));
  await source.next();
  source.cancel();
  expect(await source.next()).toBeNull();
});

test('without a user message it says nothing, and ends properly', async () => {
  for (const messages of [undefined, [], [null, 7], [{ role: 'system', content: 'x' }]]) {
    const { choices } = await whole(callOf(messages));
    expect(choices[0]).toMatchObject({ message: { content: '' }, finish_reason: 'stop' });
  }
});
