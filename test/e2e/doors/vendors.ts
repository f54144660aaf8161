/** Servers that answer as providers do, each in its own format and with recorded bytes, and keep what they were asked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedBytes } from '../../../src/providers/ai-sdk/__fixtures__/loopback.ts';
import type { Json } from './intent.ts';
import { CHECKS } from './validate.ts';

const PROVIDERS = join(import.meta.dir, '../../../src/providers');

export interface Vendor {
  readonly slug: string;
  readonly format: string;
  readonly settings?: Readonly<Record<string, string | boolean>>;
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
    calls: [],
    texts: ['openai-compatible/azure-router.sse', 'openai-compatible/openai-text.json'],
  },
  {
    ...{ slug: 'cohere', format: 'ai-sdk:@ai-sdk/cohere', path: '/v2' },
    calls: ['ai-sdk/cohere-tools.sse'],
    texts: ['ai-sdk/cohere-text.json'],
  },
];

export interface Asked {
  readonly vendor: string;
  readonly body: Json;
}

export class Vendors {
  readonly asked: Asked[] = [];
  #recording = '';
  #cutAt: number | null = null;
  #members: Json = {};
  readonly #server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const vendor = pathname.split('/')[1] ?? '';
      const body = (await request.json()) as Json;
      this.asked.push({ vendor, body });
      const path = vendor === 'azure' ? pathname + search : pathname;
      const wrong = CHECKS[vendor]?.({ path, headers: request.headers, body }) ?? null;
      // Every vendor's errors have a message in such a place, and a test that meets one fails by it.
      return wrong === null
        ? this.#answer()
        : Response.json(
            { error: { message: wrong, type: 'invalid_request_error', code: 400 }, message: wrong },
            { status: 400 },
          );
    },
  });

  /** The next requests are answered with it; `cutAt`: the connection breaks after so many bytes. */
  play(recording: string, cutAt: number | null = null): void {
    this.#recording = recording;
    this.#cutAt = cutAt;
    this.#members = {};
    this.asked.length = 0;
  }

  /** As it is recorded, with other members. */
  playWhole(recording: string, members: Json): void {
    this.play(recording);
    this.#members = members;
  }

  urlOf(vendor: Vendor): string {
    return `http://127.0.0.1:${this.#server.port}/${vendor.slug}${vendor.path}`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  #answer(): Response {
    const bytes = bytesOf(this.#recording);
    if (Object.keys(this.#members).length > 0)
      return Response.json({ ...JSON.parse(Buffer.from(bytes).toString()), ...this.#members });
    const cutAt = this.#cutAt;
    const headers = { 'content-type': typeOf(this.#recording) };
    if (cutAt === null) return new Response(new Uint8Array(bytes), { headers });
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        if (cutAt > 0) controller.enqueue(bytes.subarray(0, cutAt));
        controller.close();
      },
    });
    return new Response(stream, { headers });
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
