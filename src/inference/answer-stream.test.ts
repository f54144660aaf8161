/** What is relayed, counted and charged of an answer whose client stays to its end. */
import { expect, spyOn, test } from 'bun:test';
import { completionTokensOf, NO_USAGE, type TokenUsage } from '../chat/usage.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { openAiText } from '../dialects/openai-text/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { type Bill, FREE } from '../pricing/cost.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { counted, finished, said, started } from '../routing/__fixtures__/scripted.ts';
import { charged, HEAD, streamOf, turn } from './__fixtures__/answering.ts';

const COUNT = { inputTokens: 3, outputTokens: 2 };
const USAGE: TokenUsage = { ...NO_USAGE, ...COUNT };
const GONE = new ProviderError('unreachable', { message: 'gone', fault: 'provider' });

test('an answer is relayed as it comes, settled once with the provider’s count, and closed with its usage', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  expect(stream.heard).toEqual(['readOn']);
  stream.tell(started(), said('Hel'));
  expect(client.said()).toBe('Hel');
  stream.tell(said('lo'), finished());
  stream.tell(counted(COUNT));
  expect(client.text).not.toContain('usage');
  stream.end();
  await turn();
  const events = client.events();
  expect(client.said()).toBe('Hello');
  expect(events.at(-1)).toMatchObject({ id: 'gen-1', choices: [], usage: { cost: 1, completion_tokens: 2 } });
  expect(ends).toEqual([
    {
      reported: USAGE,
      seen: { promptBytes: 40, writtenBytes: 5, imageCount: 1 },
      estimated: false,
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      serviceTier: null,
      upstreamId: null,
      cancelled: false,
    },
  ]);
  await answer.cancel();
  answer.resume();
  answer.interrupt(new TurnpikeError('key_disabled'));
  expect([ends.length, client.ends]).toEqual([1, 1]);
});

test('what the provider says of itself goes on record', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  stream.tell({ type: 'meta', upstreamId: 'up-1' }, { type: 'meta', serviceTier: 'flex' });
  stream.tell(said('x'), { type: 'finish', choice: 0, reason: 'length', native: 'max_tokens' });
  stream.end();
  await turn();
  expect(ends[0]).toMatchObject({
    ...{ upstreamId: 'up-1', serviceTier: 'flex' },
    ...{ finishReason: 'length', nativeFinishReason: 'max_tokens' },
  });
});

test('zeros behind a count do not take its place', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  const zeros = counted({ inputTokens: 0, outputTokens: 0 });
  stream.tell(zeros, said('x'), counted({ inputTokens: 100, outputTokens: 9 }), zeros, finished());
  stream.end();
  await turn();
  expect(ends[0]?.reported).toMatchObject({ inputTokens: 100, outputTokens: 9 });
});

test('everything that the model writes is counted, in bytes', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  stream.tell(
    started(),
    said('Grüße'),
    { type: 'block-start', choice: 0, block: 1, part: { type: 'tool-call', id: 'long-id', name: 'über' } },
    { type: 'delta', choice: 0, block: 1, text: '{}' },
    {
      type: 'native',
      dialect: 'openai-chat',
      event: { choices: [] },
      writtenBytes: 100,
      saysSomething: true,
    },
  );
  stream.end();
  await turn();
  expect(ends[0]?.seen.writtenBytes).toBe(7 + 5 + 2 + 100);
});

test('what goes first goes out before anything else', async () => {
  const { answer, stream, client } = streamOf({ firstFrames: 'data: {"first":1}\n\n' });
  answer.start(client);
  stream.tell(said('x'));
  expect(client.text).toStartWith('data: {"first":1}\n\n');
  expect(answer.keepAliveFrame).toBe(': OPENROUTER PROCESSING\n\n');
});

