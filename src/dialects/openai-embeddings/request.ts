/** OpenAI's embeddings request as OpenRouter extends it: `POST /embeddings`. */
import type { EmbeddingsInput, Encoding } from '../../embeddings/payload.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { parsePreferences } from '../../routing/preferences.ts';
import type { EmbeddingsRequest } from '../dialect.ts';

/** OpenAI's own bound on one request; other vendors take fewer, and say so. */
const MAX_INPUTS = 2048;
/** Larger than any vocabulary. */
const MAX_TOKEN_ID = 2 ** 31 - 1;
/** More than any model gives. */
const MAX_DIMENSIONS = 1_000_000;
/**
 * The most tokens that a vendor puts around each input by itself: marks at its ends, and the sentence that stands for an
 * `input_type` (Voyage's longest is "Represent the query for retrieving supporting documents: ").
 */
const TOKENS_AROUND_INPUT = 16;
/** What one token is charged as where nobody counted, in the terms of `metering/estimate.ts`. */
const BYTES_PER_TOKEN = 4;

/** Members that the gateway reads or writes itself. */
const OWN_MEMBERS = new Set([
  'model',
  'models',
  'input',
  'encoding_format',
  'dimensions',
  'input_type',
  'user',
  'provider',
  'session_id',
  'trace',
  'stream',
  'stream_options',
  'route',
  'preset',
  'plugins',
  'transforms',
  'usage',
  'metadata',
]);

/** Members of vendors' that ask for no other work than embedding: how to cut and how to scale. */
const WITHOUT_PRICE = new Set([
  'truncate',
  'truncation',
  'truncate_prompt_tokens',
  'add_special_tokens',
  'normalize',
  'normalized',
  'task',
  'late_chunking',
  'prompt_name',
  'instruction',
]);

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
export function parseEmbeddingsRequest(body: JsonObject, bodyBytes: number): EmbeddingsRequest {
  const { model } = body;
  if (typeof model !== 'string' || model === '')
    throw invalidRequest('model must be the id of a model, such as "openai/text-embedding-3-small"');
  refuseUnavailable(body);
  const { input, media, inputBytes, tokens } = parseInput(body['input']);
  const others: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    if (!OWN_MEMBERS.has(name) && value !== null && value !== undefined) others[name] = value;
  }
  return {
    operation: 'embeddings',
    modelIds: [model],
    stream: false,
    size: {
      promptTokensBound: media.hasMedia ? null : tokens + input.items.length * TOKENS_AROUND_INPUT,
      imageCount: media.imageCount,
      choices: 1,
      maxTokens: 0,
      promptCount: input.items.length,
    },
    bodyBytes,
    inputBytes,
    preferences: parsePreferences(body['provider']),
    // No list of `supported_parameters` speaks of those of embeddings: the wire format says what it can pass on.
    usedParameters: [],
    unpriced: [...Object.keys(others).filter((name) => !WITHOUT_PRICE.has(name)), ...media.unpriced],
    payload: {
      input,
      dimensions: parseDimensions(body['dimensions']),
      inputType: text(body, 'input_type', 64),
      encoding: parseEncoding(body['encoding_format']),
      others,
    },
    sessionId: text(body, 'session_id', 256),
    user: text(body, 'user', 1024),
  };
}

function refuseUnavailable(body: JsonObject): void {
  if ((body['models'] ?? null) !== null)
    throw invalidRequest('models is not available for embeddings: vectors of two models cannot be compared');
  if ((body['stream'] ?? false) !== false)
    throw invalidRequest('stream must be false: embeddings are not streamed');
  const plugins = body['plugins'];
  if (Array.isArray(plugins) && plugins.length > 0)
    throw invalidRequest('plugins are not available on this gateway');
  if (typeof body['preset'] === 'string') throw invalidRequest('presets are not available on this gateway');
}

interface ParsedInput {
  readonly input: EmbeddingsInput;
  readonly media: Media;
  /** UTF-8 bytes, or four for each token. */
  readonly inputBytes: number;
  /** No tokenizer makes more of the text; media are not counted. */
  readonly tokens: number;
}

interface Media {
  readonly hasMedia: boolean;
  readonly imageCount: number;
  /** Kinds of parts whose tokens vendors price apart from all others, at prices that no catalogue here lists. */
  readonly unpriced: readonly string[];
}

const NO_MEDIA: Media = { hasMedia: false, imageCount: 0, unpriced: [] };

