/** The built dashboard in memory; builds it in a process of its own when the sources have changed since. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { ROOT } from '../program.ts';
import { BUILDS_DIR, MANIFEST, type Manifest, sourceHash } from './dashboard-files.ts';

export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly compressed: Readonly<Record<'br' | 'gzip', Uint8Array<ArrayBuffer>>>;
}

export interface Bundle extends Omit<Manifest, 'files'> {
  readonly assets: ReadonlyMap<string, Asset>;
}

export interface Bundler {
  /** Throws when it cannot be built; after a while another call tries again. */
  bundle(): Promise<Bundle>;
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
/** From its sources: it is a process of its own. */
const BUILDER = join(ROOT, 'src/pages', './build-dashboard.ts');
const MAX_MESSAGE_LENGTH = 4000;
/** What could not be built a moment ago is not built for every page that somebody asks for. */
const TRY_AGAIN_AFTER_MS = 10_000;

export function createBundler({ logger, clock }: { logger: Logger; clock: Clock }): Bundler {
  let bundle: Promise<Bundle> | null = null;
  let failedAtMs: number | null = null;
  return {
    bundle() {
      if (failedAtMs !== null && clock.nowMs() - failedAtMs > TRY_AGAIN_AFTER_MS) bundle = null;
      if (bundle === null) {
        failedAtMs = null;
        bundle = makeBundle().catch((error: unknown) => {
          failedAtMs = clock.nowMs();
          logger.error('dashboard_build_failed', { error });
          throw error;
        });
      }
      return bundle;
    },
  };
}

async function makeBundle(): Promise<Bundle> {
  const directory = join(BUILDS_DIR, await sourceHash());
  if (!existsSync(join(directory, MANIFEST))) await runBuilder();
  return await load(directory);
}

async function runBuilder(): Promise<void> {
  const builder = Bun.spawn([process.execPath, '--no-env-file', BUILDER], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A gateway that is told to stop does not wait for it: the next start builds what it left.
  builder.unref();
  try {
    setPriority(builder.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is only polite: whoever asks the API meanwhile comes first.
  }
  const [message, code] = await Promise.all([new Response(builder.stderr).text(), builder.exited]);
  if (code !== 0) throw new Error(message.trim().slice(0, MAX_MESSAGE_LENGTH));
}

async function load(directory: string): Promise<Bundle> {
  const { files, ...names } = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
  const assets = await Promise.all(
    files.map(async (name): Promise<[string, Asset]> => {
      const [bytes, gzip, br] = await Promise.all(
        [name, `${name}.gz`, `${name}.br`].map((file) => readFile(join(directory, file))),
      );
      if (bytes === undefined || gzip === undefined || br === undefined)
        throw new Error(`${name} is not whole`);
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      return [name, { type, bytes, compressed: { br, gzip } }];
    }),
  );
  return { ...names, assets: new Map(assets) };
}
