/**
 * The whole gateway for a test, in front of a fake provider and on a fresh database: inside this process (`startGateway`), or
 * as the real one that can be killed and started again on the same data (`spawnGateway`). Whatever fails, nothing is left behind.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGateway } from '../src/app.ts';
import { newKeySecret } from '../src/auth/key-secret.ts';
import { type Clock, systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { createReader } from '../src/config/environment.ts';
import { parseConfigFile } from '../src/config/file.ts';
import { STRIPE_API_URL } from '../src/config/purchases.ts';
import type { Gateway } from '../src/gateway.ts';
import { startServer } from '../src/http/server.ts';
import { newId } from '../src/ids.ts';
import { ensureInstance } from '../src/keys/bootstrap.ts';
import { createLogger } from '../src/log.ts';
import type { Database } from '../src/storage/database.ts';
import { type Engine, engines } from './databases.ts';
import { type FakeProvider, startFakeProvider } from './fake-provider/server.ts';
import { freePort } from './free-port.ts';
import { testedProgram } from './turnpike.ts';

/** What an operator would write into turnpike.yaml, which JSON is a part of. */
export interface ConfigText {
  providers?: object[];
  models?: object[];
  billing?: {
    mode: 'off' | 'prepaid';
    fee_percent?: number;
    fee_minimum_usd?: number;
    minimum_purchase_usd?: number;
    maximum_purchase_usd?: number;
  };
  routers?: Record<string, unknown>;
  budgets?: Record<string, unknown>;
  byok?: Record<string, unknown>;
  content_logging?: { allowed?: boolean; max_record_bytes?: number; memory_bytes?: number };
  limits?: Record<string, number>;
  drain_timeout_ms?: number;
  drain_delay_ms?: number;
  /** How people sign up and in, as in turnpike.yaml. */
  accounts?: Record<string, unknown>;
  mail?: { smtp_url: string; from: string } | null;
  trusted_proxies?: string[];
  egress?: { private_hosts: string[] };
  figures?: { tags: string[] };
  leaked_keys?: { quarantine?: boolean };
  oauth?: { dynamic_registration?: boolean; editor_schemes?: string[] };
}

/** As by default. */
const SLOW_SENDER_TIMEOUT_MS = 15_000;
const MAX_MESSAGE_BYTES = 20_000_000;

/** A hash as it is made in earnest takes longer than most of what tests ask for; src/accounts/sign-in has the tests of that. */
const CHEAP_PASSWORDS = { memoryCost: 8, timeCost: 1 };

/** USD a unit, of `acme/small` and every other paid model here. */
export const PRICES = {
  prompt: '0.00000015',
  completion: '0.0000006',
  input_cache_read: '0.000000075',
  request: '0.0001',
  image: '0.001',
} as const;

/** The key that the gateway shows to its fake provider. */
export const PROVIDER_KEY = 'fake-provider-key';

