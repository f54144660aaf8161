/** What the relay counts, and that it changes nothing on the way. */
import { expect, test } from 'bun:test';
import { startRelay } from './relay.ts';

test('each request is counted with its answer’s status, and its body arrives as it was sent', async () => {
  using server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch: async (request) =>
      new Response(await request.text(), { status: request.url.endsWith('/no') ? 402 : 200 }),
  });
  await using relay = await startRelay(`http://127.0.0.1:${server.port}`);
  const body = 'x'.repeat(300_000);
  const answer = await fetch(`${relay.url}/yes?beta=true`, { method: 'POST', body });
  expect(await answer.text()).toBe(body);
  await (await fetch(`${relay.url}/no`)).text();
  expect(relay.take()).toEqual([
    { method: 'POST', path: '/yes?beta=true', status: 200 },
    { method: 'GET', path: '/no', status: 402 },
  ]);
  expect(relay.take()).toEqual([]);
});

test('a WebSocket goes through, and is one request', async () => {
  using server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response(null, { status: 426 })),
    websocket: { message: (socket, text) => void socket.send(text) },
  });
  await using relay = await startRelay(`http://127.0.0.1:${server.port}`);
  const socket = new WebSocket(`${relay.url.replace('http', 'ws')}/responses`);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  socket.onopen = () => socket.send('GET / HTTP/1.1\r\n');
  socket.onmessage = ({ data }) => resolve(data);
  expect(await promise).toBe('GET / HTTP/1.1\r\n');
  socket.close();
  expect(relay.take()).toEqual([{ method: 'GET', path: '/responses', status: 101 }]);
});
