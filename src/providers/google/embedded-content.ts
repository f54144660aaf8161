/** What is to be embedded as Google's content: OpenRouter's parts in Google's. */
import type { EmbeddingsInput } from '../../embeddings/payload.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/;

/** One for each input; null: something that is named by its address alone, or in a way that Google does not know. */
export function contentsOf(input: EmbeddingsInput): readonly JsonObject[] | null {
  if (input.kind === 'tokens') return null;
  if (input.kind === 'texts') return input.items.map((text) => ({ parts: [{ text }] }));
  const contents: JsonObject[] = [];
  for (const { content } of input.items) {
    const parts = (content as readonly JsonObject[]).map(partOf);
    if (parts.includes(null)) return null;
    contents.push({ parts });
  }
  return contents;
}

function partOf(part: JsonObject): JsonObject | null {
  switch (part['type']) {
    case 'text':
      return { text: part['text'] };
    case 'image_url':
      return inlineOf(memberOf(part['image_url'], 'url'));
    case 'input_video':
      return inlineOf(memberOf(part['video_url'] ?? part['input_video'], 'url'));
    case 'input_file':
      return inlineOf(memberOf(part['file'], 'file_data') ?? part['file_data']);
    case 'input_audio': {
      const data = memberOf(part['input_audio'], 'data');
      const format = memberOf(part['input_audio'], 'format');
      if (typeof data !== 'string' || typeof format !== 'string') return null;
      return { inlineData: { mimeType: `audio/${format}`, data } };
    }
    default:
      return null;
  }
}

function inlineOf(url: unknown): JsonObject | null {
  if (typeof url !== 'string') return null;
  const match = DATA_URL.exec(url);
  return match === null ? null : { inlineData: { mimeType: match[1], data: url.slice(match[0].length) } };
}

function memberOf(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined;
}
