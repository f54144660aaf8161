/** What a caller sees, what falls back, and what is charged when a provider misbehaves in every way the fake one can. */
import { afterAll, afterEach, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import OpenAI, { APIError } from 'openai';
import { OpenAiStreamReader } from '../../../src/providers/openai-compatible/stream.ts';
import { makeKey } from '../../harness.ts';
import {
  type Ask,
  type Bench,
  chat,
  contentOf,
  eventsOf,
  getJson,
  type Json,
  readText,
  startBench,
} from './bench.ts';

/** As long as a test waits for a provider that hangs; a provider that is well must never take so long. */
const TIMEOUT_MS = 2000;

let bench: Bench;

beforeAll(async () => {
  bench = await startBench({
    config: { limits: { first_byte_timeout_ms: TIMEOUT_MS, idle_timeout_ms: TIMEOUT_MS } },
  });
});
afterEach(() => {
  bench.anHourLater();
  for (const upstream of [bench.one, bench.two]) {
    upstream.clearScripts();
    upstream.clearRequests();
  }
});
afterAll(() => bench.stop());

interface Outcome {
  status: number;
  retryAfter: string | null;
  events: Json[];
  body: Json;
  text: string;
  generation: Json;
}

async function ask(options: Ask, onText?: (textSoFar: string) => void): Promise<Outcome> {
  const response = await chat(bench, { ...options, signal: AbortSignal.timeout(60_000) });
  const text = await readText(response, onText);
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const id = response.headers.get('x-generation-id');
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    events: isStream ? eventsOf(text) : [],
    body: isStream ? null : JSON.parse(text),
    text,
    generation: (await getJson(bench, `/generation?id=${id}`)).data,
  };
}

/** Provider `one` fails as told; `two`, asked next, is well. */
async function askPair(
  behaviour: Json,
  options: Ask = {},
  onText?: (textSoFar: string) => void,
): Promise<Outcome> {
  bench.one.script({ behaviour });
  const body = { provider: { order: ['one', 'two'] }, ...options.body };
  return await ask({ model: 'test/pair', ...options, body }, onText);
}

/** What came before a fault may be lost with it, on any way from a kernel to a reader: the fault waits until it was read. */
function faultOnceRead(behaviour: Json, words: string) {
  const { promise: isRead, resolve } = Promise.withResolvers<void>();
  return {
    behaviour: { chunks: 12, holdAfterChunks: 3, holdUntil: isRead, ...behaviour },
    onText: (text: string) => {
      if (contentOf(eventsOf(text.slice(0, text.lastIndexOf('\n\n') + 2))).includes(words)) resolve();
    },
  };
}

const STATUSES: readonly [upstream: number, client: number, fallsBack: boolean][] = [
  [400, 400, false],
  [401, 502, true],
  [403, 502, true],
  [404, 502, true],
  [408, 504, true],
  [413, 413, false],
  [422, 422, false],
  [429, 429, true],
  [500, 502, true],
  [502, 502, true],
  [503, 503, true],
  [504, 504, true],
  [524, 524, true],
  [529, 529, true],
];

