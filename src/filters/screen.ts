/**
 * Which of many patterns a text may match, told in one pass that skips most of it: Wu and Manber's search for many words at once, here
 * for sequences of character sets (`factors.ts`). It is wrong in one direction alone.
 */
import { type CharSet, type Factor, weightOf } from './factors.ts';

const CLASSES = 64;
const OTHERS = 128;

interface Entry {
  readonly pattern: number;
  /** For each place of the window, whether each class may stand there. */
  readonly allowed: readonly Uint8Array[];
}

export interface Screen {
  /** Sets `hits[pattern]` for each that may match with a factor that ends in `[from, to)`, and says whether there is any. */
  mark(text: string, from: number, to: number, hits: Uint8Array): boolean;
}

/** @param patterns of each, its factors; null: it cannot be screened, and is not looked for here */
export function createScreen(patterns: readonly (readonly Factor[] | null)[]): Screen {
  const factors = patterns.flatMap((own, pattern) => (own ?? []).map((factor) => ({ pattern, factor })));
  if (factors.length === 0) return { mark: () => false };
  const width = Math.min(...factors.map(({ factor }) => factor.length));
  const classes = classesOf(factors.flatMap(({ factor }) => factor));
  const shifts = new Uint8Array(CLASSES * CLASSES).fill(width - 1);
  const buckets: Entry[][] = Array.from({ length: CLASSES * CLASSES }, () => []);
  for (const { pattern, factor } of factors) {
    // The rarest part of a longer one.
    const window = factor.slice(startOf(factor, width), startOf(factor, width) + width);
    const allowed = window.map((set) => allowedIn(set, classes));
    for (let at = 1; at < width; at += 1) {
      const shift = width - 1 - at;
      for (const pair of pairsOf(allowed[at - 1], allowed[at])) {
        if (shift < (shifts[pair] ?? 0)) shifts[pair] = shift;
        if (shift === 0) buckets[pair]?.push({ pattern, allowed });
      }
    }
  }
  const { ofCode } = classes;
  return {
    mark(text, from, to, hits) {
      let at = Math.max(from, width - 1);
      const end = Math.min(to, text.length);
      let hasAny = false;
      while (at < end) {
        const last = text.charCodeAt(at);
        const before = text.charCodeAt(at - 1);
        const pair =
          ((before < OTHERS ? ofCode[before] : ofCode[OTHERS]) ?? 0) * CLASSES +
          ((last < OTHERS ? ofCode[last] : ofCode[OTHERS]) ?? 0);
        const shift = shifts[pair] ?? 0;
        if (shift > 0) {
          at += shift;
          continue;
        }
        for (const entry of buckets[pair] ?? NONE) {
          if (hits[entry.pattern] === 0 && fits(entry.allowed, text, at, ofCode)) {
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

const NONE: readonly Entry[] = [];

function fits(allowed: readonly Uint8Array[], text: string, end: number, ofCode: Uint8Array): boolean {
  let at = end;
  for (let place = allowed.length - 1; place >= 0; place -= 1) {
    const code = text.charCodeAt(at);
    if (allowed[place]?.[(code < OTHERS ? ofCode[code] : ofCode[OTHERS]) ?? 0] !== 1) return false;
    at -= 1;
  }
  return true;
}

interface Classes {
  /** Of each ASCII character its class, and of all others behind them. */
  readonly ofCode: Uint8Array;
}

/** Characters that no set tells apart are one class; those beyond the last are together in it, which only lets more through. */
function classesOf(sets: readonly CharSet[]): Classes {
  const distinct = [...new Map(sets.map((set) => [`${set.ascii} ${set.others}`, set])).values()];
  const known = new Map<string, number>();
  const ofCode = new Uint8Array(OTHERS + 1);
  let count = 0;
  for (let code = 0; code <= OTHERS; code += 1) {
    const signature = distinct.map((set) => (has(set, code) ? '1' : '0')).join('');
    let own = known.get(signature);
    if (own === undefined) {
      own = Math.min(count, CLASSES - 1);
      known.set(signature, own);
      count += 1;
    }
    ofCode[code] = own;
  }
  return { ofCode };
}

function has({ ascii, others }: CharSet, code: number): boolean {
  return code === OTHERS ? others : ((ascii >> BigInt(code)) & 1n) === 1n;
}

function allowedIn(set: CharSet, { ofCode }: Classes): Uint8Array {
  const allowed = new Uint8Array(CLASSES);
  for (let code = 0; code <= OTHERS; code += 1) {
    if (has(set, code)) allowed[ofCode[code] ?? 0] = 1;
  }
  return allowed;
}

function pairsOf(before: Uint8Array | undefined, last: Uint8Array | undefined): number[] {
  const pairs: number[] = [];
  if (before === undefined || last === undefined) return pairs;
  for (let one = 0; one < CLASSES; one += 1) {
    if (before[one] !== 1) continue;
    for (let other = 0; other < CLASSES; other += 1) if (last[other] === 1) pairs.push(one * CLASSES + other);
  }
  return pairs;
}

/** Where the part of it begins that is looked for: the rarest, whose pairs of characters let the search go on the furthest. */
function startOf(factor: Factor, width: number): number {
  let [best, most] = [0, -1];
  for (let start = 0; start + width <= factor.length; start += 1) {
    const weight = weightOf(factor.slice(start, start + width));
    if (weight > most) [best, most] = [start, weight];
  }
  return best;
}
