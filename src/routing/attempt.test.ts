import { afterAll, afterEach, beforeEach, expect, jest, test } from 'bun:test';
import type { Model, Provider } from '../catalogue/model.ts';
import { ProviderError } from '../providers/provider.ts';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { type AttemptRequest, AttemptsFailed, attempt } from './attempt.ts';
import { publicError } from './failure.ts';
import { EndpointHealth } from './health.ts';
import type { Candidate } from './plan.ts';

type Answer = (request: Request) => Response | Promise<Response>;

/** Providers by name, on one server. */
const script = new Map<string, Answer>();
let asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    const name = new URL(request.url).pathname.split('/')[1] ?? '';
    asked.push(name);
    return script.get(name)?.(request) ?? new Response('', { status: 500 });
  },
});
afterAll(() => server.stop(true));
afterEach(() => {
  jest.useRealTimers();
});
beforeEach(() => {
  script.clear();
  asked = [];
});

const status = (code: number, headers: Record<string, string> = {}): Answer => {
  return () => Response.json({ error: { message: `no: ${code}` } }, { status: code, headers });
};
const fine: Answer = () =>
  Response.json({
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  });

function candidate(
  slug: string,
  answer: Answer,
  model: Model = small,
  provider: Partial<Provider> = {},
): Candidate {
  script.set(slug, answer);
  const baseUrl = `http://127.0.0.1:${server.port}/${slug}`;
  return {
    model,
    endpoint: endpointOf({ provider: providerOf({ slug, baseUrl, format: 'openai', ...provider }) }),
  };
}

const small = modelOf();
const large = modelOf({ id: 'acme/large' });

function request(candidates: readonly Candidate[], options: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    generationId: 'gen-1',
    candidates,
    bodyFor: () => ({ messages: [] }),
    onSend: async () => {},
    onStreamBegun: () => {},
    stream: false,
    maxTokens: null,
    timeouts: { firstByteMs: 5000, idleMs: 5000 },
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
    health: new EndpointHealth(),
    nowMs: () => 1000,
    ...options,
  };
}

async function failure(asking: AttemptRequest): Promise<AttemptsFailed> {
  const thrown = await attempt(asking).then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof AttemptsFailed) return thrown;
  throw new Error(`it did not fail as it should: ${thrown}`);
}

test('the next endpoint answers after failures, and every attempt is on record', async () => {
  const health = new EndpointHealth();
  const candidates = [candidate('a', status(500)), candidate('b', status(429)), candidate('c', fine)];
  const begun = await attempt(request(candidates, { health }));
  expect(begun.candidate.endpoint.tag).toBe('c');
  expect(begun.attempts.map(({ tag, status: code }) => [tag, code])).toEqual([
    ['a', 500],
    ['b', 429],
    ['c', 200],
  ]);
  expect(candidates.map(({ endpoint }) => health.isUnstable(endpoint, 1000))).toEqual([true, false, false]);
});

test('the caller’s own fault is not repeated at the model’s other endpoints, but tried with the next model', async () => {
  for (const code of [400, 413, 422]) {
    asked = [];
    const health = new EndpointHealth();
    const candidates = [candidate('a', status(code)), candidate('b', fine), candidate('c', fine, large)];
    const begun = await attempt(request(candidates, { health }));
    expect([asked, begun.candidate.model.id]).toEqual([['a', 'c'], 'acme/large']);
    expect(health.isUnstable(candidates[0]!.endpoint, 1000)).toBe(false);
  }
});

test('when all fail, the last error is given, with the ones before it and the smallest hint of when to come back', async () => {
  const { publicError: error, attempts } = await failure(
    request([
      candidate('a', status(429, { 'retry-after': '30' })),
      candidate('b', status(503, { 'retry-after': '7' })),
      candidate('c', status(500)),
    ]),
  );
  expect([error?.status, error?.retryAfterSeconds]).toEqual([502, 7]);
  expect(error?.metadata).toMatchObject({
    provider_name: 'C',
    previous_errors: [
      { provider: 'A', code: 429, status: 429 },
      { provider: 'B', code: 503, status: 503 },
    ],
  });
  expect(error?.headers['x-generation-id']).toBe('gen-1');
  expect(attempts).toHaveLength(3);
});

test('a client that is gone already sets nothing in motion, and neither does a gateway that stops', async () => {
  for (const end of ['signal', 'stopping']) {
    const failed = await failure(request([candidate('a', fine)], { [end]: AbortSignal.abort() }));
    expect([failed.publicError, failed.wasAtWork, failed.attempts, asked]).toEqual([null, false, [], []]);
  }
});

