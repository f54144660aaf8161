import { describe, expect, test } from 'bun:test';
import { rejectionOf } from '../../test/databases.ts';
import { TurnpikeError } from '../errors.ts';
import { readJson } from './body.ts';

const PACE = { graceMs: 60, bytesPerMs: 1 };

function request(body: string | ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** `count` parts of `bytes` spaces with a pause after each, and then an empty object. */
function trickle(count: number, bytes: number, pauseMs: number): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      for (let n = 0; n < count; n += 1) {
        controller.enqueue(Buffer.alloc(bytes, ' '));
        await Bun.sleep(pauseMs);
      }
      try {
        controller.enqueue(Buffer.from('{}'));
        controller.close();
      } catch {
        // It was cancelled.
      }
    },
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejectionOf(promise);
  return error instanceof TurnpikeError ? error.code : String(error);
}

describe('readJson', () => {
  test('a body within the limit is parsed', async () => {
    expect(await readJson(request('{"a":[1]}'), 100)).toEqual({ a: [1] });
  });

  test('a body over the limit is 413, whether its size was told or not', async () => {
    expect(await codeOf(readJson(request('{}', { 'content-length': '101' }), 100))).toBe('payload_too_large');
    expect(await codeOf(readJson(request(trickle(3, 50, 0)), 100))).toBe('payload_too_large');
  });

  test('a body that comes too slowly is 408, however regularly it comes', async () => {
    expect(await codeOf(readJson(request(trickle(100, 1, 5)), 1000, PACE))).toBe('request_timeout');
  });

  test('a body that comes steadily may take longer than the grace', async () => {
    // Each part is good for more time than any machine takes to the next one.
    expect(await readJson(request(trickle(4, 20_000, PACE.graceMs)), 100_000, PACE)).toEqual({});
  });

  test('another type and every encoding are 415', async () => {
    expect(await codeOf(readJson(request('{}', { 'content-type': 'text/plain' }), 9))).toBe(
      'unsupported_media_type',
    );
    expect(await codeOf(readJson(request('{}', { 'content-encoding': 'gzip' }), 9))).toBe(
      'unsupported_media_type',
    );
  });
});
