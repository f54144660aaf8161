import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import type { ChatEvent } from '../chat/event.ts';
import { completionTokensOf, NO_USAGE, type TokenUsage } from '../chat/usage.ts';
import type { AnswerEncoder } from '../dialects/dialect.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { openAiText } from '../dialects/openai-text/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { type Bill, FREE } from '../pricing/cost.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { counted, finished, said, started } from '../routing/__fixtures__/scripted.ts';
import { Stopping } from '../routing/stopping.ts';
import { charged, HEAD, streamOf, turn } from './__fixtures__/answering.ts';
import { AnswerRefused } from './answer-filters.ts';

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

test('a record that cannot be kept ends the stream with an error, not with a usage', async () => {
  for (const thrown of [new Error('disk'), new TurnpikeError('unavailable', { message: 'disk' })]) {
    const { answer, stream, client, ends } = streamOf({ settle: () => Promise.reject(thrown) });
    answer.start(client);
    stream.tell(said('x'));
    stream.end();
    await turn();
    expect(client.events().at(-1)).toMatchObject({
      error: { code: thrown instanceof TurnpikeError ? 503 : 500 },
      choices: [{ finish_reason: 'error' }],
    });
    expect([client.text.includes('usage'), ends.length]).toEqual([false, 1]);
  }
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

test('a failure stays one when even its record cannot be kept', async () => {
  const { answer, stream, client, ends } = streamOf({ settle: () => Promise.reject(new Error('disk')) });
  answer.start(client);
  stream.fail(GONE);
  await turn();
  expect(client.events().at(-1)).toMatchObject({ error: { message: 'gone' } });
  expect(ends).toHaveLength(1);
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

describe('an answer that its filters look through in several turns', () => {
  /** Tells what came when it was asked three times, and of the rest says that it is the end. */
  const looking = () => {
    const writing = openAiChat.encoder(HEAD);
    let left = 0;
    let kept: readonly ChatEvent[] = [];
    const filtering = {
      get busy() {
        return left > 0;
      },
      waitsFor: null,
      goOn: () => {
        left -= 1;
        return left > 0 ? '' : writing.events(kept);
      },
      end: () => {
        [left, kept] = [2, [said('!')]];
        return '';
      },
    };
    const events = (came: readonly ChatEvent[]) => {
      expect(left).toBe(0);
      [left, kept] = [2, came];
      return '';
    };
    return streamOf({ encoder: { ...bound(writing), events }, filtering });
  };
  const bound = (encoder: AnswerEncoder): AnswerEncoder => ({
    upstreamBody: (body) => encoder.upstreamBody(body),
    events: (events) => encoder.events(events),
    cutOff: () => encoder.cutOff(),
    finish: (bill) => encoder.finish(bill),
    fail: (error) => encoder.fail(error),
  });
  const turns = async (count: number) => {
    for (let at = 0; at < count; at += 1) await turn();
  };

  test('is told in order, with what came meanwhile, and ends behind what was kept back', async () => {
    const { answer, stream, client, ends } = looking();
    answer.start(client);
    stream.tell(started(), said('one '));
    stream.tell(said('two '), finished());
    stream.tell(counted(COUNT));
    stream.end();
    expect([client.said(), stream.heard, ends]).toEqual(['', ['readOn', 'pause'], []]);
    await turns(12);
    expect([client.said(), ends.length, client.ends]).toEqual(['one two !', 1, 1]);
    expect(ends[0]).toMatchObject({ reported: USAGE, finishReason: 'stop', cancelled: false });
    expect(client.events().at(-1)).toMatchObject({ usage: { completion_tokens: 2 } });
  });

  test('holds its provider up until then, also where its client catches up meanwhile', async () => {
    const { answer, stream, client } = looking();
    answer.start(client);
    stream.tell(started(), said('one'));
    answer.resume();
    expect(stream.heard).toEqual(['readOn', 'pause']);
    await turns(3);
    expect(stream.heard).toEqual(['readOn', 'pause', 'resume']);
  });

  test('ends at once with its client, its key, its gateway or its provider, and is settled once', async () => {
    for (const how of ['client', 'key', 'provider'] as const) {
      const { answer, stream, client, ends } = looking();
      answer.start(client);
      stream.tell(started(), said('one'));
      if (how === 'client') await answer.cancel();
      else if (how === 'key') answer.interrupt(new TurnpikeError('key_disabled'));
      else stream.fail(GONE);
      await turns(8);
      expect([ends.length, ends[0]?.seen.writtenBytes]).toEqual([1, 3]);
      expect(client.said()).toBe(how === 'provider' ? 'one' : '');
    }
  });
});

describe('an answer that a filter blocks', () => {
  const ended: ChatEvent = { type: 'block-end', choice: 0, block: 0 };
  const blocked = () => {
    const streaming = streamOf({
      encoder: {
        ...openAiChat.encoder(HEAD),
        events: () => {
          throw new AnswerRefused('', new TurnpikeError('content_blocked', { message: 'No.' }));
        },
        fail: ({ message }) => message,
      },
    });
    streaming.answer.start(streaming.client);
    return streaming;
  };

  test('is left at once in the middle of a text, and at its end only when its usage has come', async () => {
    for (const last of [said('x'), finished(), ended]) {
      const { stream, client, ends } = blocked();
      stream.tell(said('more'), last, { type: 'meta', upstreamId: 'up-1' });
      stream.tell(counted(COUNT));
      stream.end();
      await turn();
      const isCounted = last.type !== 'delta';
      expect([stream.cancelled, ends.length, client.text]).toEqual([isCounted ? 0 : 1, 1, 'No.']);
      expect(ends[0]).toMatchObject({ finishReason: 'content_filter', cancelled: false });
      expect(ends[0]?.reported).toEqual(isCounted ? USAGE : null);
    }
  });

  test('is left as soon as its provider goes on after all, in another block or for another choice', async () => {
    for (const more of [said('y', 1), { ...started(), block: 1 } as ChatEvent]) {
      const { stream, client, ends } = blocked();
      stream.tell(said('x'), ended);
      stream.tell(counted(COUNT), ended);
      expect(stream.cancelled).toBe(0);
      stream.tell(more);
      expect(stream.cancelled).toBe(1);
      await turn();
      expect([ends.length, client.text, client.ends]).toEqual([1, 'No.', 1]);
    }
  });

  test('is left when its provider takes too long to count', async () => {
    const { answer, stream, client, ends } = blocked();
    stream.tell(said('x'), finished());
    answer.onTick(performance.now() + 4000);
    expect([stream.cancelled, ends.length]).toEqual([0, 0]);
    answer.onTick(performance.now() + 6000);
    answer.onTick(performance.now() + 7000);
    await turn();
    expect([stream.cancelled, ends.length, client.text]).toEqual([1, 1, 'No.']);
  });
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

test('events that cannot be written down end the stream as a failure of ours, and let go of the provider', async () => {
  const encoder = openAiChat.encoder(HEAD);
  spyOn(encoder, 'events').mockImplementation(() => {
    throw new TypeError('the secret of a defect');
  });
  const { answer, stream, client, ends } = streamOf({ encoder });
  answer.start(client);
  stream.tell(started(), said('x'));
  stream.tell(said('y'));
  await turn();
  expect(client.events()).toMatchObject([{ error: { code: 500, message: 'Internal Server Error' } }]);
  expect([stream.cancelled, ends.length, ends[0]?.finishReason]).toEqual([1, 1, 'error']);
});

describe('where something of ours fails at the end', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));
  const broken = (): never => {
    throw new Error('a defect');
  };
  const encoderWith = (members: object) => Object.assign(openAiChat.encoder(HEAD), members);

  test.each([
    ['at once', broken],
    ['later', async () => broken()],
  ])(
    'a settling that fails %s ends the client’s answer with an error, whichever way it came to its end',
    async (_, settle) => {
      const ways: ((bench: ReturnType<typeof streamOf>) => unknown)[] = [
        ({ stream }) => stream.end(),
        ({ stream }) => stream.fail(GONE),
        ({ answer }) => answer.interrupt(new TurnpikeError('key_disabled')),
        ({ stream }) => stream.tell(said('x'.repeat(10_000))),
      ];
      for (const end of ways) {
        const bench = streamOf({ maxTokens: 1, settle });
        bench.answer.start(bench.client);
        bench.stream.tell(said('x'));
        end(bench);
        await turn();
        expect([bench.ends.length, bench.client.ends]).toEqual([1, 1]);
        expect(bench.client.text).toContain('"error"');
      }
      const left = streamOf({ stopsWhenCancelled: false, settle });
      left.answer.start(left.client);
      const cancelled = left.answer.cancel();
      left.stream.end();
      await cancelled;
      expect(left.ends).toHaveLength(1);
      await turn();
      expect(unhandled).toEqual([]);
    },
  );

  test('what cannot be written for the client is settled all the same, once, and its connection ends', async () => {
    const cases: [object, (stream: ReturnType<typeof streamOf>['stream']) => void][] = [
      [{ cutOff: broken }, (stream) => stream.tell(said('x'.repeat(10_000)))],
      [{ finish: broken, fail: broken }, (stream) => stream.end()],
      [{ fail: broken }, (stream) => stream.fail(GONE)],
    ];
    for (const [members, end] of cases) {
      const { answer, stream, client, ends } = streamOf({ maxTokens: 1, encoder: encoderWith(members) });
      answer.start(client);
      stream.tell(said('x'));
      end(stream);
      await turn();
      expect([ends.length, client.ends]).toEqual([1, 1]);
    }
    const undescribed = streamOf({ describe: broken });
    undescribed.answer.start(undescribed.client);
    undescribed.stream.fail(GONE);
    await turn();
    expect([undescribed.ends.length, undescribed.client.ends]).toEqual([1, 1]);
    expect(unhandled).toEqual([]);
  });
});
