import { describe, expect, test } from 'bun:test';
import { ProviderError } from '../provider.ts';
import { OpenAiStream } from './stream.ts';

const TOKEN = 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n';
const STOP = 'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';

/** A stream of these reads, and what is told to the connection. */
function streamOf(reads: readonly string[], { ends = true } = {}) {
  const abort = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const read of reads) controller.enqueue(new TextEncoder().encode(read));
      if (ends) controller.close();
      else abort.signal.addEventListener('abort', () => controller.error(new Error('aborted')));
    },
  });
  return { stream: new OpenAiStream(body, abort, 100), abort };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

describe('OpenAiStream', () => {
  test('what came before an error in the same read is given out first', async () => {
    const { stream, abort } = streamOf([`${TOKEN}${TOKEN}data: {"error":{"message":"no","code":503}}\n\n`]);
    expect((await stream.next())?.length).toBe(2);
    const failure = await failureOf(stream.next());
    expect(failure).toBeInstanceOf(ProviderError);
    expect(failure).toMatchObject({ failure: 'status', status: 503, message: 'no' });
    expect(abort.signal.aborted).toBe(true);
  });

  test('an end without a finish reason or [DONE] is a cut', async () => {
    const { stream } = streamOf([TOKEN]);
    await stream.next();
    expect(await failureOf(stream.next())).toMatchObject({ failure: 'unreachable' });
  });

  test('a finish reason is enough for a proper end, and so is [DONE]', async () => {
    for (const end of [STOP, 'data: [DONE]\n\n']) {
      const { stream } = streamOf([TOKEN, end]);
      let last: unknown = await stream.next();
      while (last !== null) last = await stream.next();
      expect(last).toBeNull();
    }
  });

  test('silence for longer than the idle timeout is a timeout and closes the connection', async () => {
    const { stream, abort } = streamOf([TOKEN], { ends: false });
    await stream.next();
    expect(await failureOf(stream.next())).toMatchObject({ failure: 'timeout' });
    expect(abort.signal.aborted).toBe(true);
  });

  test('an event that is not JSON is garbage', async () => {
    const { stream } = streamOf(['data: {"cho\n\n']);
    expect(await failureOf(stream.next())).toMatchObject({ failure: 'garbage' });
  });
});
