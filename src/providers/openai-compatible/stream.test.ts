import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { chunk, played, RESET, STOP, sse, type Told } from '../__fixtures__/upstream.ts';

const HI = chunk({ role: 'assistant', content: 'hi' });

/** A whole stream of these events, after which the provider said that it is done. */
const streamed = (...events: unknown[]) => played({ body: sse(...events) });

describe('a chunk for a caller of the same dialect', () => {
  test('loses its head and keeps everything else', () => {
    const { chunks, events } = streamed(
      {
        ...HI,
        provider: 'X',
        usage: null,
        x_groq: { id: 'r' },
        obfuscation: 'abc',
        openrouter_metadata: { requested: 'x' },
        usageMetadata: null,
        usage_metadata: null,
        system_fingerprint: 'fp',
        service_tier: 'default',
        citations: ['https://example.com'],
      },
      STOP,
    );
    expect(chunks[0]).toEqual({
      choices: [
        {
          index: 0,
          delta: { role: 'assistant', content: 'hi' },
          finish_reason: null,
          native_finish_reason: null,
        },
      ],
      system_fingerprint: 'fp',
      service_tier: 'default',
      citations: ['https://example.com'],
    });
    expect(events).toContainEqual({
      type: 'meta',
      upstreamId: 'up-1',
      serviceTier: 'default',
      systemFingerprint: 'fp',
    });
  });

  test('its head is told once, and again where it changes', () => {
    const top = { service_tier: 'default', system_fingerprint: 'fp' };
    const { events } = streamed(
      { ...HI, ...top },
      { ...HI, ...top, id: 'another' },
      { ...HI, ...top, service_tier: 'flex' },
      { ...STOP, ...top, service_tier: 'flex', system_fingerprint: 'fp2' },
    );
    expect(events.filter(({ type }) => type === 'meta')).toEqual([
      { type: 'meta', upstreamId: 'up-1', serviceTier: 'default', systemFingerprint: 'fp' },
      { type: 'meta', serviceTier: 'flex' },
      { type: 'meta', systemFingerprint: 'fp2' },
    ]);
    expect(
      streamed({ ...HI, id: '' }, { ...STOP, id: null }).events.some(({ type }) => type === 'meta'),
    ).toBe(false);
    const none = { id: undefined, service_tier: null, system_fingerprint: null };
    const one = streamed({ ...HI, ...top }, { ...HI, ...none }, { ...STOP, ...top, id: 'another' });
    expect(one.events.filter(({ type }) => type === 'meta')).toHaveLength(1);
    const apart = streamed(
      { id: 'up-2', object: 'chat.completion.chunk', ...top },
      { ...HI, id: undefined },
      STOP,
    );
    expect(apart.events[0]).toMatchObject({ type: 'meta', upstreamId: 'up-2', serviceTier: 'default' });
  });

  test('has no null that official clients refuse', () => {
    const { chunks } = streamed(
      chunk(
        { role: null, content: null, tool_calls: null, audio: null, refusal: null, reasoning_details: null },
        {},
        { system_fingerprint: null, service_tier: null, usage: null, error: null },
      ),
      STOP,
    );
    expect(chunks[0]).toEqual({
      choices: [
        {
          index: 0,
          delta: { content: null, refusal: null },
          finish_reason: null,
          native_finish_reason: null,
        },
      ],
    });
  });

  test('has no error that is none: clients stop at the name alone', () => {
    for (const error of [null, '', {}, [], false]) {
      for (const one of streamed({ ...HI, error }, { ...STOP, error }).chunks)
        expect(one).not.toHaveProperty('error');
      expect(streamed(chunk({ content: 'hi' }, { error }), STOP).error).toBeNull();
    }
  });

  test('keeps members that nobody knows, of choices and of deltas', () => {
    const { choices } = streamed(chunk({ content: 'a', mood: 'good' }, { token_ids: [1, 2] }), STOP);
    expect(choices[0]).toMatchObject({ token_ids: [1, 2], delta: { content: 'a', mood: 'good' } });
  });

  test('says how many bytes the model wrote, and whether anything is to be seen', () => {
    const { events } = streamed(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'é€' }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ refusal: 'no' }),
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] }),
      chunk({ audio: { data: 'AAAA' } }),
      STOP,
    );
    const natives = events.flatMap((event) => (event.type === 'native' ? [event] : []));
    expect(natives.map(({ writtenBytes }) => writtenBytes)).toEqual([0, 5, 2, 2, 3, 0, 0]);
    expect(natives.map(({ saysSomething }) => saysSomething)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test('counts all that is beside each other in a delta, and a sealed thought alone is something', () => {
    const call = (name: string) => ({ id: name, type: 'function', function: { name, arguments: '{}' } });
    const sealed = { reasoning_details: [{ type: 'reasoning.encrypted', data: 'd' }] };
    for (const [delta, bytes, anything] of [
      [{ content: 'ab', refusal: 'no' }, 4, true],
      [{ tool_calls: [call('get'), call('set')] }, 10, true],
      [{ reasoning: 'h' }, 1, true],
      [sealed, 0, true],
      [{ reasoning_details: [] }, 0, false],
      [{ mood: null }, 0, false],
    ] as const) {
      const [first] = streamed(chunk(delta), STOP).events.filter(({ type }) => type === 'native');
      expect(first).toMatchObject({ writtenBytes: bytes, saysSomething: anything });
      const { whole } = played(
        { body: JSON.stringify({ choices: [{ message: delta, finish_reason: 'length' }] }) },
        { stream: false },
      );
      expect(whole?.writtenBytes).toBe(bytes);
    }
  });

  test('of several choices counts the bytes of all of them, and is shown while one of them goes on', () => {
    const of = (...deltas: object[]) => ({ choices: deltas.map((delta, index) => ({ index, delta })) });
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    const { events, choices } = streamed(
      of({ content: 'ab' }, { content: 'c' }),
      of({ content: 'd' }, {}),
      chunk({}, { index: 1, finish_reason: 'stop' }),
      { ...of({ content: 'ef' }, {}), usage },
      STOP,
      { ...chunk({ content: 'g' }), usage },
    );
    const natives = events.flatMap((event) => (event.type === 'native' ? [event] : []));
    expect(natives.map(({ writtenBytes }) => writtenBytes)).toEqual([3, 1, 0, 2, 0, 1]);
    expect(natives.map(({ saysSomething }) => saysSomething)).toEqual([true, true, false, true, false, true]);
    expect(choices.filter(({ index }) => index === 0).map(({ delta }) => delta)).toEqual([
      ...[{ content: 'ab' }, { content: 'd' }, { content: 'ef' }, {}, { content: 'g' }],
    ]);
  });

  test('with nothing to show is told by its count alone', () => {
    const { chunks, events } = streamed(HI, STOP, {
      id: 'up-1',
      choices: [],
      system_fingerprint: 'fp',
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    });
    expect(chunks).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ type: 'usage', usage: { inputTokens: 3, outputTokens: 2 } });
  });

  test('that counts beside a choice that has ended is told by its count alone', () => {
    const { chunks, usage } = streamed(HI, STOP, {
      ...chunk({ role: 'assistant', content: '' }),
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    });
    expect([chunks.length, usage?.inputTokens]).toEqual([2, 3]);
    const first = chunk(
      { role: 'assistant', content: '' },
      {},
      { usage: { prompt_tokens: 3, completion_tokens: 0 } },
    );
    expect(streamed(first, HI, STOP).deltas[0]).toEqual({ role: 'assistant', content: '' });
  });

  test('counts wherever its vendor counts, and nothing of that is shown', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    for (const last of [
      { ...STOP, usage },
      { ...STOP, x_groq: { id: 'r', usage } },
      { ...STOP, usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 } },
      { ...STOP, usage_metadata: usage },
      chunk({}, { finish_reason: 'stop', usage }),
    ]) {
      const told = streamed(HI, last);
      expect(told.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
      expect(JSON.stringify(told.chunks)).not.toMatch(/usage/i);
    }
  });

  test('with counts that cannot be counts counts nothing', () => {
    for (const usage of [{}, { prompt_tokens: -1, completion_tokens: 2 }, [], 'many']) {
      const told = streamed({ ...HI, usage }, chunk({}, { finish_reason: 'stop', usage }));
      expect(told.events.filter(({ type }) => type === 'usage')).toEqual([]);
    }
  });

  test('a count alone is no answer, and a choice that only counts is an empty one', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 0 };
    for (const stream of [true, false]) {
      const told = played({ body: sse({ choices: [], usage }) }, { stream });
      expect(told.error).toMatchObject({ failure: 'garbage', fault: 'provider' });
      expect([told.ended, told.whole]).toEqual([0, null]);
    }
    const counted = streamed({ ...chunk({}), choices: [{ usage }] });
    expect([counted.ended, counted.usage?.inputTokens]).toEqual([1, 3]);
  });

  test('of one choice alone keeps its number', () => {
    const of = (index: number, delta: object, finish_reason: string | null = null) => ({
      choices: [{ index, delta, finish_reason }],
    });
    const { choices, finishes } = streamed(
      of(1, { content: 'b1' }),
      of(0, { content: 'a' }),
      of(1, { content: 'b2' }),
      of(1, {}, 'length'),
      of(0, {}, 'stop'),
    );
    expect(choices.map(({ index }) => index)).toEqual([1, 0, 1, 1, 0]);
    expect(finishes.map(({ choice, reason }) => [choice, reason])).toEqual([
      [1, 'length'],
      [0, 'stop'],
    ]);
  });

  test('whose choices have no number are numbered by their place', () => {
    const { choices } = streamed({ choices: [{ delta: { content: 'a' } }, { delta: { content: 'b' } }] });
    expect(choices.slice(0, 2).map(({ index }) => index)).toEqual([0, 1]);
  });

  test('without choices and with nothing but its head is passed over', () => {
    const head = { id: 'up-1', object: 'chat.completion.chunk', timings: { prompt_n: 1 } };
    expect(streamed(head, HI, { ...head, choices: null }, STOP).text('content')).toBe('hi');
  });

  test('without choices but with members of its own goes on', () => {
    const { chunks } = streamed({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] }, HI, STOP);
    expect(chunks[0]).toEqual({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
  });

  test('a prototype in its JSON stays text', () => {
    const { choices } = played({
      body: 'data: {"choices":[{"index":0,"delta":{"__proto__":{"x":1},"reasoning":"a"}}],"__proto__":{"y":1}}\n\ndata: [DONE]\n\n',
    });
    expect(Reflect.get(choices[0]?.['delta'] as object, 'x')).toBeUndefined();
  });
});

