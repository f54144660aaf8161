/** How OpenAI's dialects write the content of a request alike. */
import type { MediaSource } from '../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/;

/** Where the bytes of a URL are: in itself, where it is a data URL. */
export function sourceOf(url: string): MediaSource {
  const match = DATA_URL.exec(url);
  if (match === null) return { kind: 'url', url };
  return {
    kind: 'base64',
    mediaType: match[1] ?? 'application/octet-stream',
    data: url.slice(match[0].length),
  };
}

/** What is no object is left out. */
export function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
