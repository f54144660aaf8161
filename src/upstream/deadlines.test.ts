import { expect, test } from 'bun:test';
import { answer, begin, exchange, post, until } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';
import { Deadlines } from '../deadlines.ts';

const { provider, client, onEnd } = upstreamRig();

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n';
const NEVER = 60_000;

/** Calls `request`, and gives how long it took. */
async function timed<T>(request: () => Promise<T>): Promise<[T, number]> {
  const from = performance.now();
  const result = await request();
  return [result, performance.now() - from];
}

test('a provider that says nothing runs out of time, and its connection is closed', async () => {
  const server = provider({});
  const timeouts = { firstByteMs: 60, idleMs: NEVER, answerMs: null };
  const [result, took] = await timed(() => exchange(client(), post(server.url, { timeouts })));
  expect(result.failure).toMatchObject({
    kind: 'timeout',
    timeout: 'firstByte',
    hasAnswered: false,
    neverSent: false,
  });
  expect(took).toBeGreaterThan(59);
  expect(took).toBeLessThan(1000);
  await until(() => server.connections[0]?.isClosed === true);
});

test('interim answers and half a head do not lengthen the time for the head', async () => {
  for (const piece of ['HTTP/1.1 102 Processing\r\n\r\n', 'x']) {
    const server = provider({
      onRequest: (_request, connection) => {
        if (piece === 'x') connection.write('HTTP/1.1 200 OK\r\nx: ');
        const drip = setInterval(() => connection.write(piece), 10);
        onEnd(() => clearInterval(drip));
      },
    });
    const timeouts = { firstByteMs: 80, idleMs: NEVER, answerMs: null };
    const { failure } = await exchange(client(), post(server.url, { timeouts }));
    expect(failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte', hasAnswered: false });
  }
});

test('silence in an answer runs out of time, and every byte begins it anew', async () => {
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write(HEAD);
      let left = 10;
      const drip = setInterval(() => {
        connection.write('x');
        left -= 1;
        if (left === 0) clearInterval(drip);
      }, 20);
    },
  });
  const timeouts = { firstByteMs: NEVER, idleMs: 100, answerMs: null };
  const [result, took] = await timed(() => exchange(client(), post(server.url, { timeouts })));
  expect(result.failure).toMatchObject({
    kind: 'timeout',
    timeout: 'idle',
    hasAnswered: true,
    neverSent: false,
  });
  expect(result.body.toString()).toBe('xxxxxxxxxx');
  expect(took).toBeGreaterThan(290);
});

test('the whole answer is bounded where asked, however lively it is', async () => {
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write('HTTP/1.1 200 OK\r\n\r\n');
      const drip = setInterval(() => connection.write('x'), 5);
      onEnd(() => clearInterval(drip));
    },
  });
  const timeouts = { firstByteMs: 50, idleMs: 50, answerMs: 200 };
  const [result, took] = await timed(() => exchange(client(), post(server.url, { timeouts })));
  expect(result.failure).toMatchObject({ kind: 'timeout', timeout: 'answer', hasAnswered: true });
  expect(took).toBeGreaterThan(199);
});

test('the time in which the reader has paused is not silence of the provider', async () => {
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write(`${HEAD}${'x'.repeat(50)}`);
    },
  });
  const timeouts = { firstByteMs: NEVER, idleMs: 60, answerMs: null };
  const started = begin(client(), post(server.url, { timeouts }), (event) => {
    if (event === 'head') started.exchange.pause();
  });
  await until(() => started.recorder.events.includes('bytes'));
  await Bun.sleep(250);
  expect(started.recorder.events).toEqual(['head', 'bytes']);
  started.exchange.resume();
  expect((await started.recorder.done).failure).toMatchObject({ timeout: 'idle' });
});

test('a request that still waits for a connection runs out of time, sent to nobody', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(HEAD) });
  const out = client({ maxConnections: 1 });
  begin(out, post(server.url));
  await until(() => server.requests.length === 1);
  const timeouts = { firstByteMs: 50, idleMs: NEVER, answerMs: null };
  const { failure } = await exchange(out, post(server.url, { timeouts }));
  expect(failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte', neverSent: true });
  expect(server.requests).toHaveLength(1);
});

test('an address that swallows packets runs out of time, and so does a TLS handshake that never ends', async () => {
  const mute = provider({});
  const timeouts = { firstByteMs: 60, idleMs: NEVER, answerMs: null };
  const out = client();
  const { failure } = await exchange(out, post(`https://127.0.0.1:${mute.port}/`, { timeouts }));
  expect(failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte', neverSent: true });
  const hole = await blackHole();
  const [result, took] = await timed(() => exchange(out, post(`http://127.0.0.1:${hole}/`, { timeouts })));
  expect(result.failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte' });
  expect(took).toBeLessThan(1000);
});

/** A port whose owner is stopped and whose queue of connections is full, so that the kernel drops what comes. */
async function blackHole(): Promise<number> {
  const script =
    'const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }); console.log(server.port);';
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  onEnd(() => child.kill(9));
  const { value } = await child.stdout.getReader().read();
  const port = Number(Buffer.from(value ?? []).toString());
  child.kill('SIGSTOP');
  const filling = Array.from({ length: 600 }, () =>
    Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).then(
      (socket) => onEnd(() => socket.terminate()),
      () => undefined,
    ),
  );
  await Promise.race([Promise.all(filling), Bun.sleep(100)]);
  return port;
}

test('a sweep that comes late does not blame others for the time that the loop was held up', async () => {
  const deadlines = new Deadlines(10);
  onEnd(() => deadlines.close());
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write(HEAD);
      setTimeout(() => connection.write('x'.repeat(100)), 30);
    },
  });
  const timeouts = { firstByteMs: NEVER, idleMs: 150, answerMs: null };
  const started = begin(client(), post(server.url, { timeouts }));
  await until(() => started.recorder.events.includes('head'));
  const until400 = performance.now() + 400;
  while (performance.now() < until400);
  expect((await started.recorder.done).failure).toBeNull();
});

test('what waits is told in order of sweeps, may leave while it is told, and the timer rests when all have left', async () => {
  const deadlines = new Deadlines(5);
  onEnd(() => deadlines.close());
  let sweeps = 0;
  const watched = {
    onSweep: (nowMs: number) => {
      sweeps += 1;
      if (nowMs >= due) deadlines.remove(watched);
    },
  };
  const due = deadlines.after(40);
  const from = performance.now();
  deadlines.add(watched);
  await until(() => sweeps > 0 && performance.now() - from > 40);
  await Bun.sleep(60);
  const after = sweeps;
  await Bun.sleep(40);
  expect(sweeps).toBe(after);
  expect(sweeps).toBeGreaterThan(3);
});

test('the answer of a fast provider is not touched by its deadlines', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const timeouts = { firstByteMs: 1000, idleMs: 1000, answerMs: 1000 };
  expect((await exchange(client(), post(server.url, { timeouts }))).body.toString()).toBe('x');
});
