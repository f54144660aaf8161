import { describe, expect, test } from 'bun:test';
import type { ChatEvent, FinishReason } from '../chat/event.ts';
import type { ChatCall } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import {
  counted,
  finished,
  refused,
  ScriptedAdapter,
  said,
  started,
  WHOLE,
} from './__fixtures__/scripted.ts';
import { Call, CallLeft, type CallOutcome, type StreamReader } from './call.ts';

function calling() {
  const adapter = new ScriptedAdapter();
  let answered = 0;
  const call = new Call(
    (reader) => adapter.chat({} as ChatCall, reader),
    () => {
      answered += 1;
    },
  );
  const [line] = adapter.lines;
  if (line === undefined) throw new Error('the adapter was not called');
  return { call, reader: line.reader, heard: line.heard, answered: () => answered };
}

async function streamOf(outcome: Promise<CallOutcome>) {
  const begun = await outcome;
  if (begun.kind !== 'stream') throw new Error('not a stream');
  return begun.stream;
}

/** Writes down what it is told. */
function scribe() {
  const told: unknown[] = [];
  const reader: StreamReader = {
    onEvents: (events) => told.push(...events),
    onEnd: () => told.push('end'),
    onFailure: (error) => told.push(error.message),
  };
  return { told, reader };
}

const rejected = (outcome: Promise<CallOutcome>) =>
  outcome.then(
    () => null,
    (thrown: unknown) => thrown,
  );

/** Whether it has begun once everything that was told has had its turn. */
async function hasBegun(outcome: Promise<CallOutcome>): Promise<boolean> {
  const nothing = new Promise<null>((resolve) => setImmediate(() => resolve(null)));
  return (await Promise.race([outcome, nothing])) !== null;
}

const native = (saysSomething: boolean): ChatEvent => ({
  type: 'native',
  dialect: 'openai-chat',
  event: { choices: [] },
  writtenBytes: 0,
  saysSomething,
});

test('a whole answer is the outcome', async () => {
  const { call, reader, answered } = calling();
  expect(call.hasAnswered).toBe(false);
  reader.onAnswered();
  expect([call.hasAnswered, answered()]).toEqual([true, 1]);
  reader.onWhole(WHOLE);
  expect(await call.outcome).toEqual({ kind: 'whole', answer: WHOLE });
});

test('a stream begins with the first event that says something', async () => {
  const silent: ChatEvent[] = [
    native(false),
    started(),
    said(''),
    { type: 'meta', upstreamId: 'x' },
    { type: 'block-end', choice: 0, block: 0 },
    { type: 'block-start', choice: 0, block: 1, part: { type: 'reasoning' } },
    counted({}),
    finished(),
  ];
  const telling: ChatEvent[] = [
    native(true),
    said('x'),
    { type: 'logprobs', choice: 0, value: {} },
    { type: 'block-start', choice: 0, block: 0, part: { type: 'tool-call', id: 'c', name: 'f' } },
    { type: 'block-start', choice: 0, block: 0, part: { type: 'opaque', dialect: 'openai-chat', value: {} } },
  ];
  for (const event of telling) {
    const { call, reader } = calling();
    for (const nothing of silent) reader.onEvents([nothing]);
    expect(await hasBegun(call.outcome)).toBe(false);
    reader.onEvents([started(), event]);
    expect([event, await hasBegun(call.outcome)]).toEqual([event, true]);
  }
});

test('what came before anybody read on is kept in order, and told first', async () => {
  const { call, reader, heard } = calling();
  reader.onEvents([started()]);
  reader.onEvents([said('a'), said('b')]);
  const stream = await streamOf(call.outcome);
  reader.onEvents([said('c')]);
  // Nobody reads yet: the provider waits, so that nothing piles up.
  expect(heard).toEqual(['pause']);
  const { told, reader: scribing } = scribe();
  stream.readOn(scribing);
  expect(told).toEqual([started(), said('a'), said('b'), said('c')]);
  expect(heard).toEqual(['pause', 'resume']);
  reader.onEvents([said('d')]);
  reader.onEnd();
  expect(told.slice(4)).toEqual([said('d'), 'end']);
  expect(heard).toEqual(['pause', 'resume']);
});

test('an end or a failure before anybody read on is told behind what came, once', async () => {
  const gone = new ProviderError('unreachable', { message: 'gone', fault: 'provider' });
  for (const ending of ['end', 'gone']) {
    const { call, reader, heard } = calling();
    reader.onEvents([said('a')]);
    if (ending === 'end') reader.onEnd();
    else reader.onFailure(gone);
    const { told, reader: scribing } = scribe();
    (await streamOf(call.outcome)).readOn(scribing);
    expect([told, heard]).toEqual([[said('a'), ending], []]);
  }
});

test('a failure before a token is the outcome, whatever was kept', async () => {
  const error = refused(500);
  const { call, reader } = calling();
  reader.onEvents([started(), native(false)]);
  reader.onFailure(error);
  expect(await rejected(call.outcome)).toBe(error);
});

