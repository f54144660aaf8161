/**
 * A text as filters look at it: compatibility forms made plain (NFKC: full-width digits, ligatures, mathematical letters), and what
 * nobody sees left out (soft hyphens, zero-width characters, marks of direction). Made once a text; where matches lie in the text as
 * it came is known of each character.
 */
import type { Work } from './work.ts';

/** Characters without a width, marks of direction, variation selectors, tags, and the soft hyphen. */
const INVISIBLE =
  /\u034f|\p{Variation_Selector}|[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** Unicode's tags, of which each says a character of ASCII that nobody sees and models read. */
const HIDDEN_TEXT = /[\u{e0020}-\u{e007e}]{4,}/gu;

/** A character with the marks that belong to it, which may become one; syllables of Hangul are put together of up to three. */
const CLUSTER =
  /[\u{e0020}-\u{e007e}]{4,}|[\u1100-\u115f\ua960-\ua97c][\u1160-\u11ff\ud7b0-\ud7fb]*\p{M}*|[\s\S]\p{M}*/gu;

/** So much is normalised at once. */
const SLICE = 2048;
/** A character has fewer marks than that. */
const MAX_MARKS = 64;

interface Slice {
  /** Where it begins, in the text as it came and in the normalised one. */
  readonly source: number;
  readonly plain: number;
  readonly isSame: boolean;
  /** Where each of its characters came from; made when a match lies in it. */
  map: SliceMap | null;
}
interface SliceMap {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export class Normalised {
  text = '';
  readonly #source: string;
  readonly #slices: Slice[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** Yields between slices. Gives false where the text is normalised as it came. */
  *make(): Work<boolean> {
    const source = this.#source;
    const parts: string[] = [];
    let length = 0;
    let isSame = true;
    for (let at = 0; at < source.length; ) {
      const end = sliceEnd(source, Math.min(at + SLICE, source.length));
      const slice = source.slice(at, end);
      const plain = Buffer.byteLength(slice) === slice.length ? slice : plainOf(slice);
      this.#slices.push({ source: at, plain: length, isSame: plain === slice, map: null });
      isSame &&= plain === slice;
      parts.push(plain);
      length += plain.length;
      at = end;
      yield;
    }
    this.text = parts.join('');
    return !isSame;
  }

  /** Where a match `[start, end)` of it lies in the text as it came. */
  sourceOf(start: number, end: number): readonly [start: number, end: number] {
    return [this.#edge(start, 'starts'), this.#edge(end - 1, 'ends')];
  }

  /** The last that begins at or before this place of the normalised text. */
  #sliceAt(at: number): number {
    let [low, high] = [0, this.#slices.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#slices[middle]?.plain ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #edge(at: number, edge: keyof SliceMap): number {
    const index = this.#sliceAt(at);
    const slice = this.#slices[index];
    if (slice === undefined) return at;
    if (slice.isSame) return slice.source + at - slice.plain + (edge === 'ends' ? 1 : 0);
    const end = this.#slices[index + 1]?.source ?? this.#source.length;
    slice.map ??= mapOf(this.#source.slice(slice.source, end));
    return slice.source + (slice.map[edge][at - slice.plain] ?? end - slice.source);
  }
}

/** Where no character is cut off from its marks. */
function sliceEnd(source: string, wanted: number): number {
  let end = wanted;
  while (end < source.length && end - wanted < MAX_MARKS && CONTINUES.test(source[end] ?? '')) end += 1;
  return end;
}

/** Marks, second halves of pairs, and what joins a syllable of Hangul. */
const CONTINUES = /^[\p{M}\u1160-\u11ff\ud7b0-\ud7fb\udc00-\udfff]/u;

function mapOf(slice: string): SliceMap {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { 0: cluster, index } of slice.matchAll(CLUSTER)) {
    const length = cluster.length === 1 && cluster < '\u0080' ? 1 : plainOf(cluster).length;
    for (let at = 0; at < length; at += 1) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return { starts, ends };
}

function plainOf(text: string): string {
  return text.replace(HIDDEN_TEXT, said).normalize('NFKC').replace(INVISIBLE, '');
}

/** A word of its own, whatever it was hidden in. */
const said = (tags: string): string =>
  ` ${String.fromCodePoint(...[...tags].map((tag) => (tag.codePointAt(0) ?? 0xe0020) - 0xe0000))} `;
