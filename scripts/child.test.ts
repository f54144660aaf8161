/** Signals are the operating system's: these tests start the runner as a process of its own and signal that. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-child-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs `child` through runChild in a Node process and gives that process and what the two print. */
function start(child: string, options = '{}') {
  const childPath = join(directory, 'child.mjs');
  writeFileSync(childPath, child);
  const runner = `
    import { runChild } from ${JSON.stringify(join(import.meta.dir, 'child.mjs'))};
    const outcome = await runChild(process.execPath, [${JSON.stringify(childPath)}], ${options});
    console.log(JSON.stringify(outcome));
    process.exit(outcome.code);`;
  const process_ = Bun.spawn(['node', '--input-type=module', '-e', runner], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const reader = process_.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = '';
  const until = async (wanted: string): Promise<void> => {
    while (!printed.includes(wanted)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`ended without printing "${wanted}": ${printed}`);
      printed += value;
    }
  };
  const end = async (): Promise<{ code: number; printed: string }> => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) printed += read.value;
    return { code: await process_.exited, printed };
  };
  return { process: process_, until, end };
}

/** Counts the signals it gets for a while after the first, then ends well. */
const DRAINING = `
  let count = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      count += 1;
      if (count === 1) setTimeout(() => { console.log('stopped by', signal, 'x' + count); process.exit(0); }, 300);
    });
  }
  setInterval(() => {}, 1000);
  console.log('ready');`;

test('the exit code is the child’s', async () => {
  const { code } = await start('process.exit(7)').end();
  expect(code).toBe(7);
});

test('a child ended by a signal gives 128 and its number', async () => {
  const { code } = await start('process.kill(process.pid, "SIGKILL")').end();
  expect(code).toBe(137);
});

test('a program that cannot be started gives 127', async () => {
  const runner = `
    import { runChild } from ${JSON.stringify(join(import.meta.dir, 'child.mjs'))};
    process.exit((await runChild(${JSON.stringify(join(directory, 'nothing'))}, [])).code);`;
  const process_ = Bun.spawn(['node', '--input-type=module', '-e', runner], { stderr: 'pipe' });
  expect(await process_.exited).toBe(127);
  expect(await process_.stderr.text()).toContain('cannot start');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s reaches the child', async (signal) => {
  const run = start(DRAINING);
  await run.until('ready');
  run.process.kill(signal);
  const { code, printed } = await run.end();
  expect(printed).toContain(`stopped by ${signal} x1`);
  expect(code).toBe(0);
});

test('a signal and its echo by npm reach the child once', async () => {
  const run = start(DRAINING);
  await run.until('ready');
  run.process.kill('SIGINT');
  await Bun.sleep(30);
  run.process.kill('SIGINT');
  const { printed } = await run.end();
  expect(printed).toContain('stopped by SIGINT x1');
});

test('a child out of time is stopped with everything it started', async () => {
  const run = start(
    `import { spawn } from 'node:child_process';
     const grandchild = spawn('sleep', ['60'], { stdio: 'ignore' });
     console.log('grandchild', grandchild.pid + '.');
     setInterval(() => {}, 1000);`,
    '{ timeoutMs: 3000 }',
  );
  await run.until('.');
  const { printed } = await run.end();
  expect(printed).toContain('"timedOut":true');
  const pid = Number(/grandchild (\d+)/.exec(printed)?.[1]);
  // Its new parent may take a moment to collect it, so a process that is only waiting for that counts as gone.
  const state = Bun.spawnSync(['ps', '-o', 'stat=', '-p', String(pid)])
    .stdout.toString()
    .trim();
  expect(state).toMatch(/^(Z.*)?$/);
});