/** acme and, for fallbacks, backup: one fake provider under two names, told apart by the upstream model. */
export function configText(provider: FakeProvider, changes: ConfigText = {}): Required<ConfigText> {
  const endpoint = (slug: string, model: string, pricing: object = PRICES) => ({
    provider: slug,
    model,
    pricing,
  });
  const parameters = [
    ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'stop', 'seed'],
    ...['tools', 'tool_choice', 'response_format', 'structured_outputs', 'logprobs', 'top_logprobs'],
    ...['reasoning', 'include_reasoning'],
  ];
  const model = (id: string, ...endpoints: object[]) => ({
    id,
    context_length: 128_000,
    max_completion_tokens: 16_384,
    input_modalities: ['text', 'image'],
    supported_parameters: parameters,
    endpoints,
  });
  const policy = { training: false, retains_prompts: false };
  const connection = { base_url: provider.baseUrl, api_key: PROVIDER_KEY, data_policy: policy };
  return {
    providers: [
      { slug: 'acme', name: 'Acme', ...connection },
      { slug: 'backup', name: 'Backup', ...connection },
      ...(changes.providers ?? []),
    ],
    models: [
      model('acme/small', endpoint('acme', 'small-2026')),
      model('acme/reason', endpoint('acme', 'reason-2026')),
      model('acme/twice', endpoint('acme', 'twice-acme'), endpoint('backup', 'twice-backup')),
      model('acme/free:free', endpoint('acme', 'free-2026', { prompt: '0', completion: '0' })),
      ...(changes.models ?? []),
    ],
    billing: changes.billing ?? { mode: 'off' },
    routers: changes.routers ?? {},
    budgets: changes.budgets ?? {},
    byok: changes.byok ?? {},
    content_logging: changes.content_logging ?? {},
    limits: changes.limits ?? {},
    drain_timeout_ms: changes.drain_timeout_ms ?? 5000,
    drain_delay_ms: changes.drain_delay_ms ?? 0,
    accounts: changes.accounts ?? {},
    mail: changes.mail ?? null,
    trusted_proxies: changes.trusted_proxies ?? [],
    egress: changes.egress ?? { private_hosts: [] },
    figures: changes.figures ?? { tags: [] },
    leaked_keys: changes.leaked_keys ?? {},
    oauth: changes.oauth ?? {},
  };
}

export interface StartOptions {
  /** SQLite unless told; one of its own, such as a database behind something. */
  engine?: Engine['name'] | Engine;
  /** Added to what `configText` says; `billing`, `limits` and the like take its place. */
  config?: ConfigText;
  clock?: Clock;
  /** Where the keys are that sign reports of found secrets; unless told, there are none. */
  secretScanningKeysUrl?: string;
  holdBackMs?: number;
  keepAliveMs?: number;
  /** Where credits are bought; unless told, nowhere. */
  stripe?: Config['stripe'];
  /** Its name for itself: passkeys belong to a name, never to an address. */
  publicHost?: 'localhost';
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  /** `<url>/api/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly managementKey: string;
  readonly provider: FakeProvider;
  readonly gateway: Gateway;
  readonly database: Database;
  readonly dataDir: string;
  readonly config: Config;
  /** Every line logged so far, from debug up. */
  readonly logLines: readonly string[];
  /** Every line for the operator's eyes: without a mail server, links too. */
  readonly announcements: readonly string[];
  /** An hour later, when nobody sits out any more for what happened before. Not for whoever brought a clock. */
  anHourLater(): void;
  /** How many clients have gone before their answer was whole, as far as the gateway has noticed. */
  clientsGone(): number;
  /** What the journal said when it could not be written any more; empty as long as all is well. */
  readonly journalFailures: readonly unknown[];
  stop(): Promise<void>;
}

