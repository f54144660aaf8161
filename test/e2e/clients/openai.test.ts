/** The official `openai` client, unmodified but for its base URL, against the whole gateway. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { rejectionOf } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ config: { limits: { request_body_bytes: 64 * 1024 } } });
  client = clientOf(gateway.apiKey);
});
afterAll(() => gateway?.stop());
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.anHourLater();
  gateway.provider.clearRequests();
});

function clientOf(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: gateway.baseUrl, maxRetries: 0 });
}

const model = 'acme/small';
function ask(content: string): { model: string; messages: { role: 'user'; content: string }[] } {
  return { model, messages: [{ role: 'user', content }] };
}

/** The price list of the harness, worked out in USD. */
function costOf(promptTokens: number, completionTokens: number): number {
  return (100_000 + promptTokens * 150 + completionTokens * 600) / 1e9;
}

/** The body that the provider got last. */
function sentBody(): Record<string, unknown> {
  return gateway.provider.requests.at(-1)?.body as Record<string, unknown>;
}

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

describe('chat completions', () => {
  test('a plain answer carries text, the model that answered, usage and the exact cost', async () => {
    const completion = await client.chat.completions.create(ask('one two three'));
    expect(completion.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'one two three' });
    expect(completion.choices[0]?.finish_reason).toBe('stop');
    expect(completion.object).toBe('chat.completion');
    expect(completion.id).toStartWith('gen-');
    expect(completion.model).toBe(model);
    expect(completion).toHaveProperty('provider', 'Acme');
    const { usage } = completion;
    expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 });
    expect(usage).toHaveProperty('cost', costOf(7, 3));
    expect(sentBody()['model']).toBe('small-2026');
  });

  test('the request id is the one of the header, and the generation id is in its own', async () => {
    const { data, response, request_id } = await client.chat.completions.create(ask('hello')).withResponse();
    expect(request_id).toBeString();
    expect(request_id).toBe(response.headers.get('x-request-id'));
    expect(response.headers.get('x-generation-id')).toBe(data.id);
  });

  test('a stream gives the same text, and its usage last and once', async () => {
    const stream = await client.chat.completions.create({ ...ask('one two three'), stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two three');
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    const withUsage = chunks.filter((chunk) => chunk.usage);
    expect(withUsage).toHaveLength(1);
    expect(withUsage[0]).toBe(chunks.at(-1) as OpenAI.ChatCompletionChunk);
    expect(withUsage[0]?.choices).toEqual([]);
    expect(withUsage[0]?.usage).toHaveProperty('cost', costOf(7, 3));
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
  });

  test('stream_options changes nothing: the usage comes with it and without it', async () => {
    for (const include_usage of [true, false]) {
      const stream = await client.chat.completions.create({
        ...ask('hi'),
        stream: true,
        stream_options: { include_usage },
      });
      const usages: unknown[] = [];
      for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage);
      expect(usages).toHaveLength(1);
    }
  });

  test('the stream helper rebuilds the message, the finish reason and the total usage', async () => {
    const stream = client.chat.completions.stream(ask('one two three'));
    let heard = '';
    stream.on('content', (delta) => {
      heard += delta;
    });
    const completion = await stream.finalChatCompletion();
    expect(heard).toBe('one two three');
    expect(completion.choices[0]?.message.content).toBe('one two three');
    expect(completion.choices[0]?.finish_reason).toBe('stop');
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 7, completion_tokens: 3 });
  });

  test('text beyond ASCII arrives whole when the provider cuts it inside a character', async () => {
    gateway.provider.script({ behaviour: { splitUtf8: true } });
    const stream = await client.chat.completions.create({ ...ask('grüße 東京 🚀'), stream: true });
    expect(await textOf(stream)).toBe('grüße 東京 🚀');
  });

  test('stop sequences end the answer, as one text or as a list', async () => {
    for (const stop of ['three', ['three', 'nine']]) {
      const completion = await client.chat.completions.create({ ...ask('one two three four'), stop });
      expect(completion.choices[0]?.message.content?.trim()).toBe('one two');
      expect(sentBody()['stop']).toEqual(stop);
    }
  });

  test('n gives so many choices, whole and streamed, and bills each', async () => {
    const completion = await client.chat.completions.create({ ...ask('one two'), n: 2 });
    expect(completion.choices.map((choice) => [choice.index, choice.message.content])).toEqual([
      [0, 'one two'],
      [1, 'one two'],
    ]);
    expect(completion.usage?.completion_tokens).toBe(4);
    const final = await client.chat.completions.stream({ ...ask('one two'), n: 2 }).finalChatCompletion();
    expect(final.choices.map((choice) => choice.message.content)).toEqual(['one two', 'one two']);
  });

  test('max_tokens and max_completion_tokens both cut the answer at a length', async () => {
    for (const cap of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
      const completion = await client.chat.completions.create({ ...ask('one two three'), ...cap });
      expect(completion.choices[0]?.message.content).toBe('one two');
      expect(completion.choices[0]?.finish_reason).toBe('length');
    }
  });

  test('log probabilities come through, whole and streamed', async () => {
    const completion = await client.chat.completions.create({
      ...ask('one two'),
      logprobs: true,
      top_logprobs: 2,
    });
    const tokens = completion.choices[0]?.logprobs?.content?.map((entry) => entry.token);
    expect(tokens).toEqual(['one', ' two']);
    const streamed = await client.chat.completions
      .stream({ ...ask('one two'), logprobs: true })
      .finalChatCompletion();
    expect(streamed.choices[0]?.logprobs?.content?.map((entry) => entry.token)).toEqual(['one', ' two']);
  });

  test('reasoning comes under its canonical name and is counted; excluded, it is counted all the same', async () => {
    const request = { ...ask('hello'), model: 'acme/reason' };
    const completion = await client.chat.completions.create(request);
    expect(completion.choices[0]?.message).toHaveProperty(
      'reasoning',
      'thought0 thought1 thought2 thought3 ',
    );
    expect(completion.choices[0]?.message).not.toHaveProperty('reasoning_content');
    expect(completion.usage?.completion_tokens_details?.reasoning_tokens).toBe(4);

    let reasoning = '';
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      reasoning += (chunk.choices[0]?.delta as { reasoning?: string } | undefined)?.reasoning ?? '';
    }
    expect(reasoning).toBe('thought0 thought1 thought2 thought3 ');

    const excluded = { ...request, reasoning: { exclude: true } } as typeof request;
    const hidden = await client.chat.completions.create(excluded);
    expect(hidden.choices[0]?.message).not.toHaveProperty('reasoning');
    expect(hidden.usage?.completion_tokens_details?.reasoning_tokens).toBe(4);
  });

  test('reasoning_effort reaches the provider', async () => {
    await client.chat.completions.create({
      ...ask('hello'),
      model: 'acme/reason',
      reasoning_effort: 'low',
    });
    expect(sentBody()['reasoning_effort']).toBe('low');
  });

  test('images reach the provider as they were and are paid for each', async () => {
    const url = `data:image/png;base64,${Buffer.from('not really a picture').toString('base64')}`;
    const content = [
      { type: 'text' as const, text: 'what is this' },
      { type: 'image_url' as const, image_url: { url } },
      { type: 'image_url' as const, image_url: { url } },
    ];
    const messages = [{ role: 'user' as const, content }];
    const completion = await client.chat.completions.create({ model, messages });
    expect(sentBody()['messages']).toEqual(messages);
    const usage = completion.usage as unknown as { prompt_tokens: number; cost: number };
    expect(usage.prompt_tokens).toBe(3 + 3 + 2 * 85);
    expect(usage.cost).toBeCloseTo(costOf(usage.prompt_tokens, 3) + 2 * 0.001, 12);
  });
});

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city', 'days'],
    },
  },
};

