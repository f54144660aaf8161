/** Servers that answer as providers do, each in its own format and with recorded bytes, and keep what they were asked. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { recordedBytes } from '../../../src/providers/ai-sdk/__fixtures__/loopback.ts';
import type { Json } from './intent.ts';
import { CHECKS } from './validate.ts';

const PROVIDERS = join(import.meta.dir, '../../../src/providers');

export interface Vendor {
  readonly slug: string;
  readonly format: string;
  readonly settings?: Readonly<Record<string, string | boolean>>;
  readonly quirks?: Readonly<Record<string, string | boolean>>;
  /** Below the address of its server, where its API begins. */
  readonly path: string;
  /** Recordings, by folder and name; `.sse` and `.jsonl` are streams. */
  readonly calls: readonly string[];
  readonly texts: readonly string[];
}

export const VENDORS: readonly Vendor[] = [
  {
    ...{ slug: 'openai', format: 'openai', path: '/v1' },
    calls: ['openai-compatible/deepseek-tools.sse', 'openai-compatible/deepseek-tools.json'],
    texts: ['openai-compatible/openai-text.sse', 'openai-compatible/openai-text.json'],
  },
  {
    ...{ slug: 'anthropic', format: 'anthropic', path: '' },
    calls: ['anthropic/tools.sse', 'anthropic/parallel-tools.json'],
    texts: ['anthropic/thinking.sse', 'anthropic/text.json'],
  },
  {
    ...{ slug: 'google', format: 'google', path: '/v1beta' },
    calls: ['google/tools-signed.sse', 'google/tools-signed.json'],
    texts: ['google/text.sse', 'google/text-whole.json'],
  },
  {
    ...{ slug: 'bedrock', format: 'ai-sdk:@ai-sdk/amazon-bedrock', path: '' },
    settings: { region: 'eu-central-1' },
    calls: ['ai-sdk/bedrock-tools.jsonl'],
    texts: ['ai-sdk/bedrock-reasoning.jsonl', 'ai-sdk/bedrock-reasoning.json'],
  },
  {
    ...{ slug: 'azure', format: 'ai-sdk:@ai-sdk/azure', path: '/openai' },
    settings: { deployment_urls: true, api_version: '2024-10-21' },
    calls: ['openai-compatible/azure-tools.sse', 'openai-compatible/azure-tools.json'],
    texts: ['openai-compatible/azure-router.sse', 'openai-compatible/openai-text.json'],
  },
  {
    ...{ slug: 'cohere', format: 'ai-sdk:@ai-sdk/cohere', path: '/v2' },
    calls: ['ai-sdk/cohere-tools.sse'],
    texts: ['ai-sdk/cohere-text.json'],
  },
];

/** Of OpenAI's format, and wants back what it thought before it called. */
export const DEEPSEEK: Vendor = {
  ...{ slug: 'deepseek', format: 'openai', path: '/v1' },
  quirks: { reasoning_history: 'reasoning_content' },
  calls: ['openai-compatible/deepseek-tools.sse', 'openai-compatible/deepseek-tools.json'],
  texts: [],
};

const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key', 'authorization'];

export interface Asked {
  readonly vendor: string;
  readonly body: Json;
  /** As whom: what stands in the header that this vendor reads. */
  readonly key: string;
}

export class Vendors {
  readonly asked: Asked[] = [];
  #recording = '';
  #cutAt: number | null = null;
  #members: Json = {};
  #isMarked = false;
  #refusal: string | null = null;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<Vendors> {
    const vendors = new Vendors();
    vendors.#server.listen(0, '127.0.0.1');
    await once(vendors.#server, 'listening');
    return vendors;
  }

  /** The next requests are answered with it; `cutAt`: the connection breaks after so many bytes. */
  play(recording: string, cutAt: number | null = null): void {
    this.#recording = recording;
    this.#cutAt = cutAt;
    this.#members = {};
    this.#isMarked = false;
    this.#refusal = null;
    this.asked.length = 0;
  }

  /** Each request says itself where its answer breaks off, and how: `cutMark` in its text. */
  playAsMarked(recording: string): void {
    this.play(recording);
    this.#isMarked = true;
  }

