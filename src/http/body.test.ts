import { describe, expect, spyOn, test } from 'bun:test';
import { rejectionOf } from '../../test/databases.ts';
import { TurnpikeError } from '../errors.ts';
import { DEFAULT_JSON_BOUNDS } from '../json.ts';
import { type BodyRules, readJson } from './body.ts';
import { ReadingRoom } from './reading-room.ts';

const PACE = { graceMs: 60, bytesPerMs: 1 };
const RULES: BodyRules = { pace: PACE, bounds: DEFAULT_JSON_BOUNDS, room: null };

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
    expect(await codeOf(readJson(request(trickle(100, 1, 5)), 1000, RULES))).toBe('request_timeout');
  });

  test('a body that comes steadily may take longer than the grace', async () => {
    // Each part is good for more time than any machine takes to the next one.
    expect(await readJson(request(trickle(4, 20_000, PACE.graceMs)), 100_000, RULES)).toEqual({});
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

describe('the room for bodies of all requests', () => {
  const roomOf = (bytes: number) => {
    const room = new ReadingRoom(bytes);
    return { room, rules: { pace: PACE, bounds: DEFAULT_JSON_BOUNDS, room } };
  };

  test('is refused before a body is read, with a time to come back, while another has it', async () => {
    const { room, rules } = roomOf(1000);
    room.enter(900);
    const refused = await rejectionOf(readJson(request('{}', { 'content-length': '200' }), 1000, rules));
    expect(refused).toMatchObject({ status: 503, retryAfterSeconds: 1, headers: { connection: 'close' } });
    room.leave(900);
    expect(await readJson(request('{"a":1}', { 'content-length': '7' }), 1000, rules)).toEqual({ a: 1 });
    expect(room.takenBytes).toBe(0);
  });

  test('is given back when a body is too slow, too long or no JSON', async () => {
    const { room, rules } = roomOf(10_000);
    await readJson(request(trickle(100, 1, 5)), 1000, rules).catch(() => undefined);
    await readJson(request(trickle(3, 50, 0)), 100, rules).catch(() => undefined);
    await readJson(request('{', { 'content-length': '1' }), 100, rules).catch(() => undefined);
    expect(room.takenBytes).toBe(0);
  });

  test('a body that tells no size is stopped where the room ends', async () => {
    const { room, rules } = roomOf(1000);
    room.enter(500);
    expect(await codeOf(readJson(request(trickle(10, 100, 0)), 5000, rules))).toBe('unavailable');
    expect(room.takenBytes).toBe(500);
  });

  test('a sender who dawdles has only what came', async () => {
    const { room, rules } = roomOf(2_000_000);
    const slow = readJson(request(trickle(1, 10, 40), { 'content-length': '1900000' }), 2_000_000, rules);
    await Bun.sleep(10);
    expect(room.takenBytes).toBeLessThan(100);
    await slow.catch(() => undefined);
  });
});

test('large bodies that end together are parsed and handed on each in a turn of its own', async () => {
  const body = `[${'"x",'.repeat(30_000)}"${'y'.repeat(400_000)}"]`;
  let turn = 0;
  let isOver = false;
  const tick = () => {
    turn += 1;
    if (!isOver) setImmediate(tick);
  };
  tick();
  const parse = spyOn(JSON, 'parse');
  const parsedIn: number[] = [];
  parse.mockImplementation((text) => {
    parsedIn.push(turn);
    return text;
  });
  const turns = await Promise.all(
    Array.from({ length: 4 }, () => readJson(request(body), 1_000_000).then(() => turn)),
  );
  isOver = true;
  parse.mockRestore();
  expect(new Set(turns).size).toBe(4);
  // What a route makes of a body has a turn of its own, too.
  expect(new Set([...turns, ...parsedIn]).size).toBe(8);
});
