/** The provider's process, seen from the soak. */
import { join } from 'node:path';
import type { Subprocess } from 'bun';

const MAIN = join(import.meta.dir, 'provider-main.ts');

export class SoakProvider implements AsyncDisposable {
  readonly origin: string;
  readonly #child: Subprocess;
  readonly #saved: () => Promise<void>;

  static async start(options: { seed: number; requests: number }): Promise<SoakProvider> {
    const listening = Promise.withResolvers<number>();
    let onSaved: (() => void) | undefined;
    const child = Bun.spawn(
      [process.execPath, '--no-orphans', MAIN, String(options.seed), String(options.requests)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        ipc: (message: unknown) => {
          if (typeof message === 'number') listening.resolve(message);
          else onSaved?.();
        },
      },
    );
    const died = child.exited.then((code) => {
      throw new Error(`the provider ended with code ${code}`);
    });
    died.catch(() => {});
    const port = await Promise.race([listening.promise, died]);
    const saved = () =>
      new Promise<void>((resolve) => {
        onSaved = resolve;
      });
    return new SoakProvider(port, child, saved);
  }

  private constructor(port: number, child: Subprocess, saved: () => Promise<void>) {
    this.origin = `http://127.0.0.1:${port}`;
    this.#child = child;
    this.#saved = saved;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** A byte for each request, as seen.ts tells. */
  async seen(directory: string): Promise<Uint8Array> {
    const path = join(directory, 'provider-seen');
    const saved = this.#saved();
    this.#child.send(path);
    await saved;
    return new Uint8Array(await Bun.file(path).arrayBuffer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}
