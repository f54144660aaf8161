import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { chunk, played, STOP, sse } from '../__fixtures__/upstream.ts';

const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };

describe('a whole answer that was asked for and a stream that came', () => {
  const stream = sse(
    chunk({ role: 'assistant', content: null, reasoning_content: 'h' }, {}, { service_tier: 'default' }),
    chunk({ reasoning_content: 'm' }),
    chunk({ content: 'hel' }, { logprobs: { content: [{ token: 'hel', logprob: 0 }] } }),
    chunk({ content: 'lo' }, { logprobs: { content: [{ token: 'lo', logprob: 0 }] } }),
    chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '}' }, extra_content: { x: 1 } }] }),
    { ...STOP, citations: ['https://example.com'] },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  );

  test.each([['text/event-stream'], ['application/json'], [undefined]])(
    'with the content type %s',
    (type) => {
      const { whole, body, batches } = played(
        { body: stream, headers: type === undefined ? {} : { 'content-type': type }, split: 50 },
        { stream: false },
      );
      expect(batches).toEqual([]);
      const token = { logprob: 0, bytes: null, top_logprobs: [] };
      expect(body).toEqual({
        citations: ['https://example.com'],
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: 'hello',
              refusal: null,
              reasoning: 'hm',
              reasoning_details: [{ type: 'reasoning.text', text: 'hm', format: 'unknown', index: 0 }],
              tool_calls: [{ ...CALL, extra_content: { x: 1 } }],
            },
            logprobs: {
              content: [
                { token: 'hel', ...token },
                { token: 'lo', ...token },
              ],
            },
            finish_reason: 'tool_calls',
            native_finish_reason: 'stop',
          },
        ],
      });
      expect(whole).toMatchObject({
        writtenBytes: 10,
        upstreamId: 'up-1',
        serviceTier: 'default',
        usage: { inputTokens: 3, outputTokens: 2 },
      });
    },
  );

  test('its reason is the vendor’s own, and one that only its word tells is not lost', () => {
    const last = { finish_reason: 'length', native_finish_reason: 'MAX_TOKENS_REACHED' };
    const { whole } = played({ body: sse(chunk({ content: 'a' }), chunk({}, last)) }, { stream: false });
    expect(whole).toMatchObject({ finishReason: 'length', nativeFinishReason: 'MAX_TOKENS_REACHED' });
  });

  test('its reason stays when chunks without one follow, and its words when a null follows', () => {
    const { whole, body } = played(
      {
        body: sse(
          chunk({ content: 'ab', refusal: null }),
          chunk({ content: null, refusal: 'no' }),
          chunk({ content: null, refusal: 'pe' }),
          chunk({}, { finish_reason: 'length' }),
          chunk({}),
        ),
      },
      { stream: false },
    );
    expect(body['choices']).toMatchObject([{ message: { content: 'ab', refusal: 'nope' } }]);
    expect(whole).toMatchObject({ writtenBytes: 6, finishReason: 'length', nativeFinishReason: 'length' });
  });

  test('its choices keep their numbers, whichever begins first', () => {
    const { body } = played(
      {
        body: sse(
          chunk({ content: 'b' }, { index: 1, finish_reason: 'stop' }),
          chunk({ content: 'a' }),
          STOP,
        ),
      },
      { stream: false },
    );
    expect(body['choices']).toMatchObject([
      { index: 1, message: { content: 'b' } },
      { index: 0, message: { content: 'a' } },
    ]);
  });

  test('what is told of it one after the other is told together, in whichever order', () => {
    const tier = { choices: [], service_tier: 'flex' };
    const fingerprint = { choices: [], system_fingerprint: 'fp' };
    for (const told of [
      [tier, fingerprint],
      [fingerprint, tier],
    ]) {
      const { whole } = played({ body: sse(chunk({ content: 'a' }), ...told, STOP) }, { stream: false });
      expect(whole).toMatchObject({ upstreamId: 'up-1', serviceTier: 'flex', systemFingerprint: 'fp' });
    }
  });

  test('a name in pieces is one name', () => {
    const piece = (fn: JsonObject) => chunk({ tool_calls: [{ index: 0, id: 'c', function: fn }] });
    const body = sse(piece({ name: 'edit_ex' }), piece({ name: 'isting' }), piece({ arguments: '{}' }), STOP);
    const told = played({ body }, { stream: false });
    expect(told.body['choices']).toMatchObject([
      { message: { tool_calls: [{ id: 'c', function: { name: 'edit_existing', arguments: '{}' } }] } },
    ]);
  });

  test('zeros behind a count do not take its place', () => {
    const counted = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
    const zeros = { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } };
    for (const counts of [
      [counted, zeros],
      [zeros, counted],
      [zeros, counted, zeros],
    ]) {
      const { whole } = played({ body: sse(chunk({ content: 'a' }), STOP, ...counts) }, { stream: false });
      expect(whole?.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
    }
  });

  test('sound, images and signed thoughts add up', () => {
    const { body } = played(
      {
        body: sse(
          chunk({ audio: { id: 'a', data: 'AA', transcript: 'h' } }),
          chunk({ audio: { data: 'BB', transcript: 'i', expires_at: 5 } }),
          chunk({ images: [1] }),
          chunk({ images: [2] }),
          chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'h', index: 0 }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'm', signature: 's', index: 0 }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'b', index: 0 }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'd', index: 1 }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 's', index: 2 }] }),
          chunk({ reasoning_details: [{ type: 'reasoning.summary', summary: 't', index: 2 }] }),
          STOP,
        ),
      },
      { stream: false },
    );
    expect((body['choices'] as JsonObject[])[0]?.['message']).toMatchObject({
      audio: { id: 'a', data: 'AABB', transcript: 'hi', expires_at: 5 },
      images: [1, 2],
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 's', index: 0 },
        { type: 'reasoning.text', text: 'b', index: 0 },
        { type: 'reasoning.encrypted', data: 'd', index: 1 },
        { type: 'reasoning.summary', summary: 'st', index: 2 },
      ],
    });
  });

  test('one without end is cut off', () => {
    const event = `data: ${JSON.stringify(chunk({ content: 'x'.repeat(1024 * 1024) }))}\n\n`;
    const { error, upstream } = played(
      { body: event.repeat(66), failure: null, split: 8 * 1024 * 1024 },
      { stream: false },
    );
    expect(error?.message).toBe('Provider returned an answer that is too large');
    expect(upstream.cancelled).toBe(1);
  });

  test('an error in it is a failure, and so is a cut', () => {
    const cut = `data: ${JSON.stringify(chunk({ content: 'a' }))}\n\n`;
    expect(played({ body: cut }, { stream: false }).error?.failure).toBe('unreachable');
    const failed = `${cut}data: {"error":{"message":"no","code":503}}\n\n`;
    expect(played({ body: failed }, { stream: false }).error).toMatchObject({
      failure: 'status',
      status: 503,
    });
  });
});
