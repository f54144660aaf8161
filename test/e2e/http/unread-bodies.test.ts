/** Bodies of those who are refused: nobody asked for them, and nobody keeps them. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';

const MEBIBYTE = 1024 * 1024;
const BODY_MEBIBYTES = 256;
const GROWTH_BYTES = 48 * MEBIBYTE;

let gateway: SpawnedGateway;
beforeAll(async () => {
  gateway = await spawnGateway();
});
afterAll(() => gateway?.stop());

async function memoryBytes(): Promise<number> {
  const figures = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(figures)?.[1]);
}

/** Sends the head, waits for the answer, and then sends the body all the same, as far as it is taken. The status. */
async function insist(head: string, part: Buffer): Promise<number> {
  const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1' });
  const answered = Promise.withResolvers<string>();
  let isOpen = true;
  let wake: () => void = () => {};
  socket.once('data', (bytes) => answered.resolve(bytes.toString('latin1')));
  socket.on('drain', () => wake());
  for (const end of ['close', 'error'] as const) {
    socket.on(end, () => {
      isOpen = false;
      answered.resolve('');
      wake();
    });
  }
  socket.write(head);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(await answered.promise)?.[1]);
  for (let sent = 0; isOpen && sent < BODY_MEBIBYTES; sent += 1) {
    const drained = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (!socket.write(part)) await drained;
  }
  socket.destroy();
  return status;
}

const block = Buffer.alloc(MEBIBYTE, 'x');
const chunk = Buffer.concat([Buffer.from(`${MEBIBYTE.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
const LENGTH = `Content-Length: ${BODY_MEBIBYTES * MEBIBYTE}`;

test.each([
  ['without a key', '/api/v1/chat/completions', LENGTH, block, 401],
  ['without a key, in chunks', '/api/v1/chat/completions', 'Transfer-Encoding: chunked', chunk, 401],
  ['to no address', '/api/v1/nowhere', LENGTH, block, 404],
  ['of another type', '/api/v1/auth/keys', LENGTH, block, 415],
])('a body %s takes no memory, however large', async (_, path, framing, part, status) => {
  const before = await memoryBytes();
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n${framing}\r\n\r\n`;
  expect(await insist(head, part)).toBe(status);
  expect((await memoryBytes()) - before).toBeLessThan(GROWTH_BYTES);
  expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
});
