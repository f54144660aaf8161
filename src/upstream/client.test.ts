import { expect, test } from 'bun:test';
import { answer, begin, exchange, PATIENT, post, until } from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';
import { RestClock } from './rest-clock.ts';

const { provider, client } = upstreamRig();

test('a request goes out whole, and its answer comes back in the order head, bytes, end', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('{"ok":true}')) });
  const { recorder } = begin(
    client({ userAgent: 'test' }),
    post(`${server.url}?a=1#b`, { headers: { Authorization: 'Bearer k' }, body: '{"text":"ü€"}' }),
  );
  expect(recorder.events).toEqual([]);
  const result = await recorder.done;
  expect(recorder.events).toEqual(['head', 'bytes', 'end']);
  expect(result.status).toBe(200);
  expect(result.body.toString()).toBe('{"ok":true}');
  expect(result.head?.header('Content-Length')).toBe('11');
  expect(result.head?.header('x-none')).toBeNull();
  expect(server.requests[0]?.body.toString()).toBe('{"text":"ü€"}');
  expect(server.requests[0]?.head).toBe(
    `POST /v1/chat/completions?a=1 HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer k\r\n` +
      'accept: */*\r\nuser-agent: test\r\naccept-encoding: identity\r\ncontent-length: 16\r\n\r\n',
  );
});

test('one request after the other uses one connection, and requests at once use several', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const out = client();
  for (let index = 0; index < 5; index += 1) await exchange(out, post(server.url));
  expect(server.connections).toHaveLength(1);
  await Promise.all(Array.from({ length: 4 }, () => exchange(out, post(server.url))));
  expect(server.connections).toHaveLength(4);
});

test('a request sent from inside the end of another uses its connection', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const out = client();
  const second = await new Promise<ReturnType<typeof begin>>((resolve) => {
    begin(out, post(server.url), (event) => {
      if (event === 'end') resolve(begin(out, post(server.url)));
    });
  });
  expect((await second.recorder.done).body.toString()).toBe('x');
  expect(server.connections).toHaveLength(1);
});

const strict: [name: string, bytes: string, endsAfter?: 'end'][] = [
  ['bytes behind the end', `${answer('x')}y`],
  ['a second answer behind the first', answer('x') + answer('stolen')],
  ['Connection: close', answer('x', 'Connection: close\r\n')],
  ['close among several options', answer('x', 'Connection: foo, CLOSE\r\n')],
  ['HTTP/1.0', answer('x').replace('HTTP/1.1', 'HTTP/1.0')],
  ['a body that ends with the connection', 'HTTP/1.1 200 OK\r\n\r\nx', 'end'],
  ['a body behind 204', 'HTTP/1.1 204 No Content\r\ncontent-length: 1\r\n\r\nx'],
];

for (const [name, bytes, ending] of strict) {
  test(`a connection is not used again after ${name}`, async () => {
    const server = provider({
      onRequest: (request, connection) => {
        connection.write(request.connection === 0 ? bytes : answer('own'));
        if (request.connection === 0 && ending === 'end') connection.end();
      },
    });
    const out = client();
    const first = await exchange(out, post(server.url));
    expect(first.failure).toBeNull();
    expect(first.body.toString()).toBe(first.status === 204 ? '' : 'x');
    expect((await exchange(out, post(server.url))).body.toString()).toBe('own');
    expect(server.connections).toHaveLength(2);
    await until(() => server.connections[0]?.isClosed === true);
  });
}

test('HTTP/1.0 that says keep-alive keeps its connection', async () => {
  const server = provider({
    onRequest: (_request, connection) =>
      connection.write(answer('x', 'Connection: Keep-Alive\r\n').replace('HTTP/1.1', 'HTTP/1.0')),
  });
  const out = client();
  await exchange(out, post(server.url));
  await exchange(out, post(server.url));
  expect(server.connections).toHaveLength(1);
});

test('an unasked answer on an idle connection closes it and reaches nobody', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('own')) });
  const out = client();
  await exchange(out, post(server.url));
  server.connections[0]?.write(answer('stolen'));
  await until(() => server.connections[0]?.isClosed === true);
  expect((await exchange(out, post(server.url))).body.toString()).toBe('own');
  expect(server.connections).toHaveLength(2);
});

test('what a provider sends a little too late behind an answer is met by nobody', async () => {
  const server = provider({
    onRequest: (request, connection) => {
      connection.write(answer(request.body.toString()));
      if (request.connection === 0) setTimeout(() => connection.write(answer('stolen')), 1);
    },
  });
  const out = client({ maxConnections: 1, lettingRest: true });
  const bodies = ['a', 'b', 'c'];
  const waiting = bodies.map((body) => begin(out, post(server.url, { body })).recorder.done);
  expect((await Promise.all(waiting)).map(({ body }) => body.toString())).toEqual(bodies);
  expect(server.connections).toHaveLength(2);
});

test('a connection has rested when time has passed and its bytes could be read, not before', async () => {
  const clock = new RestClock();
  const since = clock.begin();
  const busyUntil = performance.now() + 20;
  while (performance.now() < busyUntil);
  expect(clock.hasRested(since)).toBe(false);
  await until(() => clock.hasRested(since));
  expect(new RestClock(false).hasRested(0)).toBe(true);
});