describe('content and reasoning', () => {
  test.each(['reasoning', 'reasoning_content', 'reasoning_text', 'thinking'])(
    'thoughts in %s are reasoning, as text and as details',
    (name) => {
      const { deltas } = streamed(chunk({ content: null, [name]: 'hm' }), STOP);
      expect(deltas[0]).toEqual({
        content: null,
        reasoning: 'hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'hm', format: 'unknown', index: 0 }],
      });
    },
  );

  test('one thought under two names is shown once', () => {
    const { deltas } = streamed(chunk({ reasoning: 'hm', reasoning_content: 'hm' }), STOP);
    expect(deltas[0]).toMatchObject({ reasoning: 'hm' });
  });

  test('details of the vendor stay as they are, and their text is shown', () => {
    const details = [{ type: 'reasoning.text', text: 'hm', signature: 's', index: 0 }];
    const { deltas } = streamed(chunk({ reasoning_details: details }), STOP);
    expect(deltas[0]).toEqual({ reasoning: 'hm', reasoning_details: details });
  });

  test('thinking blocks keep their signatures', () => {
    const { deltas } = streamed(
      chunk({ thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }] }),
      chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] }),
      STOP,
    );
    expect(deltas[0]?.['reasoning_details']).toEqual([
      { type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1', index: 0 },
    ]);
    expect(deltas[1]).toEqual({
      reasoning_details: [
        { type: 'reasoning.encrypted', data: 'd', format: 'anthropic-claude-v1', index: 0 },
      ],
    });
  });

  test('an empty thought is none', () => {
    expect(streamed(chunk({ content: 'a', reasoning_content: '' }), STOP).deltas[0]).toEqual({
      content: 'a',
    });
  });

  test('content in parts is text, its thoughts are reasoning, its images are images', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } };
    const { deltas } = streamed(
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      chunk({ content: [{ type: 'text', text: 'a' }, 'b', image] }),
      STOP,
    );
    expect(deltas[0]).toMatchObject({ content: null, reasoning: 'hm' });
    expect(deltas[1]).toEqual({ content: 'ab', images: [image] });
  });

  test.each([
    [['a', 'b'], 'ab'],
    [{ type: 'text', text: 'ab' }, 'ab'],
    [[{ type: 'output_text', text: 'a' }, 'b'], 'ab'],
    [['a', null, 7, true], 'a7true'],
    [42, '42'],
    [false, 'false'],
    [[], ''],
    [[{ type: 'reference', reference_ids: [1] }], null],
    [[{ type: 'text', text: 7 }], null],
    [[{ type: 'thinking', thinking: 'hm' }], null],
  ])('content that is %j is the text %j, streamed and whole', (content, text) => {
    const told = streamed(chunk({ role: 'assistant', content }), STOP);
    expect(told.deltas[0]).toHaveProperty('content', text);
    const body = JSON.stringify({ choices: [{ index: 0, message: { content }, finish_reason: 'stop' }] });
    const whole = played({ body }, { stream: false });
    expect(whole.body['choices']).toMatchObject([{ message: { content: text } }]);
    expect(whole.whole?.writtenBytes).toBe(
      (text ?? '').length + (text === null && told.text('reasoning') !== '' ? 2 : 0),
    );
  });

  test('a role is the assistant’s, whatever it is called, and none where there is none', () => {
    for (const role of ['assistant', 'model', 'bot']) {
      expect(streamed(chunk({ role, content: 'a' }), STOP).deltas[0]).toEqual({
        role: 'assistant',
        content: 'a',
      });
    }
    for (const role of ['', null, 7]) {
      expect(streamed(chunk({ role, content: 'a' }), STOP).deltas[0]).toEqual({ content: 'a' });
    }
  });

  test('a message in place of the delta is read, and one beside it is not shown twice', () => {
    const { deltas, choices } = streamed(
      { choices: [{ index: 0, message: { role: 'assistant', content: 'a' } }] },
      { choices: [{ index: 0, delta: { content: 'b' }, message: { content: 'ab' } }] },
      { choices: [{ index: 0, message: { content: 'ab' }, finish_reason: 'stop' }] },
    );
    expect(deltas.map((delta) => delta['content'] ?? null)).toEqual(['a', 'b', null]);
    expect(choices.some((choice) => 'message' in choice)).toBe(false);
  });

  test('legacy text is content', () => {
    for (const choice of [{ text: 'a' }, { text: 'a', delta: { content: 'a' } }]) {
      const { choices } = streamed({ choices: [{ index: 0, ...choice, finish_reason: 'stop' }] });
      expect(choices[0]).toMatchObject({ delta: { content: 'a' } });
      expect(choices[0]).not.toHaveProperty('text');
    }
  });

  test('logprobs have a content list, are null, or are left out', () => {
    const token = { token: 'a', logprob: -0.5 };
    const { choices } = streamed(
      chunk({ content: 'a' }, { logprobs: null }),
      chunk({ content: 'a' }, { logprobs: { content: [token] } }),
      chunk(
        { content: 'a' },
        { logprobs: { tokens: ['a'], token_logprobs: [-0.5], top_logprobs: [{ b: -1 }] } },
      ),
      chunk({ content: 'a' }, { logprobs: { nobody: 'knows' } }),
      chunk({ content: 'a' }, { logprobs: [1] }),
      STOP,
    );
    const whole = { token: 'a', logprob: -0.5, bytes: null, top_logprobs: [] };
    expect(choices.slice(0, 5).map((choice) => choice['logprobs'])).toEqual([
      null,
      { content: [whole] },
      {
        content: [{ ...whole, top_logprobs: [{ token: 'b', logprob: -1, bytes: null }] }],
        refusal: null,
      },
      undefined,
      undefined,
    ]);
    expect(choices[3]).not.toHaveProperty('logprobs');
  });
});

