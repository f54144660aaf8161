/** Blocks of a Messages request as parts of the typed prompt. What nobody else can be told is an opaque part, which adapters refuse. */
import type { MediaPart, MediaSource, Part, ReasoningPart, TextPart } from '../../chat/prompt.ts';
import { formatNamed } from '../../chat/sealed.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf } from '../content.ts';
import { unsealed } from './sealed.ts';

export function blocksOf(content: unknown): readonly JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content);
}

export function partOf(block: JsonObject): Part {
  const cache = cacheOf(block['cache_control']);
  switch (block['type']) {
    case 'text':
      return { type: 'text', text: textOrNull(block['text']) ?? '', ...cache };
    case 'image':
      return mediaOf('image', block, cache) ?? opaque(block);
    case 'document':
      return documentOf(block, cache);
    case 'thinking':
      return thoughtOf(block);
    case 'redacted_thinking':
      return sealedThoughtOf(block);
    case 'tool_use':
      return {
        type: 'tool-call',
        id: textOrNull(block['id']) ?? '',
        name: textOrNull(block['name']) ?? '',
        argumentsJson: JSON.stringify(block['input'] ?? {}),
      };
    case 'tool_result':
      return {
        type: 'tool-result',
        callId: textOrNull(block['tool_use_id']) ?? '',
        content: blocksOf(block['content']).map(partOf),
        isError: block['is_error'] === true,
      };
    case 'tool_reference':
      // The tool itself is among the others from here on.
      return { type: 'text', text: `Found the tool ${textOrNull(block['tool_name']) ?? ''}.`, ...cache };
    default:
      return opaque(block);
  }
}

function opaque(block: JsonObject): Part {
  return { type: 'opaque', dialect: 'anthropic-messages', value: block };
}

function cacheOf(control: unknown): { cache?: '5m' | '1h' } {
  if (!isJsonObject(control)) return {};
  return { cache: control['ttl'] === '1h' ? '1h' : '5m' };
}

/** Null: its bytes are somewhere that only Anthropic knows. */
function mediaOf(
  kind: 'image' | 'file',
  block: JsonObject,
  cache: Pick<TextPart, 'cache'>,
): MediaPart | null {
  const source = isJsonObject(block['source']) ? sourceOf(block['source']) : null;
  if (source === null) return null;
  const title = kind === 'file' ? textOrNull(block['title']) : null;
  return { type: 'media', kind, source, ...(title === null ? {} : { fileName: title }), ...cache };
}

function sourceOf(source: JsonObject): MediaSource | null {
  const { type, media_type, data, url, file_id } = source;
  if (type === 'base64' && typeof data === 'string')
    return { kind: 'base64', mediaType: textOrNull(media_type) ?? 'application/octet-stream', data };
  if (type === 'url' && typeof url === 'string') return { kind: 'url', url };
  if (type === 'file' && typeof file_id === 'string') return { kind: 'id', id: file_id };
  return null;
}

/** A file, or a text with its title above it. Others cannot cite from it as Anthropic does, where that is asked for. */
function documentOf(block: JsonObject, cache: Pick<TextPart, 'cache'>): Part {
  const { citations, source } = block;
  if ((isJsonObject(citations) && citations['enabled'] === true) || !isJsonObject(source))
    return opaque(block);
  const text = documentText(source);
  if (text === null) return mediaOf('file', block, cache) ?? opaque(block);
  const above = [textOrNull(block['title']), textOrNull(block['context'])].filter((line) => line !== null);
  return { type: 'text', text: [...above, text].join('\n\n'), ...cache };
}

/** Null: it is no text. */
function documentText(source: JsonObject): string | null {
  if (source['type'] === 'text') return textOrNull(source['data']);
  if (source['type'] !== 'content') return null;
  const blocks = blocksOf(source['content']);
  if (!blocks.every(({ type }) => type === 'text')) return null;
  return blocks.map(({ text }) => textOrNull(text) ?? '').join('\n');
}

function thoughtOf(block: JsonObject): ReasoningPart {
  const text = textOrNull(block['thinking']) ?? '';
  const theirs = unsealed(block['signature']);
  if (theirs !== null) return foreignThought(text, theirs);
  const signature = textOrNull(block['signature']);
  if (signature === null || signature === '') return { type: 'reasoning', text };
  return { type: 'reasoning', text, signature, format: 'anthropic-claude-v1' };
}

function sealedThoughtOf(block: JsonObject): ReasoningPart {
  const theirs = unsealed(block['data']);
  if (theirs !== null) return foreignThought('', theirs);
  return {
    type: 'reasoning',
    text: '',
    redacted: textOrNull(block['data']) ?? '',
    format: 'anthropic-claude-v1',
  };
}

/** As `thoughts.ts` sealed it. */
function foreignThought(text: string, theirs: JsonObject): ReasoningPart {
  const { signature, redacted, id } = theirs;
  const format = formatNamed(theirs['format']);
  return {
    type: 'reasoning',
    text: text === '' ? (textOrNull(theirs['text']) ?? '') : text,
    ...(typeof signature === 'string' ? { signature } : {}),
    ...(typeof redacted === 'string' ? { redacted } : {}),
    ...(typeof id === 'string' ? { id } : {}),
    ...(format === undefined ? {} : { format }),
  };
}
