/** Which kinds of content beside text a request has, so that no model is sent what it cannot read. */
import type { MediaPart } from './prompt.ts';

export type MediaKind = MediaPart['kind'];

/** Of a request of text alone. */
export const NO_MEDIA: readonly MediaKind[] = [];

/** In the order in which a refusal names the first. */
const KINDS: readonly MediaKind[] = ['image', 'audio', 'video', 'file'];

/** Those kinds and this one, each once. Undefined: nothing is added. */
export function withKind(kinds: readonly MediaKind[], kind: MediaKind | undefined): readonly MediaKind[] {
  return kind === undefined || kinds.includes(kind) ? kinds : [...kinds, kind];
}

/** Of the content that has such a media type, as vendors sort them: whatever is no picture, sound or film is a file. */
export function kindOfMediaType(mediaType: string): MediaKind {
  const [family] = mediaType.split('/');
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'file';
}

/**
 * The first kind that a model with these `input_modalities` cannot read; null: it can read all. A file is shown page by page to
 * models that read pictures, and lists of models that leave `file` out name many of those.
 */
export function unreadableKind(
  kinds: readonly MediaKind[],
  inputModalities: readonly string[],
): MediaKind | null {
  for (const kind of KINDS) {
    if (!kinds.includes(kind) || inputModalities.includes(kind)) continue;
    if (kind !== 'file' || !inputModalities.includes('image')) return kind;
  }
  return null;
}
