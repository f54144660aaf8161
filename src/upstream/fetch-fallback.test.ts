/** The ways past our own connections: a proxy of the environment, and the same rules on both ways. */
import { expect, test } from 'bun:test';
import { answer, begin, exchange, post, until } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';
import type { ClientOptions } from './client.ts';

const rig = upstreamRig();
const { provider, onEnd } = rig;

/** Its proxy setting sends it to `fetch`, which reads the environment of this process, where there is none. */
const PROXIED = { HTTP_PROXY: 'http://127.0.0.1:1' };

const client = (options: ClientOptions = {}) => rig.client({ environment: PROXIED, ...options });

test('an origin behind a proxy goes through it, in a process that has one, and is named once', async () => {
  const proxy = provider({ onRequest: (_request, connection) => connection.write(answer('by the proxy')) });
  const direct = provider({ onRequest: (_request, connection) => connection.write(answer('direct')) });
  const script = `
    import { createUpstreamClient } from ${JSON.stringify(`${import.meta.dir}/client.ts`)};
    const seen = [];
    const client = createUpstreamClient({ onFallback: (origin, reason) => seen.push(origin + ' ' + reason) });
    const timeouts = { firstByteMs: 5000, idleMs: 5000, answerMs: null };
    const once = (url) => new Promise((resolve) => client.send({ url, headers: { 'x-a': 'b' }, body: '{}', timeouts }, {
      onHead() {}, onBytes: (bytes) => seen.push(Buffer.from(bytes).toString()), onEnd: resolve,
      onFailure: (failure) => resolve(seen.push(failure.kind)),
    }));
    for (const url of ['http://provider.test/v1', 'http://provider.test/v1', process.argv.at(-1)]) await once(url);
    console.log(JSON.stringify(seen));
    process.exit();
  `;
  for (const [http, no] of [
    ['HTTP_PROXY', 'NO_PROXY'],
    ['http_proxy', 'no_proxy'],
  ] as const) {
    const child = Bun.spawn([process.execPath, '--no-env-file', '-e', script, direct.url], {
      env: { [http]: `http://127.0.0.1:${proxy.port}`, [no]: `other.test, 127.0.0.1:${direct.port}` },
      stdout: 'pipe',
    });
    onEnd(() => child.kill(9));
    expect(JSON.parse(await new Response(child.stdout).text())).toEqual([
      'http://provider.test:80 proxy',
      'by the proxy',
      'by the proxy',
      'direct',
    ]);
  }
  expect(proxy.requests[0]?.head).toStartWith('POST http://provider.test/v1 HTTP/1.1\r\n');
  expect(proxy.requests[0]?.head.toLowerCase()).toContain('accept-encoding: identity\r\n');
});

test('through fetch an answer comes in the same order, and a redirect is an answer', async () => {
  const server = provider({
    onRequest: (_request, connection) =>
      connection.write(
        answer('moved', 'location: /elsewhere\r\n').replace('200 OK', '307 Temporary Redirect'),
      ),
  });
  const fallbacks: string[] = [];
  const out = client({ onFallback: (origin, reason) => fallbacks.push(`${origin} ${reason}`) });
  for (let round = 0; round < 2; round += 1) {
    const { recorder } = begin(out, post(server.url));
    expect(recorder.events).toEqual([]);
    await recorder.done;
    expect(recorder.events).toEqual(['head', 'bytes', 'end']);
    expect([recorder.status, recorder.head?.header('Location'), recorder.body.toString()]).toEqual([
      307,
      '/elsewhere',
      'moved',
    ]);
  }
  expect(fallbacks).toEqual([`http://127.0.0.1:${server.port} proxy`]);
  expect(server.requests).toHaveLength(2);
});

