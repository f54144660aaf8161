/**
 * Bundles the program into the directory that is its argument, for `program.mjs`, as a process of Bun. Lines and names in stack traces
 * stay those of the sources, by source maps. Prints what is wrong, and ends with 1, where it cannot be made.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from './install.mjs';
import { MANIFEST } from './program.mjs';

/** What is run by itself: the command, and what `moduleUrl` of src/program.ts is asked for. All names differ, for all lie in one folder. */
const ENTRIES = [
  'src/main.ts',
  'src/storage/sqlite-worker.ts',
  'src/metering/flush-task.ts',
  'src/exports/parquet-worker.ts',
  'src/filters/own/pattern-worker.ts',
];

/** Not among the dependencies: whoever uses one installs it, and then it is found at run time. */
const OPTIONAL = ['@aws-sdk/client-secrets-manager', '@google-cloud/secret-manager', 'pg-native'];

const [directory = ''] = process.argv.slice(2);
const startedAt = Date.now();
const { metafile, outputs } = await Bun.build({
  entrypoints: ENTRIES.map((entry) => join(root, entry)),
  outdir: directory,
  target: 'bun',
  format: 'esm',
  splitting: true,
  // Names stay: errors and classes are told apart by them.
  minify: { whitespace: true, syntax: true, identifiers: false },
  sourcemap: 'linked',
  external: OPTIONAL,
  // As without a bundle: whoever sets it does so where it runs.
  define: { 'process.env.NODE_ENV': 'process.env.NODE_ENV' },
  naming: { entry: '[name].[ext]', chunk: 'part-[hash].[ext]' },
  metafile: true,
});
// The sources lie beside it: a map that repeats them takes three times as long to read when an error is told.
for (const { path, kind } of outputs) {
  if (kind !== 'sourcemap') continue;
  const map = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...map, sourcesContent: map.sources.map(() => null) }));
}
const inputs = Object.keys(metafile?.inputs ?? {})
  .map((path) => relative(root, resolve(path)))
  // What is installed is told by the record of npm, which is one of them.
  .filter((path) => !/(?:^|\/)node_modules\//.test(path));
const facts = [
  ...inputs,
  'package-lock.json',
  'node_modules/.package-lock.json',
  'scripts/build-program.mjs',
].map((path) => {
  const { size, mtimeMs } = statSync(join(root, path));
  if (mtimeMs >= startedAt) throw new Error(`${path} changed meanwhile`);
  return [
    path,
    size,
    mtimeMs,
    createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('base64url'),
  ];
});
writeFileSync(join(directory, MANIFEST), JSON.stringify({ inputs: facts }));
