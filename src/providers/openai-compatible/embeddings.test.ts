import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { NO_USAGE } from '../../chat/usage.ts';
import type { EmbeddingsAnswer } from '../../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../../embeddings/payload.ts';
import type { JsonObject } from '../../json.ts';
import { type Answer, FakeUpstream, RESET, SECRET } from '../__fixtures__/upstream.ts';
import type { WholeReader } from '../adapter.ts';
import type { ProviderError } from '../provider-error.ts';
import { quirksOf } from '../vendors.ts';
import { embeddingsOver } from './embeddings.ts';

const fixture = (name: string) => readFileSync(new URL(`__fixtures__/${name}.json`, import.meta.url), 'utf8');

class Told implements WholeReader<EmbeddingsAnswer> {
  answered = 0;
  whole: EmbeddingsAnswer | null = null;
  error: ProviderError | null = null;

  onAnswered(): void {
    this.answered += 1;
  }
  onWhole(answer: EmbeddingsAnswer): void {
    if (this.error !== null || this.whole !== null) throw new Error('told after the last');
    this.whole = answer;
  }
  onFailure(error: Error): void {
    if (this.error !== null || this.whole !== null) throw new Error('told after the last');
    this.error = error as ProviderError;
  }
}

function asked(payload: Partial<EmbeddingsPayload> = {}, baseUrl = 'https://api.example.com/v1') {
  const upstream = new FakeUpstream();
  const told = new Told();
  const call = {
    target: { baseUrl, apiKey: SECRET, upstreamModel: 'vectors-1', quirks: quirksOf(baseUrl) },
    payload: {
      input: { kind: 'texts', items: ['a', 'b'] } as const,
      ...({ dimensions: null, inputType: null, titles: null, encoding: 'float', others: {} } as const),
      ...payload,
    },
    timeouts: { firstByteMs: 1000, idleMs: 2000, answerMs: 5000 },
  };
  const exchange = embeddingsOver(upstream).embed(call, told);
  const sent = JSON.parse(upstream.requests[0]?.body ?? '') as JsonObject;
  return { upstream, told, exchange, sent };
}

const item = (embedding: unknown, index?: unknown) => ({
  object: 'embedding',
  embedding,
  ...(index === undefined ? {} : { index }),
});
const answerOf = (data: unknown, members: JsonObject = {}) =>
  JSON.stringify({ object: 'list', data, model: 'x', ...members });

/** What the answer comes to: its vectors, or the words of its failure. */
function outcome(answer: Answer, payload: Partial<EmbeddingsPayload> = {}) {
  const { upstream, told } = asked(payload);
  upstream.play(answer);
  if (told.error !== null) return told.error;
  return told.whole?.vectors.map((vector) => vector.in('float'));
}

describe('what is sent', () => {
  test('goes to /embeddings with all inputs as one list, and no more time than a whole answer may take', () => {
    const { upstream, sent } = asked({ others: { truncate: 'END' } });
    expect(upstream.requests[0]).toMatchObject({
      url: 'https://api.example.com/v1/embeddings',
      headers: { accept: 'application/json', authorization: `Bearer ${SECRET}` },
      timeouts: { firstByteMs: 5000, idleMs: 5000, answerMs: 5000 },
    });
    expect(sent).toEqual({ truncate: 'END', model: 'vectors-1', input: ['a', 'b'] });
  });

  test('asks for base64 only whom it is known of, and only where the caller wants it', () => {
    const openAi = 'https://api.openai.com/v1';
    expect(asked({ encoding: 'base64' }, openAi).sent['encoding_format']).toBe('base64');
    expect(asked({ encoding: 'float' }, openAi).sent).not.toHaveProperty('encoding_format');
    expect(asked({ encoding: 'base64' }).sent).not.toHaveProperty('encoding_format');
    expect(asked({ encoding: 'float' }, 'https://api.voyageai.com/v1').sent).not.toHaveProperty(
      'encoding_format',
    );
  });

  test('names things as the vendor does, and leaves out what it refuses', () => {
    const wish = { dimensions: 256, inputType: 'query' };
    expect(asked(wish).sent).toMatchObject({ dimensions: 256, input_type: 'query' });
    expect(asked(wish, 'https://api.voyageai.com/v1').sent).toMatchObject({
      output_dimension: 256,
      input_type: 'query',
    });
    const mistral = asked(wish, 'https://api.mistral.ai/v1').sent;
    expect(mistral).toMatchObject({ output_dimension: 256 });
    expect(mistral).not.toHaveProperty('input_type');
    expect(asked(wish, 'https://api.openai.com/v1').sent).not.toHaveProperty('input_type');
  });
});