  /** The next requests are refused as the caller's own mistake. */
  refuseWith(message: string): void {
    this.play('');
    this.#refusal = message;
  }

  /** As it is recorded, with other members. */
  playWhole(recording: string, members: Json): void {
    this.play(recording);
    this.#members = members;
  }

  urlOf(vendor: Vendor): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${vendor.slug}${vendor.path}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const vendor = url.split('/')[1] ?? '';
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Json;
    const headers = new Headers(request.headers as Record<string, string>);
    const key = KEY_HEADERS.map((name) => headers.get(name)).find((value) => value !== null) ?? '';
    this.asked.push({ vendor, body, key: key.replace('Bearer ', '') });
    const wrong = this.#refusal ?? CHECKS[vendor]?.({ path: url, headers, body }) ?? null;
    if (wrong === null && this.#isMarked) return answerMarked(response, this.#recording, body);
    if (wrong === null) return this.#answer(response);
    if (wrong !== null) refuse(response, vendor, wrong);
  }

  /** Cut at an even place its end looks like one, at an odd one the connection breaks. */
  #answer(response: ServerResponse): void {
    const bytes = bytesOf(this.#recording);
    const cutAt = this.#cutAt;
    response.writeHead(200, { 'content-type': typeOf(this.#recording) });
    if (Object.keys(this.#members).length > 0)
      response.end(JSON.stringify({ ...JSON.parse(Buffer.from(bytes).toString()), ...this.#members }));
    else if (cutAt === null || cutAt % 2 === 0) response.end(bytes.subarray(0, cutAt ?? bytes.length));
    // What was written leaves first: one that breaks without a byte of an answer is asked again.
    else response.write(bytes.subarray(0, cutAt), () => response.socket?.destroy());
  }
}

/** A 400 as each vendor's reference has it. */
function refuse(response: ServerResponse, vendor: string, message: string): void {
  const openai = { error: { message, type: 'invalid_request_error', param: null, code: null } };
  const bodies: Readonly<Record<string, Json>> = {
    anthropic: { type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_011' },
    google: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } },
    bedrock: { message },
    cohere: { id: '6f2d1a', message },
  };
  response.writeHead(400, {
    'content-type': 'application/json',
    ...(vendor === 'bedrock' ? { 'x-amzn-errortype': 'ValidationException' } : {}),
  });
  response.end(JSON.stringify(bodies[vendor] ?? openai));
}

export interface Cut {
  readonly bytes: number;
  /** The connection breaks, or ends as after a whole answer. */
  readonly how: 'reset' | 'end';
}

export const cutMark = ({ bytes, how }: Cut): string => `cut-${how}-${bytes}-bytes`;

/** Where the text of a request says. */
export function cutOf(body: Json): Cut {
  const [, how, bytes] = /cut-(reset|end)-(\d+)-bytes/.exec(JSON.stringify(body)) ?? [];
  if (how === undefined) throw new Error('the request lost its text');
  return { bytes: Number(bytes), how: how === 'reset' ? 'reset' : 'end' };
}

function answerMarked(response: ServerResponse, recording: string, body: Json): void {
  const { bytes, how } = cutOf(body);
  const part = bytesOf(recording).subarray(0, bytes);
  response.writeHead(200, { 'content-type': typeOf(recording) });
  if (how === 'end') response.end(part);
  else if (bytes > 0) response.write(part, () => response.socket?.destroy());
  else {
    response.flushHeaders();
    setImmediate(() => response.socket?.destroy());
  }
}

export function bytesOf(recording: string): Uint8Array {
  const [folder, name = ''] = recording.split('/');
  return folder === 'ai-sdk'
    ? recordedBytes(name)
    : readFileSync(join(PROVIDERS, `${folder}/__fixtures__/${name}`));
}

export const isStream = (recording: string): boolean => !recording.endsWith('.json');

function typeOf(recording: string): string {
  if (recording.endsWith('.json')) return 'application/json';
  return recording.endsWith('.sse') ? 'text/event-stream' : 'application/vnd.amazon.eventstream';
}
