/** A client that hardly reads costs no memory, slows nobody, and is cut off; measured on the real process. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { benchConfig, chat, chatBody, getJson, until } from './bench.ts';

const STALL_MS = 1500;
const CROWD = 300;
const STREAM_BYTES = 50_000_000;

let one: FakeProvider;
let two: FakeProvider;
let gateway: SpawnedGateway;

beforeAll(async () => {
  one = startFakeProvider();
  two = startFakeProvider();
  gateway = await spawnGateway({
    config: benchConfig(one, two, { limits: { write_stall_timeout_ms: STALL_MS } }),
    // As the start scripts set it: more than 256 providers' answers at once.
    env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
  });
});
afterAll(async () => {
  await gateway.stop();
  one.stop();
  two.stop();
});

function memoryBytes(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Many streams at once, each of which must reach its end. */
async function crowd(): Promise<void> {
  const finished = await Promise.all(
    Array.from({ length: CROWD }, async () => {
      const response = await chat(gateway, { stream: true, fake: { chunks: 20, chunkDelayMs: 20 } });
      return (await response.text()).includes('[DONE]');
    }),
  );
  expect(finished.filter(Boolean).length).toBe(CROWD);
}

/** Asks for a long stream and takes one byte a second of it. */
function dawdle(key: string): { socket: Socket; closed: () => boolean } {
  const body = chatBody({
    stream: true,
    fake: { chunks: STREAM_BYTES / 100_000, chunkText: 'x'.repeat(100_000) },
  });
  const head = [
    'POST /api/v1/chat/completions HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  let isClosed = false;
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('readable', () => undefined);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  socket.write(`${head}\r\n\r\n${body}`);
  const reading = setInterval(() => (isClosed ? clearInterval(reading) : socket.read(1)), 1000);
  return { socket, closed: () => isClosed };
}

test('one reader of a byte a second takes no memory, hinders none of 300 streams, is cut and settled', async () => {
  // Twice, so that the memory that a crowd takes anyway is taken.
  await crowd();
  await crowd();
  const before = memoryBytes();
  // Without a limit: under one, a provider that writes 50 MB is cut off at its output cap.
  const key = await makeKey(gateway, {});
  const slow = dawdle(key.key);
  await crowd();
  expect(memoryBytes() - before).toBeLessThan(48 * 1024 * 1024);
  expect(await until(slow.closed)).toBe(true);
  expect(await until(() => one.stats.activeStreams === 0)).toBe(true);
  expect(memoryBytes() - before).toBeLessThan(48 * 1024 * 1024);
  const usage = async () => (await getJson(gateway, '/key', key.key)).data.usage;
  expect(await until(async () => (await usage()) > 0)).toBe(true);
  // What was relayed is far from the whole.
  expect(await usage()).toBeLessThan((STREAM_BYTES / 4 / 1e9) * 2000);
  expect(gateway.stderr).not.toContain('error:');
});
