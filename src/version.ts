/** Which Turnpike this is, as its package says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: { readonly bun: string };
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

export const VERSION = manifest.version;
/** The Bun that it is made for and tested with. */
export const BUN_VERSION = manifest.dependencies.bun;
