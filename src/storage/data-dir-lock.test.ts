import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from './data-dir-lock.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test('a second server on the same data directory is refused until the first lets go', () => {
  const first = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(`in use by another server (process ${process.pid})`);
  first.release();
  lockDataDir(dataDir).release();
});

test('a directory that cannot be written is named with the user, the reason and what to do', () => {
  // Where a directory should be stands a file, so that it also fails for root, whom no mode stops.
  const path = join(dataDir, 'taken');
  writeFileSync(path, '');
  expect(() => lockDataDir(path)).toThrow(
    `The user ${process.getuid?.()} cannot write into the data directory ${path} (EEXIST): give it to that user`,
  );
  const below = join(path, 'data');
  expect(() => lockDataDir(below)).toThrow(`cannot write into the data directory ${below} (ENOTDIR)`);
});

test('nobody else may read the lock, nor one that an earlier version left open to all', () => {
  const path = join(dataDir, 'lock.sqlite');
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  const lock = lockDataDir(dataDir);
  for (const name of readdirSync(dataDir)) expect(statSync(join(dataDir, name)).mode & 0o077).toBe(0);
  lock.release();
});

test('the lock of another process is seen, and freed by its sudden death', async () => {
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(join(import.meta.dir, 'data-dir-lock.ts'))});
    globalThis.held = lockDataDir(${JSON.stringify(dataDir)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
  await holder.stdout.getReader().read();
  expect(() => lockDataDir(dataDir)).toThrow(`process ${holder.pid}`);
  holder.kill('SIGKILL');
  await holder.exited;
  lockDataDir(dataDir).release();
});
