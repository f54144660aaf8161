/** An answer on its way through a WebSocket whose client is slow, silent or gone; and what its connection remembers. */
import { describe, expect, test } from 'bun:test';
import type { FrameSink, FrameSource } from '../chat/frames.ts';
import type { Socket } from '../chat/socket.ts';
import { SocketMemory } from './socket-memory.ts';
import { SocketStream } from './socket-stream.ts';

class FakeSocket implements Socket {
  readonly sent: string[] = [];
  isFull = false;
  terminated = 0;

  send(text: string): boolean {
    this.sent.push(text);
    return !this.isFull;
  }
  close(): void {}
  terminate(): void {
    this.terminated += 1;
  }
}

class FakeSource implements FrameSource {
  readonly keepAliveFrame = ': comment\n\n';
  sink: FrameSink | undefined;
  resumed = 0;
  cancelled = 0;
  start(sink: FrameSink): void {
    this.sink = sink;
  }
  resume(): void {
    this.resumed += 1;
  }
  onTick(): void {}
  async cancel(): Promise<void> {
    this.cancelled += 1;
  }
}

const LIMITS = { keepAliveMs: 1000, writeStallMs: 5000 };
const frame = (json: string) => `event: x\ndata: ${json}\n\n`;

function started() {
  const socket = new FakeSocket();
  const source = new FakeSource();
  const heard: string[] = [];
  let ended = 0;
  const stream = new SocketStream({
    ...{ source, socket, keepAliveFrame: frame('{"type":"keepalive"}') },
    onEvent: (json) => void heard.push(json),
    onEnd: () => {
      ended += 1;
    },
  });
  stream.start();
  const sink = source.sink as FrameSink;
  return { socket, source, stream, sink, heard, ended: () => ended };
}

describe('a stream', () => {
  test('is told an event a message, without comments and without the word that ends it over HTTP', () => {
    const { socket, sink, heard, ended } = started();
    expect(sink.write(`${frame('{"a":1}')}: comment\n\n${frame('{"b":"\\n\\n"}')}data: [DONE]\n\n`)).toBe(
      true,
    );
    sink.end();
    expect(socket.sent).toEqual(['{"a":1}', '{"b":"\\n\\n"}']);
    expect(heard).toEqual(socket.sent);
    expect(ended()).toBe(1);
  });

  test('waits for a client that is slow, and goes on when it has taken everything', () => {
    const { socket, source, stream, sink } = started();
    socket.isFull = true;
    expect(sink.write(frame('{}'))).toBe(false);
    stream.onDrain();
    stream.onDrain();
    expect(source.resumed).toBe(1);
  });

  test('ends the connection of a client that takes nothing for too long', () => {
    const { socket, stream, sink } = started();
    socket.isFull = true;
    sink.write(frame('{}'));
    stream.onTick(performance.now() + 4000, LIMITS);
    expect(socket.terminated).toBe(0);
    stream.onTick(performance.now() + 6000, LIMITS);
    expect(socket.terminated).toBe(1);
  });

  test('keeps a client waiting by an event while nothing comes', () => {
    const { socket, stream } = started();
    stream.onTick(performance.now() + 500, LIMITS);
    expect(socket.sent).toEqual([]);
    stream.onTick(performance.now() + 1500, LIMITS);
    expect(socket.sent).toEqual(['{"type":"keepalive"}']);
  });

  test('of a client that left cancels its source, and is over when that is settled', async () => {
    const { socket, source, stream, sink, ended } = started();
    const leaving = stream.leave();
    expect(ended()).toBe(0);
    await leaving;
    await stream.leave();
    expect([source.cancelled, ended()]).toEqual([1, 1]);
    sink.write(frame('{}'));
    sink.end();
    expect([socket.sent.length, ended()]).toEqual([0, 1]);
  });
});

describe('a conversation', () => {
  const room = (most: number) => {
    let taken = 0;
    return {
      enter: (bytes: number) => {
        if (taken + bytes > most) throw new Error('full');
        taken += bytes;
      },
      leave: (bytes: number) => {
        taken -= bytes;
      },
      taken: () => taken,
    };
  };

  test('is known by the response that ended it, and by no other', () => {
    const memory = new SocketMemory(room(1000), 500);
    expect(memory.recall(null)).toEqual({ items: [], bytes: 0 });
    memory.keep('r1', { items: [1], bytes: 10 }, ['a']);
    memory.keep('r2', { items: [1, 'a', 2], bytes: 20 }, ['b']);
    expect(memory.recall('r2')).toEqual({ items: [1, 'a', 2, 'b'], bytes: 25 });
    expect([memory.recall('r1'), memory.recall('other'), memory.recall(7)]).toEqual([null, null, null]);
    expect(memory.recall(null)).toEqual({ items: [], bytes: 0 });
  });

  test('is not kept beyond its bound or the room of all, and gives its own back', () => {
    const all = room(100);
    const memory = new SocketMemory(all, 50);
    memory.keep('r1', { items: [1], bytes: 60 }, []);
    expect([memory.recall('r1'), all.taken()]).toEqual([null, 0]);
    memory.keep('r2', { items: [1], bytes: 40 }, []);
    expect(all.taken()).toBe(42);
    const other = new SocketMemory(all, 80);
    other.keep('r3', { items: [1], bytes: 70 }, []);
    expect([other.recall('r3'), all.taken()]).toEqual([null, 42]);
    memory.forget();
    expect([memory.recall('r2'), all.taken()]).toEqual([null, 0]);
  });
});
