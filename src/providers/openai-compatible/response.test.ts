import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { chunk, played, STOP, sse } from '../__fixtures__/upstream.ts';

const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };

function wholeOf(body: unknown, dialect: 'openai-chat' | 'openai-text' = 'openai-chat') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return played({ body: text }, { stream: false, dialect });
}

const HELLO = {
  id: 'up-1',
  object: 'chat.completion',
  created: 1,
  model: 'model-x',
  provider: 'X',
  system_fingerprint: 'fp',
  service_tier: 'default',
  x_groq: { id: 'r' },
  usage_breakdown: null,
  openrouter_metadata: { requested: 'x' },
  error: null,
  usageMetadata: null,
  citations: ['https://example.com'],
  choices: [
    { index: 0, message: { role: 'assistant', content: 'hello' }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

describe('a whole answer', () => {
  test('loses its head, keeps what is unknown, and tells its facts', () => {
    const { whole, body, answered } = wholeOf(HELLO);
    expect(answered).toBe(1);
    expect(body).toEqual({
      citations: ['https://example.com'],
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'hello', refusal: null },
          finish_reason: 'stop',
          native_finish_reason: 'stop',
        },
      ],
    });
    expect(whole).toMatchObject({
      writtenBytes: 5,
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      upstreamId: 'up-1',
      serviceTier: 'default',
      systemFingerprint: 'fp',
      usage: { inputTokens: 3, outputTokens: 2 },
    });
  });

  test('counts what was written over all choices, and takes its reason from the first', () => {
    const { whole } = wholeOf({
      choices: [
        { index: 0, message: { content: 'é', reasoning: 'hm' }, finish_reason: 'length' },
        { index: 1, message: { content: null, tool_calls: [CALL] }, finish_reason: 'stop' },
      ],
    });
    expect(whole).toMatchObject({
      writtenBytes: 2 + 2 + 3,
      finishReason: 'length',
      usage: null,
      upstreamId: null,
    });
  });

  test('that says nothing, and not why, or is done without a token, is none', () => {
    const empty = { role: 'assistant', content: null };
    const usage = { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 };
    for (const [choice, more] of [
      [{ message: empty, finish_reason: null }, {}],
      [{ message: { ...empty, content: '' } }, { usage }],
      [{ message: empty, finish_reason: 'stop' }, { usage }],
    ] as const)
      expect(wholeOf({ choices: [choice], ...more }).error?.message).toBe(
        'Provider returned an empty answer',
      );
    for (const [choice, more] of [
      [{ message: empty, finish_reason: 'stop' }, {}],
      [{ message: empty, finish_reason: 'content_filter' }, { usage }],
      [{ message: empty, finish_reason: 'stop' }, { usage: { ...usage, completion_tokens: 1 } }],
    ] as const)
      expect(wholeOf({ choices: [choice], ...more }).whole?.writtenBytes).toBe(0);
  });

  test('has no nulls but those that clients know', () => {
    const { body } = wholeOf({
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'a',
            refusal: null,
            tool_calls: null,
            audio: null,
            images: null,
            annotations: [],
            reasoning_content: null,
          },
          finish_reason: null,
        },
      ],
    });
    expect(body['choices']).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'a', refusal: null, annotations: [] },
        finish_reason: null,
        native_finish_reason: null,
      },
    ]);
  });

  test('keeps members of choices that nobody knows', () => {
    const { body } = wholeOf({ choices: [{ index: 0, message: { content: 'a' }, matched_stop: 7 }] });
    expect(body['choices']).toMatchObject([{ matched_stop: 7 }]);
  });

  test('numbers its choices where the vendor does not', () => {
    const { body } = wholeOf({
      choices: [{ message: { content: 'a' } }, { index: '1', message: { content: 'b' } }],
    });
    expect((body['choices'] as JsonObject[]).map(({ index }) => index)).toEqual([0, 1]);
  });

  test('thoughts are shown as text and as details, from a text, from parts and from blocks', () => {
    const messages = [
      { content: 'a', reasoning_content: 'hm' },
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
        ],
      },
      { content: 'a', reasoning: 'hm', reasoning_content: 'hm' },
    ];
    for (const message of messages) {
      const { body } = wholeOf({ choices: [{ index: 0, message }] });
      expect((body['choices'] as JsonObject[])[0]?.['message']).toEqual({
        role: 'assistant',
        content: 'a',
        refusal: null,
        reasoning: 'hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'hm', format: 'unknown', index: 0 }],
      });
    }
  });

  test('a choice without a message may have text or a delta in its place', () => {
    for (const choice of [{ text: 'a' }, { delta: { content: 'a' } }]) {
      const { body } = wholeOf({ choices: [choice] });
      expect(body['choices']).toMatchObject([{ message: { role: 'assistant', content: 'a' } }]);
      expect((body['choices'] as JsonObject[])[0]).not.toHaveProperty(Object.keys(choice)[0] ?? '');
    }
  });

  test('a choice that says why it ended needs no message; one that says nothing at all is none', () => {
    for (const message of [undefined, null]) {
      const { body, whole } = wholeOf({
        choices: [{ index: 0, message, finish_reason: 'length' }],
        usage: { prompt_tokens: 3, completion_tokens: 0, total_tokens: 9 },
      });
      expect(body['choices']).toMatchObject([
        { message: { role: 'assistant', content: null }, finish_reason: 'length' },
      ]);
      expect(whole?.usage).toMatchObject({ inputTokens: 3, reasoningTokens: 6 });
      const none = played(
        { body: JSON.stringify({ choices: [{ index: 0, message, finish_reason: null }] }) },
        { stream: false },
      );
      expect(none.error).toMatchObject({ failure: 'garbage' });
    }
  });

  test('the vendor’s word behind a router stays, and can be the only one of a failure', () => {
    const message = { role: 'assistant', content: 'a' };
    const choice = { index: 0, message, finish_reason: 'stop', native_finish_reason: 'end_turn' };
    const { body, whole } = wholeOf({ choices: [choice] });
    expect(body['choices']).toMatchObject([{ finish_reason: 'stop', native_finish_reason: 'end_turn' }]);
    expect(whole).toMatchObject({ finishReason: 'stop', nativeFinishReason: 'end_turn' });
    const failed = { ...choice, native_finish_reason: 'network_error' };
    expect(wholeOf({ choices: [failed] }).whole).toMatchObject({ finishReason: 'error' });
    const empty = { ...failed, message: { role: 'assistant', content: '' } };
    expect(played({ body: JSON.stringify({ choices: [empty] }) }, { stream: false }).error).toMatchObject({
      failure: 'status',
      fault: 'provider',
    });
  });

  test('usage on the last choice counts, and is not shown', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    for (const before of [[], [{ message: { content: 'b' } }]]) {
      const { whole, body } = wholeOf({ choices: [...before, { message: { content: 'a' }, usage }] });
      expect(whole?.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
      expect(JSON.stringify(body)).not.toContain('usage');
    }
  });

  test('may have white space and a byte order mark before it, and come in any pieces', () => {
    const text = `\ufeff \n\n\r\n${JSON.stringify(HELLO)}`;
    for (const split of [1, 3, 1000]) {
      expect(played({ body: text, split }, { stream: false }).whole).not.toBeNull();
    }
  });

  test.each([
    ['', 'empty'],
    ['   \n ', 'empty'],
    ['<html></html>', 'not JSON'],
    ['"text"', 'not a chat completion'],
    ['{}', 'not a chat completion'],
    ['[]', 'not a chat completion'],
    ['{"choices":[]}', 'not a chat completion'],
    ['{"choices":[{}]}', 'not a chat completion'],
    ['{"choices":[7]}', 'not a chat completion'],
    ['{"choices":[null]}', 'not a chat completion'],
    ['{"choices":null,"usage":{"prompt_tokens":1}}', 'not a chat completion'],
    ['{"choices":[{"index":0', 'not JSON'],
  ])('%j is garbage', (body, reason) => {
    const { error } = wholeOf(body);
    expect(error).toMatchObject({ failure: 'garbage', fault: 'provider', hasAnswered: true });
    expect(error?.message).toContain(reason);
    expect(error?.detail ?? '').toContain(body.trim());
  });

  test('an empty id is none, as Azure writes it, whole or streamed', () => {
    const body = JSON.stringify({ id: '', choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] });
    expect(played({ body }, { stream: false }).whole?.upstreamId).toBeNull();
    expect(played({ body }).events.find(({ type }) => type === 'meta')).toEqual({ type: 'meta' });
    const first = { id: '', choices: [], prompt_filter_results: [] };
    const streamed = played({ body: sse(first, chunk({ content: 'hi' }), STOP) });
    expect(streamed.events.filter(({ type }) => type === 'meta')).toEqual([
      { type: 'meta', upstreamId: 'up-1' },
    ]);
  });

  test('a choice that is nothing but an error is one', () => {
    for (const message of [undefined, { role: 'assistant', content: '' }]) {
      const { error } = wholeOf({ choices: [{ index: 0, message, error: { message: 'no', code: 503 } }] });
      expect(error).toMatchObject({ failure: 'status', status: 503, detail: expect.stringContaining('no') });
    }
  });

  test('one of two choices that failed leaves the other one an answer', () => {
    const failed = { message: { content: '' }, error: { message: 'no', code: 503 } };
    const { whole, body } = wholeOf({
      choices: [{ message: { content: 'a' }, finish_reason: 'stop' }, failed],
    });
    expect(body['choices']).toMatchObject([{ finish_reason: 'stop' }, { finish_reason: 'error' }]);
    expect(whole).toMatchObject({ writtenBytes: 1, finishReason: 'stop' });
    expect(wholeOf({ choices: [failed, failed] }).error).toMatchObject({ failure: 'status' });
  });

  test('one that breaks off is a failed connection', () => {
    const { error } = played(
      {
        body: JSON.stringify(HELLO),
        failure: { kind: 'closed', hasAnswered: true, neverSent: false, timeout: null, cause: null },
      },
      { stream: false },
    );
    expect(error?.failure).toBe('unreachable');
  });

  test('one without end is cut off', () => {
    const { error, upstream } = played(
      { body: new Uint8Array(65 * 1024 * 1024).fill(0x5b), split: 8 * 1024 * 1024, failure: null },
      { stream: false },
    );
    expect(error).toMatchObject({
      failure: 'garbage',
      message: 'Provider returned an answer that is too large',
    });
    expect(upstream.cancelled).toBe(1);
  });
});

