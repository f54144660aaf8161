/** The official clients read every golden answer, and every failure that there is: what they take has the right shape. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenRouter } from '@openrouter/sdk';
import type { ChatStreamChunk } from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import OpenAI, { APIError } from 'openai';
import { type ErrorCode, TurnpikeError } from '../errors.ts';
import { HEAD } from './__fixtures__/answers.ts';
import type { Dialect } from './dialect.ts';
import { openAiChat } from './openai-chat/dialect.ts';
import { openAiText } from './openai-text/dialect.ts';

const GOLDEN = join(import.meta.dir, '__fixtures__/golden');

/** Answers everything with this. */
let answer: () => Response = () => new Response('', { status: 500 });
let server: ReturnType<typeof Bun.serve>;
let openai: OpenAI;
let openrouter: OpenRouter;
beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => answer() });
  const address = `http://127.0.0.1:${server.port}`;
  openai = new OpenAI({ apiKey: 'k', baseURL: address, maxRetries: 0 });
  openrouter = new OpenRouter({ apiKey: 'k', serverURL: address, retryConfig: { strategy: 'none' } });
});
afterAll(() => server.stop(true));

const sse = (text: string) => () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const json = (body: string, status = 200) => {
  return () => new Response(body, { status, headers: { 'content-type': 'application/json' } });
};

const ASKED = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Whatever the OpenRouter client does not understand it wraps in silence. */
function mustBeUnderstood(value: unknown): void {
  expect(JSON.stringify(value)).not.toMatch(/unknown_|isUnknown|UNKNOWN/);
}

async function chunksOfOpenRouter(): Promise<ChatStreamChunk[]> {
  const result = await openrouter.chat.send({ chatRequest: { ...ASKED, stream: true } });
  if (!(Symbol.asyncIterator in result)) throw new Error('answered without a stream');
  const chunks = await all(result);
  mustBeUnderstood(chunks);
  return chunks;
}

const filesOf = (dialect: Dialect, ending: string) =>
  readdirSync(join(GOLDEN, dialect.name), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, readFileSync(join(GOLDEN, dialect.name, name), 'utf8')] as const);

const failed = (name: string) => name.includes('failure');

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'accepted',
    (thrown: unknown) => thrown,
  );
}

describe('streams of chat completions', () => {
  const files = filesOf(openAiChat, '.sse');

  test.each(files)('the OpenRouter SDK takes every chunk of %s', async (name, text) => {
    answer = sse(text);
    const chunks = await chunksOfOpenRouter();
    expect(chunks).toHaveLength(text.split('\n\n').length - 2);
    const last = chunks.at(-1);
    if (failed(name)) {
      expect(last?.error?.code).toBeInteger();
      expect(last?.choices.map(({ finishReason }) => finishReason)).toContain('error');
    } else {
      expect(last?.choices).toEqual([]);
      expect(last?.usage).toMatchObject({ promptTokens: 132, completionTokens: 103, totalTokens: 235 });
    }
  });

  test.each(files)('the openai client reads %s', async (name, text) => {
    answer = sse(text);
    const stream = await openai.chat.completions.create({ ...ASKED, stream: true });
    if (failed(name)) {
      expect(await rejection(all(stream))).toBeInstanceOf(APIError);
      return;
    }
    const chunks = await all(stream);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(235);
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set([HEAD.id]));
  });
});

describe('whole chat completions', () => {
  const files = filesOf(openAiChat, '.json');

  test.each(files)('the OpenRouter SDK takes %s', async (_, text) => {
    answer = json(text);
    const result = await openrouter.chat.send({ chatRequest: ASKED });
    if (Symbol.asyncIterator in result) throw new Error('answered with a stream');
    mustBeUnderstood(result);
    expect([result.id, result.usage?.totalTokens]).toEqual([HEAD.id, 235]);
  });

  test.each(files)('the openai client reads %s', async (_, text) => {
    answer = json(text);
    const completion = await openai.chat.completions.create(ASKED);
    expect([completion.id, completion.usage?.total_tokens]).toEqual([HEAD.id, 235]);
  });
});

describe('text completions', () => {
  test.each(filesOf(openAiText, '.sse'))('the openai client reads %s', async (name, text) => {
    answer = sse(text);
    const stream = await openai.completions.create({ model: 'm', prompt: 'hi', stream: true });
    if (failed(name)) {
      expect(await rejection(all(stream))).toBeInstanceOf(APIError);
      return;
    }
    const chunks = await all(stream);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(235);
    for (const { choices, object } of chunks) {
      expect(object).toBe('text_completion');
      for (const choice of choices)
        expect([typeof choice.text, 'delta' in choice]).toEqual(['string', false]);
    }
  });

  test.each(filesOf(openAiText, '.json'))('the openai client reads %s', async (_, text) => {
    answer = json(text);
    const { choices, usage } = await openai.completions.create({ model: 'm', prompt: 'hi' });
    expect([typeof choices[0]?.text, usage?.total_tokens]).toEqual(['string', 235]);
  });
});