test('through fetch failures are of the same kinds', async () => {
  const gone = provider({});
  gone[Symbol.dispose]();
  const out = client();
  const refused = await exchange(out, post(`http://127.0.0.1:${gone.port}/`));
  expect(refused.failure).toMatchObject({ kind: 'unreachable', hasAnswered: false, neverSent: true });
  expect((await exchange(out, post('http://no-such-host.invalid/'))).failure).toMatchObject({
    kind: 'unreachable',
    neverSent: true,
  });
  const cut = provider({
    onRequest: (_request, connection) => {
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
      setTimeout(() => connection.reset(), 20);
    },
  });
  const half = await exchange(out, post(cut.url));
  expect(half.failure).toMatchObject({ kind: 'closed', hasAnswered: true, neverSent: false });
  expect(half.body.toString()).toBe('half');
});

test('through fetch deadlines hold, and a pause does not count', async () => {
  const NEVER = 60_000;
  const mute = provider({});
  const out = client();
  const first = await exchange(
    out,
    post(mute.url, { timeouts: { firstByteMs: 50, idleMs: NEVER, answerMs: null } }),
  );
  expect(first.failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte', hasAnswered: false });
  await until(() => mute.connections[0]?.isClosed === true);

  const slow = provider({
    onRequest: (_request, connection) => {
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n');
      setTimeout(() => connection.write('x'), 20);
    },
  });
  const timeouts = { firstByteMs: NEVER, idleMs: 80, answerMs: null };
  const paused = begin(out, post(slow.url, { timeouts }), (event) => {
    if (event === 'head') paused.exchange.pause();
  });
  await until(() => paused.recorder.events.includes('head'));
  await Bun.sleep(300);
  expect(paused.recorder.events).toEqual(['head']);
  paused.exchange.resume();
  expect((await paused.recorder.done).failure).toMatchObject({ timeout: 'idle', hasAnswered: true });
  expect(paused.recorder.body.toString()).toBe('x');

  const bounded = await exchange(
    out,
    post(slow.url, { timeouts: { ...timeouts, idleMs: NEVER, answerMs: 1000 } }),
  );
  expect(bounded.failure).toMatchObject({ timeout: 'answer', hasAnswered: true });
});

test('through fetch a cancelled exchange is silent and closes, also from inside a callback', async () => {
  const server = provider({
    onRequest: (_request, connection) => connection.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  });
  const out = client();
  for (const at of ['head', 'bytes']) {
    const started = begin(out, post(server.url), (event) => {
      if (event === at) started.exchange.cancel();
    });
    await until(() => started.recorder.events.at(-1) === at && server.connections.at(-1)?.isClosed === true);
    expect(started.recorder.events).toEqual(at === 'head' ? ['head'] : ['head', 'bytes']);
  }
  const unsent = begin(out, post(server.url));
  unsent.exchange.cancel();
  await Bun.sleep(20);
  expect([unsent.recorder.events, server.requests.length]).toEqual([[], 2]);
});

test('through fetch a reader that throws ends its own exchange alone, and closing ends all', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const defects: unknown[] = [];
  const out = client({ onDefect: (cause) => defects.push(cause) });
  for (const at of ['head', 'bytes', 'end']) {
    const { recorder } = begin(out, post(server.url), (event) => {
      if (event === at) throw new Error(at);
    });
    await until(() => defects.length === 1);
    expect(String(defects.splice(0))).toBe(`Error: ${at}`);
    expect(recorder.events.at(-1)).toBe(at === 'end' ? 'end' : 'failure');
  }
  const mute = provider({});
  const open = begin(out, post(mute.url));
  await until(() => mute.requests.length === 1);
  out.close();
  expect(open.recorder.failure).toMatchObject({ kind: 'closed', hasAnswered: false });
});

test('what may not be sent is refused on both ways before anything leaves', () => {
  for (const environment of [{}, PROXIED]) {
    const out = client({ environment });
    const { recorder } = { recorder: begin(client(), post('http://127.0.0.1:1/')).recorder };
    expect(() => out.send(post('http://127.0.0.1:1/', { headers: { a: 'b\r\nc: d' } }), recorder)).toThrow(
      TypeError,
    );
    expect(() => out.send(post('http://127.0.0.1:1/\r\nx'), recorder)).toThrow(TypeError);
  }
});
