/** The official clients read every golden response, and every failure that there is: what they take has the right shape. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenRouter } from '@openrouter/sdk';
import type { StreamEvents } from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import OpenAI, { APIError } from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { type ErrorCode, TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { HEAD } from '../__fixtures__/answers.ts';
import { openAiResponses } from './dialect.ts';

const GOLDEN = join(import.meta.dir, '../__fixtures__/golden/openai-responses');

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

const ASKED = { model: 'm', input: 'hi' };

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function eventsOfOpenRouter(): Promise<StreamEvents[]> {
  const result = await openrouter.responses.send({ responsesRequest: { ...ASKED, stream: true } });
  if (!(Symbol.asyncIterator in result)) throw new Error('answered without a stream');
  const events = await all(result);
  mustBeUnderstood(events);
  return events;
}

/** Whatever the OpenRouter client does not understand it wraps in silence. */
function mustBeUnderstood(value: unknown): void {
  expect(JSON.stringify(value)).not.toMatch(/unknown_|isUnknown|UNKNOWN/);
}

const filesOf = (ending: string) =>
  readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, readFileSync(join(GOLDEN, name), 'utf8')] as const);

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'accepted',
    (thrown: unknown) => thrown,
  );
}

interface Ending {
  readonly type: string;
  readonly response: {
    readonly status: string;
    readonly output_text: string;
    readonly output: readonly { readonly type: string; readonly call_id?: string }[];
  };
}

/** The last event of a stream, before the word that ends it. */
function endOf(text: string): Ending {
  const last = text.split('\n\n').at(-3) ?? '';
  return JSON.parse(last.slice(last.indexOf('data: ') + 'data: '.length));
}

const ENDINGS = /^response\.(?:completed|incomplete|failed)$/;

/** Ids that are ours are all the same in golden files, and clients want one a call. */
function hasOneIdACall(text: string): boolean {
  const ids = endOf(text).response.output.flatMap(({ call_id: id }) => (id === undefined ? [] : [id]));
  return new Set(ids).size === ids.length;
}

describe('streams of responses', () => {
  const files = filesOf('.sse');

  test.each(files)('the OpenRouter SDK takes every event of %s', async (_, text) => {
    answer = sse(text);
    const events = await eventsOfOpenRouter();
    expect(events).toHaveLength(text.split('\n\n').length - 2);
    expect(events.map((event) => 'sequenceNumber' in event && event.sequenceNumber)).toEqual([
      ...events.keys(),
    ]);
    const last = events.at(-1);
    expect(last?.type).toMatch(ENDINGS);
    expect(last?.type).toBe(endOf(text).type as NonNullable<typeof last>['type']);
    if (last?.type !== 'response.completed' && last?.type !== 'response.incomplete') return;
    expect(last.response.usage).toMatchObject({ inputTokens: 132, outputTokens: 103, totalTokens: 235 });
    expect(last.response.outputText).toBeString();
  });

  test.each(files)('the openai client reads %s', async (_, text) => {
    answer = sse(text);
    const events: ResponseStreamEvent[] = await all(
      await openai.responses.create({ ...ASKED, stream: true }),
    );
    expect(String(events.at(-1)?.type)).toBe(endOf(text).type);
  });

  const begun = files.filter(([name, text]) => !name.includes('upstream-body') && hasOneIdACall(text));
  test.each(begun)('the stream helper of the openai client puts %s together', async (name, text) => {
    answer = sse(text);
    const final = await openai.responses.stream(ASKED).finalResponse();
    const told = endOf(text).response;
    expect([final.id, String(final.status)]).toEqual([HEAD.id, told.status]);
    expect(final.output.map(({ type }) => String(type))).toEqual(told.output.map(({ type }) => type));
    if (!name.includes('failure')) expect(final.output_text).toBe(told.output_text);
  });
});

/** What deltas add up to is what the last event holds. */
test.each(filesOf('.sse'))('the deltas of %s add up to its output', (_, text) => {
  const events = text
    .split('\n\n')
    .filter((frame) => frame.startsWith('event: '))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)));
  const deltas = new Map<string, string>();
  for (const event of events) {
    if (typeof event.delta !== 'string') continue;
    const key = `${event.output_index}`;
    deltas.set(key, (deltas.get(key) ?? '') + event.delta);
  }
  const output = events.at(-1).response.output as Record<string, unknown>[];
  for (const [index, item] of output.entries()) {
    const parts = (item['content'] ?? item['summary'] ?? []) as { text?: string; refusal?: string }[];
    const told = item['arguments'] ?? parts.map((part) => part.text ?? part.refusal).join('');
    expect(deltas.get(`${index}`) ?? '').toBe(String(told));
  }
});

describe('whole responses', () => {
  const files = filesOf('.json');

  test.each(files)('the OpenRouter SDK takes %s', async (_, text) => {
    answer = json(text);
    const result = await openrouter.responses.send({ responsesRequest: ASKED });
    if (Symbol.asyncIterator in result) throw new Error('answered with a stream');
    mustBeUnderstood(result);
    expect([result.id, result.usage?.totalTokens, typeof result.outputText]).toEqual([
      HEAD.id,
      235,
      'string',
    ]);
  });

  test.each(files)('the openai client reads %s', async (_, text) => {
    answer = json(text);
    const response = await openai.responses.create(ASKED);
    expect([response.id, response.usage?.total_tokens]).toEqual([HEAD.id, 235]);
    expect(response.output_text).toBe(JSON.parse(text).output_text);
  });

  test.each(filesOf('.sse'))('%s streamed and whole have the same output', (name, text) => {
    const whole = files.find(([other]) => other === name.replace('.sse', '.json'))?.[1];
    if (whole === undefined || STREAMED_OTHERWISE.test(name)) return;
    expect(parsedCalls(JSON.parse(whole).output)).toEqual(parsedCalls(endOf(text).response.output));
  });
});