describe('a stream that was asked for and a whole answer that came', () => {
  const both = {
    ...HELLO,
    choices: [
      { index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' },
      { index: 1, message: { content: null, tool_calls: [CALL] }, finish_reason: 'stop' },
    ],
  };

  test.each([['application/json'], ['text/event-stream'], ['TEXT/Event-Stream; charset=utf-8'], [undefined]])(
    'with the content type %s: told as a stream',
    (type) => {
      const told = played({
        body: JSON.stringify(both),
        headers: type === undefined ? {} : { 'content-type': type },
      });
      expect([told.answered, told.ended, told.error]).toEqual([1, 1, null]);
      expect(told.deltas).toEqual([
        { role: 'assistant', content: 'hello', refusal: null },
        { role: 'assistant', content: null, refusal: null, tool_calls: [{ index: 0, ...CALL }] },
      ]);
      expect(told.chunks[0]).toMatchObject({ citations: ['https://example.com'] });
      expect(told.finishes.map(({ choice, reason }) => [choice, reason])).toEqual([
        [0, 'stop'],
        [1, 'tool_calls'],
      ]);
      expect(told.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
      expect(told.events).toContainEqual({
        type: 'meta',
        upstreamId: 'up-1',
        serviceTier: 'default',
        systemFingerprint: 'fp',
      });
      const written = told.events.reduce(
        (sum, event) => sum + (event.type === 'native' ? event.writtenBytes : 0),
        0,
      );
      expect(written).toBe(8);
    },
  );

  test('what can be seen of it is said with it, be it a picture alone', () => {
    const natives = (message: unknown) =>
      played({ body: JSON.stringify({ choices: [{ message, finish_reason: 'length' }] }) }).events.filter(
        ({ type }) => type === 'native',
      );
    expect(
      natives({ content: null, images: [{ type: 'image_url', image_url: { url: 'x' } }] }),
    ).toMatchObject([{ dialect: 'openai-chat', writtenBytes: 0, saysSomething: true }]);
    expect(natives({ content: '' })).toMatchObject([{ writtenBytes: 0, saysSomething: false }]);
  });

  test('with one choice it has its reason and its bytes, and no count where it has none', () => {
    const choice = { message: { content: 'é' }, finish_reason: 'max_tokens' };
    const { events, finishes, choices } = played({ body: JSON.stringify({ choices: [choice] }) });
    expect(events.map(({ type }) => type)).toEqual(['meta', 'native', 'finish']);
    expect(events[1]).toMatchObject({ writtenBytes: 2, saysSomething: true });
    expect(finishes).toEqual([{ type: 'finish', choice: 0, reason: 'length', native: 'max_tokens' }]);
    expect(choices).toMatchObject([{ finish_reason: 'length', native_finish_reason: 'max_tokens' }]);
  });

  test('a choice without a reason ends all the same', () => {
    for (const [message, reason] of [
      [{ content: 'a' }, 'stop'],
      [{ content: null, tool_calls: [CALL] }, 'tool_calls'],
    ] as const) {
      const told = played({ body: JSON.stringify({ choices: [{ message, finish_reason: null }] }) });
      expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason, native: null }]);
      expect(told.choices[0]).toMatchObject({ finish_reason: reason, native_finish_reason: null });
    }
  });

  test('a caller who leaves while it is told hears nothing more', () => {
    const told = played({ body: JSON.stringify(HELLO), failure: null });
    told.exchange.cancel();
    told.upstream.readers[0]?.onEnd();
    expect([told.batches.length, told.ended]).toEqual([0, 0]);
  });
});

