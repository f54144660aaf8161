/** Why a streamed answer ended: told once, behind its last words, however and however often the vendor says it. */
import { describe, expect, test } from 'bun:test';
import { chunk, played, RESET, STOP, sse } from '../__fixtures__/upstream.ts';

const HI = chunk({ role: 'assistant', content: 'hi' });

/** A whole stream of these events, after which the provider said that it is done. */
const streamed = (...events: unknown[]) => played({ body: sse(...events) });

describe('reasons to finish', () => {
  test.each([
    ['stop', 'stop'],
    ['eos', 'stop'],
    ['end_turn', 'stop'],
    ['STOP', 'stop'],
    ['constructor', 'stop'],
    ['length', 'length'],
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['max_output_tokens', 'length'],
    ['model_length', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_calls', 'tool_calls'],
    ['tool_call', 'tool_calls'],
    ['tool_use', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['SPII', 'content_filter'],
    ['sensitive', 'content_filter'],
    ['refusal', 'content_filter'],
    ['error', 'error'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['network_error', 'error'],
    ['insufficient_system_resource', 'error'],
    ['content_filter: PROHIBITED_CONTENT', 'content_filter'],
    ['function_call_filter: MALFORMED_FUNCTION_CALL', 'error'],
    ['stop: unknown', 'stop'],
  ] as const)('%s is %s, and the own word stays beside it', (native, reason) => {
    const { choices, finishes } = streamed(HI, chunk({}, { finish_reason: native }));
    expect(choices[1]).toMatchObject({ finish_reason: reason, native_finish_reason: native });
    expect(finishes).toEqual([{ type: 'finish', choice: 0, reason, native }]);
  });

  test('stop after tool calls is tool_calls; length stays', () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] });
    for (const [native, reason] of [
      ['stop', 'tool_calls'],
      ['length', 'length'],
    ] as const) {
      const { finishes } = streamed(call, chunk({}, { finish_reason: native }));
      expect(finishes).toEqual([{ type: 'finish', choice: 0, reason, native }]);
    }
  });

  test('of two choices only the one that called tools is told so', () => {
    const { finishes } = streamed({
      choices: [
        { index: 0, delta: { content: 'a' }, finish_reason: 'stop' },
        { index: 1, delta: { tool_calls: [{ id: 'c', function: { name: 'f' } }] }, finish_reason: 'stop' },
      ],
    });
    expect(finishes.map(({ choice, reason }) => [choice, reason])).toEqual([
      [0, 'stop'],
      [1, 'tool_calls'],
    ]);
  });

  test('[DONE] ends a choice that never said why', () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] });
    for (const [first, reason] of [
      [HI, 'stop'],
      [call, 'tool_calls'],
    ] as const) {
      const { choices, events, finishes, ended } = streamed(first);
      expect(choices.at(-1)).toEqual({
        index: 0,
        delta: {},
        finish_reason: reason,
        native_finish_reason: null,
      });
      expect(finishes).toEqual([{ type: 'finish', choice: 0, reason, native: null }]);
      expect(events.at(-2)).toMatchObject({ dialect: 'openai-chat', writtenBytes: 0, saysSomething: false });
      expect(ended).toBe(1);
    }
    expect(streamed(HI, STOP).finishes).toHaveLength(1);
  });

  test('a reason that is repeated is told once', () => {
    const { finishes, choices } = streamed(HI, STOP, STOP);
    expect(finishes).toHaveLength(1);
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual([null, 'stop', null]);
    expect(choices[2]).toHaveProperty('native_finish_reason', null);
  });

  test('a reason beside words is told behind the last of them, however often it was said', () => {
    const call = (name: string) => ({
      tool_calls: [{ index: 0, id: name, function: { name, arguments: '{}' } }],
    });
    const count = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } };
    for (const [deltas, reason] of [
      [[{ content: 'He' }, { content: 'llo, ' }, { content: 'you' }], 'stop'],
      [[call('f'), call('g')], 'tool_calls'],
    ] as const) {
      const events = deltas.map((delta) => chunk(delta, { finish_reason: 'stop' }));
      for (const end of [[], [STOP], [count], [count, STOP]]) {
        for (const body of [sse(...events, ...end), sse(...events, ...end).replace('data: [DONE]\n\n', '')]) {
          const { choices, finishes, error } = played({ body });
          expect(error).toBeNull();
          expect(finishes).toEqual([{ type: 'finish', choice: 0, reason, native: 'stop' }]);
          const reasons = choices.map(({ finish_reason }) => finish_reason);
          expect(reasons).toEqual([...deltas.map(() => null), reason]);
          expect(choices.at(-1)).toMatchObject({ delta: {}, native_finish_reason: 'stop' });
        }
      }
    }
  });

  test('a reason beside words counts in mid-stream too: a reset behind it is a success', () => {
    const body = `data: ${JSON.stringify(chunk({ content: 'hi' }, { finish_reason: 'length' }))}\n\n`;
    const { finishes, error } = played({ body, failure: RESET });
    expect([error, finishes.map(({ reason }) => reason)]).toEqual([null, ['length']]);
  });

  test('the vendor’s word behind a router stays beside the router’s', () => {
    const last = chunk({}, { finish_reason: 'length', native_finish_reason: 'MAX_TOKENS_REACHED' });
    const { choices, finishes } = streamed(chunk({ content: 'hi' }, { native_finish_reason: null }), last);
    expect(finishes).toEqual([{ type: 'finish', choice: 0, reason: 'length', native: 'MAX_TOKENS_REACHED' }]);
    expect(choices[1]).toMatchObject({ finish_reason: 'length', native_finish_reason: 'MAX_TOKENS_REACHED' });
    expect(
      streamed(HI, chunk({}, { finish_reason: 'stop', native_finish_reason: '' })).finishes,
    ).toMatchObject([{ reason: 'stop', native: 'stop' }]);
    const notYet = streamed(HI, chunk({ content: 'more' }, { native_finish_reason: 'error' }), STOP);
    expect(notYet.finishes).toMatchObject([{ reason: 'stop', native: 'stop' }]);
  });

  test('a failure that only the word behind a router tells is one', () => {
    for (const native of ['error', 'network_error']) {
      const last = chunk({ content: '' }, { finish_reason: 'stop', native_finish_reason: native });
      const failed = streamed(chunk({ role: 'assistant', content: '' }), last);
      expect(failed.error).toMatchObject({ failure: 'status' });
      expect([failed.finishes, failed.choices.length]).toEqual([[], 1]);
      expect(streamed(HI, last).finishes).toMatchObject([{ reason: 'error', native }]);
    }
  });

  test.each([
    ['beside no choices', { choices: [] }],
    ['beside an empty choice', { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }],
    ['alone', {}],
  ])('an error %s, behind an answer that has ended, ends nothing, and its count is read', (_name, more) => {
    const late = {
      error: { code: 400, message: 'Token limit reached' },
      usage: { prompt_tokens: 43, completion_tokens: 10 },
      ...more,
    };
    const told = streamed(HI, STOP, STOP, late);
    expect([told.error, told.ended, told.finishes.length, told.usage?.inputTokens]).toEqual([null, 1, 1, 43]);
    expect(JSON.stringify(told.chunks)).not.toContain('Token limit');
    const whole = played({ body: sse(HI, STOP, late) }, { stream: false });
    expect(whole.whole?.usage?.outputTokens).toBe(10);
  });

  test('an error behind an end that told of nothing, or of a failure, is the failure', () => {
    const late = { error: { code: 503, message: 'no' } };
    const failed = chunk({}, { finish_reason: 'error' });
    for (const events of [
      [STOP, late],
      [HI, failed, late],
      [HI, late],
    ]) {
      expect(streamed(...events).error).toMatchObject({ failure: 'status', status: 503 });
    }
  });

  test('a failure for a reason is one where nothing was said, and a reason where something was', () => {
    for (const reason of ['error', 'insufficient_system_resource', 'network_error']) {
      const last = chunk({ content: '' }, { finish_reason: reason });
      for (const stream of [true, false]) {
        const body = sse(chunk({ role: 'assistant', content: '' }), last);
        expect(played({ body }, { stream }).error).toMatchObject({ failure: 'status', fault: 'provider' });
      }
      expect(streamed(HI, last).finishes).toMatchObject([{ reason: 'error', native: reason }]);
      const bodyOf = (content: string | null) =>
        JSON.stringify({ choices: [{ message: { role: 'assistant', content }, finish_reason: reason }] });
      for (const content of ['', null]) {
        const { error } = played({ body: bodyOf(content) }, { stream: false });
        expect(error).toMatchObject({ failure: 'status', status: 502, fault: 'provider' });
      }
      expect(played({ body: bodyOf('hi') }, { stream: false }).whole?.finishReason).toBe('error');
    }
  });
});
