/** Where the dashboard's sources are, where a build of them goes, and what a build consists of. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../program.ts';

export const SOURCE_DIR = join(ROOT, 'dashboard');
export const BUILDS_DIR = join(ROOT, 'dist/dashboard');
export const MANIFEST = 'manifest.json';

/** Written last into a build: one that has it is whole. */
export interface Manifest {
  /** File names of what every page loads. */
  readonly script: string;
  readonly theme: string;
  readonly style: string;
  readonly icon: string;
  /** What the script imports before it runs: asked for with it, not once it is here. */
  readonly preloads: readonly string[];
  /** Every file, those above included; each lies there as it is and, with `.gz` and `.br` added, compressed. */
  readonly files: readonly string[];
}

const SOURCE = /\.(?:tsx?|css|svg|json)$/;
const BUILDERS = [
  'package-lock.json',
  'src/pages/build-dashboard.ts',
  'src/pages/dashboard-files.ts',
  'src/program.ts',
  // What the pages and the gateway both count by.
  'src/time-zone.ts',
];

/** Changes whenever a build of the sources could come out differently: names the build's directory. */
export async function sourceHash(): Promise<string> {
  const found = await readdir(SOURCE_DIR, { recursive: true });
  const sources = found.filter((path) => SOURCE.test(path)).map((path) => join('dashboard', path));
  const hash = createHash('sha256');
  for (const path of [...BUILDERS, ...sources.sort()]) {
    hash.update(`${path}\0`);
    hash.update(await readFile(join(ROOT, path)));
  }
  return hash.digest('hex').slice(0, 16);
}
