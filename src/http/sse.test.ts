import { afterEach, beforeEach, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import type { FrameSink, FrameSource } from '../chat/frames.ts';
import { StreamWatch } from './sse.ts';

const LONG_MS = 60_000;
const FRAME = `data: ${'x'.repeat(64 * 1024)}\n\n`;

let running: { watch: StreamWatch; server: ReturnType<typeof Bun.serve> }[] = [];
beforeEach(() => {
  running = [];
});
afterEach(() => {
  for (const { watch, server } of running) {
    watch.stop();
    server.stop(true);
  }
});

/** A source that a test writes through, and that writes down what it hears. */
class Scripted implements FrameSource {
  readonly keepAliveFrame = ': alive\n\n';
  readonly heard: string[] = [];
  readonly ticked = Promise.withResolvers<number>();
  readonly #begun = Promise.withResolvers<FrameSink>();
  readonly cancelled = Promise.withResolvers<void>();
  readonly resumed = Promise.withResolvers<void>();
  /** What `cancel` waits for. */
  readonly settled = Promise.withResolvers<void>();

  get sink(): Promise<FrameSink> {
    return this.#begun.promise;
  }

  start(sink: FrameSink): void {
    this.heard.push('start');
    this.#begun.resolve(sink);
  }

  resume(): void {
    this.heard.push('resume');
    this.resumed.resolve();
  }

  onTick(nowMs: number): void {
    this.ticked.resolve(nowMs);
  }

  cancel(): Promise<void> {
    this.heard.push('cancel');
    this.cancelled.resolve();
    return this.settled.promise;
  }
}

function serving(limits: { keepAliveMs?: number; writeStallMs?: number } = {}, signal?: AbortSignal) {
  const source = new Scripted();
  const watch = new StreamWatch({ keepAliveMs: LONG_MS, writeStallMs: LONG_MS, ...limits });
  let ends = 0;
  const ended = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: (request) =>
      watch.respond(source, {
        headers: { 'x-generation-id': 'gen-1' },
        signal: signal ?? request.signal,
        onEnd: () => {
          ends += 1;
          ended.resolve();
        },
      }),
  });
  running.push({ watch, server });
  const port = Number(server.port);
  return { source, watch, port, url: `http://127.0.0.1:${port}`, ended: ended.promise, ends: () => ends };
}

/** A client that has asked, and reads nothing until it is told to. */
async function sleeper(port: number): Promise<{ socket: Socket; closed: Promise<void> }> {
  const closed = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const socket = connect(port, '127.0.0.1', () => {
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n', () => asked.resolve());
  });
  socket.on('error', () => {});
  socket.on('close', () => closed.resolve());
  await asked.promise;
  return { socket, closed: closed.promise };
}

/** Writes until the client is slower; gives how many frames that were. */
function fill(sink: FrameSink): number {
  for (let frames = 1; frames < 2000; frames++) if (!sink.write(FRAME)) return frames;
  throw new Error('the socket never filled');
}

test('frames reach the client as they are written, with the headers of a stream', async () => {
  const { source, watch, url, ended, ends } = serving();
  const asking = fetch(url);
  const sink = await source.sink;
  // The head goes out with the first frame.
  expect(sink.write('data: 0\n\n')).toBe(true);
  const response = await asking;
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-generation-id': 'gen-1',
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('data: 0\n\n');
  for (const frame of ['data: 1\n\n', 'data: 2\n\n']) {
    expect(sink.write(frame)).toBe(true);
    expect((await reader.read()).value).toBe(frame);
  }
  expect(watch.openStreams).toBe(1);
  sink.end();
  sink.end();
  expect((await reader.read()).done).toBe(true);
  await ended;
  expect([watch.openStreams, ends(), source.heard]).toEqual([0, 1, ['start']]);
});

test('a client that is slower than its source makes it wait, and gets every frame in order once it reads', async () => {
  const { source, port, ended } = serving();
  const { socket } = await sleeper(port);
  const sink = await source.sink;
  const frames = fill(sink);
  // What is on its way already is taken, and says again that the client is slower.
  expect(sink.write('data: more\n\n')).toBe(false);
  expect(source.heard).toEqual(['start']);
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.resume();
  await source.resumed.promise;
  expect(sink.write('data: last\n\n')).toBe(true);
  sink.end();
  await ended;
  while (!received.endsWith('\r\n0\r\n\r\n')) await new Promise((resolve) => socket.once('data', resolve));
  const body = received
    .slice(received.indexOf('\r\n\r\n') + 4)
    .replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '')
    .replaceAll('\r\n', '');
  expect(body.length).toBe(FRAME.length * frames + 'data: more\n\n'.length + 'data: last\n\n'.length);
  expect(body).toEndWith('x\n\ndata: more\n\ndata: last\n\n');
  socket.destroy();
});

test('a client that takes nothing for too long is given up, without a keep-alive in its way', async () => {
  const { source, watch, port, ended, ends } = serving({ keepAliveMs: 50, writeStallMs: 300 });
  const { socket, closed } = await sleeper(port);
  const sink = await source.sink;
  fill(sink);
  await source.cancelled.promise;
  expect([watch.openStreams, ends()]).toEqual([1, 0]);
  // Whatever its source still has to say is for nobody.
  expect(sink.write('data: late\n\n')).toBe(true);
  sink.end();
  source.settled.resolve();
  await ended;
  expect([watch.openStreams, ends(), source.heard]).toEqual([0, 1, ['start', 'cancel']]);
  socket.resume();
  await closed;
});

test('while nothing comes, the client hears that it is not forgotten', async () => {
  const { source, url } = serving({ keepAliveMs: 50 });
  const response = await fetch(url);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let at = 0; at < 2; at++) expect((await reader.read()).value).toBe(': alive\n\n');
  (await source.sink).end();
  expect((await reader.read()).done).toBe(true);
});

test('a source hears of the time while its client listens, also when nothing is written', async () => {
  const { source, watch, url, ended } = serving({ keepAliveMs: 400 });
  const before = performance.now();
  const asking = fetch(url);
  expect(await source.ticked.promise).toBeGreaterThanOrEqual(before);
  (await source.sink).end();
  await (await asking).text();
  await ended;
  expect(watch.openStreams).toBe(0);
});

test('a client that leaves cancels its source, and counts as open until that is settled', async () => {
  const { source, watch, url, ended, ends } = serving();
  const leaving = new AbortController();
  const asking = fetch(url, { signal: leaving.signal });
  (await source.sink).write('data: 1\n\n');
  const response = await asking;
  await response.body!.getReader().read();
  leaving.abort();
  await source.cancelled.promise;
  expect([watch.openStreams, ends()]).toEqual([1, 0]);
  source.settled.resolve();
  await ended;
  expect([watch.openStreams, ends(), source.heard]).toEqual([0, 1, ['start', 'cancel']]);
});

test('a client that had left before its stream began cancels it, once', async () => {
  const { source, url, ended, ends } = serving({}, AbortSignal.abort());
  source.settled.resolve();
  await fetch(url).catch(() => undefined);
  await ended;
  expect([ends(), source.heard.filter((word) => word === 'cancel').length]).toEqual([1, 1]);
});