test('a failure in mid-stream is told to who reads on', async () => {
  const { call, reader } = calling();
  reader.onEvents([said('a')]);
  const { told, reader: scribing } = scribe();
  (await streamOf(call.outcome)).readOn(scribing);
  reader.onFailure(refused(500));
  expect(told).toEqual([said('a'), 'no: 500']);
});

test('a stream that ends with nothing is a failure of its provider, which had the request', async () => {
  const { call, reader } = calling();
  reader.onEnd();
  expect(await rejected(call.outcome)).toMatchObject({
    failure: 'garbage',
    fault: 'provider',
    hasAnswered: true,
  });
});

describe('a stream that ends without a word', () => {
  const ended = async (...events: ChatEvent[]) => {
    const { call, reader } = calling();
    reader.onEvents([started(), ...events]);
    reader.onEnd();
    const thrown = await rejected(call.outcome);
    if (thrown !== null) return thrown;
    const { told, reader: scribing } = scribe();
    (await streamOf(call.outcome)).readOn(scribing);
    return told;
  };
  const over = (reason: FinishReason): ChatEvent => ({ type: 'finish', choice: 0, reason, native: reason });

  test('is no answer where it does not say why, or says that it is done and counts no token', async () => {
    for (const events of [
      [],
      [counted({ inputTokens: 9 })],
      [over('stop'), counted({ inputTokens: 9 })],
      [counted({ inputTokens: 9 }), over('stop')],
      [{ type: 'finish', choice: 0, reason: 'stop', native: null } as const],
    ])
      expect(await ended(...events)).toMatchObject({
        ...{ failure: 'garbage', fault: 'provider', hasAnswered: true },
        message: 'Provider returned an empty stream',
      });
  });

  test('is one where its reason says more, tokens were counted, or nobody counts', async () => {
    for (const events of [
      [over('content_filter'), counted({ inputTokens: 9 })],
      [over('length')],
      [over('stop'), counted({ inputTokens: 9, outputTokens: 1 })],
      [over('stop'), counted({ inputTokens: 9, reasoningTokens: 1 })],
      [over('stop')],
    ])
      expect(await ended(...events)).toEqual([started(), ...events, 'end']);
  });
});

test('a stream that says nothing for long is handed on, so that what it sends cannot pile up', async () => {
  const { call, reader } = calling();
  for (let at = 0; at < 300; at++) reader.onEvents([native(false)]);
  expect(await hasBegun(call.outcome)).toBe(false);
  reader.onEvents([native(false)]);
  const { told, reader: scribing } = scribe();
  (await streamOf(call.outcome)).readOn(scribing);
  expect(told).toHaveLength(301);
});

test('leaving before a token ends the call, and says whether its provider had it', async () => {
  for (const hasAnswered of [false, true]) {
    const { call, reader, heard } = calling();
    if (hasAnswered) reader.onAnswered();
    reader.onEvents([started()]);
    call.leave();
    call.leave();
    const thrown = await rejected(call.outcome);
    expect(thrown).toBeInstanceOf(CallLeft);
    expect([(thrown as CallLeft).hasAnswered, heard[0]]).toEqual([hasAnswered, 'cancel']);
  }
});

test('leaving ends nothing that has begun', async () => {
  const { call, reader, heard } = calling();
  reader.onEvents([said('a')]);
  call.leave();
  await streamOf(call.outcome);
  expect(heard).toEqual([]);
  const whole = calling();
  whole.reader.onWhole(WHOLE);
  whole.call.leave();
  expect([(await whole.call.outcome).kind, whole.heard]).toEqual(['whole', []]);
});

test('who has the stream paces and cancels its provider', async () => {
  const { call, reader, heard } = calling();
  reader.onEvents([said('a')]);
  const stream = await streamOf(call.outcome);
  stream.pause();
  stream.resume();
  stream.cancel();
  expect(heard).toEqual(['pause', 'resume', 'cancel']);
});

test('who cannot take even what was kept is not sent more', async () => {
  const { call, reader, heard } = calling();
  reader.onEvents([said('a')]);
  const stream = await streamOf(call.outcome);
  const { told, reader: scribing } = scribe();
  const onEvents: StreamReader['onEvents'] = (events) => {
    scribing.onEvents(events);
    stream.pause();
  };
  stream.readOn({ ...scribing, onEvents });
  expect([told, heard]).toEqual([[said('a')], ['pause']]);
  stream.resume();
  expect(heard).toEqual(['pause', 'resume']);
});

test('who gives up at what was kept hears nothing more', async () => {
  for (const ending of ['none', 'end', 'failure']) {
    const { call, reader, heard } = calling();
    reader.onEvents([said('a')]);
    if (ending === 'end') reader.onEnd();
    if (ending === 'failure') reader.onFailure(refused(500));
    const stream = await streamOf(call.outcome);
    const { told, reader: scribing } = scribe();
    const onEvents: StreamReader['onEvents'] = (events) => {
      scribing.onEvents(events);
      stream.cancel();
    };
    stream.readOn({ ...scribing, onEvents });
    expect([told, heard]).toEqual([[said('a')], ['cancel']]);
  }
});
