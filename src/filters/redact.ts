/** Findings put into effect on one text: what matched is replaced, and every other character stays as it was. */
import type { Work } from './work.ts';

export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly placeholder: string;
}

/** So many are gone through before others get their turn. */
const A_TURN = 2048;
/** They are sorted by so many characters of the text at once. */
const SORTED_BITS = 14;

/**
 * Of matches that overlap one takes the place of all: that of the one which begins first, and is the longest of those. Yields wherever
 * others may have their turn, as all of these do.
 */
function* merged(replacements: readonly Replacement[]): Work<Replacement[]> {
  const result: Replacement[] = [];
  for (const part of yield* inParts(replacements)) {
    part.sort((one, other) => one.start - other.start || other.end - one.end);
    for (const next of part) {
      const last = result.at(-1);
      if (last === undefined || next.start >= last.end) result.push(next);
      else if (next.end > last.end) result[result.length - 1] = { ...last, end: next.end };
    }
    yield;
  }
  return result;
}

/** Those that begin in the same part of the text, part by part. */
function* inParts(replacements: readonly Replacement[]): Work<Replacement[][]> {
  const parts: Replacement[][] = [];
  for (const [at, one] of replacements.entries()) {
    const part = one.start >> SORTED_BITS;
    parts[part] ??= [];
    parts[part].push(one);
    if (at % A_TURN === A_TURN - 1) yield;
  }
  return parts.filter((part) => part !== undefined);
}

export function* replacing(text: string, replacements: readonly Replacement[]): Work<string> {
  return yield* written(text, yield* merged(replacements));
}

function* written(text: string, replacements: readonly Replacement[]): Work<string> {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, placeholder } of replacements) {
    parts.push(text.slice(at, start), placeholder);
    at = end;
    if (parts.length % A_TURN === 0) yield;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** The same at once, of a few. */
export function replaced(text: string, replacements: readonly Replacement[]): string {
  const work = replacing(text, replacements);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same over texts that stand in a row: a match that begins in one and ends in another leaves its placeholder where it began.
 * @param replacements in the texts joined together
 */
export function* replacingAcross(
  texts: readonly string[],
  replacements: readonly Replacement[],
): Work<string[]> {
  const all = yield* merged(replacements);
  const results: string[] = [];
  let offset = 0;
  let next = 0;
  for (const text of texts) {
    const from = offset;
    const to = offset + text.length;
    offset = to;
    const own: Replacement[] = [];
    for (let at = next; at < all.length; at += 1) {
      const one = all[at];
      if (one === undefined || one.start >= to) break;
      // What goes on into the next text is looked at there again.
      if (one.end <= to) next = at + 1;
      if (one.end <= from) continue;
      own.push({
        start: Math.max(one.start, from) - from,
        end: Math.min(one.end, to) - from,
        placeholder: one.start >= from ? one.placeholder : '',
      });
      if (own.length % A_TURN === 0) yield;
    }
    results.push(own.length === 0 ? text : yield* written(text, own));
  }
  return results;
}