describe('a provider that answers with an error status', () => {
  for (const [upstream, client, fallsBack] of STATUSES) {
    for (const stream of [false, true]) {
      const kind = stream ? 'a stream' : 'an answer';
      test(`${upstream} reaches the caller of ${kind} as ${client}, without cost`, async () => {
        const { status, body, generation } = await ask({ stream, fake: { status: upstream } });
        expect(status).toBe(client);
        expect(body.error.code).toBe(client);
        expect(typeof body.error.metadata.error_type).toBe('string');
        expect(generation).toMatchObject({ total_cost: 0, finish_reason: 'error', cancelled: false });
        expect(generation.provider_responses).toMatchObject([{ provider_name: 'one', status: upstream }]);
      });
    }
    test(`${upstream} ${fallsBack ? 'is taken over by the next provider' : 'is the request’s own fault and ends it'}`, async () => {
      const { status, generation } = await askPair({ status: upstream });
      expect(status).toBe(fallsBack ? 200 : client);
      expect(bench.two.requests.length).toBe(fallsBack ? 1 : 0);
      expect(generation.provider_responses.length).toBe(fallsBack ? 2 : 1);
      expect(generation.provider_name).toBe(fallsBack ? 'two' : 'one');
    });
  }

  test('its Retry-After is passed on, and 0 becomes 1', async () => {
    const told = await ask({ fake: { status: 429, headers: { 'retry-after': '7' } } });
    expect(told.retryAfter).toBe('7');
    bench.anHourLater();
    const zero = await ask({ fake: { status: 429, headers: { 'retry-after': '0' } } });
    expect(zero.retryAfter).toBe('1');
    bench.anHourLater();
    expect((await ask({ fake: { status: 429 } })).retryAfter).toBeNull();
  });

  test('a long error body is shown cut where the request is at fault, and not at all where the provider is', async () => {
    const long = (status: number) => ({ status, body: { error: { message: 'e'.repeat(50_000) } } });
    const mistake = await ask({ fake: long(400) });
    expect(mistake.body.error.message).toMatch(/^e{400,1000}/);
    expect(mistake.body.error.metadata.raw).toContain('eeee');
    expect(mistake.text.length).toBeLessThan(4000);
    const broken = await ask({ fake: long(500) });
    expect([broken.status, broken.body.error.message]).toEqual([502, 'Provider returned error']);
    expect(broken.text).not.toContain('eeee');
  });

  test('an error body that never ends is given up after the idle timeout', async () => {
    const { status } = await ask({ fake: { status: 503, headers: { 'content-length': '90000' } } });
    expect(status).toBe(503);
  });

  test('the provider’s key in its error text is not shown', async () => {
    const { text } = await ask({
      fake: { status: 401, body: { error: { message: 'bad upstream-secret' } } },
    });
    expect(text).not.toContain('upstream-secret');
    expect(bench.logLines.join('\n')).not.toContain('upstream-secret');
  });
});

describe('a provider that fails before the first token', () => {
  const faults: readonly [name: string, behaviour: Json, client: number][] = [
    ['resets the connection', { resetAfterChunks: 0 }, 502],
    ['closes in the middle of the first chunk', { truncateAfterChunks: 0 }, 502],
    ['sends HTML with a 200', { garbage: 'html' }, 502],
    ['sends broken JSON', { garbage: 'json' }, 502],
    ['sends bytes', { garbage: 'binary' }, 502],
    ['sends a megabyte without a line end', { garbage: 'line' }, 502],
    ['redirects', { redirect: 'http://127.0.0.1:1/elsewhere' }, 502],
  ];
  for (const [name, behaviour, client] of faults) {
    test(`and ${name}: a stream is taken over in silence, and alone it is a JSON ${client}`, async () => {
      const alone = await ask({ stream: true, fake: behaviour });
      expect(alone.status).toBe(client);
      expect(alone.body.error.code).toBe(client);
      expect(alone.generation).toMatchObject({ total_cost: 0, finish_reason: 'error' });
      const taken = await askPair(behaviour, { stream: true, text: 'one two three' });
      expect(taken.status).toBe(200);
      expect(contentOf(taken.events)).toBe('one two three');
      expect(taken.events.every((event) => event.provider === 'two')).toBe(true);
      expect(taken.generation).toMatchObject({ provider_name: 'two', finish_reason: 'stop' });
    });
  }

  const hangs: readonly [name: string, behaviour: Json][] = [
    ['before its headers', { hang: 'before-headers' }],
    ['after them', { hang: 'mid-stream', hangAfterChunks: 0 }],
  ];
  for (const [name, behaviour] of hangs) {
    test(`and hangs ${name} is a 504, and nobody else is paid for the same request`, async () => {
      const { status, body, generation } = await askPair(behaviour, { stream: true });
      expect([status, body.error.code, body.error.metadata.error_code]).toEqual([
        504,
        504,
        'provider_timeout',
      ]);
      expect(generation).toMatchObject({ total_cost: 0, finish_reason: 'error', provider_name: 'one' });
      expect(bench.two.requests).toEqual([]);
    });
  }

  test('a stream is a stream whatever its content type says', async () => {
    for (const type of ['text/plain', 'application/json', 'TEXT/EVENT-STREAM']) {
      const told = await ask({ stream: true, text: 'one two', fake: { headers: { 'content-type': type } } });
      expect([told.status, contentOf(told.events)]).toEqual([200, 'one two']);
    }
  });

  test('an error event before the first token is a JSON error, or taken over', async () => {
    const alone = await ask({ stream: true, fake: { errorAfterChunks: 0 } });
    expect(alone.status).toBe(502);
    const taken = await askPair({ errorAfterChunks: 0 }, { stream: true });
    expect(taken.generation.provider_name).toBe('two');
  });

  test('a redirect is not followed, so the key goes nowhere else', async () => {
    await ask({ fake: { redirect: `${bench.two.baseUrl}/chat/completions` } });
    expect(bench.two.requests).toEqual([]);
  });

  test('whole answers that are cut or are no completion are taken over too', async () => {
    for (const behaviour of [
      { resetAfterChunks: 1 },
      { truncateAfterChunks: 1 },
      { body: { id: 'x', object: 'chat.completion', choices: [] } },
      { body: { error: { message: 'under a 200' } } },
    ]) {
      const { status, body } = await askPair(behaviour, { text: 'a b' });
      expect(status).toBe(200);
      expect(body.provider).toBe('two');
      expect(body.choices[0].message.content).toBe('a b');
    }
  });
});

