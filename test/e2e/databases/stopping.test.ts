/** A stop with nothing to wait for ends at once. */
import { expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import { spawnGateway } from '../../harness.ts';

/** What a busy machine takes to end a process, and far less than any of the times that a stop may wait for work. */
const AT_ONCE_MS = 2500;

test.each(engines)('on $name a gateway in which nothing runs ends at once', async ({ open }) => {
  const opened = await open({ migrated: false });
  const mail = { smtp_url: 'smtp://127.0.0.1:1', from: 'turnpike@example.com' };
  const gateway = await spawnGateway({
    config: { mail },
    env: opened.databaseUrl === null ? {} : { TURNPIKE_DATABASE_URL: opened.databaseUrl },
  });
  // A probe sets a clock against the database, which must not outlive its answer.
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  const toldAt = performance.now();
  expect(await gateway.kill('SIGTERM')).toBe(0);
  expect(performance.now() - toldAt).toBeLessThan(AT_ONCE_MS);
  await gateway.stop();
  await opened.dispose();
});
