/**
 * Which of many patterns a text may match, told in one pass that skips most of it: Wu and Manber's search for many words at once, here
 * for sequences of character sets (`factors.ts`). It is wrong in one direction alone.
 */
import { type CharSet, type Factor, OTHERS, otherOf, weightOf } from './factors.ts';

const CLASSES = 32;
/** ASCII, and one for each kind beyond it. */
const ASCII = 128;
const PLACES: readonly number[] = [OTHERS.spaces, OTHERS.folding, OTHERS.rest];
/** Of each UTF-16 code unit beyond ASCII, which of them. */
let places: Uint8Array | undefined;
function placesOfCodes(): Uint8Array {
  places ??= Uint8Array.from({ length: 65_536 }, (_, code) =>
    code < ASCII ? code : ASCII + PLACES.indexOf(otherOf(code)),
  );
  return places;
}

interface Entry {
  readonly pattern: number;
  /** For each place of the factor a bit for each class that may stand there. */
  readonly masks: Int32Array;
  /** So many places of it are behind the window that is searched for. */
  readonly behind: number;
}

export interface Screen {
  /** Sets `hits[pattern]` for each that may match with a factor that ends in `[from, to)`, and says whether there is any. */
  mark(text: string, from: number, to: number, hits: Uint8Array): boolean;
}

/** Of the classes of three characters in a row, or of two where a factor has no more: five bits each. */
const BLOCKS = CLASSES ** 3;

/**
 * @param patterns of each, its factors
 * @param first the number of the first of them, where others are looked for by another screen
 */
export function createScreen(patterns: readonly (readonly Factor[])[], first = 0): Screen {
  const factors = patterns.flatMap((own, at) => own.map((factor) => ({ pattern: first + at, factor })));
  if (factors.length === 0) return { mark: () => false };
  const width = Math.min(...factors.map(({ factor }) => factor.length));
  const block = Math.min(3, width);
  const classes = classesOf(factors.flatMap(({ factor }) => factor));
  const shifts = new Uint8Array(BLOCKS).fill(width - block + 1);
  const buckets = new Map<number, Entry[]>();
  for (const { pattern, factor } of factors) {
    // The rarest part of a longer one.
    const start = startOf(factor, width);
    const allowed = factor.map((set) => allowedIn(set, classes));
    const window = allowed.slice(start, start + width);
    const masks = Int32Array.from(allowed, maskOf);
    const entry = { pattern, masks, behind: factor.length - start - width };
    for (let end = block; end <= width; end += 1) {
      const shift = width - end;
      for (const place of blocksOf(window.slice(end - block, end))) {
        if (shift < (shifts[place] ?? 0)) shifts[place] = shift;
        if (shift > 0) continue;
        // By the character before these three too: some threes are in every text.
        const before = window[end - block - 1];
        for (let one = 0; one < CLASSES; one += 1) {
          if (before !== undefined && before[one] !== 1) continue;
          const key = place * CLASSES + one;
          const known = buckets.get(key);
          if (known === undefined) buckets.set(key, [entry]);
          else known.push(entry);
        }
      }
    }
  }
  const { ofCode } = classes;
  const ofThree = block === 3 ? CLASSES - 1 : 0;
  return {
    mark(text, from, to, hits) {
      let at = Math.max(from, width - 1);
      const end = Math.min(to, text.length);
      let hasAny = false;
      while (at < end) {
        const last = text.charCodeAt(at);
        const middle = text.charCodeAt(at - 1);
        const one = text.charCodeAt(at - 2);
        const place =
          (((ofCode[one] as number) & ofThree) << 10) |
          ((ofCode[middle] as number) << 5) |
          (ofCode[last] as number);
        const shift = shifts[place] as number;
        if (shift > 0) {
          at += shift;
          continue;
        }
        // At the beginning of the text nothing is before it, which no factor asks for then.
        const key = place * CLASSES + (at < block ? 0 : (ofCode[text.charCodeAt(at - block)] as number));
        for (const entry of buckets.get(key) ?? NONE) {
          if (hits[entry.pattern] === 0 && fits(entry, text, at, ofCode)) {
            hits[entry.pattern] = 1;
            hasAny = true;
          }
        }
        at += 1;
      }
      return hasAny;
    },
  };
}