describe('a provider that fails after the first token', () => {
  const faults: readonly [name: string, behaviour: Json, code: number][] = [
    ['hangs', { hang: 'mid-stream', hangAfterChunks: 3 }, 504],
    ['resets', { resetAfterChunks: 3 }, 502],
    ['truncates a chunk', { truncateAfterChunks: 3 }, 502],
    ['sends an error event', { errorAfterChunks: 3 }, 502],
    ['neither finishes nor says it is done', { noFinish: true, noDone: true }, 502],
  ];
  for (const [name, behaviour, code] of faults) {
    test(`and ${name}: the stream ends in one error chunk, nobody takes over, and nothing is charged`, async () => {
      const fault = faultOnceRead(behaviour, 'word2');
      const answer = await askPair(fault.behaviour, { stream: true }, fault.onText);
      const { status, events, text, generation } = answer;
      expect(status).toBe(200);
      expect(contentOf(events)).toStartWith('word0 word1 word2 ');
      const errors = events.filter((event) => event.error !== undefined);
      expect(errors.length).toBe(1);
      expect(events.at(-1)).toMatchObject({
        id: generation.id,
        object: 'chat.completion.chunk',
        model: 'test/pair',
        provider: 'one',
        error: {
          code,
          metadata: { provider_name: 'one' },
          availability: { code: 'temporarily_unavailable', requested_models: ['test/pair'] },
        },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      });
      expect(text).toEndWith('data: [DONE]\n\n');
      expect(bench.two.requests).toEqual([]);
      expect(generation).toMatchObject({ total_cost: 0, finish_reason: 'error', cancelled: false });
    });
  }

  test('the official client hands out the chunks and then meets the error', async () => {
    const openai = new OpenAI({ baseURL: bench.baseUrl, apiKey: bench.apiKey, maxRetries: 0 });
    const { promise: isRead, resolve } = Promise.withResolvers<void>();
    const held = { holdAfterChunks: 3, holdUntil: isRead };
    bench.one.script({ behaviour: { chunks: 12, errorAfterChunks: 3, ...held } });
    const stream = await openai.chat.completions.create({
      model: 'test/single',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    });
    let seen = '';
    const failure = await (async () => {
      for await (const chunk of stream) {
        seen += chunk.choices[0]?.delta.content ?? '';
        if (seen.includes('word2')) resolve();
      }
    })().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(seen).toStartWith('word0 word1 word2');
    expect(failure).toBeInstanceOf(APIError);
  });
});

describe('a provider with odd but sound answers', () => {
  const oddities: readonly [name: string, behaviour: Json][] = [
    ['no [DONE]', { noDone: true }],
    ['no finish reason', { noFinish: true }],
    ['one byte a packet', { onebyte: true }],
    ['UTF-8 cut in two', { splitUtf8: true }],
    ['CRLF', { crlf: true }],
    ['lone CR', { cr: true }],
    ['comments', { comments: true }],
    ['null members', { nullFields: true }],
  ];
  for (const [name, behaviour] of oddities) {
    test(`${name}: the official client reads the whole text`, async () => {
      const openai = new OpenAI({ baseURL: bench.baseUrl, apiKey: bench.apiKey, maxRetries: 0 });
      bench.one.script({ behaviour });
      const stream = await openai.chat.completions.create({
        model: 'test/single',
        stream: true,
        messages: [{ role: 'user', content: 'naïve 🚀 one' }],
      });
      let seen = '';
      let last: Json;
      for await (const chunk of stream) {
        seen += chunk.choices[0]?.delta.content ?? '';
        last = chunk;
      }
      expect(seen.replaceAll('oneé🚀', 'one')).toBe('naïve 🚀 one');
      expect(last.choices).toEqual([]);
      expect(last.usage.completion_tokens).toBe(3);
      expect(last.usage.cost).toBeGreaterThan(0);
      expect(Object.values(last)).not.toContain(null);
    });
  }

  test('a chunk of 10 MB arrives whole', async () => {
    const { status, events } = await ask({ stream: true, fake: { bigChunkBytes: 10_000_000 } });
    expect(status).toBe(200);
    expect(contentOf(events).length).toBe(10_000_000 + ' two three'.length);
  });

  for (const [name, usage] of [
    ['missing', null],
    ['negative', { prompt_tokens: -5, completion_tokens: 3 }],
    ['absurd', { prompt_tokens: 1e18, completion_tokens: 3 }],
    ['fractional', { prompt_tokens: 1.5, completion_tokens: 3 }],
    ['no number', { prompt_tokens: 'seven', completion_tokens: 3 }],
  ] as const) {
    for (const stream of [false, true]) {
      test(`usage that is ${name} is replaced by an estimate (${stream ? 'stream' : 'whole'})`, async () => {
        const { events, body, generation } = await ask({ stream, fake: { usage }, text: 'one two three' });
        const shown = stream ? events.at(-1).usage : body.usage;
        expect(generation.is_estimated).toBe(true);
        expect(shown.completion_tokens).toBe(Math.ceil('one two three'.length / 4));
        expect(shown.prompt_tokens).toBeGreaterThan(0);
        expect(generation.total_cost).toBe(shown.cost);
        expect(shown.cost).toBeGreaterThan(0);
      });
    }
  }
});

