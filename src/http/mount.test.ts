import { expect, test } from 'bun:test';
import { connect } from 'node:net';
import { withoutPages } from '../../test/sessions.ts';
import { systemClock } from '../clock.ts';
import { createLogger } from '../log.ts';
import { mountRoutes } from './mount.ts';
import { publicRoute } from './route.ts';

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
    idleTimeoutSeconds: IDLE_SECONDS,
  });
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: IDLE_SECONDS, fetch });
  const openMs = await openAfterAnswerMs(server.port ?? 0, '/slow');
  expect(openMs).not.toBeNull();
  expect(openMs).toBeGreaterThan(0);
}, 120_000);
