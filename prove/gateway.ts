/** Gateways as real processes, from this checkout: started, killed, and started again on the same data. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { newKeySecret } from '../src/auth/key-secret.ts';
import { testedProgram } from '../test/turnpike.ts';
import { type KeyLimit, keyBody } from './client.ts';
import { decimalUsd, type PriceList } from './prices.ts';

export interface Key {
  readonly key: string;
  readonly hash: string;
}

export interface GatewayOptions {
  readonly directory: string;
  readonly providerUrl: string;
  readonly prices: PriceList;
  readonly isPrepaid?: boolean;
  /** Null: SQLite. */
  readonly databaseUrl?: string | null;
  readonly secrets: Secrets;
  readonly drainDelayMs?: number;
  /** A file of this folder that runs before the gateway's own code. */
  readonly preload?: string;
  /** Where this model is asked for when the first provider fails at it. */
  readonly spare?: { readonly model: string; readonly providerUrl: string };
  /** This model has a provider of its own, at the address of the first: what that refuses keeps requests from nobody else. */
  readonly apart?: string;
}

/** What the nodes of one database share. */
export interface Secrets {
  readonly managementKey: string;
  /** 32 bytes as base64. */
  readonly masterKey: string;
}

export function newSecrets(): Secrets {
  const masterKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  return { managementKey: newKeySecret().key, masterKey };
}

const READY_WITHIN_MS = 30_000;

export class GatewayProcess implements AsyncDisposable {
  readonly baseUrl: string;
  readonly dataDir: string;
  readonly options: GatewayOptions;
  /** Whether the last `untilDead` found it dead. */
  diedBySelf = false;
  /** Of its pages and its own figures. */
  readonly origin: string;
  readonly #env: Record<string, string>;
  #child: Subprocess | undefined;

  static async prepare(options: GatewayOptions): Promise<GatewayProcess> {
    mkdirSync(options.directory, { recursive: true });
    writeFileSync(join(options.directory, 'turnpike.yaml'), JSON.stringify(configOf(options)));
    return new GatewayProcess(options, await freePort());
  }

