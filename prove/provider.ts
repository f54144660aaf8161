/** The fake provider as a process of its own, which outlives every gateway, and the log that it writes. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { costNanoUsd, type PriceList, type Usage } from './prices.ts';
import type { Seen } from './records.ts';

const MAIN = join(import.meta.dir, '../test/fake-provider/main.ts');
const SETTLE_WITHIN_MS = 10_000;

interface LogLine {
  readonly nonce: string;
  readonly model: string | undefined;
  readonly body: unknown;
  readonly usage: Usage;
  readonly ended: 'complete' | 'client-left' | 'fault';
}

export class ProviderProcess implements AsyncDisposable {
  readonly baseUrl: string;
  readonly #origin: string;
  readonly #child: Subprocess;
  readonly #logFile: string;
  readonly #prices: PriceList;
  readonly #seen: Seen[] = [];
  #readBytes = 0;
  #tail = '';

  static async start(options: {
    directory: string;
    prices: PriceList;
    port?: number;
  }): Promise<ProviderProcess> {
    const logFile = join(options.directory, `provider-${crypto.randomUUID()}.jsonl`);
    const child = Bun.spawn(
      [process.execPath, '--no-orphans', MAIN, '--port', String(options.port ?? 0), '--log', logFile],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    for await (const bytes of child.stdout) {
      text += new TextDecoder().decode(bytes);
      if (text.includes('\n')) break;
    }
    const baseUrl = /http:\S+/.exec(text)?.[0];
    if (baseUrl === undefined) throw new Error(`the fake provider did not start: ${text}`);
    return new ProviderProcess({ baseUrl, child, logFile, prices: options.prices });
  }

  private constructor(options: { baseUrl: string; child: Subprocess; logFile: string; prices: PriceList }) {
    this.baseUrl = options.baseUrl;
    this.#origin = new URL(options.baseUrl).origin;
    this.#child = options.child;
    this.#logFile = options.logFile;
    this.#prices = options.prices;
  }

  /** All it has seen so far, once every request has ended. */
  async seen(): Promise<readonly Seen[]> {
    const endsAt = performance.now() + SETTLE_WITHIN_MS;
    for (;;) {
      const answer = await fetch(`${this.#origin}/control/stats`);
      const { totalRequests } = (await answer.json()) as { totalRequests: number };
      this.#readLog();
      if (this.#seen.length === totalRequests) return this.#seen;
      if (performance.now() > endsAt) {
        throw new Error(`${totalRequests - this.#seen.length} requests do not end at the fake provider`);
      }
      await Bun.sleep(10);
    }
  }

  #readLog(): void {
    if (!existsSync(this.#logFile)) return;
    const file = openSync(this.#logFile, 'r');
    const buffer = Buffer.alloc(1024 * 1024);
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, this.#readBytes);
      if (length === 0) break;
      this.#readBytes += length;
      // Latin-1 keeps bytes apart that a chunk may cut in the middle of a character; only ASCII is looked at.
      this.#tail += buffer.toString('latin1', 0, length);
    }
    closeSync(file);
    const lines = this.#tail.split('\n');
    this.#tail = lines.pop() ?? '';
    for (const line of lines) this.#seen.push(this.#seenIn(JSON.parse(line)));
  }

  #seenIn({ nonce, model, body, usage, ended }: LogLine): Seen {
    const price = this.#prices.get(model ?? '');
    if (price === undefined)
      throw new Error(`the fake provider was asked for a model without a price: ${model}`);
    return {
      tag: /tag:[\w-]+/.exec(JSON.stringify(body))?.[0] ?? `unknown ${nonce}`,
      nonce,
      isComplete: ended === 'complete',
      costNanoUsd: costNanoUsd(price, usage),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}