describe('tools and structured output', () => {
  test('a tool call comes whole, plain and streamed', async () => {
    const request = { ...ask('please get_weather'), tools: [weather] };
    const plain = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    for (const completion of [plain, streamed]) {
      const [choice] = completion.choices;
      expect(choice?.finish_reason).toBe('tool_calls');
      expect(choice?.message.content || null).toBeNull();
      const [call] = choice?.message.tool_calls ?? [];
      expect(call?.id).toStartWith('call_');
      expect(call?.type).toBe('function');
      const called = (call as OpenAI.ChatCompletionMessageFunctionToolCall).function;
      expect(called.name).toBe('get_weather');
      expect(JSON.parse(called.arguments)).toEqual({ city: 'sample city', days: 1 });
    }
    expect(sentBody()['tools']).toEqual([weather]);
  });

  test('two tools called at once keep their order and their arguments', async () => {
    const clock = { ...weather, function: { ...weather.function, name: 'get_time' } };
    const stream = client.chat.completions.stream({
      ...ask('get_weather and get_time'),
      tools: [weather, clock],
    });
    const { tool_calls } = (await stream.finalMessage()) as OpenAI.ChatCompletionMessage;
    const functions = (tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]).map(
      (call) => call.function,
    );
    expect(functions.map((called) => called.name)).toEqual(['get_weather', 'get_time']);
    for (const called of functions) expect(JSON.parse(called.arguments)).toHaveProperty('city');
  });

  test('runTools runs the tool and carries on with its result, plain and streamed', async () => {
    for (const stream of [false, true]) {
      const asked: unknown[] = [];
      const tools = [
        {
          type: 'function' as const,
          function: {
            ...weather.function,
            description: 'Tells the weather',
            parse: JSON.parse,
            function: (input: unknown) => {
              asked.push(input);
              return 'sunny';
            },
          },
        },
      ];
      const request = { ...ask('please get_weather'), tools };
      const runner = stream
        ? client.chat.completions.runTools({ ...request, stream: true })
        : client.chat.completions.runTools(request);
      expect(await runner.finalContent()).toBe('please get_weather');
      expect(asked).toEqual([{ city: 'sample city', days: 1 }]);
      const roles = (sentBody()['messages'] as { role: string }[]).map((message) => message.role);
      expect(roles).toEqual(['user', 'assistant', 'tool']);
    }
  });

  test('parse gives the typed object of a JSON schema', async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    };
    const completion = await client.chat.completions.parse({
      ...ask('who'),
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ name: 'sample name', age: 1 } as never);
  });
});

