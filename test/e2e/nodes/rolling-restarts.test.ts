/** The short form of `npm run prove:spend -- --only rolling`. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';

const MAIN = join(import.meta.dir, '../../../prove/main.ts');

test('nodes restarted one after another fail no request that could not be tried again, and charge all once', async () => {
  const proof = Bun.spawn([process.execPath, MAIN, '--quick', '--only', 'rolling'], {
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [table, details, code] = await Promise.all([
    new Response(proof.stdout).text(),
    new Response(proof.stderr).text(),
    proof.exited,
  ]);
  expect(code, `${details}\n${table}`).toBe(0);
}, 360_000);
