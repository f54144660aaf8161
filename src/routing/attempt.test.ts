import { afterEach, describe, expect, jest, test } from 'bun:test';
import type { Model, Provider } from '../catalogue/model.ts';
import type { ChatCall } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { type Line, refused, ScriptedAdapter, said, started, WHOLE } from './__fixtures__/scripted.ts';
import { type AttemptRequest, AttemptsFailed, attempt } from './attempt.ts';
import { publicError } from './failure.ts';
import { EndpointHealth } from './health.ts';
import { NO_AFFINITY } from './keys.ts';
import type { Candidate } from './plan.ts';
import { Stopping } from './stopping.ts';
import { Ways } from './ways.ts';

afterEach(() => {
  jest.useRealTimers();
});

type Answer = (line: Line) => void;

const failing =
  (error: ProviderError): Answer =>
  ({ reader }) =>
    reader.onFailure(error);
const status = (code: number, details: Parameters<typeof refused>[1] = {}): Answer =>
  failing(refused(code, details));
const fine: Answer = ({ reader }) => {
  reader.onAnswered();
  reader.onWhole(WHOLE);
};
/** A stream whose head is there at once, and nothing else for ever. */
const silent: Answer = ({ reader }) => reader.onAnswered();
const never: Answer = () => {};

const small = modelOf();
const large = modelOf({ id: 'acme/large' });

/** What each provider answers, by its name, and who was asked. */
function world() {
  const script = new Map<string, Answer>();
  const asked: string[] = [];
  const adapter = new ScriptedAdapter((line) => {
    const name = line.call.target.baseUrl;
    asked.push(name);
    script.get(name)?.(line);
  });
  const candidate = (
    slug: string,
    answer: Answer,
    model: Model = small,
    provider: Partial<Provider> = {},
  ): Candidate => {
    script.set(slug, answer);
    const made = providerOf({ slug, baseUrl: slug, format: 'openai', ...provider });
    return { model, endpoint: endpointOf({ provider: made }) };
  };
  const request = (
    candidates: readonly Candidate[],
    options: Partial<AttemptRequest> = {},
  ): AttemptRequest => ({
    generationId: 'gen-1',
    candidates,
    send: ({ endpoint }, reader) =>
      adapter.chat({ target: { baseUrl: endpoint.provider.baseUrl } } as ChatCall, reader),
    onSend: async () => {},
    onStreamBegun: () => {},
    stream: false,
    signal: new AbortController().signal,
    stopping: new Stopping(),
    health: new EndpointHealth(),
    ways: new Ways(),
    affinityOf: () => NO_AFFINITY,
    urgency: () => 'normal',
    party: 'a key',
    nowMs: () => 1000,
    availabilityDocsUrl: 'http://gateway.example/docs/availability',
    ...options,
  });
  return { candidate, request, asked, adapter };
}

async function failure(asking: AttemptRequest): Promise<AttemptsFailed> {
  const thrown = await attempt(asking).then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof AttemptsFailed) return thrown;
  throw new Error(`it did not fail as it should: ${thrown}`);
}

