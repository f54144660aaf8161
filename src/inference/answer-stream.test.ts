import { expect, spyOn, test } from 'bun:test';
import { chatDialect } from '../dialects/render.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type ChatChunk, type ChunkSource, ProviderError } from '../providers/provider.ts';
import { ChatStream, type ChatStreamOptions, type StreamEnd } from './answer-stream.ts';

const USAGE = {
  promptTokens: 3,
  completionTokens: 2,
  reasoningTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  audioTokens: 0,
  audioOutputTokens: 0,
  imageOutputTokens: 0,
};

function said(content: string, finish: 'stop' | null = null): ChatChunk {
  return { choices: [{ index: 0, delta: { content }, finish_reason: finish, native_finish_reason: finish }] };
}

type Step = ChatChunk[] | null | Error | Promise<ChatChunk[] | null>;

/** A provider that follows a script, and complains when two read it at once. */
class ScriptedSource implements ChunkSource {
  readonly #script: Step[];
  #reads = 0;
  cancelled = 0;

  constructor(script: Step[]) {
    this.#script = script;
  }

  async next(): Promise<ChatChunk[] | null> {
    this.#reads += 1;
    if (this.#reads > 1) throw new Error('read twice at once');
    try {
      const step = await (this.#script.shift() ?? null);
      if (step instanceof Error) throw step;
      return step;
    } finally {
      this.#reads -= 1;
    }
  }

  cancel(): void {
    this.cancelled += 1;
  }
}

function streamOf(script: Step[], options: Partial<ChatStreamOptions> = {}) {
  const source = new ScriptedSource(script);
  const ends: StreamEnd[] = [];
  const stream = new ChatStream({
    source,
    first: [said('Hel')],
    head: { id: 'gen-1', created: 1, model: 'acme/small', provider: 'Acme' },
    dialect: chatDialect,
    excludeReasoning: false,
    promptBytes: 40,
    imageCount: 0,
    stopsWhenCancelled: true,
    maxTokens: null,
    onProgress: () => {},
    stopping: new AbortController().signal,
    describe: (thrown) => ({ message: String(thrown) }),
    ...options,
    settle: async (end) => {
      ends.push(end);
      return (await options.settle?.(end)) ?? { cost: 1 };
    },
  });
  return { stream, source, ends };
}

async function readAll(stream: ChatStream): Promise<JsonObject[]> {
  let text = '';
  for (let frames = await stream.next(); frames !== null; frames = await stream.next()) text += frames;
  const events = text.trimEnd().split('\n\n');
  expect(events.pop()).toBe('data: [DONE]');
  return events.map((event) => JSON.parse(event.slice('data: '.length)));
}

test('a whole answer is relayed, settled once with the provider’s count, and closed with its usage', async () => {
  const { stream, ends } = streamOf([[said('lo'), said('', 'stop')], [{ choices: [], usage: USAGE }]]);
  const events = await readAll(stream);
  expect(events.map((event) => event['choices'])).toEqual([
    said('Hel').choices,
    said('lo').choices,
    said('', 'stop').choices,
    [],
  ]);
  expect(events.at(-1)).toMatchObject({ id: 'gen-1', usage: { cost: 1 } });
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({
    usage: { promptTokens: 3 },
    estimated: false,
    finishReason: 'stop',
    cancelled: false,
  });
  await stream.cancel();
  expect(await stream.next()).toBeNull();
  expect(ends).toHaveLength(1);
});

test('without a count from the provider the bytes are counted, and marked as an estimate', async () => {
  const { stream, ends } = streamOf([[said('lo', 'stop')]]);
  await readAll(stream);
  expect(ends[0]).toMatchObject({ estimated: true, usage: { promptTokens: 10, completionTokens: 2 } });
});

test('the closing frame waits for the record', async () => {
  const durable = Promise.withResolvers<JsonObject>();
  const { stream } = streamOf([null], { settle: () => durable.promise });
  await stream.next();
  let closed: string | null | undefined;
  const closing = stream.next().then((frames) => {
    closed = frames;
  });
  await Bun.sleep(2);
  expect(closed).toBeUndefined();
  durable.resolve({ cost: 5 });
  await closing;
  expect(closed).toContain('"cost":5');
});

test('a record that cannot be kept ends the stream with an error, not with a usage', async () => {
  const { stream, ends } = streamOf([null], { settle: () => Promise.reject(new Error('disk')) });
  const events = await readAll(stream);
  expect(events.at(-1)).toMatchObject({
    error: { message: 'Error: disk' },
    choices: [{ finish_reason: 'error' }],
  });
  expect(ends).toHaveLength(1);
});

test('a provider that fails in mid-answer ends the stream with an error, once, and is let go of', async () => {
  const { stream, source, ends } = streamOf([
    [said('lo')],
    new ProviderError('unreachable', { message: 'gone' }),
  ]);
  const events = await readAll(stream);
  expect(events.at(-1)?.['error']).toBeDefined();
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ finishReason: 'error', cancelled: false });
  expect(source.cancelled).toBe(1);
  expect(await stream.next()).toBeNull();
});