  private constructor(options: GatewayOptions, port: number) {
    this.options = options;
    this.dataDir = join(options.directory, 'data');
    this.origin = `http://127.0.0.1:${port}`;
    this.baseUrl = `${this.origin}/api/v1`;
    this.#env = {
      PATH: process.env['PATH'] ?? '',
      BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
      TURNPIKE_PORT: String(port),
      TURNPIKE_DATA_DIR: this.dataDir,
      TURNPIKE_LOG_LEVEL: 'info',
      TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: options.secrets.managementKey,
      TURNPIKE_MASTER_KEY: options.secrets.masterKey,
      ...(options.databaseUrl == null ? {} : { TURNPIKE_DATABASE_URL: options.databaseUrl }),
    };
  }

  /** What the database calls it. */
  get nodeId(): string {
    return readFileSync(join(this.dataDir, 'node-id'), 'utf8').trim();
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** False when it died before it was ready, as some fail points mean it to. */
  async start(env: Record<string, string> = {}): Promise<boolean> {
    if (this.isRunning) throw new Error('the gateway runs already');
    const program = await testedProgram();
    const log = openSync(join(this.options.directory, 'gateway.log'), 'a');
    const { preload } = this.options;
    const before = preload === undefined ? [] : ['--preload', join(import.meta.dir, preload)];
    const child = Bun.spawn([process.execPath, '--no-orphans', ...before, program, 'serve'], {
      cwd: this.options.directory,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'ignore', log],
    });
    closeSync(log);
    this.#child = child;
    const endsAt = performance.now() + READY_WITHIN_MS;
    while (this.isRunning) {
      if (await this.isReady()) return true;
      if (performance.now() > endsAt) throw new Error('the gateway was not ready in time');
      await Bun.sleep(5);
    }
    if (child.exitCode !== null)
      throw new Error(`the gateway ended with code ${child.exitCode}; see ${this.options.directory}`);
    return false;
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.origin}/health/ready`).catch(() => null);
    return answer?.status === 200;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  /** Gives the exit code. */
  async terminate(): Promise<number | null> {
    this.#child?.kill('SIGTERM');
    await this.#child?.exited;
    return this.#child?.exitCode ?? null;
  }

  /** Resolves when it has died by itself, or kills it when the time is over. */
  async untilDead(timeoutMs: number): Promise<void> {
    const child = this.#child;
    const late = Bun.sleep(timeoutMs).then(() => 'late');
    this.diedBySelf = (await Promise.race([child?.exited, late])) !== 'late';
    child?.kill('SIGKILL');
    await child?.exited;
  }

  async makeKey(limit: KeyLimit | null): Promise<Key> {
    const { key, data } = (await this.manage('POST', '/keys', keyBody(limit))) as {
      key: string;
      data: { hash: string };
    };
    return { key, hash: data.hash };
  }

  async changeKey(hash: string, changes: Record<string, unknown>): Promise<void> {
    await this.manage('PATCH', `/keys/${hash}`, changes);
  }

  /** Everything settled so far is in the database when this resolves. */
  async flushed(): Promise<void> {
    await this.manage('GET', '/credits');
  }

  async grantCredits(usd: string): Promise<void> {
    const { code } = await this.command('credits', 'grant', usd, '--reason', 'prove:spend');
    if (code !== 0) throw new Error('the credits could not be granted');
  }

  /** What `turnpike ledger verify` finds wrong. */
  async verifyLedger(): Promise<string[]> {
    const { code, stdout } = await this.command('ledger', 'verify');
    return code === 0 ? [] : [stdout.trim()];
  }

  /** One of `turnpike`'s commands, beside the gateway. */
  async command(...args: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
    const child = Bun.spawn([process.execPath, await testedProgram(), ...args], {
      cwd: this.options.directory,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stdout = await child.stdout.text();
    return { code: await child.exited, stdout };
  }

  /** A call of the management API. Gives the answer's body; throws unless it went well. */
  async manage(method: string, path: string, body?: Record<string, unknown>): Promise<unknown> {
    const answer = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.options.secrets.managementKey}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return await answer.json();
    throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function configOf(options: GatewayOptions): object {
  const { providerUrl, prices, isPrepaid, spare, apart, drainDelayMs = 0 } = options;
  const slugsOf = (model: string) =>
    model === apart ? ['apart'] : ['acme', ...(spare?.model === model ? ['spare'] : [])];
  const provider = (slug: string, url: string) => ({
    slug,
    name: slug,
    base_url: url,
    api_key: 'fake-provider-key',
    data_policy: { training: false, retains_prompts: false },
  });
  return {
    providers: [
      provider('acme', providerUrl),
      ...(spare === undefined ? [] : [provider('spare', spare.providerUrl)]),
      ...(apart === undefined ? [] : [provider('apart', providerUrl)]),
    ],
    models: [...prices].map(([name, price]) => ({
      id: `acme/${name}`,
      context_length: 128_000,
      max_completion_tokens: 4096,
      endpoints: slugsOf(name).map((slug) => ({
        provider: slug,
        model: name,
        pricing: {
          prompt: decimalUsd(price.promptPicoUsd),
          completion: decimalUsd(price.completionPicoUsd),
          request: decimalUsd(price.requestPicoUsd),
        },
      })),
    })),
    // Visitors of the soak come from many addresses, as people do.
    trusted_proxies: ['127.0.0.1', '::1'],
    figures: { tags: ['team'] },
    billing: { mode: isPrepaid === true ? 'prepaid' : 'off' },
    drain_delay_ms: drainDelayMs,
    drain_timeout_ms: 20_000,
  };
}

/** Free a moment ago: a gateway must come back under its address, which port 0 does not promise. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
  });
  return await promise;
}