test('a pool that was overrun serves again as soon as its provider does', async () => {
  let isOverrun = true;
  const server = provider({
    onRequest: (_request, connection) => {
      if (!isOverrun) connection.write(answer('well'));
    },
  });
  const out = client({ maxConnections: 3, lettingRest: true });
  const timeouts = { firstByteMs: 50, idleMs: 50, answerMs: null };
  const overrun = await Promise.all(
    Array.from({ length: 200 }, () => exchange(out, post(server.url, { timeouts }))),
  );
  expect(overrun.every(({ failure }) => failure?.kind === 'timeout')).toBe(true);
  isOverrun = false;
  const later = await Promise.all(Array.from({ length: 20 }, () => exchange(out, post(server.url))));
  expect(later.map(({ body }) => body.toString())).toEqual(Array.from({ length: 20 }, () => 'well'));
  expect(server.connections.filter(({ isClosed }) => !isClosed).length).toBeLessThanOrEqual(3);
});

const broken: [name: string, bytes: string, kind: string, hasAnswered: boolean][] = [
  ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n', 'malformed', false],
  [
    'both framings',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx',
    'malformed',
    false,
  ],
  [
    'a broken chunk',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n',
    'malformed',
    true,
  ],
  ['an endless head', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`, 'too-large', false],
  ['101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n', 'malformed', false],
  ['an unknown content coding', answer('x', 'content-encoding: snappy\r\n'), 'malformed', true],
];

for (const [name, bytes, kind, hasAnswered] of broken) {
  test(`${name} is a failure of its kind and ends the connection`, async () => {
    const server = provider({ onRequest: (_request, connection) => connection.write(bytes) });
    const { failure } = await exchange(client(), post(server.url));
    expect(failure).toMatchObject({ kind, hasAnswered, neverSent: false, timeout: null });
    expect(failure?.cause).toBeInstanceOf(Error);
    await until(() => server.connections[0]?.isClosed === true);
    expect(server.connections).toHaveLength(1);
  });
}

test('interim answers are passed over', async () => {
  const server = provider({
    onRequest: (_request, connection) =>
      connection.write(
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${answer('x')}`,
      ),
  });
  const out = client();
  for (let index = 0; index < 2; index += 1) {
    const result = await exchange(out, post(server.url));
    expect([result.status, result.body.toString()]).toEqual([200, 'x']);
  }
  expect(server.connections).toHaveLength(1);
});

test('an answer that is cut is a failure, after what came of it', async () => {
  for (const how of ['end', 'reset'] as const) {
    const server = provider({
      onRequest: (_request, connection) => {
        connection.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
        setTimeout(() => connection[how](), 5);
      },
    });
    const result = await exchange(client(), post(server.url));
    expect(result.body.toString()).toBe('half');
    expect(result.failure).toMatchObject({ kind: 'closed', hasAnswered: true, neverSent: false });
  }
});

test('a body of 10 MB arrives whole, also at a provider that reads slowly', async () => {
  const body = JSON.stringify({ text: 'ü'.repeat(5_000_000) });
  let isSlow = true;
  const server = provider({
    onOpen: (connection) => {
      connection.stopReading();
      setTimeout(() => {
        isSlow = false;
        connection.readOn();
      }, 50);
    },
    onRequest: (_request, connection) => connection.write(answer('read')),
  });
  const out = client();
  const result = await exchange(out, post(server.url, { body }));
  expect(isSlow).toBe(false);
  expect(result.body.toString()).toBe('read');
  expect(server.requests[0]?.body.toString() === body).toBe(true);
  expect((await exchange(out, post(server.url))).body.toString()).toBe('read');
  expect(server.connections).toHaveLength(1);
});

test('an answer before the request was written whole is given, and its connection is not used again', async () => {
  const server = provider({
    onBytes: (_bytes, connection) => {
      connection.stopReading();
      connection.write(answer('too much', '').replace('200 OK', '413 Content Too Large'));
    },
  });
  const out = client();
  const result = await exchange(out, post(server.url, { body: 'x'.repeat(20_000_000) }));
  expect([result.status, result.body.toString()]).toEqual([413, 'too much']);
  await exchange(out, post(server.url, { body: 'x'.repeat(20_000_000) }));
  expect(server.connections).toHaveLength(2);
});

test('an answer that a provider gives before it closes on a body it does not want is given', async () => {
  for (const how of ['end', 'reset'] as const) {
    const server = provider({
      onBytes: (_bytes, connection) => {
        connection.stopReading();
        connection.write(
          answer('not for you', 'connection: close\r\n').replace('200 OK', '401 Unauthorized'),
        );
        // Closed with most of the body unread, which the kernel answers with a reset either way.
        setTimeout(() => connection[how](), 20);
      },
    });
    const result = await exchange(client(), post(server.url, { body: 'x'.repeat(30_000_000) }));
    expect([result.status, result.body.toString(), result.failure]).toEqual([401, 'not for you', null]);
  }
});

