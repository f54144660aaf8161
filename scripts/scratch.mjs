/**
 * Where the tests keep what is to be gone after them. Each of their databases and journals waits for its disk at every commit, as it should,
 * and for most of them that is all they wait for: in memory the same calls return at once.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, on Linux. */
const MEMORY = '/dev/shm';

/** Four times what all tests have there at once. */
const ENOUGH_BYTES = 4 * 1024 ** 3;

const PREFIX = 'turnpike-scratch-';

/**
 * Runs with a directory of its own: in memory where there is enough of it, else where temporary files are.
 *
 * @template T
 * @param {(directory: string) => Promise<T>} work
 * @param {string} memory
 * @returns {Promise<T>}
 */
export async function withScratch(work, memory = MEMORY) {
  const parent = roomFor(memory);
  sweepLeftovers(parent);
  const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * A directory for directories that whoever makes them also removes: in memory where there is enough of it.
 *
 * @returns {string}
 */
export function roomFor(memory = MEMORY) {
  return isFit(memory) ? memory : tmpdir();
}

/**
 * Large enough, writable, and not closed to programs: some tests write one and run it.
 *
 * @param {string} memory
 */
function isFit(memory) {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < ENOUGH_BYTES) return false;
    const directory = mkdtempSync(join(memory, `${PREFIX}${process.pid}-`));
    try {
      const program = join(directory, 'program');
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
      return spawnSync(program).status === 0;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  } catch {
    return false;
  }
}

/**
 * Of runs that were killed: memory is given back by nobody else.
 *
 * @param {string} parent
 */
function sweepLeftovers(parent) {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}
