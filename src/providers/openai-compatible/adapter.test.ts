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
    const { upstream, told, exchange } = begun();
    told.onEvents = (events) => {
      told.batches.push([...events]);
      exchange.cancel();
    };
    upstream.play({ body: sse(HI, STOP) });
    expect([told.batches.length, told.ended, told.error]).toEqual([1, 0, null]);
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
