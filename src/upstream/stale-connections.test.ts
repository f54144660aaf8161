/** A connection that its provider closes just as it is used again: what is sent once more, and what never is. */
import { expect, test } from 'bun:test';
import {
  answer,
  begin,
  exchange,
  post,
  type RawConnection,
  type RawProvider,
} from '../../test/raw-provider.ts';
import { upstreamRig } from '../../test/upstream-rig.ts';

const { provider, client } = upstreamRig();

/** Answers the first request of each connection, and gives the second to `onSecond`. */
function untilSecond(onSecond: (connection: RawConnection) => void): RawProvider {
  return provider({
    onRequest: (request, connection) => {
      if (request.connection > 0 || request.index === 0)
        connection.write(answer(`from ${connection.number}`));
      else onSecond(connection);
    },
  });
}

for (const how of ['end', 'reset'] as const) {
  test(`a request that crosses the provider's ${how} of an idle connection is answered by a fresh one`, async () => {
    const server = untilSecond(() => undefined);
    const out = client();
    await exchange(out, post(server.url));
    // Closed in this very turn: the client has not heard of it when it sends.
    server.connections[0]?.[how]();
    const result = await exchange(out, post(server.url, { body: 'second' }));
    expect(result.failure).toBeNull();
    expect(result.body.toString()).toBe('from 1');
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['{"model":"m"}', 'second']);
    expect(server.connections).toHaveLength(2);
  });
}

test('of many requests that cross the end of their connections, each is seen once', async () => {
  const server = provider({
    onRequest: (request, connection) => connection.write(answer(request.body.toString())),
  });
  const out = client();
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => exchange(out, post(server.url, { body: `a${index}` }))),
  );
  for (const connection of server.connections) connection.end();
  const bodies = Array.from({ length: 20 }, (_, index) => `b${index}`);
  const results = await Promise.all(bodies.map((body) => exchange(out, post(server.url, { body }))));
  expect(results.map(({ body }) => body.toString())).toEqual(bodies);
  expect(
    server.requests
      .slice(20)
      .map(({ body }) => body.toString())
      .sort(),
  ).toEqual([...bodies].sort());
});

test('a request that is reset on a reused connection before an answer is sent once more, and no more', async () => {
  const server = provider({
    onRequest: (request, connection) => {
      if (server.requests.length === 1) connection.write(answer('x'));
      else connection.reset();
      expect(request.index).toBe(server.requests.length === 2 ? 1 : 0);
    },
  });
  const out = client();
  await exchange(out, post(server.url));
  const { failure } = await exchange(out, post(server.url));
  expect(failure).toMatchObject({ kind: 'closed', hasAnswered: false, neverSent: false });
  expect(server.requests).toHaveLength(3);
});

test('a request that was read before the connection ended may have been handled: it is not sent again', async () => {
  const server = untilSecond((connection) => connection.end());
  const out = client();
  await exchange(out, post(server.url));
  const { failure } = await exchange(out, post(server.url));
  expect(failure).toMatchObject({ kind: 'closed', hasAnswered: false, neverSent: false, timeout: null });
  expect(server.requests).toHaveLength(2);
});

test('a reset long after the request says nothing about it: it is not sent again', async () => {
  const server = untilSecond((connection) => setTimeout(() => connection.reset(), 1100));
  const out = client();
  await exchange(out, post(server.url));
  const { failure } = await exchange(out, post(server.url));
  expect(failure).toMatchObject({ kind: 'closed', hasAnswered: false, neverSent: false });
  expect(server.requests).toHaveLength(2);
});

test('one byte of an answer, and the request is not sent again', async () => {
  for (const beginning of [
    'H',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n',
  ]) {
    const server = untilSecond((connection) => {
      connection.write(beginning);
      setTimeout(() => connection.reset(), 5);
    });
    const out = client();
    await exchange(out, post(server.url));
    const { failure } = await exchange(out, post(server.url));
    expect(failure).toMatchObject({
      kind: 'closed',
      hasAnswered: beginning.includes('200'),
      neverSent: false,
    });
    expect(server.requests).toHaveLength(2);
  }
});

test('a connection that breaks under its first request is not tried again', async () => {
  for (const how of ['end', 'reset'] as const) {
    const server = provider({ onRequest: (_request, connection) => connection[how]() });
    const { failure } = await exchange(client(), post(server.url));
    expect(failure).toMatchObject({ kind: 'closed', hasAnswered: false, neverSent: false });
    expect(server.requests).toHaveLength(1);
  }
});

test('a large request that was only begun on a dying connection goes on a fresh one', async () => {
  const body = 'x'.repeat(20_000_000);
  const server = provider({
    onRequest: (_request, connection) => {
      connection.write(answer(`from ${connection.number}`));
      if (connection.number === 0) connection.stopReading();
    },
  });
  const out = client();
  await exchange(out, post(server.url));
  const second = begin(out, post(server.url, { body }));
  setTimeout(() => server.connections[0]?.reset(), 30);
  const result = await second.recorder.done;
  expect(result.body.toString()).toBe('from 1');
  expect(server.requests.filter((request) => request.body.length === body.length)).toHaveLength(1);
});

test('the retry waits for nobody at the bound, and keeps its deadline', async () => {
  const server = provider({
    onRequest: (request, connection) => {
      if (request.connection === 0) connection.write(answer('x'));
    },
  });
  const out = client({ maxConnections: 1 });
  await exchange(out, post(server.url));
  server.connections[0]?.end();
  const started = performance.now();
  const timeouts = { firstByteMs: 80, idleMs: 60_000, answerMs: null };
  const { failure } = await exchange(out, post(server.url, { timeouts }));
  expect(failure).toMatchObject({ kind: 'timeout', timeout: 'firstByte', neverSent: false });
  expect(performance.now() - started).toBeLessThan(2000);
  expect(server.requests).toHaveLength(2);
});
