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

/**
 * Where bundles are, each in a directory of its own, and for how long those stay that are not the newest.
 *
 * @typedef {{ directory: string, keepOldMs: number }} Shelf
 */

/** A gateway that runs from an older one may load more of it later, when somebody first signs in. */
const KEEP_OLD_MS = 30 * 24 * 3_600_000;

/** @type {Shelf} */
const STARTED = { directory: join(root, 'dist/program'), keepOldMs: KEEP_OLD_MS };

/** Of the bundles of tests and proofs: each change of a source makes one, and few run for longer. */
const KEEP_TESTED_MS = 24 * 3_600_000;

/**
 * Of the processes that tests start.
 *
 * @type {Shelf}
 */
export const TESTED = { directory: join(root, 'dist/tested'), keepOldMs: KEEP_TESTED_MS };

/** Names the directory of the newest bundle. */
const currentOf = (/** @type {Shelf} */ { directory }) => join(directory, 'current');

/** @typedef {[path: string, size: number, mtimeMs: number, hash: string]} Input */

/**
 * The file that Bun is to run.
 *
 * @param {string} bun the path of its binary
 * @param {Shelf} shelf
 * @returns {Promise<string>}
 */
export async function programPath(bun, shelf = STARTED) {
  return freshBundle(shelf) ?? (await build(bun, shelf)) ?? SOURCE;
}

/**
 * Its main file, or undefined: there is none, or what it was made of has changed since.
 *
 * @param {Shelf} shelf
 */
function freshBundle(shelf) {
  try {
    const directory = join(shelf.directory, readFileSync(currentOf(shelf), 'utf8'));
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
 * @param {Shelf} shelf
 */
async function build(bun, shelf) {
  const name = randomUUID();
  const directory = join(shelf.directory, name);
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
      renameSync(`${directory}.current`, currentOf(shelf));
      forgetOld(name, shelf);
    }
  } catch {
    // The disk is full, or another one tidied up: what was made is as good.
  }
  // Told to end meanwhile, we start nothing.
  if (made.interruptedBy !== undefined) process.exit(made.code);
  return made.code === 0 ? join(directory, 'main.js') : undefined;
}

/**
 * @param {string} newest
 * @param {Shelf} shelf
 */
function forgetOld(newest, shelf) {
  for (const name of readdirSync(shelf.directory)) {
    const path = join(shelf.directory, name);
    const isNew = name === newest || path === currentOf(shelf);
    if (!isNew && Date.now() - statSync(path).mtimeMs > shelf.keepOldMs)
      rmSync(path, { recursive: true, force: true });
  }
}