/** The places of all that these sets of classes match one after the other; of two the first is not looked at. */
function blocksOf(allowed: readonly Uint8Array[]): number[] {
  const [first, middle, last] = allowed.length === 3 ? allowed : [ONLY_FIRST, ...allowed];
  const found: number[] = [];
  for (let one = 0; one < CLASSES; one += 1) {
    if (first?.[one] !== 1) continue;
    for (let two = 0; two < CLASSES; two += 1) {
      if (middle?.[two] !== 1) continue;
      for (let three = 0; three < CLASSES; three += 1)
        if (last?.[three] === 1) found.push((one << 10) | (two << 5) | three);
    }
  }
  return found;
}

const maskOf = (allowed: Uint8Array): number =>
  allowed.reduce((mask, may, at) => (may === 1 ? mask | (1 << at) : mask), 0);

const ONLY_FIRST = Uint8Array.of(1);

const NONE: readonly Entry[] = [];

/** From its beginning, which is seldom what was searched for. */
function fits({ masks, behind }: Entry, text: string, at: number, ofCode: Uint8Array): boolean {
  let place = at + behind - masks.length + 1;
  for (let step = 0; step < masks.length; step += 1) {
    // Behind the end, and before the beginning, is nothing.
    const own = ofCode[text.charCodeAt(place)];
    if (own === undefined) return false;
    if ((((masks[step] as number) >>> own) & 1) === 0) return false;
    place += 1;
  }
  return true;
}

interface Classes {
  /** Of each UTF-16 code unit its class. */
  readonly ofCode: Uint8Array;
  /** The same of ASCII, and of each kind beyond it. */
  readonly ofPlace: Uint8Array;
}

const PLACE_COUNT = ASCII + PLACES.length;

/** What texts have most of, first. */
const COMMON = " etaoinshrdlucmfwypvbgkqjxz.,'\n-";

/**
 * Characters that no set tells apart are one class. Where there are more classes than places, the rarest share the last, which only
 * lets more through.
 */
function classesOf(sets: readonly CharSet[]): Classes {
  const distinct = [...new Map(sets.map((set) => [`${set.ascii} ${set.others}`, set])).values()];
  const members = new Map<string, number[]>();
  for (let code = 0; code < PLACE_COUNT; code += 1) {
    const signature = distinct.map((set) => (has(set, code) ? '1' : '0')).join('');
    const known = members.get(signature);
    if (known === undefined) members.set(signature, [code]);
    else known.push(code);
  }
  const rankOf = (code: number) => {
    // What whole alphabets share must not be taken for anything else.
    if (code >= ASCII) return -1;
    const rank = COMMON.indexOf(String.fromCharCode(code));
    return rank === -1 ? COMMON.length : rank;
  };
  const byRank = [...members.values()].sort(
    (one, other) => Math.min(...one.map(rankOf)) - Math.min(...other.map(rankOf)),
  );
  const ofPlace = new Uint8Array(PLACE_COUNT);
  for (const [at, codes] of byRank.entries())
    for (const code of codes) ofPlace[code] = Math.min(at, CLASSES - 1);
  return { ofPlace, ofCode: placesOfCodes().map((place) => ofPlace[place] ?? 0) };
}

function has({ ascii, others }: CharSet, code: number): boolean {
  if (code < ASCII) return ((ascii >> BigInt(code)) & 1n) === 1n;
  return (others & (PLACES[code - ASCII] ?? 0)) !== 0;
}

function allowedIn(set: CharSet, { ofPlace }: Classes): Uint8Array {
  const allowed = new Uint8Array(CLASSES);
  for (let code = 0; code < PLACE_COUNT; code += 1) {
    if (has(set, code)) allowed[ofPlace[code] ?? 0] = 1;
  }
  return allowed;
}

/** Where the part of it begins that is looked for: the rarest, whose characters let the search go on the furthest. */
function startOf(factor: Factor, width: number): number {
  let [best, most] = [0, -1];
  for (let start = 0; start + width <= factor.length; start += 1) {
    const weight = weightOf(factor.slice(start, start + width));
    if (weight > most) [best, most] = [start, weight];
  }
  return best;
}
