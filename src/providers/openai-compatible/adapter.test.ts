import { describe, expect, test } from 'bun:test';
import {
  callOf,
  chunk,
  FakeUpstream,
  played,
  RESET,
  SECRET,
  STOP,
  sse,
  Told,
} from '../__fixtures__/upstream.ts';
import { openAiCompatible } from './adapter.ts';

const HI = chunk({ content: 'hi' });

function begun(options: Parameters<typeof callOf>[0] = {}) {
  const upstream = new FakeUpstream();
  const told = new Told();
  const exchange = openAiCompatible(upstream).chat(callOf(options), told);
  return { upstream, told, exchange };
}

describe('what is sent', () => {
  test('a stream: where, as whom, and for how long it may be silent', () => {
    const { upstream } = begun();
    const [request] = upstream.requests;
    expect(request).toMatchObject({
      url: 'https://api.example.com/v1/chat/completions',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        'accept-encoding': 'identity',
        authorization: `Bearer ${SECRET}`,
      },
      timeouts: { firstByteMs: 1000, idleMs: 2000, answerMs: null },
    });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ model: 'model-x', stream: true });
  });

  test('a whole answer: its first byte comes when all of it is written', () => {
    const { upstream } = begun({ stream: false });
    expect(upstream.requests[0]).toMatchObject({
      headers: { accept: 'application/json' },
      timeouts: { firstByteMs: 5000, idleMs: 5000, answerMs: 5000 },
    });
  });

  test('a provider that asks for no key gets none', () => {
    expect(begun({ apiKey: null }).upstream.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test('each key goes out with its own calls, however they alternate', () => {
    for (const apiKey of ['key-one-1111', 'key-two-2222', 'key-one-1111', null, 'key-two-2222']) {
      const request = begun({ apiKey }).upstream.requests[0];
      expect(request?.headers['authorization'] ?? null).toBe(apiKey === null ? null : `Bearer ${apiKey}`);
    }
  });

  test('headers are made once for a target, not once for a call', () => {
    expect(begun().upstream.requests[0]?.headers).toBe(begun().upstream.requests[0]?.headers as never);
  });

  test('the same body is shown to whoever debugs it', () => {
    const upstream = new FakeUpstream();
    const adapter = openAiCompatible(upstream);
    adapter.chat(callOf(), new Told());
    expect(JSON.parse(upstream.requests[0]?.body ?? '')).toEqual(adapter.requestBody(callOf()));
    expect([adapter.format, adapter.native]).toEqual(['openai', ['openai-chat']]);
  });
});

describe('an exchange', () => {
  test('tells of the head of a success once, and never of the head of an error', () => {
    expect(played({ body: sse(HI, STOP) }).answered).toBe(1);
    expect(played({ status: 500, body: '{}' }).answered).toBe(0);
  });

  test('can be held and let go', () => {
    const { upstream, exchange } = begun();
    exchange.pause();
    exchange.resume();
    expect([upstream.paused, upstream.resumed]).toEqual([1, 1]);
  });

  test('that is cancelled tells nothing more, whatever comes', () => {
    for (const answer of [
      { body: sse(HI, STOP) },
      { body: '{"choices":[]}' },
      { status: 500, body: '{}' },
      { body: '', failure: RESET },
    ]) {
      const { upstream, told, exchange } = begun();
      exchange.cancel();
      upstream.play(answer);
      expect([told.answered, told.batches.length, told.ended, told.error, upstream.cancelled]).toEqual([
        0,
        0,
        0,
        null,
        1,
      ]);
    }
  });

  test('that is cancelled from inside of an event ends there', () => {
    for (const body of [sse(HI, STOP), JSON.stringify({ choices: [{ message: { content: 'hi' } }] })]) {
      const { upstream, told, exchange } = begun();
      told.onEvents = (events) => {
        told.batches.push([...events]);
        exchange.cancel();
      };
      upstream.play({ body });
      expect([told.batches.length, told.ended, told.error]).toEqual([1, 0, null]);
    }
  });

  test('after [DONE] is read out for a while and then closed, so that its connection comes back', async () => {
    const { upstream, told } = begun();
    upstream.play({ body: sse(HI, STOP), failure: null });
    expect([told.ended, upstream.cancelled]).toEqual([1, 0]);
    const closed = Promise.withResolvers<void>();
    const poll = setInterval(() => {
      if (upstream.cancelled === 1) closed.resolve();
    }, 50);
    await closed.promise;
    clearInterval(poll);
    upstream.readers[0]?.onFailure(RESET);
    expect([told.ended, told.error]).toEqual([1, null]);
  });

  test('that timed out is a time-out, however much of a body had come', () => {
    const failure = { ...RESET, kind: 'timeout' } as const;
    for (const body of ['', '  ', '{"choices":[{"message":', sse(HI).slice(0, -16), ': x\n\n']) {
      for (const stream of [true, false]) {
        expect(played({ body, failure }, { stream }).error?.failure).toBe('timeout');
      }
    }
  });

  test('that says it is done before it said anything is a failure at once', () => {
    const { error, upstream } = played({ body: 'data: [DONE]\n\n', failure: null });
    expect([error?.failure, upstream.cancelled]).toEqual(['garbage', 1]);
  });

  test('is a success from 200 to 299, and else an error, whatever its body is', () => {
    const body = JSON.stringify({ choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] });
    for (const status of [200, 299]) expect(played({ status, body }).error).toBeNull();
    for (const status of [300, 400, 599]) {
      const told = played({ status, body });
      expect([told.answered, told.events.length, told.error?.hasAnswered]).toEqual([0, 0, true]);
    }
  });

  test('brings a whole answer that is longer than an error may be', () => {
    const content = 'x'.repeat(200_000);
    const body = JSON.stringify({ choices: [{ message: { content } }] });
    expect(played({ body, split: 16_384 }, { stream: false }).whole?.writtenBytes).toBe(200_000);
  });

  test('with an error on the first of its lines of JSON has failed with that one', () => {
    const body = `${JSON.stringify({ error: { code: 503, message: 'no' } })}\n{}\n`;
    for (const stream of [true, false]) {
      expect(played({ body }, { stream }).error).toMatchObject({ failure: 'status', status: 503 });
    }
  });

  test('that is over is not cancelled any more: its connection serves another', () => {
    const { upstream, exchange } = begun();
    upstream.play({ body: sse(HI, STOP) });
    exchange.cancel();
    expect(upstream.cancelled).toBe(0);
    expect(played({ status: 500, body: '{}' }).upstream.cancelled).toBe(0);
  });

  test('bytes of a read are not kept: the client writes the next ones over them', () => {
    const told = played(
      { body: JSON.stringify({ choices: [{ message: { content: 'hello' } }] }), split: 3 },
      { stream: false },
    );
    expect(told.body).toMatchObject({ choices: [{ message: { content: 'hello' } }] });
  });
});
