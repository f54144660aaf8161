/**
 * Builds the dashboard, as a process of its own: bundling takes seconds of CPU, which the gateway's event loop must not feel.
 * Prints nothing when all is well.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type BuildConfig, Glob } from 'bun';
import { compile } from 'tailwindcss';
import { systemClock } from '../clock.ts';
import { BUILDS_DIR, MANIFEST, type Manifest, SOURCE_DIR, sourceHash } from './dashboard-files.ts';

/** A builder that has not finished by then was killed. */
const LOCK_STALE_MS = 60_000;
/** A checkout that goes back and forth between branches needs its older builds again. */
const KEEP_OLD_MS = 7 * 24 * 3_600_000;

const target = join(BUILDS_DIR, await sourceHash());
await mkdir(BUILDS_DIR, { recursive: true });
while (!existsSync(join(target, MANIFEST))) {
  const isDone = await whenAlone(`${target}.lock`, () => buildInto(target));
  if (!isDone) await Bun.sleep(50);
}

/** Several gateways may start on one checkout: one builds, the others wait, and take over should it die. */
async function whenAlone(lockPath: string, work: () => Promise<void>): Promise<boolean> {
  const lock = await open(lockPath, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    return null;
  });
  if (lock === null) {
    const held = await stat(lockPath).catch(() => null);
    if (held !== null && systemClock.nowMs() - held.mtimeMs > LOCK_STALE_MS)
      await rm(lockPath, { force: true });
    return false;
  }
  try {
    await work();
  } finally {
    await lock.close();
    await rm(lockPath, { force: true });
  }
  return true;
}

/** Whoever reads a build while it is made must not find half of it: it is made elsewhere and moved. */
async function buildInto(directory: string): Promise<void> {
  if (existsSync(join(directory, MANIFEST))) return;
  const staging = join(BUILDS_DIR, `.staging-${randomUUID()}`);
  await mkdir(staging);
  try {
    await build(staging);
    await rename(staging, directory);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  await forgetOldBuilds();
}

async function build(directory: string): Promise<void> {
  const files: string[] = [];
  const put = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(directory, name), bytes);
    await writeFile(join(directory, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    // As small as it gets: it is done once, and sent many times.
    await writeFile(join(directory, `${name}.br`), brotliCompressSync(bytes));
    files.push(name);
    return name;
  };
  const bundle = async (entry: string, config: Partial<BuildConfig>) => {
    const { outputs } = await Bun.build({
      entrypoints: [join(SOURCE_DIR, entry)],
      target: 'browser',
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      naming: { entry: '[name]-[hash].[ext]', chunk: 'part-[hash].[ext]' },
      ...config,
    } as BuildConfig);
    let entryName = '';
    for (const output of outputs) {
      const name = await put(output.path.replace(/^.*\//, ''), new Uint8Array(await output.arrayBuffer()));
      if (output.kind === 'entry-point') entryName = name;
    }
    return entryName;
  };
  const script = await bundle('app/main.tsx', { format: 'esm', splitting: true });
  const manifest: Manifest = {
    script,
    preloads: await importsOf(join(directory, script)),
    // Runs before the first paint, so it is neither a module nor part of the rest.
    theme: await bundle('app/apply-theme.ts', { format: 'iife' }),
    style: await put(...hashed('style.css', Buffer.from(await compileStyle()))),
    icon: await put(...hashed('icon.svg', await readFile(join(SOURCE_DIR, 'app/icon.svg')))),
    files,
  };
  await writeFile(join(directory, MANIFEST), JSON.stringify(manifest));
}

/** The chunks that a bundled script names in its own import statements; those it loads later are strings in calls. */
async function importsOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  const found = [...text.matchAll(/\b(?:from|import)\s*"\.\/(part-[\w-]+\.js)"/g)].map(
    ([, name = '']) => name,
  );
  return [...new Set(found)];
}

/**
 * With Tailwind's core alone: the scanner that it has beside it is native code, which not every platform's npm can install. Gzip
 * does what minifying would.
 */
async function compileStyle(): Promise<string> {
  const source = await readFile(join(SOURCE_DIR, 'app/style.css'), 'utf8');
  const { build } = await compile(source, {
    base: join(SOURCE_DIR, 'app'),
    loadStylesheet: async (id) => {
      const path = fileURLToPath(import.meta.resolve(`${id}/index.css`));
      return { path, base: dirname(path), content: await readFile(path, 'utf8') };
    },
  });
  return build([...(await classNames())]);
}

/** Every word that could be one: what is none means nothing to Tailwind. */
async function classNames(): Promise<Set<string>> {
  const words = new Set<string>();
  for await (const path of new Glob('**/*.{ts,tsx}').scan(SOURCE_DIR)) {
    const text = await readFile(join(SOURCE_DIR, path), 'utf8');
    for (const [word] of text.matchAll(/[^\s"'`{}<>;]+/g)) words.add(word);
  }
  return words;
}

function hashed(name: string, bytes: Uint8Array): [name: string, bytes: Uint8Array] {
  const extension = extname(name);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  return [`${name.slice(0, -extension.length)}-${hash}${extension}`, bytes];
}

async function forgetOldBuilds(): Promise<void> {
  for (const name of await readdir(BUILDS_DIR)) {
    const path = join(BUILDS_DIR, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && systemClock.nowMs() - found.mtimeMs > KEEP_OLD_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
