/** Anthropic's own SDK and the AI SDK read every golden answer of this dialect, and every failure that there is. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { type ErrorCode, TurnpikeError } from '../../errors.ts';
import { HEAD } from '../__fixtures__/answers.ts';
import { anthropicMessages } from './dialect.ts';

const GOLDEN = join(import.meta.dir, '../__fixtures__/golden/anthropic-messages');

/** Answers everything with this. */
let answer: () => Response = () => new Response('', { status: 500 });
let server: ReturnType<typeof Bun.serve>;
let anthropic: Anthropic;
let aiSdk: ReturnType<typeof createAnthropic>;
beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => answer() });
  const address = `http://127.0.0.1:${server.port}/api`;
  anthropic = new Anthropic({ apiKey: 'k', baseURL: address, maxRetries: 0 });
  aiSdk = createAnthropic({ apiKey: 'k', baseURL: `${address}/v1` });
});
afterAll(() => server.stop(true));

const sse = (text: string) => () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const json = (body: string, status = 200, headers: Record<string, string> = {}) => {
  return () => new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
};

const ASKED = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hi' }] };
const PROMPT = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

const filesOf = (ending: string) =>
  readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [name, readFileSync(join(GOLDEN, name), 'utf8')] as const);

const failed = (name: string) => name.includes('failure');

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'accepted',
    (thrown: unknown) => thrown,
  );
}