/** Everything that is due in this turn of the event loop has happened. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('the next endpoint answers after failures, and every attempt is on record', async () => {
  const { candidate, request } = world();
  const health = new EndpointHealth();
  const candidates = [candidate('a', status(500)), candidate('b', status(429)), candidate('c', fine)];
  const begun = await attempt(request(candidates, { health }));
  expect(begun.candidate.endpoint.tag).toBe('c');
  expect(begun).toMatchObject({ kind: 'whole', answer: WHOLE });
  expect(begun.attempts).toEqual([
    { provider: 'A', tag: 'a', model: 'acme/small', status: 500, latency_ms: 0 },
    { provider: 'B', tag: 'b', model: 'acme/small', status: 429, latency_ms: 0 },
    { provider: 'C', tag: 'c', model: 'acme/small', status: 200, latency_ms: 0 },
  ]);
  expect(candidates.map((tried) => health.isUnstable(tried, 1000))).toEqual([true, false, false]);
});

test('an endpoint that answers is forgiven', async () => {
  const { candidate, request } = world();
  const health = new EndpointHealth();
  const tried = candidate('a', fine);
  health.failed(tried, refused(500), 999);
  await attempt(request([tried], { health }));
  expect(health.isUnstable(tried, 1000)).toBe(false);
});

test('each attempt says how long it took', async () => {
  const { candidate, request } = world();
  let nowMs = 0;
  const asking = request([candidate('a', status(500)), candidate('b', fine)], {
    nowMs: () => nowMs++ * 10,
  });
  const begun = await attempt(asking);
  expect([begun.firstByteMs, begun.attempts.map(({ latency_ms }) => latency_ms)]).toEqual([10, [10, 10]]);
});

test('the caller’s own fault is not repeated at the model’s other endpoints, but tried with the next model', async () => {
  for (const code of [400, 413, 422]) {
    const { candidate, request, asked } = world();
    const health = new EndpointHealth();
    const candidates = [candidate('a', status(code)), candidate('b', fine), candidate('c', fine, large)];
    const begun = await attempt(request(candidates, { health }));
    expect([asked, begun.candidate.model.id]).toEqual([['a', 'c'], 'acme/large']);
    expect(health.isUnstable(candidates[0]!, 1000)).toBe(false);
  }
});

test('when all fail, the last error is given, with the ones before it and the smallest hint of when to come back', async () => {
  const { candidate, request } = world();
  const { publicError: error, attempts } = await failure(
    request([
      candidate('a', status(429, { retryAfterSeconds: 30 })),
      candidate('b', status(503, { retryAfterSeconds: 7 })),
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

test('after a time-out of ours nobody else is asked, and paid, unasked', async () => {
  const { candidate, request, asked } = world();
  const late = new ProviderError('timeout', { message: 'late', fault: 'provider' });
  const failed = await failure(request([candidate('a', failing(late)), candidate('b', fine)]));
  expect([failed.publicError?.status, asked, failed.attempts.length]).toEqual([504, ['a'], 1]);
});

test('a client that is gone already sets nothing in motion, and neither does a gateway that stops', async () => {
  const stopping = new Stopping();
  stopping.begin();
  for (const end of [{ signal: AbortSignal.abort() }, { stopping }]) {
    const { candidate, request, asked } = world();
    const failed = await failure(request([candidate('a', fine)], end));
    expect([failed.publicError, failed.wasAtWork, failed.attempts, asked]).toEqual([null, false, [], []]);
  }
});

test('a client that leaves while a provider works stops it, and that attempt is on record', async () => {
  const { candidate, request, asked, adapter } = world();
  jest.useFakeTimers();
  const leaving = new AbortController();
  const health = new EndpointHealth();
  const candidates = [candidate('a', () => leaving.abort()), candidate('b', fine)];
  const failed = failure(request(candidates, { signal: leaving.signal, health }));
  for (let at = 0; at < 10; at++) await Promise.resolve();
  jest.advanceTimersByTime(2000);
  expect([(await failed).publicError, asked]).toEqual([null, ['a']]);
  expect((await failed).attempts).toEqual([
    { provider: 'A', tag: 'a', model: 'acme/small', status: null, latency_ms: 0 },
  ]);
  expect(adapter.lines[0]?.heard).toEqual(['cancel']);
  expect(health.isUnstable(candidates[0]!, 1000)).toBe(false);
});

/** A client that leaves, and a gateway that stops. */
const LEAVING = [
  [
    'a client that leaves',
    () => {
      const leaving = new AbortController();
      return { options: { signal: leaving.signal }, end: () => leaving.abort() };
    },
  ],
  [
    'a gateway that stops',
    () => {
      const stopping = new Stopping();
      return { options: { stopping }, end: () => stopping.begin() };
    },
  ],
] as const;

for (const [who, make] of LEAVING) {
  test(`${who} before an answer has begun leaves nothing to charge`, async () => {
    const { candidate, request } = world();
    jest.useFakeTimers();
    const { options, end } = make();
    const sent = Promise.withResolvers<void>();
    const failed = failure(request([candidate('a', () => sent.resolve())], { stream: true, ...options }));
    await sent.promise;
    end();
    jest.advanceTimersByTime(2000);
    expect(await failed).toMatchObject({
      publicError: null,
      wasAtWork: false,
      attempts: [{ status: null }],
    });
  });

  test(`${who} when an answer has begun leaves its prompt to charge, at once`, async () => {
    const { candidate, request } = world();
    jest.useFakeTimers();
    const { options, end } = make();
    const onStreamBegun = () => queueMicrotask(end);
    const asking = request([candidate('a', silent)], { stream: true, onStreamBegun, ...options });
    expect(await failure(asking)).toMatchObject({ publicError: null, wasAtWork: true });
  });
}