test('a client that leaves while a provider works stops it, and that attempt is on record', async () => {
  const leaving = new AbortController();
  const never: Answer = () => {
    setTimeout(() => leaving.abort(), 1);
    return new Promise<Response>(() => {});
  };
  const health = new EndpointHealth();
  const candidates = [candidate('a', never), candidate('b', fine)];
  const failed = await failure(request(candidates, { signal: leaving.signal, health }));
  expect([failed.publicError, asked]).toEqual([null, ['a']]);
  expect(failed.attempts).toHaveLength(1);
  expect(health.isUnstable(candidates[0]!.endpoint, 1000)).toBe(false);
});

/** A stream whose head is there at once, and nothing else for a long time. */
function silentStream(): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(': ')),
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

/** A host that takes connections and never shakes hands: no byte of a request can reach it. */
function deafHost() {
  const connected = Promise.withResolvers<void>();
  const socket = { open: () => connected.resolve(), data: () => {} };
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket });
  return {
    baseUrl: `https://127.0.0.1:${listener.port}`,
    connected,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

for (const [who, end] of [
  ['a client that leaves', 'signal'],
  ['a gateway that stops', 'stopping'],
] as const) {
  test(`${who} before the request could be sent leaves nothing to charge`, async () => {
    using host = deafHost();
    const leaving = new AbortController();
    const asking = request([candidate('a', fine, small, { baseUrl: host.baseUrl })], {
      stream: true,
      [end]: leaving.signal,
    });
    const failing = failure(asking);
    await host.connected.promise;
    leaving.abort();
    expect(await failing).toMatchObject({
      publicError: null,
      wasAtWork: false,
      attempts: [{ status: null }],
    });
  });

  test(`${who} when an answer has begun leaves its prompt to charge`, async () => {
    const leaving = new AbortController();
    const onStreamBegun = () => {
      setTimeout(() => leaving.abort(), 1);
    };
    const asking = request([candidate('a', silentStream)], {
      stream: true,
      onStreamBegun,
      [end]: leaving.signal,
    });
    expect(await failure(asking)).toMatchObject({ publicError: null, wasAtWork: true });
  });
}

test('a client that leaves before the answer’s head is followed for a moment, in which the head may prove the work', async () => {
  const leaving = new AbortController();
  const late: Answer = async () => {
    leaving.abort();
    await Bun.sleep(50);
    return silentStream();
  };
  const asking = request([candidate('a', late)], { stream: true, signal: leaving.signal });
  expect(await failure(asking)).toMatchObject({ publicError: null, wasAtWork: true });
});

test('once the head is there, whoever left is not followed a moment longer', async () => {
  jest.useFakeTimers();
  const before = new AbortController();
  const leavesBefore: Answer = () => {
    before.abort();
    return silentStream();
  };
  const after = new AbortController();
  const onStreamBegun = () => queueMicrotask(() => after.abort());
  for (const asking of [
    request([candidate('a', leavesBefore)], { stream: true, signal: before.signal }),
    request([candidate('b', silentStream)], { stream: true, signal: after.signal, onStreamBegun }),
  ])
    expect(await failure(asking)).toMatchObject({ wasAtWork: true });
});

test('an endpoint is asked only when it is written down that it will be, and not at all when that fails', async () => {
  const written = Promise.withResolvers<void>();
  const asking = attempt(request([candidate('a', fine)], { onSend: () => written.promise }));
  await Bun.sleep(5);
  expect(asked).toEqual([]);
  written.resolve();
  await asking;
  expect(asked).toEqual(['a']);
  const onSend = () => Promise.reject(new Error('the journal could not be written'));
  await expect(attempt(request([candidate('b', fine), candidate('c', fine)], { onSend }))).rejects.toThrow(
    'journal',
  );
  expect(asked).toEqual(['a']);
});

test('a client that left is not followed for long', async () => {
  jest.useFakeTimers();
  const leaving = new AbortController();
  const arrived = Promise.withResolvers<void>();
  const never: Answer = () => {
    arrived.resolve();
    return new Promise<Response>(() => {});
  };
  const options = { signal: leaving.signal, onSend: async () => leaving.abort() };
  const failing = failure(request([candidate('a', never)], options));
  jest.advanceTimersByTime(1900);
  const stopped = failing.then(() => 'stopped');
  expect(await Promise.race([arrived.promise.then(() => 'arrived'), stopped])).toBe('arrived');
  jest.advanceTimersByTime(200);
  expect(await failing).toMatchObject({ publicError: null, wasAtWork: false });
  expect(asked).toEqual(['a']);
});

test('a stream that ends before its first token is passed on to the next endpoint', async () => {
  const sse = (...events: string[]): Answer => {
    const text = events.map((event) => `data: ${event}\n\n`).join('');
    return () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  };
  const chunk = '{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}';
  const candidates = [candidate('a', sse()), candidate('b', sse('{')), candidate('c', sse(chunk, '[DONE]'))];
  const begun = await attempt(request(candidates, { stream: true }));
  expect([begun.kind, begun.candidate.endpoint.tag]).toEqual(['stream', 'c']);
});

test('what ends an attempt does not end the stream that began', async () => {
  const rest = Promise.withResolvers<void>();
  const chunk = (content: string) =>
    new TextEncoder().encode(`data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`);
  const answer: Answer = () => {
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(chunk('one'));
        await rest.promise;
        controller.enqueue(chunk('two'));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const [leaving, stopping] = [new AbortController(), new AbortController()];
  const options = { stream: true, signal: leaving.signal, stopping: stopping.signal };
  const begun = await attempt(request([candidate('a', answer)], options));
  leaving.abort();
  stopping.abort();
  rest.resolve();
  if (begun.kind !== 'stream') throw new Error('not a stream');
  expect(JSON.stringify(await begun.source.next())).toContain('two');
  begun.source.cancel();
});

test('a stream that says nothing for long is handed on, so that what it sends cannot pile up', async () => {
  const empty = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'.repeat(50);
  const answer: Answer = () => {
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode(empty));
        await Bun.sleep(5);
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const begun = await attempt(request([candidate('a', answer)], { stream: true }));
  if (begun.kind !== 'stream') throw new Error('not a stream');
  expect(begun.first.length).toBeGreaterThanOrEqual(100);
  begun.source.cancel();
});

test('an endpoint is sent no higher cap than its own, and none where nothing needs one', async () => {
  const caps: unknown[] = [];
  const reading: Answer = async (sent) => {
    caps.push(((await sent.json()) as { max_tokens?: number }).max_tokens);
    return await fine(sent);
  };
  const { model, endpoint } = candidate('a', reading);
  const capped = { model, endpoint: { ...endpoint, maxCompletionTokens: 50 } };
  for (const maxTokens of [49, 51, null]) await attempt(request([capped], { maxTokens }));
  await attempt(
    request([{ model, endpoint: { ...endpoint, maxCompletionTokens: null } }], { maxTokens: 51 }),
  );
  expect(caps).toEqual([49, 50, undefined, 51]);
});

test('a provider’s status becomes the caller’s by what it means to the caller', () => {
  const context = { providerName: 'Acme', generationId: 'gen-1', previous: [], retryAfterSeconds: null };
  const cases: [number | null, number, string][] = [
    [400, 400, 'provider_rejected'],
    [413, 413, 'provider_rejected'],
    [422, 422, 'provider_rejected'],
    [401, 502, 'provider_unavailable'],
    [402, 502, 'provider_unavailable'],
    [403, 502, 'provider_unavailable'],
    [404, 502, 'provider_unavailable'],
    [408, 504, 'provider_timeout'],
    [429, 429, 'provider_rate_limited'],
    [500, 502, 'provider_unavailable'],
    [502, 502, 'provider_unavailable'],
    [503, 503, 'provider_overloaded'],
    [504, 504, 'provider_timeout'],
    [524, 524, 'provider_timeout'],
    [529, 529, 'provider_overloaded'],
    [418, 502, 'provider_unavailable'],
    [null, 502, 'provider_unavailable'],
  ];
  for (const [upstream, public_, code] of cases) {
    const error = publicError(new ProviderError('status', { message: 'm', status: upstream }), context);
    expect([upstream, error.status, error.code]).toEqual([upstream, public_, code as typeof error.code]);
  }
  const timeout = publicError(new ProviderError('timeout', { message: 'm' }), context);
  expect([timeout.status, timeout.code]).toEqual([504, 'provider_timeout']);
  const long = new ProviderError('status', {
    message: 'm',
    status: 400,
    providerCode: 'context_length_exceeded',
  });
  expect(publicError(long, context).code).toBe('context_length_exceeded');
});