async function partsOfAiSdk(): Promise<{ type: string }[]> {
  const { stream } = await aiSdk('m').doStream({ prompt: PROMPT });
  const parts: { type: string }[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe('streams', () => {
  test.each(filesOf('.sse'))('Anthropic’s SDK puts the message of %s together', async (name, text) => {
    answer = sse(text);
    const reading = anthropic.messages.stream(ASKED).finalMessage();
    if (failed(name)) {
      expect(await rejection(reading)).toBeInstanceOf(APIError);
      return;
    }
    const message = await reading;
    expect(message).toMatchObject({ id: HEAD.id, model: HEAD.model, role: 'assistant', type: 'message' });
    expect(message.usage).toMatchObject({ input_tokens: 105, output_tokens: 103 });
    expect(message.stop_reason).toBeString();
    for (const block of message.content) {
      if (block.type === 'tool_use') expect(block.input).toBeObject();
      // A client that sends an empty text back is refused.
      if (block.type === 'text') expect(block.text).not.toBe('');
    }
  });

  test.each(filesOf('.sse').filter(([name]) => !name.includes('upstream-body')))(
    'the AI SDK reads %s',
    async (name, text) => {
      answer = sse(text);
      if (name.includes('late-failure')) {
        expect(await rejection(partsOfAiSdk())).toBeInstanceOf(Error);
        return;
      }
      const parts = await partsOfAiSdk();
      const types = parts.map(({ type }) => type);
      expect(types.includes('error')).toBe(failed(name));
      if (!failed(name))
        expect(parts.at(-1)).toMatchObject({
          type: 'finish',
          usage: { outputTokens: { total: answerTokens(text) } },
        });
    },
  );

  /** Of each file: the indexes that start, and those that stop. */
  test.each(filesOf('.sse'))(
    'blocks of %s follow each other, and each ends before the next begins',
    (_, text) => {
      let open: number | null = null;
      let next = 0;
      for (const data of text.matchAll(/^data: ([^\n]*)/gm)) {
        const event = JSON.parse(data[1]!);
        if (event.type === 'content_block_start') {
          expect([open, event.index]).toEqual([null, next]);
          open = event.index;
          next += 1;
        } else if (event.type === 'content_block_delta') expect(event.index).toBe(open);
        else if (event.type === 'content_block_stop') {
          expect(event.index).toBe(open);
          open = null;
        }
      }
    },
  );
});

/** The AI SDK counts by itself where Anthropic tells each of its rounds: the recording's own, which the bill here knows nothing of. */
function answerTokens(text: string): number {
  return text.includes('"iterations"') ? 91 : 103;
}

describe('whole messages', () => {
  test.each(filesOf('.json'))('both clients read %s', async (_, text) => {
    answer = json(text, 200, { 'request-id': 'req-1' });
    const message = await anthropic.messages.create(ASKED);
    expect(message).toMatchObject({ id: HEAD.id, model: HEAD.model, usage: { output_tokens: 103 } });
    expect(message._request_id).toBe('req-1');
    for (const name of ['stop_reason', 'stop_sequence', 'stop_details', 'container'])
      expect(message).toHaveProperty(name);
    for (const name of ['cache_creation', 'inference_geo', 'output_tokens_details', 'server_tool_use'])
      expect(message.usage).toHaveProperty(name);
    const { usage } = await aiSdk('m').doGenerate({ prompt: PROMPT });
    expect(usage.outputTokens.total).toBe(answerTokens(text));
  });
});

/** Anthropic's word for every code: the compiler misses one that is new. */
const TYPES: Record<ErrorCode, string> = {
  missing_api_key: 'authentication_error',
  invalid_api_key: 'authentication_error',
  key_expired: 'authentication_error',
  key_disabled: 'permission_error',
  management_key_required: 'permission_error',
  management_key_not_allowed: 'permission_error',
  permission_denied: 'permission_error',
  model_not_allowed: 'permission_error',
  region_not_allowed: 'permission_error',
  content_blocked: 'permission_error',
  login_refused: 'authentication_error',
  invalid_client: 'authentication_error',
  not_signed_in: 'authentication_error',
  bad_signature: 'authentication_error',
  foreign_request: 'permission_error',
  role_required: 'permission_error',
  invalid_request: 'invalid_request_error',
  model_not_found: 'not_found_error',
  context_length_exceeded: 'invalid_request_error',
  not_found: 'not_found_error',
  no_endpoints: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  gone: 'not_found_error',
  conflict: 'invalid_request_error',
  payload_too_large: 'invalid_request_error',
  unsupported_media_type: 'invalid_request_error',
  unprocessable: 'invalid_request_error',
  insufficient_credits: 'billing_error',
  key_limit_exceeded: 'billing_error',
  workspace_budget_exceeded: 'permission_error',
  guardrail_budget_exceeded: 'permission_error',
  tag_budget_exceeded: 'permission_error',
  in_flight_budget_exhausted: 'billing_error',
  unpriceable_request: 'billing_error',
  rate_limit_exceeded: 'rate_limit_error',
  provider_rejected: 'invalid_request_error',
  provider_rate_limited: 'rate_limit_error',
  provider_unavailable: 'api_error',
  provider_overloaded: 'overloaded_error',
  provider_timeout: 'timeout_error',
  request_timeout: 'timeout_error',
  client_closed_request: 'invalid_request_error',
  unavailable: 'overloaded_error',
  internal: 'api_error',
};

const FAILURES = (Object.keys(TYPES) as ErrorCode[]).map(
  (code) =>
    new TurnpikeError(code, {
      message: `a "quoted"\nfailure: ${code}`,
      detail: 'for the operator alone',
      metadata: { provider_name: 'Acme' },
      extra: { availability: { code: 'x' } },
    }),
);

describe('failures', () => {
  const told = (error: TurnpikeError) => ({
    type: 'error',
    error: {
      type: TYPES[error.code],
      message: expect.stringContaining(error.message),
      error_type: error.type,
      availability: { code: 'x' },
    },
    metadata: { provider_name: 'Acme', error_code: error.code },
  });

  test.each(FAILURES)('$code is an error body in the class of its status', async (error) => {
    const body = anthropicMessages.errorBody(error, 'req-1');
    expect(body).toEqual({ ...told(error), request_id: null });
    const headers = anthropicMessages.errorHeaders?.(error, 'req-1') ?? {};
    const status = anthropicMessages.errorStatus?.(error) ?? error.status;
    answer = json(JSON.stringify(body), status, { ...headers });
    const thrown = await rejection(anthropic.messages.create(ASKED));
    expect(thrown).toBeInstanceOf(APIError);
    expect(thrown).toMatchObject({ status, requestID: 'req-1', error: body });
    expect(JSON.stringify(body)).not.toContain('operator');
  });

  test.each(FAILURES)('$code is the only event of a stream that never began', async (error) => {
    const frames = anthropicMessages.encoder({ ...HEAD, model: '', provider: null }).fail(error);
    expect(frames).toStartWith('event: error\ndata: ');
    answer = sse(frames);
    const thrown = await rejection(anthropic.messages.stream(ASKED).finalMessage());
    expect(thrown).toBeInstanceOf(APIError);
    expect((thrown as APIError).error).toEqual({ ...told(error), request_id: HEAD.id });
  });

  test.each(FAILURES)('$code ends a stream in its middle', async (error) => {
    const encoder = anthropicMessages.encoder(HEAD);
    const begun = encoder.events([
      { type: 'block-start', choice: 0, block: 0, part: { type: 'text' } },
      { type: 'delta', choice: 0, block: 0, text: 'Hel' },
    ]);
    answer = sse(begun + encoder.fail(error));
    const items: unknown[] = [];
    const reading = anthropic.messages.create({ ...ASKED, stream: true }).then(async (stream) => {
      for await (const item of stream) items.push(item);
    });
    expect((await rejection(reading)) as APIError).toMatchObject({ error: told(error) });
    expect(JSON.stringify(items)).toContain('Hel');
  });

  test('a standard with a shape of its own brings the whole body', () => {
    const body = { error: 'invalid_grant' };
    expect(anthropicMessages.errorBody(new TurnpikeError('invalid_request', { body }), 'req-1')).toEqual(
      body,
    );
  });
});
