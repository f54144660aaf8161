import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseEmbeddingsRequest } from './request.ts';

const parse = (members: JsonObject) =>
  parseEmbeddingsRequest({ model: 'acme/vectors', input: 'hi', ...members }, 100);

function refusal(members: JsonObject): string {
  try {
    parse(members);
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.status === 400) return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

describe('input', () => {
  test('is text, texts or tokens, one list or many', () => {
    const inputOf = (input: unknown) => parse({ input }).payload.input as unknown;
    expect(inputOf('hi')).toEqual({ kind: 'texts', items: ['hi'] });
    expect(inputOf(['a', 'b'])).toEqual({ kind: 'texts', items: ['a', 'b'] });
    expect(inputOf([1, 2, 3])).toEqual({ kind: 'tokens', items: [[1, 2, 3]] });
    expect(inputOf([[1], [2, 3]])).toEqual({ kind: 'tokens', items: [[1], [2, 3]] });
  });

  test('of parts is the text that they make, or goes on as it came where there is more than text', () => {
    const text = { type: 'text', text: 'a' };
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const plain = [{ content: [text, text] }];
    expect(parse({ input: plain }).payload.input).toEqual({ kind: 'texts', items: ['aa'] });
    const mixed = [{ content: [text, image] }, { content: [image] }];
    const request = parse({ input: mixed });
    expect(request.payload.input).toEqual({ kind: 'parts', items: mixed });
    expect(request.size).toMatchObject({ promptTokensBound: null, imageCount: 2, promptCount: 2 });
    expect(request.unpriced).toEqual([]);
    const film = { type: 'input_video', video_url: { url: 'https://example.com/a.mp4' } };
    expect(parse({ input: [{ content: [film, film] }] }).unpriced).toEqual(['input_video']);
  });

  test.each([
    [[], 'input must not be an empty list'],
    ['', 'input must not be empty'],
    [[''], 'input[0] must not be empty'],
    [['a', ''], 'input[1] must not be empty'],
    [['a', 1], 'input[1] must be text, as the first item is: a list holds one kind of input'],
    [['a', null], 'input[1] must be text, as the first item is: a list holds one kind of input'],
    [[[1], 'a'], 'input[1] must be a list of tokens, as the first item is: a list holds one kind of input'],
    [[1, 'a'], 'input must hold tokens alone: integers of at least 0'],
    [[1.5], 'input must hold tokens alone: integers of at least 0'],
    [[-1], 'input must hold tokens alone: integers of at least 0'],
    [[[1], [2 ** 31]], 'input[1] must hold tokens alone: integers of at least 0'],
    [[[1], []], 'input[1] must not be an empty list'],
    [[{ content: [] }], 'input[0].content must be a list of at least one part'],
    [[{ content: [{ type: 'text', text: '' }] }], 'input[0] must not be empty'],
    [[{ content: [{ type: 'text' }] }], 'input[0].content[0].text must be text'],
    [
      [{ content: [{ type: 'sculpture' }] }],
      'input[0].content[0].type must be one of text, image_url, input_audio, input_video, input_file',
    ],
    [
      [{ content: [{ type: 'text', text: 'a' }] }, 'b'],
      'input[1] must be an object with content, as the first item is: a list holds one kind of input',
    ],
    [Array(2049).fill('a'), 'input must have at most 2048 items in one request; it has 2049'],
  ] as [unknown, string][])('%j is refused', (input, message) => {
    expect(refusal({ input })).toBe(message);
  });

  test.each([[undefined], [null], [1], [true], [{}], [[null]], [[true]]])(
    '%j is refused by its kind',
    (input) => {
      expect(refusal({ input })).toStartWith('input');
    },
  );

  test('of one list of tokens may be longer than a list of inputs', () => {
    expect(parse({ input: Array(8000).fill(7) }).size.promptTokensBound).toBe(8016);
  });
});

describe('what a request may cost', () => {
  test('is bounded by the bytes of texts, by the number of tokens, and by what vendors put around each', () => {
    const sizeOf = (input: unknown) => parse({ input }).size;
    expect(sizeOf(['ab', 'ü'])).toEqual({
      ...{ promptTokensBound: 2 + 2 + 2 * 16, imageCount: 0, choices: 1, maxTokens: 0, promptCount: 2 },
    });
    expect(sizeOf([[1, 2, 3], [4]]).promptTokensBound).toBe(4 + 2 * 16);
  });

  test('is estimated by four bytes a token, and exactly where tokens were sent', () => {
    expect(parse({ input: 'four' }).inputBytes).toBe(4);
    expect(parse({ input: [1, 2, 3] }).inputBytes).toBe(12);
  });

  test('members that nobody knows go on, and have no price; those that only cut and scale have none to pay', () => {
    const { payload, unpriced } = parse({
      truncate: 'END',
      late_chunking: true,
      service_tier: 'priority',
      nothing: null,
    });
    expect(payload.others).toEqual({ truncate: 'END', late_chunking: true, service_tier: 'priority' });
    expect(unpriced).toEqual(['service_tier']);
  });
});

describe('the other members', () => {
  test('say how vectors are wanted', () => {
    const { payload } = parse({ encoding_format: 'base64', dimensions: 256, input_type: 'search_query' });
    expect(payload).toMatchObject({
      encoding: 'base64',
      dimensions: 256,
      inputType: 'search_query',
      others: {},
    });
    expect(parse({}).payload).toMatchObject({ encoding: 'float', dimensions: null, inputType: null });
    expect(parse({ encoding_format: null, dimensions: null, provider: null }).payload.encoding).toBe('float');
  });

  test('that group requests are read and go no further', () => {
    const request = parse({
      user: 'u',
      session_id: 's',
      trace: { trace_id: 't' },
      provider: { order: ['acme'] },
    });
    expect(request).toMatchObject({ user: 'u', sessionId: 's', preferences: { order: ['acme'] } });
    expect(request.payload.others).toEqual({});
  });

  test.each([
    [{ model: '' }, 'model must be the id of a model, such as "openai/text-embedding-3-small"'],
    [{ model: ['a'] }, 'model must be the id of a model, such as "openai/text-embedding-3-small"'],
    [{ encoding_format: 'hex' }, 'encoding_format must be "float" or "base64"'],
    [{ dimensions: 0 }, 'dimensions must be an integer of at least 1'],
    [{ dimensions: 1.5 }, 'dimensions must be an integer of at least 1'],
    [{ dimensions: '256' }, 'dimensions must be an integer of at least 1'],
    [{ input_type: 5 }, 'input_type must be text of at most 64 characters'],
    [{ session_id: 'x'.repeat(257) }, 'session_id must be text of at most 256 characters'],
    [{ stream: true }, 'stream must be false: embeddings are not streamed'],
    [{ models: ['a/b'] }, 'models is not available for embeddings: vectors of two models cannot be compared'],
    [{ provider: { zdrr: true } }, 'provider.zdrr is not a known preference'],
  ] as [JsonObject, string][])('%j is refused', (members, message) => {
    expect(refusal(members)).toBe(message);
  });
});