function parseInput(input: unknown): ParsedInput {
  if (typeof input === 'string') return parseTexts([input], () => 'input');
  if (!Array.isArray(input))
    throw invalidRequest(
      'input must be text, a list of texts, a list of tokens, or a list of {content: [parts]}',
    );
  if (input.length === 0) throw invalidRequest('input must not be an empty list');
  const first: unknown = input[0];
  if (typeof first === 'number') return parseTokens([input], () => 'input');
  mustBeFew(input);
  const at = (index: number) => `input[${index}]`;
  if (typeof first === 'string') return parseTexts(input, at);
  if (Array.isArray(first)) return parseTokens(input, at);
  return parseParts(input);
}

function mustBeFew(items: readonly unknown[]): void {
  if (items.length > MAX_INPUTS)
    throw invalidRequest(
      `input must have at most ${MAX_INPUTS} items in one request; it has ${items.length}`,
    );
}

function parseTexts(items: readonly unknown[], at: (index: number) => string): ParsedInput {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    if (typeof item !== 'string') throw mixed(at(index), 'text');
    if (item === '') throw invalidRequest(`${at(index)} must not be empty`);
    bytes += Buffer.byteLength(item);
  }
  const input = { kind: 'texts', items: items as readonly string[] } as const;
  return { input, media: NO_MEDIA, inputBytes: bytes, tokens: bytes };
}

function parseTokens(items: readonly unknown[], at: (index: number) => string): ParsedInput {
  let tokens = 0;
  for (const [index, item] of items.entries()) {
    if (!Array.isArray(item)) throw mixed(at(index), 'a list of tokens');
    if (item.length === 0) throw invalidRequest(`${at(index)} must not be an empty list`);
    for (const token of item) {
      if (!Number.isInteger(token) || token < 0 || token > MAX_TOKEN_ID)
        throw invalidRequest(`${at(index)} must hold tokens alone: integers of at least 0`);
    }
    tokens += item.length;
  }
  const input = { kind: 'tokens', items: items as readonly (readonly number[])[] } as const;
  return { input, media: NO_MEDIA, inputBytes: tokens * BYTES_PER_TOKEN, tokens };
}

const UNPRICED_PARTS = ['input_video', 'input_file'];
const PARTS = new Set(['text', 'image_url', 'input_audio', ...UNPRICED_PARTS]);

/** Parts of text alone are the text that they make, which every provider takes. */
function parseParts(items: readonly unknown[]): ParsedInput {
  let imageCount = 0;
  let hasMedia = false;
  const unpriced = new Set<string>();
  let bytes = 0;
  const texts: string[] = [];
  for (const [index, item] of items.entries()) {
    const content = isJsonObject(item) ? item['content'] : undefined;
    if (!isJsonObject(item)) throw mixed(`input[${index}]`, 'an object with content');
    if (!Array.isArray(content) || content.length === 0)
      throw invalidRequest(`input[${index}].content must be a list of at least one part`);
    let whole = '';
    for (const [position, part] of content.entries()) {
      const at = `input[${index}].content[${position}]`;
      const type = isJsonObject(part) ? part['type'] : undefined;
      if (!isJsonObject(part) || typeof type !== 'string' || !PARTS.has(type))
        throw invalidRequest(`${at}.type must be one of ${[...PARTS].join(', ')}`);
      if (type !== 'text') hasMedia = true;
      else if (typeof part['text'] !== 'string') throw invalidRequest(`${at}.text must be text`);
      else whole += part['text'];
      if (type === 'image_url') imageCount += 1;
      if (UNPRICED_PARTS.includes(type)) unpriced.add(type);
    }
    texts.push(whole);
    bytes += Buffer.byteLength(whole);
  }
  if (!hasMedia) return parseTexts(texts, (index) => `input[${index}]`);
  const input = { kind: 'parts', items: items as readonly JsonObject[] } as const;
  const media = { hasMedia, imageCount, unpriced: [...unpriced] };
  return { input, media, inputBytes: bytes, tokens: bytes };
}

function mixed(at: string, expected: string) {
  return invalidRequest(`${at} must be ${expected}, as the first item is: a list holds one kind of input`);
}

function parseEncoding(value: unknown): Encoding {
  if (value === undefined || value === null) return 'float';
  if (value !== 'float' && value !== 'base64')
    throw invalidRequest('encoding_format must be "float" or "base64"');
  return value;
}

function parseDimensions(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_DIMENSIONS)
    throw invalidRequest('dimensions must be an integer of at least 1');
  return value;
}

function text(body: JsonObject, name: string, maxCharacters: number): string | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > maxCharacters)
    throw invalidRequest(`${name} must be text of at most ${maxCharacters} characters`);
  return value;
}
