import { describe, expect, test } from 'bun:test';
import type { ChatEvent } from '../../chat/event.ts';
import { type ErrorCode, TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, FACTS, framesOf, HEAD } from '../__fixtures__/answers.ts';
import { countTokens } from './count.ts';
import { googleGenerate, googleGenerateList } from './dialect.ts';

const SHOWN = { ...HEAD, remembered: { includesThoughts: true } };
const start = (block: number, part: JsonObject, choice = 0) =>
  ({ type: 'block-start', choice, block, part }) as ChatEvent;
const delta = (block: number, text: string, choice = 0): ChatEvent => ({
  type: 'delta',
  choice,
  block,
  text,
});
const end = (block: number, more: JsonObject = {}, choice = 0) =>
  ({ type: 'block-end', choice, block, ...more }) as ChatEvent;
const finish = (reason: 'stop' | 'tool_calls' | 'length' | 'error', choice = 0): ChatEvent => ({
  ...{ type: 'finish', choice, reason, native: null },
});
const relayed = (event: JsonObject): ChatEvent => ({
  ...{ type: 'native', dialect: 'google-generate', event, writtenBytes: 1, saysSomething: true },
});

function chunks(events: readonly ChatEvent[], head = HEAD): JsonObject[] {
  const encoder = googleGenerate.encoder(head);
  return framesOf(encoder.events(events) + encoder.finish(BILL)) as JsonObject[];
}

const partsIn = (all: readonly JsonObject[]) =>
  all.flatMap((chunk) =>
    ((chunk['candidates'] ?? []) as { content: { parts: JsonObject[] } }[]).flatMap(
      ({ content }) => content.parts,
    ),
  );

describe('thoughts', () => {
  const events = [
    start(0, { type: 'reasoning', format: 'anthropic-claude-v1' }),
    delta(0, 'hm'),
    end(0, { signature: 'EqQB' }),
    start(1, { type: 'reasoning', format: 'anthropic-claude-v1', redacted: 'sealed' }),
    end(1),
    start(2, { type: 'text' }),
    delta(2, '42'),
    end(2),
    finish('stop'),
  ];

  test('are shown to whoever asked, each signature in an envelope that says whose it is', () => {
    const signature = expect.stringMatching(/^eyJ0dXJucGlr/);
    expect(partsIn(chunks(events, SHOWN))).toEqual([
      { text: 'hm', thought: true },
      { text: '', thought: true, thoughtSignature: signature },
      { text: '', thought: true, thoughtSignature: signature },
      { text: '42' },
      { text: '' },
    ]);
  });

  test('are hidden from everybody else', () => {
    expect(partsIn(chunks(events))).toEqual([{ text: '42' }, { text: '' }]);
  });
});

describe('calls', () => {
  const call = start(0, { type: 'tool-call', id: 'c1', name: 'f' });

  test('are written whole, when they end or their choice does', () => {
    const part = { functionCall: { id: 'c1', name: 'f', args: { a: 1 } } };
    expect(
      partsIn(chunks([call, delta(0, '{"a"'), delta(0, ':1}'), end(0), finish('tool_calls')]))[0],
    ).toEqual(part);
    expect(partsIn(chunks([call, delta(0, '{"a":1}'), finish('tool_calls')]))[0]).toEqual(part);
  });

  test.each(['{"a":', '[1]', '"text"'])(
    'whose arguments are %p are never written, and the answer says so',
    (json) => {
      const all = chunks([call, delta(0, json), end(0), finish('tool_calls')]);
      expect(JSON.stringify(all)).not.toContain('functionCall');
      expect(all.at(-1)).toMatchObject({ candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] });
      const choice = {
        index: 0,
        finishReason: 'tool_calls' as const,
        nativeFinishReason: null,
        logprobs: null,
      };
      const parts = [{ type: 'tool-call' as const, id: 'c1', name: 'f', argumentsJson: json }];
      expect(
        googleGenerate.whole(HEAD, { ...FACTS, form: 'typed', choices: [{ ...choice, parts }] }, BILL),
      ).toMatchObject({
        candidates: [{ content: { parts: [{ text: '' }] }, finishReason: 'MALFORMED_FUNCTION_CALL' }],
      });
    },
  );

  test('that a cap cut are left out', () => {
    const encoder = googleGenerate.encoder(HEAD);
    const text = encoder.events([call, delta(0, '{"a":')]) + encoder.cutOff() + encoder.finish(BILL);
    expect(text).not.toContain('functionCall');
    expect(framesOf(text)).toMatchObject([
      { candidates: [{ finishReason: 'MAX_TOKENS' }], usageMetadata: {} },
    ]);
  });
});

describe('ends', () => {
  test('the reason comes once, in the last chunk, together with the counts and the cost', () => {
    const all = chunks([start(0, { type: 'text' }), delta(0, ''), delta(0, 'hi'), end(0), finish('stop')]);
    expect(all.map((chunk) => (chunk['candidates'] as JsonObject[])[0]?.['finishReason'])).toEqual([
      undefined,
      'STOP',
    ]);
    expect(all.at(-1)?.['usageMetadata']).toMatchObject({
      totalTokenCount: 235,
      thoughtsTokenCount: 50,
      cost: 0.001234568,
    });
    expect(all[0]?.['usageMetadata']).toBeUndefined();
  });

  test('nothing is written behind it: no [DONE], which Google’s clients cannot parse', () => {
    const encoder = googleGenerate.encoder(HEAD);
    expect(encoder.events([finish('stop')]) + encoder.finish(BILL)).not.toContain('DONE');
  });

  test('an error word of the middle is not a stop', () => {
    expect(chunks([finish('error')])[0]).toMatchObject({ candidates: [{ finishReason: 'OTHER' }] });
  });
});

