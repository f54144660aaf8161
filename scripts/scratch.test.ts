import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withScratch } from './scratch.mjs';

test('what a run leaves in its directory goes with it, however it ends', async () => {
  const seen: string[] = [];
  const leaves = async (directory: string) => {
    seen.push(directory);
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    writeFileSync(join(directory, 'a/b/file'), 'x');
    return 7;
  };
  expect(await withScratch(leaves)).toBe(7);
  const failing = withScratch(async (directory) => {
    await leaves(directory);
    throw new Error('a test');
  });
  expect(await failing.catch(String)).toBe('Error: a test');
  expect(seen.map((directory) => existsSync(directory))).toEqual([false, false]);
});

test('where there is no memory for it, it is where temporary files are', async () => {
  expect(await withScratch(async (directory) => dirname(directory), '/nonexistent')).toBe(tmpdir());
});

test('what a killed run has left is swept by the next one, and what a running one has is left alone', async () => {
  const killed = Bun.spawnSync(['true']).pid;
  const [left, used] = [killed, process.ppid].map((pid) =>
    mkdtempSync(join(tmpdir(), `turnpike-scratch-${pid}-`)),
  ) as [string, string];
  try {
    await withScratch(async () => {}, '/nonexistent');
    const there = readdirSync(tmpdir());
    expect([left, used].map((path) => there.some((name) => path.endsWith(name)))).toEqual([false, true]);
  } finally {
    for (const path of [left, used]) rmSync(path, { recursive: true, force: true });
  }
});
