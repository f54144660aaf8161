/** Texts, images and documents as blocks of Anthropic's messages. */
import type { MediaPart, OpaquePart, Part, TextPart } from '../../chat/prompt.ts';
import { invalidRequest, type TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/** Null: nothing was said. The vendor refuses texts that are empty or blank. Throws a 400 for what it cannot be sent. */
export function contentBlock(part: Part): JsonObject | null {
  switch (part.type) {
    case 'text':
      return textBlock(part);
    case 'refusal':
      return textBlock({ type: 'text', text: part.text });
    case 'media':
      return { ...mediaBlock(part), ...cacheMark(part.cache) };
    case 'opaque':
      return opaqueBlock(part);
    default:
      throw invalidRequest(`this model's provider cannot be sent content of the type "${part.type}" here`);
  }
}

function textBlock({ text, cache }: TextPart): JsonObject | null {
  return text.trim() === '' ? null : { type: 'text', text, ...cacheMark(cache) };
}

export function cacheMark(cache: '5m' | '1h' | undefined): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: cache === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' } };
}

function opaqueBlock({ dialect, value }: OpaquePart): JsonObject {
  if (dialect === 'anthropic-messages') return { ...value };
  const kind = String(value['type'] ?? Object.keys(value)[0] ?? 'unknown');
  throw invalidRequest(`this model's provider cannot be sent content of the type "${kind}"`);
}

function mediaBlock(part: MediaPart): JsonObject {
  const { kind, source, fileName } = part;
  if (kind === 'audio' || kind === 'video') throw refused(part);
  if (source.kind === 'id') throw refused(part);
  const title = fileName === undefined ? {} : { title: fileName };
  if (source.kind === 'url') {
    if (!/^https?:\/\//i.test(source.url)) {
      throw invalidRequest(`this model's provider takes an ${kind} from an http(s) or a data URL alone`);
    }
    const address = { type: 'url', url: source.url };
    return kind === 'image'
      ? { type: 'image', source: address }
      : { type: 'document', source: address, ...title };
  }
  const mediaType = mediaTypeOf(source.mediaType);
  const { data } = source;
  if (IMAGE_TYPES.has(mediaType)) {
    return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
  }
  if (kind === 'file' && mediaType === 'application/pdf') {
    return { type: 'document', source: { type: 'base64', media_type: mediaType, data }, ...title };
  }
  if (kind === 'file' && isText(mediaType)) {
    const text = Buffer.from(data, 'base64').toString('utf8');
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...title };
  }
  throw invalidRequest(
    `this model's provider cannot be sent content of the type ${mediaType}: it takes JPEG, PNG, GIF, WebP, PDF and plain text`,
  );
}

function mediaTypeOf(mediaType: string): string {
  const plain = mediaType.toLowerCase().split(';')[0]?.trim() ?? '';
  return plain === 'image/jpg' ? 'image/jpeg' : plain;
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType === 'application/json' || mediaType === 'application/xml';
}

function refused({ kind, source }: MediaPart): TurnpikeError {
  return invalidRequest(
    source.kind === 'id'
      ? `this model's provider does not know the ${kind} ${source.id}: send its content`
      : `this model's provider cannot be sent ${kind}`,
  );
}
