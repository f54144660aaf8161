import { expect, test } from 'bun:test';
import { connect } from 'node:net';
import { withoutPages } from '../../test/sessions.ts';
import { systemClock } from '../clock.ts';
import { createLogger } from '../log.ts';
import { mountRoutes } from './mount.ts';
import { browserRoute, publicRoute } from './route.ts';

const IDLE_SECONDS = 1;
/** Bun looks at idle connections every few seconds. */
const SOON_MS = 60_000;

/** How long a connection stays open after its one answer; null: longer than anybody should wait. */
async function openAfterAnswerMs(port: number, path: string): Promise<number | null> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<number>((resolve) => socket.on('close', () => resolve(performance.now())));
  let answeredAt = 0;
  socket.on('data', () => {
    answeredAt = performance.now();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const closedAt = await Promise.race([closed, Bun.sleep(SOON_MS).then(() => null)]);
  socket.destroy();
  return closedAt === null ? null : closedAt - answeredAt;
}

test('a request that is kept open outlives the idle timeout, and its connection has it back after the answer', async () => {
  const routes = [
    publicRoute('GET', '/slow', async (call) => {
      const closeWhenIdle = call.keepOpen();
      await Bun.sleep(5000);
      closeWhenIdle();
      return new Response('at last');
    }),
  ];
  const fetch = mountRoutes({
    routes,
    authenticate: () => {
      throw new Error('nobody is asked for a key');
    },
    ...withoutPages,
    logger: createLogger({ level: 'error', write: () => {}, clock: systemClock }),
    clientIdleSeconds: IDLE_SECONDS,
  });
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: IDLE_SECONDS, fetch });
  const openMs = await openAfterAnswerMs(server.port ?? 0, '/slow');
  expect(openMs).not.toBeNull();
  expect(openMs).toBeGreaterThan(0);
}, 120_000);

test('a connection stays open after an answer for as long as clients may be idle, and one without a whole request does not', async () => {
  const fetch = mountRoutes({
    routes: [publicRoute('GET', '/quick', () => new Response('here'))],
    authenticate: () => {
      throw new Error('nobody is asked for a key');
    },
    ...withoutPages,
    logger: createLogger({ level: 'error', write: () => {}, clock: systemClock }),
    clientIdleSeconds: 40,
  });
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: IDLE_SECONDS, fetch });
  const idle = connect(server.port ?? 0, '127.0.0.1');
  let isIdleClosed = false;
  idle.on('close', () => {
    isIdleClosed = true;
  });
  const heard: string[] = [];
  idle.on('data', (bytes) => heard.push(bytes.toString()));
  idle.write('GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const dawdling = connect(server.port ?? 0, '127.0.0.1');
  const isCutOff = new Promise((resolve) => dawdling.on('close', resolve));
  const dripping = setInterval(() => dawdling.write('X'), 500);
  await isCutOff;
  clearInterval(dripping);
  expect(isIdleClosed).toBe(false);
  idle.write('GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const until = performance.now() + 10_000;
  while (heard.join('').match(/here/g)?.length !== 2 && performance.now() < until) await Bun.sleep(20);
  expect(heard.join('').match(/here/g)).toHaveLength(2);
  idle.destroy();
}, 120_000);

test('pages that are reached by https say that they always are', async () => {
  const headerOf = async (isHttps: boolean) => {
    const fetch = mountRoutes({
      routes: [browserRoute('GET', '/page', () => new Response('a page'))],
      authenticate: () => {
        throw new Error('nobody is asked for a key');
      },
      ...withoutPages,
      logger: createLogger({ level: 'error', write: () => {}, clock: systemClock }),
      clientIdleSeconds: 40,
      isHttps,
    });
    using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
    const answer = await globalThis.fetch(`http://127.0.0.1:${server.port}/page`, { method: 'OPTIONS' });
    return answer.headers.get('strict-transport-security');
  };
  expect(await headerOf(true)).toBe('max-age=31536000');
  expect(await headerOf(false)).toBeNull();
});
