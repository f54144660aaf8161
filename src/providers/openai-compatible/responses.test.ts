/** Callers of Responses at OpenAI's own: what is sent, and what they are told of the bytes that come back. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../json.ts';
import {
  type Answer,
  type CallOptions,
  callOf,
  FakeUpstream,
  RESET,
  Told,
} from '../__fixtures__/upstream.ts';
import type { ChatCall } from '../adapter.ts';
import { quirksOf } from '../vendors.ts';
import { openAiCompatible } from './adapter.ts';

const OPENAI = 'https://api.openai.com/v1';
const recorded = (name: string) =>
  readFileSync(join(import.meta.dir, '__fixtures__/responses', name), 'utf8');

function responsesCall(body: JsonObject, options: CallOptions = {}): ChatCall {
  const call = callOf({ baseUrl: OPENAI, dialect: 'openai-responses', ...options });
  return { ...call, payload: { ...call.payload, native: { dialect: 'openai-responses', body } } };
}

function played(answer: Answer, options: CallOptions = {}) {
  const upstream = new FakeUpstream();
  const told = new Told();
  openAiCompatible(upstream).chat(responsesCall({ input: 'hi' }, options), told);
  upstream.play(answer);
  return { told, request: upstream.requests[0] };
}

const sent = (body: JsonObject, options: CallOptions = {}): JsonObject =>
  openAiCompatible(new FakeUpstream()).requestBody(responsesCall(body, options));

describe('who is passed on', () => {
  const relays = (baseUrl: string, quirks = {}) => quirksOf(baseUrl, quirks).responses;

  test('to OpenAI and Azure, and to whom the operator says so', () => {
    expect(relays(OPENAI)).toBe(true);
    expect(relays('https://acme.openai.azure.com/openai/v1')).toBe(true);
    expect(relays('https://acme.openai.azure.com/openai/deployments/gpt-5')).toBe(false);
    expect(relays('https://api.groq.com/openai/v1')).toBe(false);
    expect(relays('http://vllm.internal:8000/v1', { responses: true })).toBe(true);
    expect(relays(OPENAI, { responses: false })).toBe(false);
  });

  test('callers of other APIs are not', () => {
    const upstream = new FakeUpstream();
    openAiCompatible(upstream).chat(callOf({ baseUrl: OPENAI }), new Told());
    expect(upstream.requests[0]?.url).toBe(`${OPENAI}/chat/completions`);
  });

  test('what only OpenAI can read is no reason for it to refuse', () => {
    const { payload, target } = responsesCall({ input: [{ type: 'compaction', encrypted_content: 'x' }] });
    expect(openAiCompatible(new FakeUpstream()).refusal(payload, target)).toBeNull();
  });
});

describe('the request', () => {
  const custom = {
    type: 'custom',
    name: 'apply_patch',
    format: { type: 'grammar', syntax: 'lark', definition: 'x' },
  };
  const body = {
    instructions: 'Be brief',
    input: [
      { type: 'message', id: 'msg_1', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'apply_patch', input: '***' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'Done!' },
    ],
    tools: [custom, { type: 'web_search', external_web_access: false }],
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'k',
    client_metadata: { a: 'b' },
    brand_new: { deep: [1] },
  };

  test('goes as it came, under the name of the model there, and is not stored', () => {
    const told = sent(body);
    expect(told).toEqual({
      ...body,
      model: 'model-x',
      max_output_tokens: 100,
      stream: true,
      store: false,
    });
    expect(Object.keys(told).slice(0, 7)).toEqual(Object.keys(body));
  });

  test('goes to the door beside chat completions', () => {
    const { request } = played({ body: recorded('custom-tool.sse') });
    expect(request?.url).toBe(`${OPENAI}/responses`);
    expect(JSON.parse(request?.body ?? '')).toEqual(sent({ input: 'hi' }));
  });

  test('leaves out thoughts that OpenAI did not seal, and what others put beside calls', () => {
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' };
    const input = [
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: null },
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'tp1:s:anthropic-claude-v1:c2ln' },
      {
        type: 'reasoning',
        id: 'rs_4',
        summary: [],
        encrypted_content: 'gAAA',
        format: 'openai-responses-v1',
      },
      { ...call, extra_content: { google: {} } },
    ];
    expect(sent({ input })['input']).toEqual([
      { type: 'reasoning', id: 'rs_4', summary: [], encrypted_content: 'gAAA' },
      call,
    ]);
  });

  test('has no smaller cap than OpenAI takes, and none where nothing bounds it', () => {
    expect(sent({ input: 'hi' }, { maxTokens: 5 })['max_output_tokens']).toBe(16);
    expect(sent({ input: 'hi' }, { maxTokens: null })).not.toHaveProperty('max_output_tokens');
  });

  test('says how much to think in words of OpenAI', () => {
    const reasoning = { enabled: false, effort: null, maxTokens: null, exclude: false, summary: 'auto' };
    expect(
      sent({ input: 'hi', reasoning: { enabled: false, summary: 'auto' } }, { reasoning })['reasoning'],
    ).toEqual({
      summary: 'auto',
      effort: 'none',
    });
    const own = { effort: 'high', context: 'auto', mode: 'standard' };
    expect(sent({ input: 'hi', reasoning: own })['reasoning']).toEqual(own);
  });

  test('spares a model that does not think what it would refuse', () => {
    const asked = {
      input: 'hi',
      reasoning: { effort: 'low' },
      include: ['reasoning.encrypted_content'],
      text: { verbosity: 'low' },
    };
    const told = sent(asked, { without: ['reasoning', 'verbosity'] });
    expect(told).toEqual({
      input: 'hi',
      text: {},
      model: 'model-x',
      max_output_tokens: 100,
      stream: true,
      store: false,
    });
  });
});

describe.each(['custom-tool.sse', 'reasoning-encrypted-content.sse', 'client-tool-search.sse'])(
  '%s',
  (name) => {
    const events = recorded(name)
      .split('\n\n')
      .filter((frame) => frame !== '')
      .map((frame) => JSON.parse(frame.slice('data: '.length)));

    test.each([[undefined], [1], [7], [1000]])(
      'is relayed event by event, in pieces of %p bytes',
      (split) => {
        const { told } = played({ body: recorded(name), ...(split === undefined ? {} : { split }) });
        expect([told.error, told.ended]).toEqual([null, 1]);
        expect(told.chunks).toEqual(events);
        const { usage } = events.at(-1).response;
        const counted = told.usage;
        expect(counted).toMatchObject({ reasoningTokens: usage.output_tokens_details.reasoning_tokens });
        expect((counted?.outputTokens ?? 0) + (counted?.reasoningTokens ?? 0)).toBe(usage.output_tokens);
        expect((counted?.inputTokens ?? 0) + (counted?.cacheReadTokens ?? 0)).toBe(usage.input_tokens);
      },
    );

    test('says why it ended, whose it is, and how much was written', () => {
      const { told } = played({ body: recorded(name) });
      expect(told.finishes).toMatchObject([{ reason: 'tool_calls', native: 'completed' }].slice(0, 1));
      expect(told.events.find(({ type }) => type === 'meta')).toMatchObject({
        upstreamId: events[0].response.id,
      });
      const deltas = events.map(({ delta }) => (typeof delta === 'string' ? delta : '')).join('');
      const written = told.events.reduce(
        (sum, event) => sum + (event.type === 'native' ? event.writtenBytes : 0),
        0,
      );
      expect(written).toBeGreaterThanOrEqual(Buffer.byteLength(deltas));
    });

    test('cut at any event is no answer', () => {
      const whole = recorded(name);
      for (let at = whole.indexOf('\n\n'); at < whole.length - 2; at = whole.indexOf('\n\n', at + 2)) {
        const { told } = played({ body: whole.slice(0, at + 2), failure: RESET });
        expect(told.error?.fault).toBe('provider');
      }
      expect(played({ body: whole.slice(0, whole.indexOf('\n\n') + 2) }).told.error?.fault).toBe('provider');
    });

    test('collected for who asked for a whole answer is the response that it ends with', () => {
      const { told } = played({ body: recorded(name) }, { stream: false });
      expect(told.body).toEqual(events.at(-1).response);
    });
  },
);

describe('a whole response', () => {
  const body = JSON.parse(recorded('reasoning-encrypted-content.json'));

  test('is relayed as it is', () => {
    const { told } = played({ body: JSON.stringify(body) }, { stream: false });
    expect(told.body).toEqual(body);
    expect(told.whole).toMatchObject({ upstreamId: body.id, finishReason: 'stop' });
    expect(told.whole?.usage?.reasoningTokens).toBe(body.usage.output_tokens_details.reasoning_tokens);
    expect(told.whole?.writtenBytes).toBeGreaterThan(0);
  });

  test('is told in events to who asked for a stream', () => {
    const { told } = played({ body: JSON.stringify(body) });
    expect([told.error, told.ended]).toEqual([null, 1]);
    expect(told.chunks.at(-1)).toEqual({ type: 'response.completed', response: body });
    expect(
      told.chunks.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item),
    ).toEqual(body.output);
  });

  test('that reached its cap says so', () => {
    const cut = { ...body, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    const { told } = played({ body: JSON.stringify(cut) }, { stream: false });
    expect(told.whole).toMatchObject({ finishReason: 'length', nativeFinishReason: 'max_output_tokens' });
  });
});

describe('failures', () => {
  const failed = (code: string, message: string) =>
    `data: ${JSON.stringify({ type: 'response.failed', response: { status: 'failed', error: { code, message } } })}\n\n`;

  test('a quota of the operator is nothing that the caller reads of', () => {
    const { told } = played({ body: recorded('error.sse') });
    expect(told.error).toMatchObject({ fault: 'account', providerCode: null });
    expect(told.error?.message).not.toContain('quota');
  });

  test.each([
    ['rate_limit_exceeded', 'rate'],
    ['server_error', 'provider'],
    ['invalid_prompt', 'caller'],
    ['brand_new', 'provider'],
  ])('%s is the fault of %s', (code, fault) => {
    expect(played({ body: failed(code, 'Something') }).told.error?.fault as string).toBe(fault);
  });

  test('a prompt that is too long says so', () => {
    const { told } = played({
      body: failed('context_length_exceeded', 'Your input exceeds the context window of this model.'),
    });
    expect(told.error?.isContextLength).toBe(true);
  });

  test('a refused request has the words of OpenAI', () => {
    const message = "Unknown parameter: 'input[0].format'.";
    const body = JSON.stringify({
      error: { message, type: 'invalid_request_error', param: 'input[0].format', code: 'unknown_parameter' },
    });
    expect(played({ status: 400, body }).told.error).toMatchObject({ fault: 'caller', status: 400, message });
  });

  test('a whole response that failed is a failure', () => {
    const body = JSON.stringify({
      object: 'response',
      status: 'failed',
      output: [],
      error: { code: 'server_error', message: 'x' },
    });
    expect(played({ body }, { stream: false }).told.error?.fault).toBe('provider');
  });

  test('anything else is no answer', () => {
    expect(played({ body: '{"hello":1}' }, { stream: false }).told.error?.failure).toBe('garbage');
    expect(played({ body: 'data: {"type":\n\n' }).told.error?.failure).toBe('garbage');
    expect(played({ body: '' }).told.error?.fault).toBe('provider');
  });
});