describe('a provider that lies or floods', () => {
  const bomb = Bun.gzipSync(Buffer.alloc(150_000_000, ' ')).toBase64();

  test('a gzip bomb is refused, as an answer, as a stream and as an error', async () => {
    const packed = (status: number, type: string) => ({
      status,
      bodyBase64: bomb,
      headers: { 'content-encoding': 'gzip', 'content-type': type },
    });
    bench.one.script({ behaviour: packed(200, 'application/json') });
    expect((await ask({})).status).toBe(502);
    bench.one.script({ behaviour: packed(200, 'text/event-stream') });
    expect((await ask({ stream: true })).status).toBe(502);
    bench.one.script({ behaviour: packed(429, 'application/json') });
    expect((await ask({})).status).toBe(429);
  });

  test.each([false, true])(
    'one that ignores max_tokens charges no more than was held (stream: %p)',
    async (stream) => {
      const made = await makeKey(bench, { limit: 0.001 });
      bench.one.script({ behaviour: { ignoreMaxTokens: true, chunks: 5000 } });
      const response = await chat(bench, { stream, key: made.key, body: { max_tokens: 3 } });
      await response.text();
      expect(response.status).toBe(200);
      const { data } = await getJson(bench, '/key', made.key);
      expect(data.usage).toBeGreaterThan(0);
      expect(data.usage).toBeLessThanOrEqual(0.001);
      expect(data.limit_remaining).toBeGreaterThanOrEqual(0);
    },
  );
});

test.each([false, true])(
  'a defect in an adapter is a 500 that costs nothing and leaves no hold (stream: %p)',
  async (stream) => {
    const adapter = spyOn(OpenAiStreamReader.prototype, 'push').mockImplementation(() => {
      throw new TypeError('a defect');
    });
    // What is no JSON is looked at as a stream, also where none was asked for.
    const fake = stream ? {} : { garbage: 'html' };
    const response = await chat(bench, { stream, fake }).finally(() => adapter.mockRestore());
    expect(response.status).toBe(500);
    const requestId = response.headers.get('x-request-id');
    const rows = (await bench.generations()).filter((row) => row.request_id === requestId);
    expect(rows).toMatchObject([{ finish_reason: 'error', cost_nano_usd: 0n, provider_slug: 'one' }]);
    const figures = await (await fetch(`${bench.url}/metrics`)).text();
    expect(figures).toContain('turnpike_holds 0');
  },
);

test('the generations, the key and the account add up to the same amount', async () => {
  const rows = await bench.generations();
  const sum = rows.reduce((total, row) => total + row.cost_nano_usd, 0n);
  expect(rows.length).toBeGreaterThan(90);
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  expect(rows.every((row) => row.cost_nano_usd >= 0n)).toBe(true);
  const mine = rows.filter((row) => row.key_hash === rows[0]?.key_hash);
  const { data: key } = await getJson(bench, '/key');
  const { data: credits } = await getJson(bench, '/credits', bench.managementKey);
  expect(key.usage).toBe(Number(mine.reduce((total, row) => total + row.cost_nano_usd, 0n)) / 1e9);
  expect(credits.total_usage).toBe(Number(sum) / 1e9);
});
