/** Bytes and addresses of media as the AI SDK's packages take them. */
import type { LanguageModelV4FilePart } from '@ai-sdk/provider';
import type { MediaPart, MediaSource } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';

/** By the end of an address, where a vendor wants to be told what it will find there. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
};

/** Packages know sounds by these names alone. */
const SPELLED: Readonly<Record<string, string>> = {
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'image/jpg': 'image/jpeg',
};

/** Throws a 400 for an address whose type cannot be told and must be. */
export function mediaTypeOf({ kind, source }: MediaPart, optionsKey: string): string {
  if (source.kind === 'base64') {
    const [type = ''] = source.mediaType.toLowerCase().split(';', 1);
    return SPELLED[type] ?? type;
  }
  const address = source.kind === 'url' ? source.url : '';
  const end = /\.([a-z0-9]{2,5})(?:[?#]|$)/i.exec(address)?.[1]?.toLowerCase() ?? '';
  const known = TYPES[end];
  if (known !== undefined) return known;
  if (kind === 'image' && optionsKey !== 'googleVertex') return 'image/*';
  if (kind === 'file' && optionsKey === 'mistral') return 'application/pdf';
  throw invalidRequest(
    'this model’s provider must be told the type of what stands at an address, and this one does not end in it; send the content as a data: URL',
  );
}

export function fileDataOf(source: MediaSource): LanguageModelV4FilePart['data'] {
  if (source.kind === 'base64') return { type: 'data', data: source.data };
  const url = source.kind === 'url' ? URL.parse(source.url) : null;
  if (url === null) throw invalidRequest('an address of an image or a file is not a URL');
  return { type: 'url', url };
}