/** Anthropic streams the JSON of a call as its model wrote it, and tells it whole as an object. */
function parsedCalls(output: readonly JsonObject[]): readonly unknown[] {
  return output.map((item) =>
    item['type'] === 'function_call' ? { ...item, arguments: JSON.parse(String(item['arguments'])) } : item,
  );
}

/** Of these, the stream and the whole answer of one name are of different things. */
const STREAMED_OTHERWISE = /^(?:typed|ai-sdk)\//;

/** Every code: the compiler misses one that is new. */
const CODES: Record<ErrorCode, string> = {
  missing_api_key: 'invalid_prompt',
  invalid_api_key: 'invalid_prompt',
  key_expired: 'invalid_prompt',
  key_disabled: 'invalid_prompt',
  management_key_required: 'invalid_prompt',
  management_key_not_allowed: 'invalid_prompt',
  permission_denied: 'invalid_prompt',
  model_not_allowed: 'invalid_prompt',
  region_not_allowed: 'invalid_prompt',
  content_blocked: 'invalid_prompt',
  login_refused: 'invalid_prompt',
  invalid_client: 'invalid_prompt',
  not_signed_in: 'invalid_prompt',
  foreign_request: 'invalid_prompt',
  bad_signature: 'invalid_prompt',
  role_required: 'invalid_prompt',
  invalid_request: 'invalid_prompt',
  model_not_found: 'invalid_prompt',
  context_length_exceeded: 'context_length_exceeded',
  not_found: 'invalid_prompt',
  no_endpoints: 'invalid_prompt',
  method_not_allowed: 'invalid_prompt',
  gone: 'invalid_prompt',
  conflict: 'invalid_prompt',
  payload_too_large: 'invalid_prompt',
  unsupported_media_type: 'invalid_prompt',
  unprocessable: 'invalid_prompt',
  insufficient_credits: 'invalid_prompt',
  key_limit_exceeded: 'invalid_prompt',
  workspace_budget_exceeded: 'invalid_prompt',
  guardrail_budget_exceeded: 'invalid_prompt',
  tag_budget_exceeded: 'invalid_prompt',
  in_flight_budget_exhausted: 'rate_limit_exceeded',
  unpriceable_request: 'invalid_prompt',
  rate_limit_exceeded: 'rate_limit_exceeded',
  provider_rejected: 'invalid_prompt',
  provider_rate_limited: 'rate_limit_exceeded',
  provider_unavailable: 'server_error',
  provider_overloaded: 'server_error',
  provider_timeout: 'server_error',
  request_timeout: 'server_error',
  client_closed_request: 'server_error',
  unavailable: 'server_error',
  internal: 'server_error',
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

describe('failures', () => {
  test.each(FAILURES)('$code is an error body', async (error) => {
    const body = JSON.stringify(openAiResponses.errorBody(error, 'req-1'));
    answer = json(body, error.status);
    const thrown = await rejection(openai.responses.create(ASKED));
    expect(thrown).toBeInstanceOf(APIError);
    expect(thrown).toMatchObject({
      status: error.status,
      error: { code: error.status, message: error.message },
    });
    const refused = await rejection(openrouter.responses.send({ responsesRequest: ASKED }));
    expect(refused).toBeInstanceOf(OpenRouterError);
    expect(refused).toMatchObject({ statusCode: error.status });
  });

  const told = (error: TurnpikeError) => ({ code: CODES[error.code], message: error.message });

  test.each(FAILURES)('$code ends a stream that never began', async (error) => {
    const head = { ...HEAD, model: '', provider: null };
    const frames = openAiResponses.encoder(head).fail(error);
    expect(frames).not.toContain('operator');
    answer = sse(frames);
    const last = (await eventsOfOpenRouter()).at(-1);
    if (last?.type !== 'response.failed') throw new Error('it did not fail');
    expect(last.response).toMatchObject({ status: 'failed', errorType: error.type, error: told(error) });
    expect((await openai.responses.stream(ASKED).finalResponse()).error).toMatchObject(told(error));
  });

  test.each(FAILURES)('$code ends a stream in its middle', async (error) => {
    const encoder = openAiResponses.encoder(HEAD);
    const begun = encoder.events([
      { type: 'block-start', choice: 0, block: 0, part: { type: 'text' } },
      { type: 'delta', choice: 0, block: 0, text: 'Hel' },
    ]);
    answer = sse(begun + encoder.fail(error));
    const last = (await eventsOfOpenRouter()).at(-1);
    if (last?.type !== 'response.failed') throw new Error('it did not fail');
    expect(last.response.error).toMatchObject(told(error));
    expect(last.response.output).toMatchObject([{ status: 'incomplete', content: [{ text: 'Hel' }] }]);
  });
});

test('what keeps a client waiting disturbs none', async () => {
  const frames = readFileSync(join(GOLDEN, 'typed/text.sse'), 'utf8').split('\n\n');
  frames.splice(3, 0, openAiResponses.keepAliveFrame.trimEnd());
  answer = sse(openAiResponses.earlyKeepAliveFrame + frames.join('\n\n'));
  expect((await openai.responses.stream(ASKED).finalResponse()).status).toBe('completed');
  const result = await openrouter.responses.send({ responsesRequest: { ...ASKED, stream: true } });
  if (!(Symbol.asyncIterator in result)) throw new Error('answered without a stream');
  expect((await all(result)).at(-1)?.type).toBe('response.completed');
});