test('a failure stays one when even its record cannot be kept', async () => {
  const { stream, ends } = streamOf([new Error('x')], { settle: () => Promise.reject(new Error('disk')) });
  expect((await readAll(stream)).at(-1)).toMatchObject({ error: { message: 'Error: x' } });
  expect(ends).toHaveLength(1);
});

test('a chunk that cannot be rendered ends the stream as a failure', async () => {
  const broken = {
    choices: [{ index: 0, delta: { tool_calls: [null] }, finish_reason: null }],
  } as unknown as ChatChunk;
  const { stream, ends } = streamOf([[broken], [null as unknown as ChatChunk]]);
  expect((await readAll(stream)).at(-1)?.['error']).toBeDefined();
  expect(ends).toHaveLength(1);
});

test('a client that leaves after any frame is settled once, with what had come', async () => {
  for (let frames = 0; frames < 3; frames++) {
    const { stream, source, ends } = streamOf([[said('lo')], [said('!')]]);
    for (let read = 0; read < frames; read++) await stream.next();
    await stream.cancel();
    await stream.cancel();
    expect(await stream.next()).toBeNull();
    expect(source.cancelled).toBe(1);
    expect(ends).toHaveLength(1);
    const written = ['Hel', 'Hel', 'Hello'][frames]!;
    expect(ends[0]).toMatchObject({
      cancelled: true,
      usage: { completionTokens: Math.ceil(written.length / 4) },
    });
  }
});

test('a client that leaves while a chunk is awaited is settled once, whatever then comes', async () => {
  for (const outcome of ['chunk', 'end', 'failure'] as const) {
    const awaited = Promise.withResolvers<ChatChunk[] | null>();
    const { stream, ends } = streamOf([awaited.promise]);
    await stream.next();
    const next = stream.next();
    await stream.cancel();
    if (outcome === 'failure') awaited.reject(new Error('aborted'));
    else awaited.resolve(outcome === 'chunk' ? [said('late')] : null);
    expect(await next).toBeNull();
    expect(ends).toHaveLength(1);
    expect(ends[0]?.cancelled).toBe(true);
  }
});

test('where leaving stops nothing, the rest is read for its count, one read at a time', async () => {
  const awaited = Promise.withResolvers<ChatChunk[] | null>();
  const { stream, source, ends } = streamOf(
    [awaited.promise, [said('lo', 'stop')], [{ choices: [], usage: USAGE }]],
    { stopsWhenCancelled: false },
  );
  await stream.next();
  const next = stream.next();
  const cancelled = stream.cancel();
  awaited.resolve([said('l')]);
  expect(await next).toBeNull();
  await cancelled;
  expect(source.cancelled).toBe(0);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ cancelled: true, estimated: false, usage: USAGE, finishReason: 'stop' });
});

test('where leaving stops nothing, a gateway that stops ends the reading and settles with what had come', async () => {
  for (const when of ['before', 'while']) {
    const stopping = new AbortController();
    const awaited = Promise.withResolvers<ChatChunk[] | null>();
    const { stream, source, ends } = streamOf([awaited.promise], {
      stopsWhenCancelled: false,
      stopping: stopping.signal,
    });
    if (when === 'before') stopping.abort();
    const cancelled = stream.cancel();
    stopping.abort();
    expect(source.cancelled).toBe(1);
    awaited.reject(new ProviderError('aborted', { message: 'stopped' }));
    await cancelled;
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ cancelled: true, estimated: true, usage: { completionTokens: 1 } });
  }
});

test('a stream that is interrupted while it waits ends with the first reason, settled with what had come', async () => {
  const awaited = Promise.withResolvers<ChatChunk[] | null>();
  const { stream, source, ends } = streamOf([awaited.promise]);
  await stream.next();
  const next = stream.next();
  stream.interrupt(new TurnpikeError('key_disabled', { message: 'first' }));
  stream.interrupt(new TurnpikeError('key_disabled', { message: 'second' }));
  expect(source.cancelled).toBe(1);
  awaited.resolve([said('lo there')]);
  const last = await next;
  expect([last?.includes('first'), last?.includes('second'), await stream.next()]).toEqual([
    true,
    false,
    null,
  ]);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ cancelled: true, usage: { completionTokens: 3 } });
});

