/** Answers that end before their end: the client leaves, the key is revoked, the gateway stops. */
import { expect, test } from 'bun:test';
import { NO_USAGE, type TokenUsage } from '../chat/usage.ts';
import { TurnpikeError } from '../errors.ts';
import { type Bill, FREE } from '../pricing/cost.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { counted, finished, said, started } from '../routing/__fixtures__/scripted.ts';
import { Stopping } from '../routing/stopping.ts';
import { streamOf, turn } from './__fixtures__/answering.ts';

const COUNT = { inputTokens: 3, outputTokens: 2 };
const USAGE: TokenUsage = { ...NO_USAGE, ...COUNT };
const GONE = new ProviderError('unreachable', { message: 'gone', fault: 'provider' });

test('a client that leaves at any time is settled once, with what had come', async () => {
  for (const [told, written] of [
    [0, 0],
    [1, 3],
    [2, 5],
  ] as const) {
    const { answer, stream, client, ends } = streamOf();
    answer.start(client);
    if (told > 0) stream.tell(started(), said('Hel'));
    if (told > 1) stream.tell(said('lo'));
    const before = client.text;
    await answer.cancel();
    await answer.cancel();
    expect([stream.cancelled, ends.length, client.text]).toEqual([1, 1, before]);
    expect(ends[0]).toMatchObject({ cancelled: true, seen: { writtenBytes: written } });
  }
});

test('a client that leaves before it could be written to is settled too', async () => {
  const { answer, stream, client, ends } = streamOf();
  await answer.cancel();
  answer.start(client);
  expect([stream.heard, ends.map(({ cancelled }) => cancelled), client.text]).toEqual([
    ['cancel'],
    [true],
    '',
  ]);
});

test('a client that left hears nothing more, whatever then comes', async () => {
  for (const outcome of ['events', 'end', 'failure'] as const) {
    const { answer, client, ends } = streamOf();
    answer.start(client);
    await answer.cancel();
    // An adapter that is rude enough to speak after it was told to stop.
    if (outcome === 'events') answer.onEvents([started(), said('late')]);
    else if (outcome === 'end') answer.onEnd();
    else answer.onFailure(GONE);
    await turn();
    expect([client.text, client.ends, ends.length]).toEqual(['', 0, 1]);
  }
});

test('where leaving stops nothing, the rest is read for its count and shown to nobody', async () => {
  for (const isStarted of [true, false]) {
    const { answer, stream, client, ends } = streamOf({ stopsWhenCancelled: false });
    if (isStarted) answer.start(client);
    const cancelled = answer.cancel();
    stream.tell(started(), said('hello'), finished());
    stream.tell(counted(COUNT));
    await turn();
    expect([stream.heard, ends, client.text]).toEqual([['readOn'], [], '']);
    stream.end();
    await cancelled;
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ cancelled: true, reported: USAGE, finishReason: 'stop' });
  }
});

test('where leaving stops nothing, a failure on the rest settles with what had come', async () => {
  const { answer, stream, client, ends } = streamOf({ stopsWhenCancelled: false });
  answer.start(client);
  const cancelled = answer.cancel();
  stream.tell(started(), said('Hel'));
  stream.fail(GONE);
  await cancelled;
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ cancelled: true, finishReason: null, seen: { writtenBytes: 3 } });
});

test('where leaving stops nothing, a slow client that leaves no longer slows the provider', async () => {
  const { answer, stream, client, ends } = streamOf({ stopsWhenCancelled: false });
  answer.start(client);
  client.isFull = true;
  stream.tell(started(), said('Hel'));
  const cancelled = answer.cancel();
  expect(stream.heard).toEqual(['readOn', 'pause', 'resume']);
  stream.end();
  await cancelled;
  expect(ends).toHaveLength(1);
});

test('where leaving stops nothing, a gateway that stops ends the reading and settles with what had come', async () => {
  for (const when of ['before', 'while']) {
    const stopping = new Stopping();
    const { answer, stream, client, ends } = streamOf({ stopsWhenCancelled: false, stopping });
    answer.start(client);
    stream.tell(started(), said('Hel'));
    if (when === 'before') client.isFull = true;
    const cancelled = when === 'while' ? answer.cancel() : null;
    stopping.begin();
    await (cancelled ?? answer.cancel());
    expect([stream.cancelled, ends.length]).toEqual([1, 1]);
    expect(ends[0]).toMatchObject({ cancelled: true, seen: { writtenBytes: 3 } });
  }
});

test('a client that leaves a gateway that already stops is not read on for', async () => {
  const stopping = new Stopping();
  stopping.begin();
  const { answer, stream, ends } = streamOf({ stopsWhenCancelled: false, stopping });
  await answer.cancel();
  expect([stream.heard, ends.length]).toEqual([['cancel'], 1]);
});

test('a gateway that stops tells its clients, and settles with what had come', async () => {
  const stopping = new Stopping();
  const { answer, stream, client, ends } = streamOf({ stopping });
  answer.start(client);
  stream.tell(started(), said('Hel'));
  stopping.begin();
  await turn();
  expect(client.events().at(-1)).toMatchObject({
    error: { code: 503 },
    choices: [{ finish_reason: 'error' }],
  });
  expect([stream.cancelled, ends.length]).toEqual([1, 1]);
  // Its provider did nothing wrong: what it wrote is charged.
  expect(ends[0]).toMatchObject({ cancelled: true, finishReason: null, seen: { writtenBytes: 3 } });
});

test('what has ended is not ended again by a gateway that stops', async () => {
  const stopping = new Stopping();
  const { answer, stream, client, ends } = streamOf({ stopping });
  answer.start(client);
  stream.tell(said('x'), finished());
  stream.end();
  stopping.begin();
  await turn();
  expect([ends.length, ends[0]?.cancelled, client.events().at(-1)?.['error']]).toEqual([1, false, undefined]);
});

test('a stream that is interrupted ends with the first reason, settled with what had come', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.start(client);
  stream.tell(started(), said('Hel'));
  answer.interrupt(new TurnpikeError('key_disabled', { message: 'first' }));
  answer.interrupt(new TurnpikeError('key_disabled', { message: 'second' }));
  await turn();
  expect(stream.cancelled).toBe(1);
  expect(client.events().at(-1)).toMatchObject({ error: { code: 403, message: 'first' } });
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ cancelled: true, finishReason: null, seen: { writtenBytes: 3 } });
});

test('a stream that is interrupted before its client can be written to says so once it can', async () => {
  const { answer, stream, client, ends } = streamOf();
  answer.interrupt(new TurnpikeError('key_disabled'));
  await turn();
  answer.start(client);
  expect(client.events()).toMatchObject([{ error: { code: 403 } }]);
  expect([stream.heard, ends.length]).toEqual([['cancel'], 1]);
});

test('a client that leaves while the record is being written changes nothing of it', async () => {
  const durable = Promise.withResolvers<Bill>();
  const { answer, stream, client, ends } = streamOf({ settle: () => durable.promise });
  answer.start(client);
  stream.end();
  await answer.cancel();
  durable.resolve({ usage: { ...USAGE, imageCount: 0 }, cost: FREE });
  await turn();
  expect(ends.map((end) => end.cancelled)).toEqual([false]);
});
