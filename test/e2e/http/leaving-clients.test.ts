/** Clients that tear their connection down, in an upload and in a stream, one after the other: the process is afterwards as it was. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { benchConfig, chat, chatBody, getJson, until } from '../faults/bench.ts';

const IS_LONG = process.env['TURNPIKE_TEST_LONG'] === '1';
const ROUNDS = IS_LONG ? 100 : 4;
const AT_ONCE = 12;
const IN_TURN = 8;
const LIMIT_USD = 1000;
const PATIENCE_MS = IS_LONG ? 1_200_000 : 120_000;

let one: FakeProvider;
let two: FakeProvider;
let gateway: SpawnedGateway;

beforeAll(async () => {
  one = startFakeProvider();
  two = startFakeProvider();
  gateway = await spawnGateway({ config: benchConfig(one, two) });
});
afterAll(async () => {
  await gateway.stop();
  one.stop();
  two.stop();
});

const openFiles = () => readdirSync(`/proc/${gateway.pid}/fd`).length;

function memoryBytes(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function open(key: string, body: string): Socket {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const head =
    `POST /api/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head);
  return socket;
}

/** Leaves with a reset, as a process that is killed or a cable that is pulled. */
async function leave(socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resetAndDestroy();
  await closed;
}

/** Whether the stream had begun: a gateway on a busy machine may send it away. */
async function leaveStream(key: string): Promise<boolean> {
  const body = chatBody({ stream: true, fake: { chunks: 10_000, chunkDelayMs: 20 } });
  const socket = open(key, body);
  const beginning = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(body);
  const head = (await beginning).toString('latin1');
  await leave(socket);
  const isBegun = head.startsWith('HTTP/1.1 200 ');
  if (!isBegun) expect(head).toStartWith('HTTP/1.1 503 ');
  return isBegun;
}

async function leaveUpload(key: string): Promise<void> {
  const body = chatBody({ text: 'x'.repeat(50_000) });
  const socket = open(key, body);
  await new Promise((resolve) => socket.write(body.slice(0, body.length / 2), resolve));
  await leave(socket);
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`, { keepalive: false })).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

test(
  'hundreds of clients that reset their connections leave no file, stream, hold or memory behind',
  async () => {
    const { key } = await makeKey(gateway, { limit: LIMIT_USD });
    let begun = 0;
    const round = async () => {
      for (let turn = 0; turn < IN_TURN; turn += 1) {
        const streams = await Promise.all(Array.from({ length: AT_ONCE }, () => leaveStream(key)));
        begun += streams.filter(Boolean).length;
        await Promise.all(Array.from({ length: AT_ONCE }, () => leaveUpload(key)));
        expect(await until(() => one.stats.activeStreams === 0)).toBe(true);
      }
      expect(await until(async () => (await figure('turnpike_open_streams')) === 0)).toBe(true);
      expect(await until(async () => (await figure('turnpike_holds')) === 0)).toBe(true);
    };
    // What a crowd takes anyway is taken now.
    await round();
    await round();
    const [files, bytes] = [openFiles(), memoryBytes()];
    for (let n = 0; n < ROUNDS; n += 1) await round();
    // Uploads that broke off never came to a provider; every stream that began did, once.
    expect(begun).toBeGreaterThan(ROUNDS * AT_ONCE);
    expect(one.requests.length).toBe(begun);
    expect(await until(() => openFiles() <= files + 5)).toBe(true);
    expect(memoryBytes() - bytes).toBeLessThan(64 * 1024 * 1024);
    const { data } = await getJson(gateway, '/key', key);
    expect(data.usage).toBeGreaterThan(0);
    expect(data.limit_remaining).toBeCloseTo(LIMIT_USD - data.usage, 6);
    expect(await until(async () => (await chat(gateway, { key })).status === 200)).toBe(true);
    expect(gateway.stderr).not.toContain('"level":"error"');
  },
  PATIENCE_MS,
);