test('progress is told every other second, with what had come by then', async () => {
  const now = spyOn(performance, 'now').mockReturnValue(0);
  try {
    const told: number[] = [];
    const onProgress: ChatStreamOptions['onProgress'] = (usage) => told.push(usage.completionTokens);
    const { stream } = streamOf([[said('lo')], [said('!!!')], [said('?')]], { onProgress });
    for (const atMs of [1999, 2000, 3999, 4000]) {
      now.mockReturnValue(atMs);
      await stream.next();
    }
    expect(told).toEqual([2, 3]);
  } finally {
    now.mockRestore();
  }
});

test('a count that came with the first chunk is not lost when the client leaves before it reads', async () => {
  const { stream, ends } = streamOf([], { first: [{ choices: [], usage: USAGE }] });
  await stream.cancel();
  expect(ends[0]).toMatchObject({ estimated: false, usage: USAGE });
});

test('a client that leaves while the record is being written changes nothing of it', async () => {
  const durable = Promise.withResolvers<JsonObject>();
  const { stream, ends } = streamOf([null], { settle: () => durable.promise });
  await stream.next();
  const closing = stream.next();
  await Bun.sleep(1);
  await stream.cancel();
  durable.resolve({});
  await closing;
  expect(ends.map((end) => end.cancelled)).toEqual([false]);
});

test('reasoning that is not wanted is counted and not shown', async () => {
  const thought: ChatChunk = {
    choices: [{ index: 0, delta: { reasoning: 'hmm…' }, finish_reason: null, native_finish_reason: null }],
  };
  const { stream, ends } = streamOf([[said('', 'stop')]], { first: [thought], excludeReasoning: true });
  expect(JSON.stringify(await readAll(stream))).not.toContain('hmm');
  expect(ends[0]?.usage.completionTokens).toBe(2);
});

const WITHIN_CAP = 'The quick brown fox jumps over the lazy dog, and on.';

test('an answer within its cap is not cut off, however small its deltas or how seldom its counts', async () => {
  const count = { choices: [], usage: { ...USAGE, completionTokens: 13 } };
  const scripts = {
    characters: [...WITHIN_CAP].map((character) => [said(character)]),
    // Text that compresses well: 32 bytes a token.
    atOnce: [[said(' '.repeat(13 * 32 - 3))]],
    counted: Array.from({ length: 13 }, (_, at) => [
      { ...said('word '), usage: { ...USAGE, completionTokens: at + 1 } },
    ]),
  };
  for (const script of Object.values(scripts)) {
    const { stream, source, ends } = streamOf([...script, [said('', 'stop')], [count]], { maxTokens: 13 });
    await readAll(stream);
    expect([source.cancelled, ends[0]?.finishReason, ends[0]?.usage.completionTokens]).toEqual([
      0,
      'stop',
      13,
    ]);
  }
});

test('a last count beyond the cap is kept as it is: the hold bounds the charge, and the difference goes on record', async () => {
  const { stream, source, ends } = streamOf([[said('lo')], [{ choices: [], usage: USAGE }]], {
    maxTokens: 1,
  });
  await readAll(stream);
  expect([source.cancelled, ends[0]?.usage, ends[0]?.estimated]).toEqual([
    0,
    { ...USAGE, imageCount: 0 },
    false,
  ]);
});

test('an answer that goes on beyond its cap is cut off, whether tokens, bytes or the provider’s own counts tell', async () => {
  const scripts = {
    tokens: Array.from({ length: 30 }, () => [said('0123456789')]),
    bytes: Array.from({ length: 30 }, () => [said('x'.repeat(100))]),
    counts: Array.from({ length: 30 }, (_, at) => [
      { ...said('word '), usage: { ...USAGE, completionTokens: at + 1 } },
    ]),
    countedOnce: [
      [{ choices: [], usage: { ...USAGE, completionTokens: 0 } }],
      ...Array.from({ length: 30 }, () => [said('0123456789')]),
    ],
  };
  for (const [how, script] of Object.entries(scripts)) {
    const { stream, source, ends } = streamOf([...script, [said('', 'stop')]], { maxTokens: 13 });
    const events = await readAll(stream);
    expect([how, source.cancelled, ends[0]?.usage.completionTokens]).toEqual([how, 1, 13]);
    expect(ends[0]).toMatchObject({ finishReason: 'length', estimated: true });
    expect(events.at(-2)?.['choices']).toMatchObject([{ finish_reason: 'length' }]);
  }
});