describe('what vendors answer', () => {
  test('OpenAI’s, in base64', () => {
    const { upstream, told } = asked({ input: { kind: 'texts', items: ['Hello, world!'] } });
    upstream.play({ body: fixture('embeddings/openai') });
    const [vector] = told.whole?.vectors ?? [];
    expect(vector?.length).toBe(1536);
    const numbers = vector?.in('float') ?? [];
    expect(numbers.slice(0, 2)).toEqual([-0.01927, -0.0253].map((n) => expect.closeTo(n, 3)));
    expect(told.whole?.usage).toEqual({ ...NO_USAGE, inputTokens: 4 });
    expect(told.answered).toBe(1);
  });

  test('Voyage’s, which counts a total alone', () => {
    const { upstream, told } = asked({ input: { kind: 'texts', items: ['Hello, world!'] } });
    upstream.play({ body: fixture('embeddings/voyage') });
    expect(told.whole?.vectors[0]?.length).toBe(1024);
    expect(told.whole?.usage?.inputTokens).toBe(3);
  });

  test('the order is that of the indexes, or of the answer where they say nothing', () => {
    expect(outcome({ body: answerOf([item([2], 1), item([1], 0)]) })).toEqual([[1], [2]]);
    expect(outcome({ body: answerOf([item([1]), item([2])]) })).toEqual([[1], [2]]);
    expect(outcome({ body: answerOf([item([1], 0), item([2], 0)]) })).toEqual([[1], [2]]);
    // A zero is left out by those whose answers come from protocol buffers.
    expect(outcome({ body: answerOf([item([2], 1), item([1])]) })).toEqual([[1], [2]]);
  });

  test('byte by byte is the same', () => {
    expect(outcome({ body: answerOf([item([1], 0), item([2], 1)]), split: 1 })).toEqual([[1], [2]]);
  });

  test.each([
    ['prompt_tokens beside a total of zero', { prompt_tokens: 3, total_tokens: 0, completion_tokens: 0 }, 3],
    ['zeros, which count nothing', { prompt_tokens: 0, total_tokens: 0 }, 0],
    ['the total where the prompt is a zero', { prompt_tokens: 0, total_tokens: 7 }, 7],
    ['none', undefined, null],
    ['null', null, null],
    ['less than nothing', { prompt_tokens: -5 }, null],
  ])('usage: %s', (_, usage, tokens) => {
    const { upstream, told } = asked();
    upstream.play({ body: answerOf([item([1], 0), item([2], 1)], { usage }) });
    expect(told.whole?.usage?.inputTokens ?? null).toBe(tokens);
  });
});