/** Every code: the compiler misses one that is new. */
const CODES: Record<ErrorCode, true> = {
  ...{ workspace_budget_exceeded: true, guardrail_budget_exceeded: true, tag_budget_exceeded: true },
  ...{ missing_api_key: true, invalid_api_key: true, key_expired: true, key_disabled: true },
  ...{
    management_key_required: true,
    management_key_not_allowed: true,
    permission_denied: true,
    model_not_allowed: true,
    region_not_allowed: true,
    content_blocked: true,
    login_refused: true,
  },
  ...{ invalid_client: true, not_signed_in: true, foreign_request: true, role_required: true },
  bad_signature: true,
  ...{ invalid_request: true, model_not_found: true, context_length_exceeded: true, not_found: true },
  ...{ no_endpoints: true, method_not_allowed: true, gone: true, conflict: true, payload_too_large: true },
  ...{ unsupported_media_type: true, unprocessable: true, insufficient_credits: true },
  ...{ key_limit_exceeded: true, in_flight_budget_exhausted: true, unpriceable_request: true },
  ...{ rate_limit_exceeded: true, provider_rejected: true, provider_rate_limited: true },
  ...{ provider_unavailable: true, provider_overloaded: true, provider_timeout: true },
  ...{ request_timeout: true, client_closed_request: true, unavailable: true, internal: true },
};

const FAILURES = (Object.keys(CODES) as ErrorCode[]).map(
  (code) =>
    new TurnpikeError(code, {
      message: `a "quoted"\nfailure: ${code}`,
      detail: 'for the operator alone',
      metadata: { provider_name: 'Acme' },
      extra: { availability: { code: 'x' } },
    }),
);

for (const dialect of [openAiChat, openAiText]) {
  describe(`failures in ${dialect.name}`, () => {
    const isChat = dialect === openAiChat;
    const streaming = (stream: true) =>
      isChat
        ? openai.chat.completions.create({ ...ASKED, stream })
        : openai.completions.create({ model: 'm', prompt: 'hi', stream });
    const asking = () =>
      isChat
        ? openai.chat.completions.create(ASKED)
        : openai.completions.create({ model: 'm', prompt: 'hi' });
    /** As clients insist on it: `code` an integer, `message` a text, and no null. */
    const memberOf = (error: TurnpikeError) => ({
      code: error.status,
      message: error.message,
      availability: { code: 'x' },
      metadata: { provider_name: 'Acme', error_type: error.type, error_code: error.code },
    });

    test.each(FAILURES)('$code is an error body', async (error) => {
      const body = dialect.errorBody(error, 'req-1');
      expect(JSON.parse(JSON.stringify(body))).toEqual({ error: memberOf(error) });
      expect(Number.isInteger(error.status)).toBe(true);
      answer = json(JSON.stringify(body), error.status);
      const thrown = await rejection(asking());
      expect(thrown).toBeInstanceOf(APIError);
      expect(thrown).toMatchObject({ status: error.status, error: memberOf(error) });
      if (!isChat) return;
      const refused = await rejection(openrouter.chat.send({ chatRequest: ASKED }));
      expect(refused).toBeInstanceOf(OpenRouterError);
      expect(refused).toMatchObject({ statusCode: error.status });
    });

    test.each(FAILURES)('$code is the only event of a stream that never began', async (error) => {
      const frames = dialect.encoder({ ...HEAD, model: '', provider: null }).fail(error);
      const [first, done, rest] = frames.split('\n\n');
      expect([done, rest]).toEqual(['data: [DONE]', '']);
      expect(JSON.parse(first!.slice('data: '.length))).toMatchObject({
        id: HEAD.id,
        object: isChat ? 'chat.completion.chunk' : 'text_completion',
        error: memberOf(error),
        choices: [{ index: 0, finish_reason: 'error' }],
      });
      expect(frames).not.toContain('operator');
      answer = sse(frames);
      expect(await rejection(streaming(true).then((stream) => all<unknown>(stream)))).toMatchObject({
        error: memberOf(error),
      });
    });

    test.each(FAILURES)('$code ends a stream in its middle', async (error) => {
      const encoder = dialect.encoder(HEAD);
      const begun = encoder.events([
        { type: 'block-start', choice: 0, block: 0, part: { type: 'text' } },
        { type: 'delta', choice: 0, block: 0, text: 'Hel' },
      ]);
      const frames = begun + encoder.fail(error);
      answer = sse(frames);
      const items: unknown[] = [];
      const reading = streaming(true).then(async (stream) => {
        for await (const item of stream) items.push(item);
      });
      expect(await rejection(reading)).toMatchObject({ error: memberOf(error) });
      expect(JSON.stringify(items)).toContain('Hel');
      if (!isChat) return;
      const last = (await chunksOfOpenRouter()).at(-1);
      expect(last?.error).toMatchObject({ code: error.status, message: error.message });
      expect(last?.choices[0]?.finishReason).toBe('error');
    });
  });
}

test('a standard with a shape of its own brings the whole body', () => {
  const body = { error: 'invalid_grant' };
  for (const dialect of [openAiChat, openAiText])
    expect(dialect.errorBody(new TurnpikeError('invalid_request', { body }), 'req-1')).toEqual(body);
});
