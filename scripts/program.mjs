/**
 * What is started: a bundle of the program, which loads in half the time of a thousand source files. It is made when there is none of
 * the sources as they are now. Where it cannot be made (a file system that is read-only, sources with a mistake) the sources themselves are run.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { root } from './install.mjs';

/** Written last into a bundle: one that has it is whole. */
export const MANIFEST = 'manifest.json';

export const SOURCE = join(root, 'src/main.ts');
const BUNDLES_DIR = join(root, 'dist/program');
/** Names the directory of the newest bundle. */
const CURRENT = join(BUNDLES_DIR, 'current');
/** A gateway that runs from an older one may load more of it later, when somebody first signs in. */
const KEEP_OLD_MS = 30 * 24 * 3_600_000;

/** @typedef {[path: string, size: number, mtimeMs: number, hash: string]} Input */

/**
 * The file that Bun is to run.
 *
 * @param {string} bun the path of its binary
 * @returns {Promise<string>}
 */
export async function programPath(bun) {
  return freshBundle() ?? (await build(bun)) ?? SOURCE;
}

/** Its main file, or undefined: there is none, or what it was made of has changed since. */
function freshBundle() {
  try {
    const directory = join(BUNDLES_DIR, readFileSync(CURRENT, 'utf8'));
    /** @type {{ inputs: Input[] }} */
    const { inputs } = JSON.parse(readFileSync(join(directory, MANIFEST), 'utf8'));
    return inputs.every(isUnchanged) ? join(directory, 'main.js') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A checkout that was copied, or put into an image, may have other times and the same files.
 *
 * @param {Input} input
 */
function isUnchanged([path, size, mtimeMs, hash]) {
  const found = statSync(join(root, path));
  if (found.size !== size) return false;
  return found.mtimeMs === mtimeMs || hashOf(path) === hash;
}

/** @param {string} path */
function hashOf(path) {
  return createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('base64url');
}

/**
 * Whoever starts meanwhile must not find half of it: it is made elsewhere, and named when it is whole. Two that start at once make one each.
 * Undefined where it cannot be made; what is wrong with the sources is told when they are run.
 *
 * @param {string} bun
 */
async function build(bun) {
  const name = randomUUID();
  const directory = join(BUNDLES_DIR, name);
  try {
    mkdirSync(directory, { recursive: true });
  } catch {
    return undefined;
  }
  const builder = join(root, 'scripts/build-program.mjs');
  const made = await runChild(bun, ['--no-env-file', builder, directory], { cwd: root, stdio: 'ignore' });
  try {
    if (made.code !== 0) rmSync(directory, { recursive: true });
    else {
      writeFileSync(`${directory}.current`, name);
      renameSync(`${directory}.current`, CURRENT);
      forgetOld(name);
    }
  } catch {
    // The disk is full, or another one tidied up: what was made is as good.
  }
  // Told to end meanwhile, we start nothing.
  if (made.interruptedBy !== undefined) process.exit(made.code);
  return made.code === 0 ? join(directory, 'main.js') : undefined;
}

/** @param {string} newest */
function forgetOld(newest) {
  for (const name of readdirSync(BUNDLES_DIR)) {
    const path = join(BUNDLES_DIR, name);
    if (name !== newest && path !== CURRENT && Date.now() - statSync(path).mtimeMs > KEEP_OLD_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