export async function startGateway(options: StartOptions = {}): Promise<TestGateway> {
  await using stack = new AsyncDisposableStack();
  const provider = stack.adopt(startFakeProvider(), (fake) => fake.stop());
  const wanted = options.engine ?? 'sqlite';
  const engine = typeof wanted === 'object' ? wanted : engines.find(({ name }) => name === wanted);
  if (engine === undefined) throw new Error(`there is no engine ${options.engine}`);
  const { database, databaseUrl, dataDir } = stack.adopt(await engine.open(), (opened) => opened.dispose());

  let aheadMs = 0;
  const clock = options.clock ?? { nowMs: () => systemClock.nowMs() + aheadMs };
  const managementKey = newKeySecret().key;
  // The gateway knows its own address, which it has only when its server listens.
  let serve: Gateway['fetch'] = () => new Response(null, { status: 503 });
  let clientsGone = 0;
  const server = stack.adopt(
    startServer({
      ...{ hostname: '127.0.0.1', port: 0 },
      slowSenderTimeoutMs: options.config?.limits?.['slow_sender_timeout_ms'] ?? SLOW_SENDER_TIMEOUT_MS,
      maxMessageBytes: options.config?.limits?.['request_body_bytes'] ?? MAX_MESSAGE_BYTES,
      fetch: (request, bunServer) => {
        request.signal.addEventListener('abort', () => {
          clientsGone += 1;
        });
        return serve(request, bunServer);
      },
    }),
    (listening) => listening.stop(true),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const publicUrl = `http://${options.publicHost ?? '127.0.0.1'}:${server.port}`;
  const config = configOf(configText(provider, options.config), {
    ...{ dataDir, databaseUrl, publicUrl },
    secretScanningKeysUrl: options.secretScanningKeysUrl ?? null,
    stripe: options.stripe ?? { secretKey: null, webhookSecret: null, apiUrl: STRIPE_API_URL },
  });
  const { firstKey } = await ensureInstance({ database, clock, bootstrapManagementKey: managementKey });
  if (firstKey === null) throw new Error('the database was not fresh');

  const logLines: string[] = [];
  const announcements: string[] = [];
  const journalFailures: unknown[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => void logLines.push(line), clock });
  const gateway = await buildGateway({
    config,
    database,
    clock,
    logger,
    nodeId: newId(),
    passwordCost: CHEAP_PASSWORDS,
    announce: (line) => void announcements.push(line),
    onJournalFailure: (cause) => void journalFailures.push(cause),
    ...(options.holdBackMs === undefined ? {} : { holdBackMs: options.holdBackMs }),
    ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
  });
  stack.defer(() => gateway.close());
  serve = gateway.fetch;
  stack.defer(() => server.stop(true));

  const kept = stack.move();
  const stop = () => kept.disposeAsync();
  return {
    ...{ url, baseUrl: `${url}/api/v1`, apiKey: firstKey, managementKey },
    ...{ provider, gateway, database, dataDir, config, logLines, announcements, journalFailures },
    anHourLater: () => {
      aheadMs += 3_600_000;
    },
    clientsGone: () => clientsGone,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configOf(
  text: Required<ConfigText>,
  opened: Pick<Config, 'dataDir' | 'databaseUrl' | 'publicUrl' | 'secretScanningKeysUrl' | 'stripe'>,
): Config {
  const file = { name: 'turnpike.yaml', text: JSON.stringify(text) };
  return {
    host: '127.0.0.1',
    port: 0,
    ...opened,
    masterKey: crypto.getRandomValues(new Uint8Array(32)),
    masterKeySource: 'the test',
    masterKeyIsNew: false,
    bootstrapManagementKey: null,
    metricsToken: null,
    logLevel: 'debug',
    dataRegion: 'global',
    secretsRefreshMs: 300_000,
    file,
    ...parseConfigFile(file, createReader({}, opened.dataDir)),
    environmentKeys: () => null,
    warnings: [],
  };
}

export interface SpawnOptions {
  config?: ConfigText;
  /** Beside the harness' own; `TURNPIKE_DATABASE_URL` for PostgreSQL. */
  env?: Record<string, string>;
  /** On a database that another gateway has set up: there is no first key to wait for, and `apiKey` is empty. */
  joins?: boolean;
}

export interface SpawnedGateway extends AsyncDisposable {
  readonly url: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly managementKey: string;
  readonly provider: FakeProvider;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything printed so far, over all starts. */
  readonly stdout: string;
  readonly stderr: string;
  /** Sends a signal and waits for the end; the exit code, null when the signal itself ended the process. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts again on the same data, address and configuration; call `kill` first. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const SHARED_MASTER_KEY = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
const KEY = /sk-or-v1-[0-9a-f]{64}/;

export async function spawnGateway(options: SpawnOptions = {}): Promise<SpawnedGateway> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.adopt(mkdtempSync(join(tmpdir(), 'turnpike-spawned-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const provider = stack.adopt(startFakeProvider(), (fake) => fake.stop());
  const managementKey = newKeySecret().key;
  // A restarted gateway must come back under its address, which port 0 does not promise.
  const port = await freePort();
  const dataDir = join(directory, 'data');
  writeFileSync(join(directory, 'turnpike.yaml'), JSON.stringify(configText(provider, options.config)));
  const env = {
    PATH: process.env['PATH'] ?? '',
    // As the scripts start it.
    BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
    TURNPIKE_PORT: String(port),
    TURNPIKE_DATA_DIR: dataDir,
    TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: managementKey,
    // Nodes that share a database share one key.
    ...(options.env?.['TURNPIKE_DATABASE_URL'] === undefined
      ? {}
      : { TURNPIKE_MASTER_KEY: SHARED_MASTER_KEY }),
    ...options.env,
  };
  const url = `http://127.0.0.1:${port}`;
  const gatewayProcess = stack.use(new GatewayProcess(directory, env, url, options.joins ?? false));
  await gatewayProcess.start();
  const apiKey = KEY.exec(gatewayProcess.stdout)?.[0] ?? '';

  const kept = stack.move();
  const stop = () => kept.disposeAsync();
  return {
    ...{ url, baseUrl: `${url}/api/v1`, apiKey, managementKey, provider, dataDir },
    get pid() {
      return gatewayProcess.pid;
    },
    get stdout() {
      return gatewayProcess.stdout;
    },
    get stderr() {
      return gatewayProcess.stderr;
    },
    kill: (signal) => gatewayProcess.kill(signal),
    restart: () => gatewayProcess.start(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

class GatewayProcess implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #directory: string;
  readonly #env: Record<string, string>;
  readonly #url: string;
  readonly #joins: boolean;
  #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined;
  #outputRead: Promise<unknown> = Promise.resolve();

  constructor(directory: string, env: Record<string, string>, url: string, joins: boolean) {
    this.#directory = directory;
    this.#env = env;
    this.#url = url;
    this.#joins = joins;
  }

  get pid(): number {
    return this.#running().pid;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error('the gateway runs already');
    const program = await testedProgram();
    // Bun ends it with us, should the test runner itself be killed.
    const child = Bun.spawn([process.execPath, '--no-orphans', program, 'serve'], {
      cwd: this.#directory,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#outputRead = Promise.all([
      collect(child.stdout, (text) => {
        this.stdout += text;
      }),
      collect(child.stderr, (text) => {
        this.stderr += text;
      }),
    ]);
    const endsAt = performance.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode === null && child.signalCode === null && performance.now() < endsAt) {
        await Bun.sleep(20);
        continue;
      }
      const why = child.exitCode === null ? 'was not ready in time' : `ended with code ${child.exitCode}`;
      await this.kill('SIGKILL');
      throw new Error(`the gateway ${why}:\n${this.stdout}\n${this.stderr}`);
    }
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#running();
    child.kill(signal);
    await child.exited;
    await this.#outputRead;
    this.#child = undefined;
    return child.signalCode === null ? child.exitCode : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.kill('SIGKILL');
  }

  #running() {
    if (this.#child === undefined) throw new Error('the gateway does not run');
    return this.#child;
  }

  /** The first key is printed a moment after the port is open; a later start finds the first one's output still here. */
  async #isReady(): Promise<boolean> {
    if (!this.#joins && !KEY.test(this.stdout)) return false;
    const answer = await fetch(`${this.#url}/health/ready`).catch(() => null);
    return answer?.status === 200;
  }
}

async function collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) add(decoder.decode(bytes, { stream: true }));
}

export interface MadeKey {
  readonly key: string;
  readonly hash: string;
}

/** Makes an API key through the management API; `body` as `POST /keys` takes it. */
export async function makeKey(
  { baseUrl, managementKey }: { baseUrl: string; managementKey: string },
  body: Record<string, unknown> = {},
): Promise<MadeKey> {
  const answer = await fetch(`${baseUrl}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${managementKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'made by a test', ...body }),
  });
  if (answer.status !== 201) throw new Error(`POST /keys answered ${answer.status}: ${await answer.text()}`);
  const created = (await answer.json()) as { key: string; data: { hash: string } };
  return { key: created.key, hash: created.data.hash };
}
