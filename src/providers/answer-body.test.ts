/** How long and how much of an answer is read, and when its connection is left. */
import { afterEach, beforeEach, describe, expect, mock, spyOn, test } from 'bun:test';
import { callOf, chunk, FakeUpstream, played, RESET, STOP, sse, Told } from './__fixtures__/upstream.ts';
import { openAiCompatible } from './openai-compatible/adapter.ts';

const TEXT = sse(chunk({ content: 'Hello' }), STOP);
const WHOLE = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
});

describe('a clock', () => {
  /** What was set and not taken back: a test runs it in the place of waiting. */
  const timers = new Map<object, { run: () => void; ms: number | undefined }>();

  beforeEach(() => {
    timers.clear();
    spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
      const timer = { unref: () => timer };
      timers.set(timer, { run, ms });
      return timer;
    }) as never);
    spyOn(globalThis, 'clearTimeout').mockImplementation(((timer?: object) => {
      if (timer !== undefined) timers.delete(timer);
    }) as never);
  });
  afterEach(() => {
    mock.restore();
  });

  function fire(): void {
    for (const [timer, { run }] of [...timers]) {
      timers.delete(timer);
      run();
    }
  }
  const delays = () => [...timers.values()].map(({ ms }) => ms);

  test('the body of an error may take five seconds; then what came of it is told, and its connection left', () => {
    const told = played({ status: 429, body: '{"error":{"message":"Slow', failure: null });
    expect([told.error, delays()]).toEqual([null, [5000]]);
    fire();
    expect(told.error).toMatchObject({ failure: 'status', status: 429, fault: 'rate' });
    expect(told.upstream.cancelled).toBe(1);
    expect(timers.size).toBe(0);
  });

  test.each([undefined, 'break'])('the end of such a body stops its clock (%p)', (way) => {
    const told = played({ status: 429, body: '{}', ...(way === 'break' ? { failure: RESET } : {}) });
    expect(told.error).toMatchObject({ failure: 'status', status: 429 });
    expect(setTimeout).toHaveBeenCalledTimes(1);
    expect([timers.size, told.upstream.cancelled]).toEqual([0, 0]);
  });

  test('whoever leaves stops it too', () => {
    const told = played({ status: 500, body: '', failure: null });
    told.exchange.cancel();
    expect([timers.size, told.upstream.cancelled, told.error]).toEqual([0, 1, null]);
  });

  test('an answer that goes well has none', () => {
    const told = played({ body: '', failure: null });
    expect([timers.size, told.answered]).toEqual([0, 1]);
  });

  test('a provider has a second to end a body whose end it has told; then its connection is left', () => {
    const told = played({ body: TEXT, failure: null });
    expect([told.ended, told.upstream.cancelled, delays()]).toEqual([1, 0, [1000]]);
    fire();
    expect(told.upstream.cancelled).toBe(1);
    const ended = played({ body: TEXT });
    expect([ended.ended, ended.upstream.cancelled, timers.size]).toEqual([1, 0, 0]);
  });
});

describe('bounds', () => {
  test('of an error 64 KiB are read: more is not waited for', () => {
    const body = (bytes: number) => `{"error":{"message":"${'x'.repeat(bytes - 24)}"}}`;
    const full = played({ status: 400, body: body(64 * 1024), failure: null });
    expect(full.error).toBeNull();
    full.exchange.cancel();
    const over = played({ status: 400, body: body(64 * 1024 + 1), failure: null });
    expect([over.error?.status, over.upstream.cancelled]).toEqual([400, 1]);
  });

  test('white space may come before an answer, up to 1 MiB', () => {
    const blank = ' '.repeat(1024 * 1024);
    const split = [blank.length];
    expect(played({ body: blank + WHOLE, split }, { stream: false }).error).toBeNull();
    const flood = played({ body: `${blank} `, split, failure: null });
    expect(flood.error).toMatchObject({ message: 'Provider returned an answer that is too large' });
  });
});

describe('a connection', () => {
  test('is not left when its answer is over, and once when it is not', () => {
    const over = played({ body: '{}' }, { stream: false });
    over.exchange.cancel();
    expect([over.error?.failure, over.upstream.cancelled]).toEqual(['garbage', 0]);
    const broken = played({ body: sse({ error: { message: 'no', code: 503 } }), failure: null });
    broken.exchange.cancel();
    expect([broken.error?.status, broken.upstream.cancelled]).toEqual([503, 1]);
  });

  test('that was left tells nothing more, whatever still comes', () => {
    const upstream = new FakeUpstream();
    const told = new Told();
    const exchange = openAiCompatible(upstream).chat(callOf(), told);
    exchange.cancel();
    upstream.play({ body: TEXT });
    upstream.play({ status: 500, body: '{}' });
    expect([told.events, told.answered, told.ended, told.error, upstream.cancelled]).toEqual([
      [],
      0,
      0,
      null,
      1,
    ]);
  });
});

describe('the body of an error', () => {
  const statusOf = (body: string, status = 400) => played({ status, body }).error;

  test.each([
    ['JSON', '{"error":{"message":"Bad seed"}}'],
    ['a stream', 'event: error\ndata: {"error":{"message":"Bad seed"}}\n\n'],
    ['a stream without its last line’s end', 'data: {"error":{"message":"Bad seed"}}'],
    [
      'a stream with more behind',
      'data: nonsense\n\ndata: {"error":{"message":"Bad seed"}}\n\ndata: {}\n\ndata: [DONE]\n\n',
    ],
  ])('may be %s', (_, body) => {
    expect(statusOf(body)).toMatchObject({ message: 'Bad seed', raw: body });
  });

  test.each(['Bad seed', 'data: "Bad seed"\n\n', ''])('%j is none that a caller may read', (body) => {
    expect(statusOf(body)).toMatchObject({
      message: 'Provider rejected the request',
      raw: null,
      detail: body,
    });
  });

  test('its head says when to come back', () => {
    const headers = { 'retry-after': '17' };
    expect(played({ status: 429, headers, body: '{}' }).error?.retryAfterSeconds).toBe(17);
  });

  test('a redirect is none', () => {
    for (const status of [300, 399])
      expect(statusOf('moved', status)).toMatchObject({
        failure: 'garbage',
        message: 'Provider answered with a redirect',
        detail: 'moved',
      });
  });
});

describe('whoever called hears of an end', () => {
  test('that the provider has cut short', () => {
    const { error } = played({ body: sse(chunk({ content: 'Hello' })).replace(/data: \[DONE\]\s+$/, '') });
    expect(error).toMatchObject({
      failure: 'unreachable',
      fault: 'provider',
      message: 'Provider closed the stream before it was finished',
      hasAnswered: true,
    });
  });

  test.each([
    ['an error', new Error('a defect')],
    ['something else', 'a defect'],
  ])('that a defect makes which throws %s', (_, thrown) => {
    class Broken extends Told {
      override onEvents(): void {
        throw thrown;
      }
    }
    const upstream = new FakeUpstream();
    const told = new Broken();
    openAiCompatible(upstream).chat(callOf(), told);
    upstream.play({ body: TEXT, failure: null });
    const error = told.error as Error | null;
    expect(thrown instanceof Error ? error : error?.cause).toBe(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(upstream.cancelled).toBe(1);
  });
});