test('at the bound requests wait in order, and one that leaves the queue is never sent', async () => {
  const served: string[] = [];
  const server = provider({
    onRequest: (request, connection) => {
      served.push(request.body.toString());
      setTimeout(() => connection.write(answer(request.body.toString())), 5);
    },
  });
  const out = client({ maxConnections: 2 });
  const all = Array.from({ length: 8 }, (_, index) => begin(out, post(server.url, { body: String(index) })));
  all[5]?.exchange.cancel();
  const results = await Promise.all(
    all.filter((_, index) => index !== 5).map(({ recorder }) => recorder.done),
  );
  expect(results.map(({ body }) => body.toString())).toEqual(['0', '1', '2', '3', '4', '6', '7']);
  expect(served).toEqual(['0', '1', '2', '3', '4', '6', '7']);
  expect(server.connections).toHaveLength(2);
  expect(all[5]?.recorder.events).toEqual([]);
});

test('a connection that cannot be made fails each that waits for it, sent to nobody', async () => {
  const gone = provider({});
  gone[Symbol.dispose]();
  const out = client();
  const refused = await Promise.all(
    Array.from({ length: 5 }, () => exchange(out, post(`http://127.0.0.1:${gone.port}/`))),
  );
  const unnamed = await exchange(out, post('http://no-such-host.invalid/'));
  for (const { failure, events } of [...refused, unnamed]) {
    expect(failure).toMatchObject({ kind: 'unreachable', hasAnswered: false, neverSent: true });
    expect(failure?.cause).toBeInstanceOf(Error);
    expect(events).toEqual(['failure']);
  }
});

test('a name is reached where only one of its address families answers', async () => {
  for (const hostname of ['127.0.0.1', '::1']) {
    const server = provider({
      hostname,
      onRequest: (_request, connection) => connection.write(answer('x')),
    });
    const byName = await exchange(client(), post(`http://localhost:${server.port}/`));
    expect(byName.body.toString()).toBe('x');
    const host = hostname === '::1' ? '[::1]' : hostname;
    expect((await exchange(client(), post(`http://${host}:${server.port}/`))).body.toString()).toBe('x');
    expect(server.requests.at(-1)?.head).toContain(`host: ${host}:${server.port}\r\n`);
  }
});

test('closing the client ends what runs and what waits, and nothing is sent after it', async () => {
  const server = provider({
    onRequest: (_request, connection) => connection.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  });
  const out = client({ maxConnections: 1 });
  const running = begin(out, post(server.url));
  const waiting = begin(out, post(server.url));
  await until(() => running.recorder.events.includes('bytes'));
  out.close();
  expect(running.recorder.failure).toMatchObject({ kind: 'closed', hasAnswered: true, neverSent: false });
  expect(waiting.recorder.failure).toMatchObject({ kind: 'closed', hasAnswered: false, neverSent: true });
  await until(() => server.connections.every(({ isClosed }) => isClosed));
  expect(() => out.send(post(server.url), running.recorder)).toThrow('closed');
  expect(server.requests).toHaveLength(1);
});

test('a cancelled exchange closes its connection and hears nothing more', async () => {
  const server = provider({
    onRequest: (_request, connection) => connection.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  });
  for (const at of ['head', 'bytes']) {
    const started = begin(client(), post(server.url), (event) => {
      if (event === at) started.exchange.cancel();
    });
    await until(() => started.recorder.events.at(-1) === at && server.connections.at(-1)?.isClosed === true);
    expect(started.recorder.events).toEqual(at === 'head' ? ['head'] : ['head', 'bytes']);
  }
});

test('cancelling after the end leaves the connection to others', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const out = client();
  const first = begin(out, post(server.url));
  await first.recorder.done;
  const second = begin(out, post(server.url));
  first.exchange.cancel();
  first.exchange.pause();
  first.exchange.resume();
  expect((await second.recorder.done).body.toString()).toBe('x');
  expect(server.connections).toHaveLength(1);
});

test('a reader that throws ends its own exchange alone', async () => {
  const server = provider({ onRequest: (_request, connection) => connection.write(answer('x')) });
  const defects: unknown[] = [];
  const out = client({ onDefect: (cause) => defects.push(cause) });
  for (const at of ['head', 'bytes', 'end']) {
    const { recorder } = begin(out, post(server.url), (event) => {
      if (event === at) throw new Error(`at ${at}`);
    });
    await until(() => defects.length > 0);
    expect(String(defects.splice(0))).toBe(`Error: at ${at}`);
    expect(recorder.events.at(-1)).toBe(at === 'end' ? 'end' : 'failure');
    expect((await exchange(out, post(server.url, { timeouts: PATIENT }))).body.toString()).toBe('x');
  }
});

test('idle connections are dropped in time, sooner where the provider says so', async () => {
  for (const [fields, idleMs] of [
    ['', 60],
    ['Keep-Alive: timeout=1, max=100\r\n', 60_000],
  ] as const) {
    const server = provider({ onRequest: (_request, connection) => connection.write(answer('x', fields)) });
    await exchange(client({ idleMs: { http: idleMs, https: idleMs } }), post(server.url));
    await until(() => server.connections[0]?.isClosed === true);
  }
});