test('a client that leaves before the answer’s head is followed for a moment, in which the head may prove the work', async () => {
  const { candidate, request, adapter } = world();
  jest.useFakeTimers();
  const leaving = new AbortController();
  const sent = Promise.withResolvers<void>();
  const begun: string[] = [];
  const asking = request([candidate('a', () => sent.resolve())], {
    stream: true,
    signal: leaving.signal,
    onStreamBegun: ({ endpoint }) => begun.push(endpoint.tag),
  });
  const failed = failure(asking);
  await sent.promise;
  leaving.abort();
  jest.advanceTimersByTime(1900);
  expect(adapter.lines[0]?.heard).toEqual([]);
  adapter.lines[0]?.reader.onAnswered();
  // Once the head is there, whoever left is not followed a moment longer.
  expect(await failed).toMatchObject({ publicError: null, wasAtWork: true });
  expect([begun, adapter.lines[0]?.heard]).toEqual([['a'], ['cancel']]);
});

test('a client that left is not followed for long', async () => {
  const { candidate, request, asked, adapter } = world();
  jest.useFakeTimers();
  const leaving = new AbortController();
  const sent = Promise.withResolvers<void>();
  const options = { signal: leaving.signal, onSend: async () => leaving.abort() };
  const failed = failure(request([candidate('a', () => sent.resolve())], options));
  await sent.promise;
  jest.advanceTimersByTime(1999);
  expect(adapter.lines[0]?.heard).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(await failed).toMatchObject({ publicError: null, wasAtWork: false });
  expect(asked).toEqual(['a']);
});

test('where leaving stops neither the work nor the bill, the answer is waited for', async () => {
  const { candidate, request, adapter } = world();
  jest.useFakeTimers();
  const leaving = new AbortController();
  const sent = Promise.withResolvers<void>();
  const works = candidate('a', () => sent.resolve(), small, { stopsWhenCancelled: false });
  const begun = attempt(request([works], { signal: leaving.signal }));
  await sent.promise;
  leaving.abort();
  jest.advanceTimersByTime(60_000);
  expect(adapter.lines[0]?.heard).toEqual([]);
  adapter.lines[0]?.reader.onWhole(WHOLE);
  expect(await begun).toMatchObject({ kind: 'whole', answer: WHOLE });
});

test('the beginning of a stream is told once, of a whole answer never', async () => {
  for (const stream of [true, false]) {
    const { candidate, request } = world();
    const begun: string[] = [];
    const answer: Answer = ({ reader }) => {
      reader.onAnswered();
      if (stream) reader.onEvents([started(), said('hi')]);
      else reader.onWhole(WHOLE);
    };
    const asking = request([candidate('a', answer)], {
      stream,
      onStreamBegun: ({ endpoint }) => begun.push(endpoint.tag),
    });
    expect((await attempt(asking)).kind).toBe(stream ? 'stream' : 'whole');
    expect(begun).toEqual(stream ? ['a'] : []);
  }
});

test('an endpoint is asked only when it is written down that it will be, and not at all when that fails', async () => {
  const { candidate, request, adapter } = world();
  const written = Promise.withResolvers<void>();
  const told: unknown[] = [];
  const onSend: AttemptRequest['onSend'] = ({ endpoint }) => {
    told.push(endpoint.tag);
    return written.promise;
  };
  const asking = attempt(request([candidate('a', fine)], { onSend }));
  await turn();
  expect([told, adapter.lines]).toEqual([['a'], []]);
  written.resolve();
  await asking;
  expect(adapter.lines).toHaveLength(1);
  const broken = { onSend: () => Promise.reject(new Error('the journal could not be written')) };
  await expect(attempt(request([candidate('b', fine), candidate('c', fine)], broken))).rejects.toThrow(
    'journal',
  );
  expect(adapter.lines).toHaveLength(1);
});

test('a stream that ends before its first token is passed on to the next endpoint', async () => {
  const { candidate, request } = world();
  const empty: Answer = ({ reader }) => {
    reader.onAnswered();
    reader.onEnd();
  };
  const broken: Answer = ({ reader }) => {
    reader.onAnswered();
    reader.onEvents([started()]);
    reader.onFailure(new ProviderError('garbage', { message: 'no JSON', fault: 'provider' }));
  };
  const answers: Answer = ({ reader }) => reader.onEvents([started(), said('hi')]);
  const candidates = [candidate('a', empty), candidate('b', broken), candidate('c', answers)];
  const begun = await attempt(request(candidates, { stream: true }));
  expect([begun.kind, begun.candidate.endpoint.tag]).toEqual(['stream', 'c']);
});

