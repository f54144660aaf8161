/** What callers want embedded, checked, and how much work it is: the same whichever dialect they write it in. */
import { type MediaKind, NO_MEDIA, withKind } from '../chat/media.ts';
import type { RequestSize } from '../chat/size.ts';
import type { EmbeddingsInput } from '../embeddings/payload.ts';
import { invalidRequest } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/** OpenAI's own bound on one request; other vendors take fewer, and say so. */
const MAX_INPUTS = 2048;
/** Larger than any vocabulary. */
const MAX_TOKEN_ID = 2 ** 31 - 1;
/**
 * The most tokens that a vendor puts around each input by itself: marks at its ends, and the sentence that stands for an
 * `input_type` (Voyage's longest is "Represent the query for retrieving supporting documents: ").
 */
const TOKENS_AROUND_INPUT = 16;
/** What one token is charged as where nobody counted, in the terms of `metering/estimate.ts`. */
const BYTES_PER_TOKEN = 4;

export interface ParsedInput {
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
  readonly kinds: readonly MediaKind[];
  /** Kinds of parts whose tokens vendors price apart from all others, at prices that no catalogue here lists. */
  readonly unpriced: readonly string[];
}

const TEXT_ALONE: Media = { hasMedia: false, imageCount: 0, kinds: NO_MEDIA, unpriced: [] };

/** OpenAI's member of that name, as OpenRouter extends it. Throws a 400 that says which item is wrong. */
export function parseInput(input: unknown): ParsedInput {
  if (typeof input === 'string') return parseTexts([input], () => 'input');
  if (!Array.isArray(input))
    throw invalidRequest(
      'input must be text, a list of texts, a list of tokens, or a list of {content: [parts]}',
    );
  if (input.length === 0) throw invalidRequest('input must not be an empty list');
  const first: unknown = input[0];
  if (typeof first === 'number') return parseTokens([input], () => 'input');
  mustBeFew(input, 'input');
  if (typeof first === 'string') return parseTexts(input, itemOf);
  if (Array.isArray(first)) return parseTokens(input, itemOf);
  return parseParts(input);
}

const itemOf = (index: number) => `input[${index}]`;

/** Throws a 400 for more than one request may hold. `member`: which its caller calls them by. */
export function mustBeFew(items: readonly unknown[], member: string): void {
  if (items.length > MAX_INPUTS)
    throw invalidRequest(
      `${member} must have at most ${MAX_INPUTS} items in one request; it has ${items.length}`,
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
  return { input, media: TEXT_ALONE, inputBytes: bytes, tokens: bytes };
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
  return { input, media: TEXT_ALONE, inputBytes: tokens * BYTES_PER_TOKEN, tokens };
}

const UNPRICED_PARTS = ['input_video', 'input_file'];
const KINDS = new Map<string, MediaKind>([
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['input_video', 'video'],
  ['input_file', 'file'],
]);
const PARTS = new Set(['text', ...KINDS.keys()]);

/** Parts of text alone are the text that they make, which every provider takes. `at` names an item for its caller. */
export function parseParts(items: readonly unknown[], at = itemOf): ParsedInput {
  let imageCount = 0;
  let hasMedia = false;
  let kinds = NO_MEDIA;
  const unpriced = new Set<string>();
  let bytes = 0;
  const texts: string[] = [];
  for (const [index, item] of items.entries()) {
    const content = isJsonObject(item) ? item['content'] : undefined;
    if (!isJsonObject(item)) throw mixed(at(index), 'an object with content');
    if (!Array.isArray(content) || content.length === 0)
      throw invalidRequest(`${at(index)}.content must be a list of at least one part`);
    let whole = '';
    for (const [position, part] of content.entries()) {
      const path = `${at(index)}.content[${position}]`;
      const type = isJsonObject(part) ? part['type'] : undefined;
      if (!isJsonObject(part) || typeof type !== 'string' || !PARTS.has(type))
        throw invalidRequest(`${path}.type must be one of ${[...PARTS].join(', ')}`);
      if (type !== 'text') hasMedia = true;
      else if (typeof part['text'] !== 'string') throw invalidRequest(`${path}.text must be text`);
      else whole += part['text'];
      kinds = withKind(kinds, KINDS.get(type));
      if (type === 'image_url') imageCount += 1;
      if (UNPRICED_PARTS.includes(type)) unpriced.add(type);
    }
    texts.push(whole);
    bytes += Buffer.byteLength(whole);
  }
  if (!hasMedia) return parseTexts(texts, at);
  const input = { kind: 'parts', items: items as readonly JsonObject[] } as const;
  const media = { hasMedia, imageCount, kinds, unpriced: [...unpriced] };
  return { input, media, inputBytes: bytes, tokens: bytes };
}

/** The most that it can come to. `alongBytes`: of what is embedded along with the inputs. */
export function sizeOf({ input, media, tokens }: ParsedInput, alongBytes = 0): RequestSize {
  return {
    promptTokensBound: media.hasMedia ? null : tokens + alongBytes + input.items.length * TOKENS_AROUND_INPUT,
    imageCount: media.imageCount,
    choices: 1,
    maxTokens: 0,
    promptCount: input.items.length,
  };
}

function mixed(at: string, expected: string) {
  return invalidRequest(`${at} must be ${expected}, as the first item is: a list holds one kind of input`);
}