describe('for a caller of another dialect', () => {
  test('a whole answer is told in typed parts', () => {
    const { whole } = wholeOf(
      {
        ...HELLO,
        choices: [
          {
            index: 0,
            message: {
              content: 'hello',
              refusal: 'no',
              reasoning_details: [
                { type: 'reasoning.text', text: 'hm', signature: 's' },
                { type: 'reasoning.encrypted', data: 'd' },
                { type: 'reasoning.text' },
              ],
              images: [{ type: 'image_url', image_url: { url: 'x' } }],
              tool_calls: [{ ...CALL, extra_content: { x: 1 } }],
            },
            logprobs: { content: [] },
            finish_reason: 'stop',
          },
        ],
      },
      'openai-text',
    );
    expect(whole).toMatchObject({ form: 'typed', writtenBytes: 5 + 2 + 2 + 3, finishReason: 'tool_calls' });
    expect(whole?.form === 'typed' ? whole.choices : null).toEqual([
      {
        index: 0,
        parts: [
          { type: 'reasoning', text: 'hm', signature: 's' },
          { type: 'reasoning', text: '', redacted: 'd' },
          { type: 'text', text: 'hello' },
          { type: 'refusal', text: 'no' },
          {
            type: 'opaque',
            dialect: 'openai-chat',
            value: { images: [{ type: 'image_url', image_url: { url: 'x' } }] },
          },
          { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}', extra: { extra_content: { x: 1 } } },
        ],
        finishReason: 'tool_calls',
        nativeFinishReason: 'stop',
        logprobs: { content: [] },
      },
    ]);
  });

  test('a stream is told in blocks that follow each other, and those of calls end with the choice', () => {
    const told = played(
      {
        body: sse(
          chunk({ role: 'assistant', content: '' }),
          chunk({ reasoning_content: 'h' }),
          chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'm', signature: 's' }] }),
          chunk({ content: 'a' }),
          chunk({ content: 'b' }, { logprobs: { content: [] } }),
          chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{' } }] }),
          chunk({ tool_calls: [{ index: 0, function: { arguments: '}' } }] }),
          chunk({ tool_calls: [{ index: 1, id: 'd', function: { name: 'g' }, extra_content: { x: 1 } }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'e' }] }),
          chunk({ refusal: 'no' }),
          STOP,
        ),
      },
      { dialect: 'openai-text' },
    );
    expect(told.events).toEqual([
      { type: 'meta', upstreamId: 'up-1' },
      { type: 'block-start', choice: 0, block: 0, part: { type: 'reasoning' } },
      { type: 'delta', choice: 0, block: 0, text: 'h' },
      { type: 'delta', choice: 0, block: 0, text: 'm' },
      { type: 'block-end', choice: 0, block: 0, signature: 's' },
      { type: 'block-start', choice: 0, block: 1, part: { type: 'text' } },
      { type: 'delta', choice: 0, block: 1, text: 'a' },
      { type: 'delta', choice: 0, block: 1, text: 'b' },
      { type: 'logprobs', choice: 0, value: { content: [] } },
      { type: 'block-end', choice: 0, block: 1 },
      { type: 'block-start', choice: 0, block: 2, part: { type: 'tool-call', id: 'c', name: 'f' } },
      { type: 'delta', choice: 0, block: 2, text: '{' },
      { type: 'delta', choice: 0, block: 2, text: '}' },
      {
        type: 'block-start',
        choice: 0,
        block: 3,
        part: { type: 'tool-call', id: 'd', name: 'g', extra: { extra_content: { x: 1 } } },
      },
      {
        type: 'block-start',
        choice: 0,
        block: 4,
        part: { type: 'reasoning', redacted: 'e' },
      },
      { type: 'block-end', choice: 0, block: 4 },
      { type: 'block-start', choice: 0, block: 5, part: { type: 'refusal' } },
      { type: 'delta', choice: 0, block: 5, text: 'no' },
      { type: 'block-end', choice: 0, block: 5 },
      { type: 'block-end', choice: 0, block: 2 },
      { type: 'block-end', choice: 0, block: 3 },
      { type: 'finish', choice: 0, reason: 'tool_calls', native: 'stop' },
    ]);
  });

  test('a whole answer to a stream is told in blocks too', () => {
    const told = played({ body: JSON.stringify(HELLO) }, { dialect: 'openai-text' });
    expect(told.events.map(({ type }) => type)).toEqual([
      'meta',
      'block-start',
      'delta',
      'block-end',
      'finish',
      'usage',
    ]);
    expect(told.ended).toBe(1);
  });

  test('images and sound are parts that only this dialect can say', () => {
    const told = played(
      { body: sse(chunk({ images: [{ x: 1 }] }), chunk({ annotations: [] }), chunk({ content: 'a' }), STOP) },
      { dialect: 'openai-text' },
    );
    expect(told.events.slice(1, 4)).toMatchObject([
      { type: 'block-start', block: 0, part: { type: 'opaque', value: { images: [{ x: 1 }] } } },
      { type: 'block-end', block: 0 },
      { type: 'block-start', block: 1, part: { type: 'text' } },
    ]);
  });
});