test('what ends an attempt does not end the stream that began', async () => {
  const { candidate, request, adapter } = world();
  const [leaving, stopping] = [new AbortController(), new Stopping()];
  const answer: Answer = ({ reader }) => reader.onEvents([started(), said('one')]);
  const options = { stream: true, signal: leaving.signal, stopping };
  const begun = await attempt(request([candidate('a', answer)], options));
  leaving.abort();
  stopping.begin();
  if (begun.kind !== 'stream') throw new Error('not a stream');
  const told: unknown[] = [];
  const reader = {
    onEvents: (events: readonly unknown[]) => told.push(...events),
    onEnd() {},
    onFailure() {},
  };
  begun.stream.readOn(reader);
  adapter.lines[0]?.reader.onEvents([said('two')]);
  expect(told).toEqual([started(), said('one'), said('two')]);
  expect(adapter.lines[0]?.heard).toEqual(['resume']);
});

test('a defect of ours is no failure of a provider', async () => {
  const { candidate, request, asked } = world();
  const send = () => {
    throw new TypeError('ours');
  };
  await expect(attempt(request([candidate('a', never)], { send }))).rejects.toThrow('ours');
  expect(asked).toEqual([]);
});

test('where nobody serves a request, its failure says who was asked and whether a repeat can help', async () => {
  const { candidate, request } = world();
  const availabilityOf = async (first: Answer, last: Answer) => {
    const candidates = [candidate('a', first), candidate('b', last, large)];
    return (await failure(request(candidates))).publicError?.extra['availability'];
  };
  const busy = status(429, { fault: 'rate', retryAfterSeconds: 9 });
  expect(await availabilityOf(busy, status(429, { fault: 'rate', retryAfterSeconds: 5 }))).toEqual({
    ...{ code: 'capacity_exhausted', retryable: true, retry_after: 5, affected_providers: ['a', 'b'] },
    requested_models: [small.id, large.id],
    docs_url: 'http://gateway.example/docs/availability#capacity_exhausted',
  });
  for (const last of [status(500), status(503), status(401, { fault: 'account' })]) {
    expect(await availabilityOf(busy, last)).toMatchObject({
      code: 'temporarily_unavailable',
      retry_after: 9,
    });
  }
  expect(await availabilityOf(busy, status(400, { fault: 'caller' }))).toBeUndefined();
});

test('a provider’s status becomes the caller’s by what it means to the caller', () => {
  const context = {
    ...{ providerName: 'Acme', generationId: 'gen-1', previous: [], retryAfterSeconds: null },
    availabilityOf: () => null,
  };
  const cases: [number, number, string][] = [
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
  ];
  for (const [upstream, public_, code] of cases) {
    const error = publicError(refused(upstream), context);
    expect([upstream, error.status, error.code]).toEqual([upstream, public_, code as typeof error.code]);
  }
  const gone = new ProviderError('unreachable', { message: 'm', fault: 'provider' });
  expect(publicError(gone, context).status).toBe(502);
  const timeout = publicError(new ProviderError('timeout', { message: 'm', fault: 'provider' }), context);
  expect([timeout.status, timeout.code]).toEqual([504, 'provider_timeout']);
  const long = refused(400, { isContextLength: true });
  expect(publicError(long, context).code).toBe('context_length_exceeded');
});

describe('who sits out', () => {
  test('is passed over, and asked once, last, where nobody else answered and nobody has said for how long', async () => {
    const { candidate, request, asked } = world();
    const ways = new Ways();
    const candidates = [candidate('a', status(429)), candidate('b', status(500))];
    await failure(request(candidates, { ways }));
    expect(asked).toEqual(['a', 'b']);
    await failure(request(candidates, { ways }));
    expect(asked).toEqual(['a', 'b', 'b', 'a']);
  });

  test('is not asked at all where the provider has said for how long, and its wait is told', async () => {
    const { candidate, request, asked } = world();
    const ways = new Ways();
    const limited = candidate('a', status(429, { retryAfterSeconds: 30, hasAnswered: true }));
    await failure(request([limited], { ways }));
    const { publicError: alone, attempts } = await failure(request([limited], { ways }));
    expect([asked, attempts]).toEqual([['a'], []]);
    expect(alone).toMatchObject({ status: 429, code: 'provider_rate_limited', retryAfterSeconds: 30 });
    const { publicError: beside } = await failure(request([limited, candidate('b', status(500))], { ways }));
    expect(beside).toMatchObject({ status: 502, retryAfterSeconds: 30 });
  });

  test('for its own fault is no hindrance to the next model, nor asked for a request that its model refuses', async () => {
    const { candidate, request, asked } = world();
    const ways = new Ways();
    const limited = candidate('a', status(429));
    await failure(request([limited], { ways }));
    await failure(request([candidate('b', status(400)), limited], { ways }));
    expect(asked).toEqual(['a', 'b']);
  });
});
