/** The short form of `npm run prove:spend`: real processes, killed at every named point, and three records that must agree. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';

const MAIN = join(import.meta.dir, '../../../prove/main.ts');

test('no overspend, phantom, lost row or double charge under contention, kills and changing limits', async () => {
  const proof = Bun.spawn([process.execPath, MAIN, '--quick'], {
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