describe('what Google wrote', () => {
  const chunk = (parts: JsonObject[], more: JsonObject = {}) => ({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
    ...{
      usageMetadata: { promptTokenCount: 1 },
      modelVersion: 'theirs',
      responseId: 'theirs',
      createTime: 'now',
    },
  });

  test('is passed on with our name of it, its counts replaced by the bill', () => {
    const last = chunk([{ text: '', thoughtSignature: 'c2ln' }], {
      finishReason: 'STOP',
      groundingMetadata: { a: 1 },
    });
    const all = chunks([relayed(chunk([{ text: 'hi', unheardOf: 1 }])), finish('length'), relayed(last)]);
    expect(all).toMatchObject([
      {
        candidates: [{ content: { parts: [{ text: 'hi', unheardOf: 1 }] } }],
        ...{ createTime: 'now', modelVersion: HEAD.model, responseId: 'gen-1' },
      },
      {
        candidates: [{ finishReason: 'STOP', groundingMetadata: { a: 1 } }],
        usageMetadata: { totalTokenCount: 235 },
      },
    ]);
    expect(all[0]?.['usageMetadata']).toBeUndefined();
  });

  test('a reason to stop with a chunk that others follow is written before them', () => {
    const all = chunks([relayed(chunk([], { finishReason: 'STOP' })), relayed(chunk([{ text: 'late' }]))]);
    expect(partsIn(all)).toEqual([{ text: 'late' }]);
    expect(all).toHaveLength(3);
  });

  test('what filters say of a prompt that they let pass holds nothing back', () => {
    const encoder = googleGenerate.encoder(HEAD);
    const first = { ...chunk([{ text: 'hi' }]), promptFeedback: { safetyRatings: [] } };
    expect(framesOf(encoder.events([relayed(first)]))).toHaveLength(1);
  });

  test('a cap of ours ends it', () => {
    const encoder = googleGenerate.encoder(HEAD);
    const text = encoder.events([relayed(chunk([{ text: 'hi' }]))]) + encoder.cutOff() + encoder.finish(BILL);
    expect(framesOf(text).at(-1)).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS' }],
      usageMetadata: {},
    });
  });
});

describe('a list', () => {
  test('is JSON at every end, with keep-alives anywhere between', () => {
    const alive = googleGenerateList.keepAliveFrame;
    const events = [start(0, { type: 'text' }), delta(0, 'hi'), finish('stop')];
    const ended = googleGenerateList.encoder(HEAD);
    expect(JSON.parse(alive + ended.events(events) + alive + ended.finish(BILL))).toHaveLength(2);
    const empty = googleGenerateList.encoder(HEAD);
    expect(JSON.parse(empty.finish(BILL))).toHaveLength(1);
    const failed = googleGenerateList.encoder(HEAD);
    const text =
      alive + failed.events(events.slice(0, 2)) + failed.fail(new TurnpikeError('provider_overloaded'));
    expect(JSON.parse(text)).toMatchObject([{}, { error: { code: 503, status: 'UNAVAILABLE' } }]);
    expect(JSON.parse(googleGenerateList.encoder(HEAD).fail(new TurnpikeError('internal')))).toMatchObject([
      { error: { code: 500, status: 'INTERNAL' } },
    ]);
  });
});

describe('errors', () => {
  test.each<[ErrorCode, string]>([
    ['invalid_request', 'INVALID_ARGUMENT'],
    ['invalid_api_key', 'UNAUTHENTICATED'],
    ['insufficient_credits', 'FAILED_PRECONDITION'],
    ['key_disabled', 'PERMISSION_DENIED'],
    ['not_found', 'NOT_FOUND'],
    ['rate_limit_exceeded', 'RESOURCE_EXHAUSTED'],
    ['provider_unavailable', 'UNAVAILABLE'],
    ['provider_timeout', 'DEADLINE_EXCEEDED'],
    ['internal', 'INTERNAL'],
    ['payload_too_large', 'INVALID_ARGUMENT'],
  ])('%s is %s', (code, status) => {
    const error = new TurnpikeError(code);
    expect(googleGenerate.errorBody(error, 'r')).toMatchObject({
      error: {
        code: error.status,
        message: error.message,
        status,
        details: [{ reason: code.toUpperCase() }],
      },
    });
  });

  test('only texts stand in the details, and a time to wait where there is one', () => {
    const error = new TurnpikeError('provider_rate_limited', {
      metadata: { provider_name: 'Acme', previous_errors: [{}] },
      retryAfterSeconds: 7,
    });
    expect(googleGenerate.errorBody(error, 'r')).toMatchObject({
      error: { details: [{ metadata: { provider_name: 'Acme' } }, { retryDelay: '7s' }] },
    });
    expect(JSON.stringify(googleGenerate.errorBody(error, 'r'))).not.toContain('previous_errors');
  });
});

describe('counting', () => {
  test.each<[JsonObject, number]>([
    [{ contents: [{ parts: [{ text: 'x'.repeat(40) }] }] }, 10],
    [
      { generateContentRequest: { system_instruction: { parts: [{ text: 'x'.repeat(8) }] }, contents: [] } },
      2,
    ],
    [{ contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: 'A'.repeat(9000) } }] }] }, 258],
    [
      {
        contents: [
          { role: 'model' },
          { parts: [{}, { thought: true }, { text: 'abcd', thoughtSignature: 'A'.repeat(999) }] },
        ],
      },
      5,
    ],
  ])('%# has %p tokens', (body, totalTokens) => {
    expect(countTokens(body)['totalTokens']).toBe(totalTokens);
  });

  test('nothing to count is a 400', () => {
    expect(() => countTokens({})).toThrow('contents must be a list');
  });
});
