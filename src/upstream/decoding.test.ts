import { expect, test } from 'bun:test';
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { begin, exchange, post, until } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';

const { provider, client } = upstreamRig();

const text = JSON.stringify({ text: 'an answer that was asked for plain '.repeat(500) });

const codings: [name: string, compress: (text: string) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['X-GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity', (plain) => Buffer.from(plain)],
];

function compressed(coding: string, body: Uint8Array): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

for (const [coding, compress] of codings) {
  test(`${coding} that comes although none was asked for is inflated (${compress.name}), and its connection is kept`, async () => {
    const server = provider({
      onRequest: (request, connection) => {
        const bytes = compressed(coding, compress(text));
        connection.write(bytes.subarray(0, request.index === 0 ? bytes.length : 120));
        if (request.index === 1) setTimeout(() => connection.write(bytes.subarray(120)), 10);
      },
    });
    const out = client();
    for (let round = 0; round < 2; round += 1) {
      const result = await exchange(out, post(server.url));
      expect([result.failure, result.body.toString() === text]).toEqual([null, true]);
    }
    expect(server.connections).toHaveLength(1);
  });
}

test('a compressed stream comes event by event', async () => {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n');
      gzip.on('data', (bytes: Buffer) => {
        connection.write(`${bytes.length.toString(16)}\r\n`);
        connection.write(bytes);
        connection.write('\r\n');
      });
      gzip.on('end', () => connection.write('0\r\n\r\n'));
    },
  });
  const { recorder } = begin(client(), post(server.url));
  await until(() => recorder.events.includes('head'));
  let sent = '';
  for (let index = 0; index < 5; index += 1) {
    gzip.write(`data: ${index}\n\n`);
    sent += `data: ${index}\n\n`;
    await until(() => recorder.body.toString() === sent);
  }
  gzip.end();
  await recorder.done;
  expect(recorder.events.at(-1)).toBe('end');
});

test('what does not inflate, or is cut, is malformed', async () => {
  const whole = gzipSync(text);
  for (const body of [Buffer.from('no gzip at all'), whole.subarray(0, whole.length - 20)]) {
    const server = provider({
      onRequest: (_request, connection) => connection.write(compressed('gzip', body)),
    });
    const { failure, events } = await exchange(client(), post(server.url));
    expect(failure).toMatchObject({ kind: 'malformed', hasAnswered: true });
    expect(events.filter((event) => event === 'end' || event === 'failure')).toEqual(['failure']);
  }
  for (const coding of ['gzip, br', 'compress']) {
    const server = provider({
      onRequest: (_request, connection) => connection.write(compressed(coding, whole)),
    });
    const { failure, events } = await exchange(client(), post(server.url));
    expect(failure).toMatchObject({ kind: 'malformed', hasAnswered: true });
    expect(events).toEqual(['failure']);
  }
});

test('no body has nothing to inflate', async () => {
  const server = provider({
    onRequest: (_request, connection) =>
      connection.write('HTTP/1.1 429 Too Many\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n'),
  });
  expect(await exchange(client(), post(server.url))).toMatchObject({ status: 429, failure: null });
});

test('a small answer that would inflate to a large one waits for its reader', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
  const server = provider({
    onRequest: (_request, connection) => connection.write(compressed('gzip', bomb)),
  });
  const before = process.memoryUsage.rss();
  let received = 0;
  const out = client();
  const running = out.send(post(server.url), {
    onHead: () => undefined,
    onBytes: (bytes) => {
      received += bytes.length;
      running.pause();
    },
    onEnd: () => undefined,
    onFailure: () => undefined,
  });
  await until(() => received > 0);
  await Bun.sleep(50);
  const paused = received;
  await Bun.sleep(50);
  expect(received).toBe(paused);
  expect(received).toBeLessThan(1024 * 1024);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  running.cancel();
});
