/** Starts what is compared, each as a real process on loopback: the upstream alone, nginx before it, Turnpike before it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { GATEWAY_MEMORY } from '../scripts/bun.mjs';
import { AUTHORITY } from './certificates.ts';

export type CandidateName = 'upstream' | 'nginx' | 'turnpike';

export interface Candidate {
  readonly name: CandidateName;
  readonly pid: number;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What it is asked, where that is not a chat completion. */
  readonly ask?: (kind: Kind) => Ask;
  stop(): Promise<void>;
}

/** What the upstream does with a request. */
export type Kind = 'json' | 'paced' | 'idle';

export interface Ask {
  readonly path: string;
  readonly body: string;
}

export interface TurnpikeCandidate extends Candidate {
  /** From the spawn to its first answer. */
  readonly firstAnswerMs: number;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 3000;
const running = new Set<Subprocess>();

export function killEverything(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface Upstream extends Candidate {
  /** The same answers, through TLS. */
  readonly tlsPort: number;
}

/** Where a candidate finds its upstream. */
export interface UpstreamPlace {
  readonly port: number;
  readonly isTls: boolean;
}

export async function startUpstream(): Promise<Upstream> {
  const port = freePort();
  const tlsPort = freePort();
  const program = join(import.meta.dir, 'upstream.ts');
  const child = start([process.execPath, '--no-orphans', program, `${port}`, `${tlsPort}`]);
  await untilAccepting(tlsPort);
  return {
    tlsPort,
    name: 'upstream',
    pid: child.pid,
    port,
    path: '/v1/chat/completions',
    headers: {},
    stop: stopper(child),
  };
}

/** A plain proxy as its manual builds one: keep-alive on both sides, no buffering of streams, no log. One process. */
export async function startNginx(
  binary: string,
  { port: upstreamPort, isTls }: UpstreamPlace,
  dir: string,
): Promise<Candidate> {
  const port = freePort();
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'nginx.conf');
  writeFileSync(
    path,
    `
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000000;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass ${isTls ? 'https' : 'http'}://provider;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${AUTHORITY};
      proxy_ssl_name localhost;
      proxy_ssl_server_name on;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`,
  );
  const child = start([binary, '-p', dir, '-e', join(dir, 'error.log'), '-c', path]);
  await untilAccepting(port);
  return {
    name: 'nginx',
    pid: child.pid,
    port,
    path: '/v1/chat/completions',
    headers: {},
    stop: stopper(child),
  };
}

/** What `npm start` runs there: the bundle, or of an earlier version its sources. */
async function programOf(checkout: string): Promise<string> {
  const script = join(checkout, 'scripts/program.mjs');
  if (!existsSync(script)) return join(checkout, 'src/main.ts');
  const { programPath } = (await import(script)) as { programPath: (bun: string) => Promise<string> };
  return await programPath(process.execPath);
}

/** Turnpike as it is shipped, on SQLite: keys, catalogue, prices, limits and the durable journal all at work. */
export async function startTurnpike(options: {
  upstream: UpstreamPlace;
  dir: string;
  /** Of an earlier start in the same directory; without it this is the first start, which prints one. */
  key: string | null;
  /** The checkout it is started from; without it this one. */
  checkout?: string;
  /** Its turnpike.yaml; without it that of a provider of chat completions. */
  config?: string;
  /** What it is asked until it answers; without it a chat completion. */
  ask?: Candidate['ask'];
}): Promise<TurnpikeCandidate & { key: string }> {
  const { dir, upstream, checkout = join(import.meta.dir, '..') } = options;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'turnpike.yaml'), options.config ?? configFor(upstream));
  const port = freePort();
  const program = await programOf(checkout);
  const startedAt = performance.now();
  const child = start([process.execPath, '--no-orphans', program, 'serve'], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
      ...GATEWAY_MEMORY,
      TURNPIKE_PORT: String(port),
      TURNPIKE_DATA_DIR: join(dir, 'data'),
      TURNPIKE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      TURNPIKE_LOG_LEVEL: 'warn',
      NODE_EXTRA_CA_CERTS: AUTHORITY,
    },
  });
  const key = options.key ?? (await printedKey(child));
  const candidate = {
    name: 'turnpike' as const,
    pid: child.pid,
    port,
    path: '/api/v1/chat/completions',
    headers: { authorization: `Bearer ${key}` },
    stop: stopper(child),
    key,
    ...(options.ask === undefined ? {} : { ask: options.ask }),
  };
  await untilAnswering(candidate);
  return { ...candidate, firstAnswerMs: performance.now() - startedAt };
}

export const INSTRUCTIONS = 'You are a helpful assistant. Answer in one short paragraph, without lists.';
export const QUESTION =
  'What is a turnpike, and where does the word come from? I heard that it was a barrier.';

export function askOf(candidate: Pick<Candidate, 'ask' | 'path'>, kind: Kind): Ask {
  return candidate.ask?.(kind) ?? { path: candidate.path, body: requestBody(kind) };
}

/** The text that every candidate is asked with; `kind` tells the upstream what to answer. */
export function requestBody(kind: Kind): string {
  return JSON.stringify({
    model: `bench/${kind}`,
    messages: [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: QUESTION },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...(kind === 'json' ? {} : { stream: true }),
  });
}

function configFor({ port, isTls }: UpstreamPlace): string {
  const model = (kind: string) => `
  - id: bench/${kind}
    context_length: 128000
    max_completion_tokens: 16384
    endpoints:
      - { provider: bench, model: bench/${kind}, pricing: { prompt: "0.00000015", completion: "0.0000006" } }`;
  return `providers:
  - slug: bench
    format: openai
    base_url: ${isTls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`}/v1
    api_key: bench-upstream-key
# The generator of sign-ins speaks for many addresses.
trusted_proxies: [127.0.0.1]
models:${['json', 'paced', 'idle'].map(model).join('')}
`;
}

function start(command: string[], options: { cwd?: string; env?: Record<string, string | undefined> } = {}) {
  const child = Bun.spawn(command, { ...options, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  running.add(child);
  void child.exited.then(() => running.delete(child));
  return child;
}

function stopper(child: Subprocess): () => Promise<void> {
  return async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await child.exited;
    clearTimeout(timer);
  };
}

async function printedKey(child: Subprocess<'ignore', 'pipe', 'inherit'>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    const key = /API key[^:]*: (\S+)\n/.exec(text)?.[1];
    if (key !== undefined) return key;
  }
  throw new Error('Turnpike ended without printing its first key');
}

async function untilAnswering(candidate: Omit<Candidate, 'name'>): Promise<void> {
  const endsAt = performance.now() + START_TIMEOUT_MS;
  const { path, body } = askOf(candidate, 'json');
  while (performance.now() < endsAt) {
    const answer = await fetch(`http://127.0.0.1:${candidate.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...candidate.headers },
      body,
    }).catch(() => null);
    await answer?.text();
    if (answer?.status === 200) return;
    await Bun.sleep(2);
  }
  throw new Error('Turnpike gave no answer in time');
}

async function untilAccepting(port: number): Promise<void> {
  const endsAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endsAt) {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } }).catch(
      () => null,
    );
    if (socket !== null) {
      socket.end();
      return;
    }
    await Bun.sleep(5);
  }
  throw new Error(`nothing listens on port ${port}`);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
