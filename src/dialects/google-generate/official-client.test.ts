/** `@google/genai` reads every golden answer of the dialect, and every failure that there is. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { type ErrorCode, TurnpikeError } from '../../errors.ts';
import { HEAD } from '../__fixtures__/answers.ts';
import { googleGenerate } from './dialect.ts';

const GOLDEN = join(import.meta.dir, '../__fixtures__/golden/google-generate');

/** Answers everything with this. */
let answer: () => Response = () => new Response('', { status: 500 });
let server: ReturnType<typeof Bun.serve>;
let client: GoogleGenAI;
beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => answer() });
  client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: `http://127.0.0.1:${server.port}` } });
});
afterAll(() => server.stop(true));

const ASKED = { model: 'acme/small', contents: 'hi' };

function filesOf(ending: string): (readonly [string, string])[] {
  return readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, readFileSync(join(GOLDEN, name), 'utf8')] as const);
}

async function streamed(text: string): Promise<GenerateContentResponse[]> {
  answer = () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of await client.models.generateContentStream(ASKED)) chunks.push(chunk);
  return chunks;
}

describe('streams', () => {
  test.each(filesOf('.sse'))('%s', async (name, text) => {
    if (name.includes('failure')) {
      expect(await streamed(text).catch((thrown: unknown) => thrown)).toBeInstanceOf(ApiError);
      return;
    }
    const chunks = await streamed(text);
    expect(chunks.at(-1)?.usageMetadata?.totalTokenCount).toBe(235);
    expect(new Set(chunks.map(({ responseId }) => responseId))).toEqual(new Set([HEAD.id]));
    const last = chunks.flatMap(({ candidates }) => candidates ?? []).findLast(({ index }) => index === 0);
    if (last !== undefined) expect(last.finishReason as string | undefined).toBeString();
  });

  test.each(filesOf('.sse'))(
    '%s ends each candidate once, behind everything else that is said of it',
    (_, text) => {
      const ended = new Set<number>();
      for (const frame of text.split('\n\n').filter((line) => line !== '')) {
        const { candidates = [] } = JSON.parse(frame.slice('data: '.length));
        for (const { index, finishReason } of candidates) {
          expect(ended.has(index)).toBe(false);
          if (finishReason !== undefined) ended.add(index);
        }
      }
    },
  );
});

describe('whole answers', () => {
  test.each(filesOf('.json'))('%s', async (_, text) => {
    answer = () => new Response(text, { headers: { 'content-type': 'application/json' } });
    const { responseId, usageMetadata } = await client.models.generateContent(ASKED);
    expect([responseId, usageMetadata?.totalTokenCount]).toEqual([HEAD.id, 235]);
  });
});

test.each<ErrorCode>([
  'invalid_request',
  'missing_api_key',
  'key_limit_exceeded',
  'no_endpoints',
  'unavailable',
  'internal',
])('a failure %s has its status and its body', async (code) => {
  const error = new TurnpikeError(code);
  const body = googleGenerate.errorBody(error, 'request');
  answer = () => Response.json(body, { status: error.status });
  const thrown = await client.models.generateContent(ASKED).catch((reason: unknown) => reason);
  if (!(thrown instanceof ApiError)) throw thrown;
  expect([thrown.status, JSON.parse(thrown.message)]).toEqual([error.status, body]);
});