describe('legacy completions and models', () => {
  test('a prompt is completed as text, plain and streamed', async () => {
    const plain = await client.completions.create({ model, prompt: 'one two three' });
    expect(plain.object).toBe('text_completion');
    expect(plain.choices[0]).toMatchObject({ text: 'one two three', finish_reason: 'stop', index: 0 });
    expect(plain.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3 });
    let text = '';
    const stream = await client.completions.create({ model, prompt: 'one two three', stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe('one two three');
  });

  test('models are listed and read one by one, a variant included', async () => {
    const ids: string[] = [];
    for await (const row of client.models.list()) ids.push(row.id);
    expect(ids).toContain('acme/small');
    expect(ids).toContain('acme/free:free');
    expect(ids).toContain('turnpike/echo');
    for (const id of ['acme/small', 'acme/free:free']) {
      expect((await client.models.retrieve(id)).id).toBe(id);
    }
    expect(await rejectionOf(client.models.retrieve('acme/nothing'))).toBeInstanceOf(NotFoundError);
  });
});

describe('errors', () => {
  async function failureOf(asking: Promise<unknown>): Promise<APIError> {
    const error = await rejectionOf(asking);
    expect(error).toBeInstanceOf(APIError);
    const failure = error as APIError;
    // The body's code is the status, which is what OpenRouter's clients branch on.
    expect((failure.error as { code: number }).code).toBe(failure.status as number);
    expect(failure.requestID).toBeString();
    return failure;
  }
  const chat = (body: object, by = client) =>
    by.chat.completions.create({ ...ask('hello'), ...body } as OpenAI.ChatCompletionCreateParamsNonStreaming);

  test('a bad parameter and an unknown model are 400', async () => {
    for (const body of [{ temperature: 9 }, { messages: [] }, { model: 'nobody/nothing' }]) {
      expect(await failureOf(chat(body))).toBeInstanceOf(BadRequestError);
    }
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('an unknown key is 401, before a stream begins as well', async () => {
    for (const stream of [false, true]) {
      const failure = await failureOf(chat({ stream }, clientOf('sk-or-v1-nonsense')));
      expect(failure).toBeInstanceOf(AuthenticationError);
      expect(failure.message).toContain('Invalid API key');
    }
  });

  test('a key whose limit is used up is 402 and says so', async () => {
    const { key } = await makeKey(gateway, { limit: 0.00001 });
    const failure = await failureOf(chat({}, clientOf(key)));
    expect(failure.status).toBe(402);
    expect(failure.message).toContain('Key limit exceeded (total limit)');
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test('a management key is 403', async () => {
    expect(await failureOf(chat({}, clientOf(gateway.managementKey)))).toBeInstanceOf(PermissionDeniedError);
  });

  test('no endpoint left is 404', async () => {
    const failure = await failureOf(chat({ provider: { only: ['nobody'] } }));
    expect(failure).toBeInstanceOf(NotFoundError);
  });

  test('a body over the limit is 413', async () => {
    const failure = await failureOf(chat({ messages: [{ role: 'user', content: 'x'.repeat(70 * 1024) }] }));
    expect(failure.status).toBe(413);
  });

  test('a provider at its limit is 429 with its hint', async () => {
    gateway.provider.script({ behaviour: { status: 429, headers: { 'retry-after': '7' } } });
    const failure = await failureOf(chat({}));
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure.headers?.get('retry-after')).toBe('7');
  });

  test('a failing provider is a 5xx, of which the account is not charged', async () => {
    for (const [status, expected] of [
      [500, 502],
      [503, 503],
    ] as const) {
      gateway.provider.script({ behaviour: { status } });
      const failure = await failureOf(chat({}));
      expect(failure).toBeInstanceOf(InternalServerError);
      expect(failure.status).toBe(expected);
    }
  });

  test('a failure in mid-stream is raised from the loop after the text that came before it', async () => {
    const { promise: isRead, resolve } = Promise.withResolvers<void>();
    const held = { holdAfterChunks: 2, holdUntil: isRead };
    gateway.provider.script({ behaviour: { errorAfterChunks: 2, ...held } });
    const stream = await client.chat.completions.create({ ...ask('one two three'), stream: true });
    let text = '';
    const looping = (async () => {
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text === 'one two') resolve();
      }
    })();
    const error = await rejectionOf(looping);
    expect(error).toBeInstanceOf(APIError);
    expect(text).toBe('one two');
    expect((error as APIError).error).toMatchObject({ code: 502, metadata: { provider_name: 'Acme' } });
  });

  test('a client that aborts stops the provider, and its generation is recorded as cancelled', async () => {
    const { data: stream, response } = await client.chat.completions
      .create({ ...ask('!fake {"chunks":10000,"chunkDelayMs":10}\nlong'), stream: true })
      .withResponse();
    const looping = (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
    })();
    // The loop ends in silence: the abort was the caller's own wish.
    await looping;
    const id = response.headers.get('x-generation-id') ?? '';
    const generation = await eventually(() => generationOf(id));
    expect(generation).toMatchObject({ id, cancelled: true, streamed: true });
    const [record] = gateway.provider.requests;
    await eventually(async () => record?.ended ?? null);
    expect(record?.ended).toBe('client-left');
  });

  test('a client that aborts before the answer gets its own abort error', async () => {
    const abort = new AbortController();
    const asking = client.chat.completions.create(
      { ...ask('!fake {"hang":"before-headers"}\nslow'), stream: true },
      { signal: abort.signal },
    );
    asking.catch(() => undefined);
    await eventually(async () => gateway.provider.requests[0] ?? null);
    abort.abort();
    expect(await rejectionOf(asking)).toBeInstanceOf(APIUserAbortError);
    await eventually(async () => gateway.provider.requests[0]?.ended === 'client-left' || null);
  });
});

async function generationOf(id: string): Promise<Record<string, unknown> | null> {
  const answer = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  if (!answer.ok) return null;
  return ((await answer.json()) as { data: Record<string, unknown> }).data;
}

/** What `read` gives once it gives something; what goes on after a client left has no event to wait for. */
async function eventually<T>(read: () => Promise<T | null>): Promise<T> {
  const endsAt = performance.now() + 30_000;
  while (performance.now() < endsAt) {
    const value = await read();
    if (value !== null) return value;
    await Bun.sleep(20);
  }
  throw new Error('it did not happen within 30 seconds');
}
