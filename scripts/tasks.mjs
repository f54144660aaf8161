/** What the development scripts in package.json stand for. Each takes further arguments for its command. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_ORPHANS, runBun } from './bun.mjs';
import { runChild } from './child.mjs';
import { ensureInstalled, root } from './install.mjs';
import { programPath, SOURCE } from './program.mjs';
import { withScratch } from './scratch.mjs';

/** @typedef {(args: readonly string[], timeoutMs?: number) => Promise<import('./child.mjs').Outcome>} Task */

export const tasks = {
  dev: bun(NO_ORPHANS, '--watch', 'src/main.ts', 'serve'),
  bench: bun('bench/main.ts'),
  'prove:spend': bun('--no-env-file', 'prove/main.ts'),
  'prove:soak': bun('--no-env-file', 'prove/soak/main.ts'),
  'prove:explain': bun('--no-env-file', 'prove/explain/main.ts'),
  'prove:mutations': bun('--no-env-file', 'prove/mutations/main.ts'),
  conformance: bun('--no-env-file', 'conformance/main.ts'),
  'fake-provider': bun(NO_ORPHANS, 'test/fake-provider/main.ts'),
  // A developer's .env must not decide whether the tests pass, nor must how busy the machine is.
  // Two files at a time: most of them wait, for a disk, a clock or a browser. Each half shares one PostgreSQL and one browser.
  /** @type {Task} */
  'bun test': (args, timeoutMs) =>
    withScratch((TMPDIR) => {
      const command = ['--no-env-file', 'test', '--parallel=2', '--no-isolate', '--timeout', '120000'];
      // The longest first, so that neither half waits for the other in the end. Files that are not named there come before them; a run
      // with `--update-timings` writes it anew.
      command.push(`--timings=${join(root, 'scripts/timings.json')}`);
      // What is kept from one run to the next, the browser, stays where it was.
      const env = { TMPDIR, TURNPIKE_TEST_KEPT: tmpdir() };
      return runBun([...command, ...args], { dev: true, cwd: root, timeoutMs, env });
    }),
  // What runs in a browser, or under Node, finds other things global there.
  typecheck: all(
    tool('typescript/bin/tsc', '--noEmit'),
    tool('typescript/bin/tsc', '--noEmit', '--project', 'dashboard'),
    tool('typescript/bin/tsc', '--noEmit', '--project', 'examples'),
  ),
  schema: bun('--no-env-file', 'test/write-schema.ts'),
  'build dashboard': bun('--no-env-file', 'src/pages/build-dashboard.ts'),
  build: all(bun('--no-env-file', 'src/pages/build-dashboard.ts'), buildProgram),
  lint: tool('@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
  format: tool('@biomejs/biome/bin/biome', 'check', '--write'),
};

/**
 * @param {string[]} command
 * @returns {Task}
 */
function bun(...command) {
  return (args, timeoutMs) => runBun([...command, ...args], { dev: true, cwd: root, timeoutMs });
}

/**
 * One after the other, so that each has its say; the first failure is the outcome.
 *
 * @param {Task[]} steps
 * @returns {Task}
 */
function all(...steps) {
  return async (args, timeoutMs) => {
    /** @type {import('./child.mjs').Outcome} */
    let outcome = { code: 0, interruptedBy: undefined, timedOut: false };
    for (const step of steps) {
      const found = await step(args, timeoutMs);
      if (found.interruptedBy !== undefined || found.timedOut) return found;
      if (outcome.code === 0) outcome = found;
    }
    return outcome;
  };
}

/**
 * What `npm start` else makes by itself.
 *
 * @type {Task}
 */
async function buildProgram() {
  const isMade = (await programPath(await ensureInstalled({ dev: true }))) !== SOURCE;
  if (!isMade) console.error('turnpike: the program cannot be bundled here; `npm run typecheck` may say why');
  return { code: isMade ? 0 : 1, interruptedBy: undefined, timedOut: false };
}

/**
 * A development tool that brings its own binary behind a Node script.
 *
 * @param {string} script
 * @param {string[]} command
 * @returns {Task}
 */
function tool(script, ...command) {
  return async (args, timeoutMs) => {
    await ensureInstalled({ dev: true });
    const path = join(root, 'node_modules', script);
    return runChild(process.execPath, [path, ...command, ...args], { cwd: root, timeoutMs });
  };
}
