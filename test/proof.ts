/** `npm run prove:spend` from within a test: real processes, in the short form. */
import { expect } from 'bun:test';
import { join } from 'node:path';

const MAIN = join(import.meta.dir, '../prove/main.ts');

export const PROOF_TIMEOUT_MS = 360_000;

export async function expectProof(...args: readonly string[]): Promise<void> {
  const proof = Bun.spawn([process.execPath, MAIN, '--quick', ...args], {
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [table, details, code] = await Promise.all([proof.stdout.text(), proof.stderr.text(), proof.exited]);
  expect(code, `${details}\n${table}`).toBe(0);
}