describe('an answer that is wrong is a failure of the provider’s', () => {
  const two = [item([1, 2], 0), item([3, 4], 1)];
  test.each([
    ['too few', answerOf([item([1], 0)]), 'Provider returned 1 embeddings for 2 inputs'],
    ['too many', answerOf([...two, item([1, 2], 2)]), 'Provider returned 3 embeddings for 2 inputs'],
    ['none', answerOf([]), 'Provider returned 0 embeddings for 2 inputs'],
    ['no list', answerOf(null), 'Provider returned an answer that is not a list of embeddings'],
    ['a list of numbers', answerOf([1, 2]), 'Provider returned an answer that is not a list of embeddings'],
    ['a chat completion', '{"choices":[]}', 'Provider returned an answer that is not a list of embeddings'],
    [
      'nulls, as NaN comes in JSON',
      answerOf([item([null], 0), item([1], 1)]),
      'Provider returned an embedding that is not a vector',
    ],
    [
      'an empty vector',
      answerOf([item([], 0), item([1], 1)]),
      'Provider returned an embedding that is not a vector',
    ],
    [
      'vectors of two lengths',
      answerOf([item([1, 2], 0), item([1], 1)]),
      'Provider returned an embedding that is not a vector',
    ],
    [
      'base64 of NaN',
      answerOf([item('AADAfw==', 0), item('AADAfw==', 1)]),
      'Provider returned an embedding that is not a vector',
    ],
    [
      'an index beyond',
      answerOf([item([1], 0), item([2], 2)]),
      'Provider returned embeddings of which it does not say whose they are',
    ],
    [
      'an index that is none',
      answerOf([item([1], 0), item([2], 'b')]),
      'Provider returned embeddings of which it does not say whose they are',
    ],
    ['NaN in the text', '{"data":[{"embedding":[NaN]}]}', 'Provider returned an answer that is not JSON'],
    ['HTML', '<html>', 'Provider returned an answer that is not JSON'],
    ['nothing', '', 'Provider returned an empty answer'],
  ])('%s', (_, body, message) => {
    const error = outcome({ body: body as string }) as ProviderError;
    expect([error.message, error.failure, error.fault]).toEqual([message as string, 'garbage', 'provider']);
  });

  test('one index for two of three', () => {
    const input = { kind: 'texts', items: ['a', 'b', 'c'] } as const;
    const error = outcome({ body: answerOf([item([1], 0), item([2], 0), item([3], 2)]) }, { input });
    expect(error).toMatchObject({ failure: 'garbage', fault: 'provider' });
  });

  test('none for tokens says what may be the reason', () => {
    const error = outcome(
      { body: answerOf([]) },
      { input: { kind: 'tokens', items: [[1]] } },
    ) as ProviderError;
    expect(error.message).toBe(
      'Provider returned 0 embeddings for 1 inputs; it may take texts alone, not tokens',
    );
  });

  test('an error under a 200 is an error', () => {
    const body = JSON.stringify({ error: { message: 'overloaded', type: 'server_error', code: 503 } });
    expect(outcome({ body })).toMatchObject({ failure: 'status', fault: 'provider', status: 503 });
  });

  test('a body that breaks off, of whatever length it is', () => {
    expect(outcome({ body: '{"data":[', failure: RESET })).toMatchObject({
      failure: 'unreachable',
      hasAnswered: true,
    });
  });

  test('a body cut off at a proper end is no JSON', () => {
    expect(outcome({ body: answerOf(two).slice(0, 40) })).toMatchObject({ failure: 'garbage' });
  });
});

describe('a refusal', () => {
  test('has the vendor’s words where they are about the request', () => {
    const body = JSON.stringify({
      error: { message: 'dimensions is not supported by bge-m3', type: 'invalid_request_error' },
    });
    const error = outcome({ status: 400, body }) as ProviderError;
    expect(error).toMatchObject({
      fault: 'caller',
      status: 400,
      message: 'dimensions is not supported by bge-m3',
    });
  });

  test('that breaks off still has its status', () => {
    expect(outcome({ status: 503, body: '{"err', failure: RESET })).toMatchObject({
      failure: 'status',
      status: 503,
    });
  });

  test('says nothing of the account, nor a key', () => {
    const body = JSON.stringify({
      error: { message: `Incorrect API key provided: ${SECRET}`, code: 'invalid_api_key' },
    });
    const error = outcome({ status: 401, body }) as ProviderError;
    expect(error.fault).toBe('account');
    expect(`${error.message} ${error.detail} ${error.raw}`).not.toContain(SECRET);
  });

  test('of a length that was asked for and not given is the caller’s to mend, before it stands in a table', () => {
    const error = outcome({ body: answerOf([item([1, 2, 3], 0), item([4, 5, 6], 1)]) }, { dimensions: 2 });
    expect(error).toMatchObject({
      fault: 'caller',
      status: 400,
      message: 'dimensions: this model gives vectors of 3 numbers and was asked for 2',
    });
  });
});

test('a call that was given up says nothing more and lets go of its connection', () => {
  const { upstream, told, exchange } = asked();
  exchange.cancel();
  upstream.play({ body: answerOf([item([1], 0), item([2], 1)]) });
  expect([told.answered, told.whole, told.error, upstream.cancelled]).toEqual([0, null, null, 1]);
});
