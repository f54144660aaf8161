/** A vendor on this machine that answers with bytes, spoken to through the real package: for the tests of the adapter. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatPrompt } from '../../../chat/prompt.ts';
import type { JsonObject } from '../../../json.ts';
import { createUpstreamClient } from '../../../upstream/client.ts';
import { type CallOptions, callOf, Told } from '../../__fixtures__/upstream.ts';
import type { ChatCall, Exchange, ProviderAdapter } from '../../adapter.ts';
import { aiSdk } from '../adapter.ts';
import { type LoadedProviders, loadSdkProviders } from '../load.ts';
import { packageFetch } from '../package-fetch.ts';
import { SDK_PACKAGES, type SdkTarget } from '../packages.ts';

export const KEY = 'canary-Q7mZ2xW9vB4tK8pL1nR6-c3456';

export interface Sent {
  readonly path: string;
  readonly headers: Headers;
  readonly body: JsonObject;
}

export type Reply = (sent: Sent) => Response | Promise<Response>;

export interface LoopbackOptions {
  readonly packageName: string;
  readonly reply: Reply;
  readonly settings?: SdkTarget['settings'];
  readonly apiKey?: string | null;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What each package needs beside an address and a key, to be made. */
const NEEDED: Readonly<Record<string, SdkTarget['settings']>> = {
  '@ai-sdk/amazon-bedrock': { region: 'eu-central-1' },
};

export class Loopback {
  readonly sent: Sent[] = [];
  readonly ignored: string[] = [];
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #client = createUpstreamClient({ environment: {}, sweepMs: 20 });
  readonly #sdk: SdkTarget;
  #loaded: LoadedProviders = new Map();
  adapter: ProviderAdapter;

  private constructor(options: LoopbackOptions) {
    const { packageName } = options;
    this.#sdk = { slug: 'acme', packageName, settings: { ...NEEDED[packageName], ...options.settings } };
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: async (request) => {
        const sent = {
          path: new URL(request.url).pathname + new URL(request.url).search,
          headers: request.headers,
          body: (await request.json()) as JsonObject,
        };
        this.sent.push(sent);
        return options.reply(sent);
      },
    });
    this.adapter = aiSdk(new Map(), () => undefined);
  }

  static async open(options: LoopbackOptions): Promise<Loopback> {
    const loopback = new Loopback(options);
    const { loaded, problems } = await loadSdkProviders(
      [{ sdk: loopback.#sdk, baseUrl: loopback.baseUrl, apiKey: options.apiKey === undefined ? KEY : options.apiKey }],
      {
        fetch: packageFetch(loopback.#client),
        readVariable: (variable) => options.variables?.[variable] ?? null,
      },
    );
    if (problems.length > 0) throw new Error(problems.join('\n'));
    loopback.#loaded = loaded;
    loopback.adapter = aiSdk(loaded, (_provider, _model, what) => loopback.ignored.push(what));
    return loopback;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  get loaded(): LoadedProviders {
    return this.#loaded;
  }

  call(options: CallOptions & { readonly model?: string } = {}): ChatCall {
    const { packageName } = this.#sdk;
    const field = packageName === '@ai-sdk/azure' ? 'max_completion_tokens' : 'max_tokens';
    const call = callOf({ prompt: promptOf(), quirks: { maxTokensField: field }, ...options });
    return { ...call, target: { ...call.target, upstreamModel: options.model ?? 'model-x', sdk: this.#sdk } };
  }

  start(options: Parameters<Loopback['call']>[0] = {}, told = new Told()): { told: Told; exchange: Exchange } {
    return { told, exchange: this.adapter.chat(this.call(options), told) };
  }

  /** What one call tells, when it is over. */
  async tell(options: Parameters<Loopback['call']>[0] = {}): Promise<Told> {
    const told = new Ended();
    this.start(options, told);
    await told.over;
    return told;
  }

  /** From now on nobody listens there. */
  async stopAnswering(): Promise<void> {
    await this.#server.stop(true);
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#server.stop(true);
  }
}

/** Says when it is over. */
export class Ended extends Told {
  readonly #over = Promise.withResolvers<void>();
  readonly over = this.#over.promise;

  override onEnd(): void {
    super.onEnd();
    this.#over.resolve();
  }
  override onWhole(answer: Parameters<Told['onWhole']>[0]): void {
    super.onWhole(answer);
    this.#over.resolve();
  }
  override onFailure(error: Parameters<Told['onFailure']>[0]): void {
    super.onFailure(error);
    this.#over.resolve();
  }
}

export function promptOf(members: Partial<ChatPrompt> = {}): ChatPrompt {
  return {
    messages: [{ role: 'user', name: null, parts: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    format: null,
    stop: [],
    parameters: {},
    ...members,
  };
}

const HERE = import.meta.dir;
const OPENAI = join(HERE, '../../openai-compatible/__fixtures__');

/** The bytes of a recording, wherever it lies. */
export function recordedBytes(name: string): Uint8Array {
  if (name.endsWith('.jsonl')) return eventStream(readFileSync(join(HERE, name), 'utf8'));
  if (name.endsWith('.base64')) return Buffer.from(readFileSync(join(HERE, name), 'utf8'), 'base64');
  const isOpenAi = /^(?:azure|mistral|openai)-/.test(name);
  return readFileSync(join(isOpenAi ? OPENAI : HERE, name));
}

/** A reply with a recording. */
export function recorded(name: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const type = name.endsWith('.sse')
    ? 'text/event-stream'
    : name.endsWith('.json')
      ? 'application/json'
      : 'application/vnd.amazon.eventstream';
  return new Response(recordedBytes(name), { status, headers: { 'content-type': type, ...headers } });
}

export function packageOf(name: string): string {
  const vendor = name.startsWith('vertex-claude') ? 'google-vertex/anthropic' : (name.split('-')[0] ?? '');
  const known = Object.keys(SDK_PACKAGES).find((each) => each.endsWith(vendor));
  if (known === undefined) throw new Error(`no package speaks ${vendor}`);
  return known;
}

/**
 * Events one a line, framed as Amazon's event stream (`application/vnd.amazon.eventstream`): lengths, headers, payload, and a CRC-32
 * over the lengths and one over everything.
 */
export function eventStream(lines: string): Uint8Array {
  return Buffer.concat(lines.trim().split('\n').map(frameOf));
}

function frameOf(line: string): Buffer {
  const [[name = '', payload] = []] = Object.entries(JSON.parse(line) as JsonObject);
  const body = Buffer.from(JSON.stringify(payload));
  const headers = Buffer.concat([
    headerOf(':message-type', 'event'),
    headerOf(':event-type', name),
    headerOf(':content-type', 'application/json'),
  ]);
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(16 + headers.length + body.length, 0);
  prelude.writeUInt32BE(headers.length, 4);
  const begun = Buffer.concat([prelude, crcOf(prelude), headers, body]);
  return Buffer.concat([begun, crcOf(begun)]);
}

const TEXT_HEADER = 7;

function headerOf(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([TEXT_HEADER]), length, Buffer.from(value)]);
}

function crcOf(bytes: Buffer): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(Bun.hash.crc32(bytes));
  return crc;
}
