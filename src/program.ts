/** Where the files of this program are, whether it runs from its sources or from the bundle that `scripts/program.mjs` makes of them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory of package.json. A bundle lies some folders below it, the sources one. */
export const ROOT = rootAbove(import.meta.dir);

const IS_BUNDLE = import.meta.path.endsWith('.js');

/**
 * The URL of a module that is run by itself: as a thread, or as a task in one. Each is an entry point of the bundle
 * (`scripts/build-program.mjs`), where all files stand in one folder, so that the URL beside the caller's own is right there too.
 * @param source where it is among the sources, relative to the file that asks: `new URL('./worker.ts', import.meta.url)`
 */
export function moduleUrl({ href: source }: URL): string {
  return IS_BUNDLE ? source.replace(/\.ts$/, '.js') : source;
}

function rootAbove(start: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory;
    if (directory === dirname(directory)) throw new Error(`No package.json above ${start}`);
  }
}