test('the closing frame waits for the record', async () => {
  const durable = Promise.withResolvers<Bill>();
  const { answer, stream, client } = streamOf({ settle: () => durable.promise });
  answer.start(client);
  stream.tell(said('x'), finished());
  stream.end();
  await turn();
  expect([client.text.includes('usage'), client.ends]).toEqual([false, 0]);
  durable.resolve({ usage: { ...USAGE, imageCount: 0 }, cost: { ...FREE, totalNanoUsd: 5_000_000_000n } });
  await turn();
  expect(client.text).toContain('"cost":5');
  expect(client.ends).toBe(1);
});

test('a provider that fails in mid-answer ends the stream with an error, once', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  stream.tell(started(), said('lo'));
  stream.fail(GONE);
  await turn();
  expect(client.events().at(-1)).toMatchObject({
    error: { code: 502, message: 'gone' },
    choices: [{ finish_reason: 'error' }],
  });
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ finishReason: 'error', cancelled: false });
});

test('failures and cut-offs are in the dialect of the route', async () => {
  for (const ending of ['failure', 'cut-off']) {
    const encoder = openAiText.encoder(HEAD);
    const { answer, stream, client } = streamOf({ encoder, maxTokens: 1 });
    answer.start(client);
    stream.tell(started(), said('lo'));
    if (ending === 'failure') stream.fail(GONE);
    else stream.tell(said('x'.repeat(1000)));
    await turn();
    expect(client.text).not.toContain('delta');
    expect(client.events().every(({ object }) => object === 'text_completion')).toBe(true);
  }
});

test('a slow client pauses the provider, once, and gets everything', async () => {
  const { answer, stream, client } = streamOf();
  answer.start(client);
  client.isFull = true;
  stream.tell(started(), said('a'));
  // What was on its way already.
  stream.tell(said('b'));
  expect(stream.heard).toEqual(['readOn', 'pause']);
  client.isFull = false;
  answer.resume();
  answer.resume();
  expect(stream.heard).toEqual(['readOn', 'pause', 'resume']);
  stream.tell(said('c'), finished());
  stream.end();
  await turn();
  expect(client.said()).toBe('abc');
  client.events();
});

test('a client that catches up after the end wakes nothing', async () => {
  const { answer, stream, client } = streamOf();
  answer.start(client);
  client.isFull = true;
  stream.tell(said('a'), finished());
  stream.end();
  await turn();
  answer.resume();
  expect(stream.heard).toEqual(['readOn', 'pause']);
  client.events();
});

test('progress is told every other second in which something came, with what had come by then', () => {
  const now = spyOn(performance, 'now').mockReturnValue(0);
  try {
    const told: number[] = [];
    const { answer, stream, client } = streamOf({
      onProgress: (usage) => told.push(completionTokensOf(usage)),
    });
    answer.start(client);
    for (const [atMs, text] of [
      [1999, 'Hel'],
      [2000, 'lo'],
      [3999, '!!!'],
      [4000, '?'],
    ] as const) {
      stream.tell(said(text));
      answer.onTick(atMs);
    }
    expect(told).toEqual([2, 3]);
    stream.tell(counted({ inputTokens: 3, outputTokens: 77 }));
    answer.onTick(5999);
    answer.onTick(6000);
    expect(told).toEqual([2, 3, 77]);
    answer.onTick(8000);
    expect(told).toEqual([2, 3, 77]);
  } finally {
    now.mockRestore();
  }
});

test('reasoning that is not wanted is counted and not shown', async () => {
  const encoder = openAiChat.encoder({ ...HEAD, excludesReasoning: true, remembered: null });
  const { answer, stream, client, ends } = streamOf({ encoder });
  answer.start(client);
  stream.tell({ type: 'block-start', choice: 0, block: 0, part: { type: 'reasoning' } }, said('hmm…'));
  stream.tell(finished());
  stream.end();
  await turn();
  expect(client.text).not.toContain('hmm');
  expect(charged(ends[0])).toEqual({ tokens: 2, estimated: true });
});
