import { expect, test } from 'bun:test';
import { begin, post, type RawConnection, until } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';

const { provider, client, onEnd } = upstreamRig();

const MIB = 1024 * 1024;
const BODY_BYTES = 50 * MIB;

/** Every byte is told by its place, so that none can be lost, doubled or moved unseen. */
const pattern = Buffer.alloc(251 * 4096, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));

function sendAll(connection: RawConnection, framing: 'length' | 'chunked' | 'close'): void {
  if (framing === 'length') connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
  else if (framing === 'chunked') connection.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
  else connection.write('HTTP/1.1 200 OK\r\n\r\n');
  for (let at = 0; at < BODY_BYTES; at += pattern.length) {
    const part = pattern.subarray(0, Math.min(pattern.length, BODY_BYTES - at));
    if (framing === 'chunked') connection.write(`${part.length.toString(16)}\r\n`);
    connection.write(part);
    if (framing === 'chunked') connection.write('\r\n');
  }
  if (framing === 'chunked') connection.write('0\r\n\r\n');
  if (framing === 'close') connection.end();
}

for (const framing of ['length', 'chunked', 'close'] as const) {
  test(`a reader that pauses stops the provider, and misses and doubles nothing: ${framing}`, async () => {
    const server = provider({ onRequest: (_request, connection) => sendAll(connection, framing) });
    let received = 0;
    let isRight = true;
    let pauses = 0;
    let isPaused = false;
    const out = client();
    const ends: string[] = [];
    const exchange = out.send(post(server.url), {
      onHead: () => undefined,
      onBytes: (bytes) => {
        for (let at = 0; at < bytes.length; at += 997) {
          if (bytes[at] !== (received + at) % 251) isRight = false;
        }
        received += bytes.length;
        if (!isPaused && pauses < 5) {
          // From inside the callback, as a reader does whose own writes no longer get through.
          pauses += 1;
          isPaused = true;
          exchange.pause();
        }
      },
      onEnd: () => {
        ends.push('end');
      },
      onFailure: () => {
        ends.push('failure');
      },
    });
    for (let round = 1; round <= 5; round += 1) {
      await until(() => pauses === round);
      // Whatever is still to come of the same read has come after two turns.
      await Bun.sleep(10);
      const before = received;
      await Bun.sleep(40);
      expect(received).toBe(before);
      expect(received).toBeLessThan(BODY_BYTES / 2);
      // The provider is held up too: the rest waits on its side, and not in our memory.
      expect(server.connections[0]?.unsentBytes ?? 0).toBeGreaterThan(BODY_BYTES / 4);
      isPaused = false;
      exchange.resume();
    }
    await until(() => ends.length > 0);
    expect([ends, received, isRight]).toEqual([['end'], BODY_BYTES, true]);
  });
}

test('a hundred readers that have stopped reading cost little memory', async () => {
  const script = `
    import { createUpstreamClient } from ${JSON.stringify(`${import.meta.dir}/client.ts`)};
    const url = process.argv.at(-1);
    const client = createUpstreamClient();
    let heads = 0;
    let bytes = 0;
    const timeouts = { firstByteMs: 60_000, idleMs: 60_000, answerMs: null };
    const reader = (at) => ({ onHead() { heads += 1; all[at].pause(); }, onBytes(b) { bytes += b.length; }, onEnd() {}, onFailure() {} });
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    const all = [];
    for (let at = 0; at < 100; at += 1) all.push(client.send({ url, headers: {}, body: '{}', timeouts }, reader(at)));
    while (heads < 100) await Bun.sleep(5);
    await Bun.sleep(300);
    Bun.gc(true);
    console.log(JSON.stringify({ grown: process.memoryUsage.rss() - before, bytes }));
    process.exit();
  `;
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
      // Four parts of one memory, which no test machine lacks.
      for (let part = 0; part < 4; part += 1) connection.write(pattern);
    },
  });
  const child = Bun.spawn([process.execPath, '--no-env-file', '-e', script, server.url], { stdout: 'pipe' });
  onEnd(() => child.kill(9));
  const { grown, bytes } = JSON.parse(await new Response(child.stdout).text());
  // 100 answers of 4 MB wait at their provider; here is what single reads had brought before they were paused.
  expect(grown).toBeLessThan(bytes + 40 * MIB);
  expect(bytes).toBeLessThan(100 * MIB);
});

test('a paused reader may cancel, and a pause before the answer holds back its body', async () => {
  const server = provider({ onRequest: (_request, connection) => sendAll(connection, 'length') });
  const out = client();
  const early = begin(out, post(server.url));
  early.exchange.pause();
  await until(() => server.requests.length === 1);
  await Bun.sleep(50);
  expect(early.recorder.events).toEqual([]);
  early.exchange.resume();
  await until(() => early.recorder.events.includes('bytes'));
  early.exchange.pause();
  early.exchange.cancel();
  await until(() => server.connections[0]?.isClosed === true);
});