describe('what vendors do to the lines', () => {
  const text = (told: Told) => told.text('content');
  const line = (event: unknown) => `data: ${JSON.stringify(event)}`;

  test.each([
    ['the last event lacks its blank line', `${line(HI)}\n\n${line(STOP)}`],
    ['[DONE] lacks its blank line', `${line(HI)}\n\n${line(STOP)}\n\ndata: [DONE]`],
    ['[DONE] has blanks around it', `${line(HI)}\n\n${line(STOP)}\n\ndata:  [DONE] \n\n`],
    ['empty events are signs of life', `data:\n\ndata: \n\n${line(HI)}\n\ndata:\n\n${line(STOP)}\n\n`],
    ['words are signs of life', `data: ping\n\n${line(HI)}\n\ndata: keep-alive\n\n${line(STOP)}\n\n`],
    [
      'a comment of another is a sign of life',
      `data: : OPENROUTER PROCESSING\n\n${line(HI)}\n\n${line(STOP)}\n\n`,
    ],
    ['objects are signs of life', `data: {"type":"ping"}\n\n${line(HI)}\n\ndata: {}\n\n${line(STOP)}\n\n`],
    ['null is a sign of life', `data: null\n\n${line(HI)}\n\n${line(STOP)}\n\n`],
    ['an empty text is a sign of life', `data: ""\n\n${line(HI)}\n\n${line(STOP)}\n\n`],
    [
      'a ping is one, whatever is in it',
      `${line({ object: 'ping', n: 1 })}\n\n${line(HI)}\n\n${line(STOP)}\n\n`,
    ],
    ['comments', `: OPENROUTER PROCESSING\n\n${line(HI)}\n\n: x\n\n${line(STOP)}\n\n`],
    ['CRLF', `${line(HI)}\r\n\r\n${line(STOP)}\r\n\r\n`],
    ['CR', `${line(HI)}\r\r${line(STOP)}\r\r`],
    ['a byte order mark', `\ufeff${line(HI)}\n\n${line(STOP)}\n\n`],
    ['no blank after the colon', `${line(HI).replace(': ', ':')}\n\n${line(STOP)}\n\n`],
    ['ids and retries', `id: 1\nretry: 5\nevent: message\n${line(HI)}\n\n${line(STOP)}\n\n`],
    ['blank lines before', `\n\n\r\n${line(HI)}\n\n${line(STOP)}\n\n`],
    ['one JSON a line', `${JSON.stringify(HI)}\n${JSON.stringify(STOP)}\n`],
    ['an empty error beside choices', `${line({ ...HI, error: '' })}\n\n${line({ ...STOP, error: {} })}\n\n`],
    ['events after [DONE]', `${line(HI)}\n\n${line(STOP)}\n\ndata: [DONE]\n\ndata: nonsense\n\n`],
  ])('%s', (_name, body) => {
    for (const split of [undefined, 1, 7]) {
      const told = played({ body, ...(split === undefined ? {} : { split }) });
      expect([text(told), told.ended, told.error]).toEqual(['hi', 1, null]);
    }
  });

  test('a reset or a time-out after everything was said is a success', () => {
    const usage = chunk({}, {}, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } });
    for (const kind of ['closed', 'timeout'] as const) {
      const body = [HI, STOP, usage].map((event) => `${line(event)}\n\n`).join('');
      const told = played({ body, failure: { ...RESET, kind } });
      expect([text(told), told.ended, told.usage?.inputTokens]).toEqual(['hi', 1, 1]);
    }
  });

  test('an event whose blank line a reset cut off is read', () => {
    const told = played({ body: `${line(HI)}\n\n${line(STOP)}`, failure: RESET });
    expect([text(told), told.ended]).toEqual(['hi', 1]);
  });

  test('an end without a finish reason or [DONE] is a cut', () => {
    expect(played({ body: `${line(HI)}\n\n` }).error).toMatchObject({
      failure: 'unreachable',
      hasAnswered: true,
    });
  });

  test('one of two choices that never finished is a cut', () => {
    const both = {
      choices: [0, 1].map((index) => ({ index, delta: { content: 'a' }, finish_reason: null })),
    };
    const told = played({ body: `${line(both)}\n\n${line(STOP)}\n\n` });
    expect(told.error?.failure).toBe('unreachable');
  });

  test('nothing is told of what comes behind [DONE] or behind a failure', () => {
    const more = `data: ${JSON.stringify(chunk({ content: 'more' }))}\n\ndata: nonsense\n\n`;
    const done = played({ body: sse(HI, STOP) + more });
    expect([done.text('content'), done.error, done.ended]).toEqual(['hi', null, 1]);
    const failed = played({ body: `data: ${JSON.stringify({ error: { code: 503 } })}\n\n${more}` });
    expect([failed.events, failed.error?.status]).toEqual([[], 503]);
  });

  test('an error is one without its blank line too, and its count is not told', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 1 };
    const no = { code: 503, message: 'no' };
    for (const event of [{ error: no }, { choices: [], error: no }, no]) {
      const last = line({ ...event, usage });
      for (const body of [`${line(HI)}\n\n${last}`, `${line(HI)}\n\n${last}\n\n`]) {
        const told = played({ body });
        expect(told.error).toMatchObject({ failure: 'status', status: 503 });
        expect(told.usage).toBeNull();
      }
    }
  });

  test('half an event at a cut is a cut, not garbage', () => {
    const told = played({ body: `${line(HI)}\n\ndata: {"choi`, failure: RESET });
    expect(told.error?.failure).toBe('unreachable');
  });

  test('a stream with nothing in it is a failure, so that the next endpoint can try', () => {
    for (const body of ['', '\n\n', ': x\n\n', 'data: [DONE]\n\n', 'data: {}\n\ndata: [DONE]\n\n']) {
      expect(played({ body }).error).toMatchObject({ failure: 'garbage', fault: 'provider' });
    }
  });

  test('an error without a word is never silently nothing', () => {
    for (const error of [{}, { message: '' }, [], '', false]) {
      for (const head of [{}, { id: 'up-1', object: 'chat.completion.chunk' }]) {
        expect(streamed(HI, { ...head, error }).error).toMatchObject({ fault: 'provider' });
      }
      expect(streamed(HI, { choices: [], error }, STOP).error).toBeNull();
      expect(streamed(HI, STOP, { error }).error).toBeNull();
    }
    expect(streamed(HI, { id: 'up-1', error: null }, STOP).error).toBeNull();
  });

  test('what nobody understands behind an answer that has ended ends nothing, and its count is read', () => {
    const count = { choices: [], usage: { prompt_tokens: 9, completion_tokens: 1 } };
    for (const odd of [{ cost: 0.1 }, 'bye', [1], { choices: [7] }]) {
      const told = streamed(HI, STOP, odd, count);
      expect([told.error, told.ended, told.usage?.inputTokens]).toEqual([null, 1, 9]);
      expect(streamed(HI, odd, STOP).error).toMatchObject({ failure: 'garbage' });
    }
  });

  test('a proxy that names the field once more is read', () => {
    for (const twice of ['data: data: ', 'data:data:', 'data: data:data: ']) {
      const told = played({ body: sse(HI, STOP).replaceAll('data: ', twice) });
      expect([told.text('content'), told.error, told.ended]).toEqual(['hi', null, 1]);
    }
  });

  test('nonsense is never silently nothing', () => {
    for (const event of [
      '{"choi',
      '"text"',
      '17',
      '{"hello":"world"}',
      '{"choices":[7]}',
      '{"object":"list","data":[]}',
      '[]',
      'true',
    ]) {
      const told = played({ body: `${line(HI)}\n\ndata: ${event}\n\n${line(STOP)}\n\ndata: [DONE]\n\n` });
      expect([event, told.error?.failure, text(told)]).toEqual([event, 'garbage', 'hi']);
      expect(told.upstream.cancelled).toBe(1);
    }
  });

  test('an event that never ends is cut off', () => {
    const { error, upstream } = played({
      body: `data: {"x":"${'x'.repeat(17 * 1024 * 1024)}`,
      split: 1024 * 1024,
      failure: null,
    });
    expect(error).toMatchObject({ failure: 'garbage', message: 'Provider sent an event that is too large' });
    expect(upstream.cancelled).toBe(1);
  });

  test('however the bytes arrive, the same is told', () => {
    const events = [
      HI,
      chunk({ content: '日本 🎉 é' }),
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '1}' } }] }),
      STOP,
    ];
    const told = (split?: number[]) => {
      const { events: all, ended } = played({ body: sse(...events), ...(split ? { split } : {}) });
      return { all, ended };
    };
    const once = told();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (split) => {
        expect(told(split)).toEqual(once);
      }),
    );
  });

  test('what arrives together is told together, in the call that brought it', () => {
    const { batches } = played({ body: sse(HI, HI, HI, STOP) });
    expect(batches).toHaveLength(1);
  });
});
