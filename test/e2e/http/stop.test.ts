/** A gateway that is told to stop: what runs ends in its own time, whatever comes later is told so in a way that can be tried again. */
import { expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { type ConfigText, makeKey, type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';

/** Longer than any test takes: what ends sooner did not wait for it. */
const NEVER_MS = 100_000;

async function started(config: ConfigText = {}): Promise<SpawnedGateway> {
  return await spawnGateway({ config: { drain_timeout_ms: NEVER_MS, ...config } });
}

function ask({ baseUrl, apiKey }: SpawnedGateway, body: object): Promise<Response> {
  return fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  });
}

/** Signals closer together than this are one. */
const SAME_SIGNAL_MS = 1000;

/** Whoever waits for the table of keys: work of the gateway's own waits for other tables, and says nothing of a request. */
const WAITING_FOR_KEYS = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'api_key'::regclass";

const port = ({ url }: SpawnedGateway) => Number(new URL(url).port);

/** Resolves once the gateway takes no new connection. */
async function refusing(gateway: SpawnedGateway): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port(gateway), '127.0.0.1');
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('close', () => socket.destroy());
      socket.on('connect', () => socket.destroy());
    });
    if (!isOpen) return;
    await Bun.sleep(10);
  }
}

/** A connection that has had an answer, and is kept open. */
async function idleConnection(gateway: SpawnedGateway): Promise<{ socket: Socket; closed: Promise<void> }> {
  const socket = connect(port(gateway), '127.0.0.1');
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  const answered = new Promise<void>((resolve) => void socket.once('data', () => resolve()));
  socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await answered;
  return { socket, closed };
}

test('while a stream runs to its end, new connections are refused and idle ones closed', async () => {
  await using gateway = await started();
  const go = Promise.withResolvers<void>();
  gateway.provider.script({ behaviour: { chunks: 4, holdAfterChunks: 2, holdUntil: go.promise } });
  const idle = await idleConnection(gateway);
  const stream = await ask(gateway, { stream: true });
  const stopped = gateway.kill('SIGTERM');
  await idle.closed;
  await refusing(gateway);
  go.resolve();
  expect(await stream.text()).toEndWith('data: [DONE]\n\n');
  expect(await stopped).toBe(0);
});

test('with a delay it is not ready at once, and serves until then, one more request a connection', async () => {
  await using gateway = await started({ drain_delay_ms: 3000 });
  const stopped = gateway.kill('SIGTERM');
  for (;;) {
    const ready = await fetch(`${gateway.url}/health/ready`);
    if (ready.status === 503) {
      expect(await ready.json()).toMatchObject({ reason: 'stopping' });
      expect(ready.headers.get('connection')).toBe('close');
      break;
    }
  }
  const whole = await ask(gateway, {});
  expect([whole.status, whole.headers.get('connection')]).toEqual([200, 'close']);
  const stream = await ask(gateway, { stream: true });
  expect(stream.headers.get('connection')).toBe('close');
  expect(await stream.text()).toEndWith('data: [DONE]\n\n');
  const { closed } = await idleConnection(gateway);
  await closed;
  expect(await fetch(`${gateway.url}/health/live`).then(({ status }) => status)).toBe(200);
  await refusing(gateway);
  expect(await stopped).toBe(0);
});

test('a whole answer that its client takes slowly arrives whole', async () => {
  await using gateway = await started();
  gateway.provider.script({ behaviour: { chunks: 200, chunkText: 'x'.repeat(100_000) } });
  const socket = connect(port(gateway), '127.0.0.1');
  let received = '';
  const begun = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (received.length < 1_000_000) socket.pause();
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  const body = JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }] });
  socket.write(
    `POST /api/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.apiKey}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await begun;
  const stopped = gateway.kill('SIGTERM');
  await refusing(gateway);
  const reading = setInterval(() => socket.resume(), 5);
  await closed;
  clearInterval(reading);
  const [head = '', answer = ''] = received.split('\r\n\r\n', 2);
  expect(answer.length).toBe(Number(/content-length: (\d+)/i.exec(head)?.[1]));
  expect(answer.length).toBeGreaterThan(20_000_000);
  expect(await stopped).toBe(0);
});

test('a stream that outlasts the time to drain is told so in its last event', async () => {
  await using gateway = await started({ drain_timeout_ms: 200 });
  gateway.provider.script({ behaviour: { chunks: 4, hang: 'mid-stream', hangAfterChunks: 2 } });
  const stream = await ask(gateway, { stream: true });
  const stopped = gateway.kill('SIGTERM');
  const events = (await stream.text()).split('\n\n').filter((event) => event.startsWith('data: '));
  const error = JSON.parse(
    events.findLast((event) => event.includes('"error"'))?.slice('data: '.length) ?? '{}',
  );
  expect(error).toMatchObject({ error: { code: 503 } });
  expect(await stopped).toBe(0);
});

test('a key that is being made when it is told to stop is made, and its maker told', async () => {
  const opened = await postgresEngine().open({ migrated: false });
  const databaseUrl = opened.databaseUrl ?? '';
  await using gateway = await spawnGateway({
    config: { drain_timeout_ms: NEVER_MS },
    env: { TURNPIKE_DATABASE_URL: databaseUrl },
  });
  const other = new pg.Client({ connectionString: databaseUrl });
  await other.connect();
  await other.query('BEGIN; LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE');
  const made = makeKey(gateway, { name: 'late' });
  while ((await other.query(WAITING_FOR_KEYS)).rowCount === 0) await Bun.sleep(10);
  const stopped = gateway.kill('SIGTERM');
  await refusing(gateway);
  await other.query('COMMIT');
  expect((await made).key).toStartWith('sk-or-');
  expect(await stopped).toBe(0);
  await other.end();
  await opened.dispose();
});

test('a signal that comes by two ways, as from a supervisor and by a script, is one signal', async () => {
  await using gateway = await started();
  const go = Promise.withResolvers<void>();
  gateway.provider.script({ behaviour: { chunks: 4, holdAfterChunks: 2, holdUntil: go.promise } });
  const stream = await ask(gateway, { stream: true });
  process.kill(gateway.pid, 'SIGTERM');
  await refusing(gateway);
  const stopped = gateway.kill('SIGTERM');
  go.resolve();
  expect(await stream.text()).toEndWith('data: [DONE]\n\n');
  expect(await stopped).toBe(0);
});

test('a second signal that comes later ends it at once', async () => {
  await using gateway = await started();
  gateway.provider.script({ behaviour: { chunks: 4, hang: 'mid-stream', hangAfterChunks: 2 } });
  const stream = await ask(gateway, { stream: true });
  process.kill(gateway.pid, 'SIGTERM');
  const toldAt = performance.now();
  await refusing(gateway);
  while (performance.now() - toldAt < SAME_SIGNAL_MS + 200) await Bun.sleep(50);
  expect(await gateway.kill('SIGINT')).toBe(130);
  expect(performance.now() - toldAt).toBeLessThan(NEVER_MS);
  await stream.text().catch(() => undefined);
});
