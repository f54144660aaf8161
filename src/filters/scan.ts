/** One text, looked at by every filter. */
import type { Writer } from '../chat/texts.ts';
import type { CompiledDetector, CompiledFilter, CompiledFilters } from './compile.ts';
import type { Found } from './detector.ts';
import { hasSpacedLetters, spacedLetters } from './evasion.ts';
import { INJECTION_PATTERNS } from './injection.ts';
import { Normalised } from './normalise.ts';
import type { Tally } from './outcome.ts';
import type { OwnPattern } from './own/pattern.ts';
import type { Work } from './work.ts';

/** A match in the text as it came. */
export interface Finding {
  /** Its place in `CompiledFilters.filters`. */
  readonly filter: number;
  readonly start: number;
  readonly end: number;
  /** What exactly it is, where a filter has several. */
  readonly name: string | undefined;
}

/** So much of a long text is looked at before others get their turn; and this much more, where a match may end. */
const PIECE = 32_768;
const LOOK_AHEAD = 16_384;
/** The same of own patterns, which may take a thousand times as long a character as a plain search: others have their turn behind each. */
const OWN_PIECE = 8192;
const OWN_LOOK_AHEAD = 4096;
/** What a match may depend on that stands before it. */
const LOOK_BACK = 64;

/** Longer ones are looked at piece by piece. */
const SHORT_TEXT = PIECE + LOOK_AHEAD;

/** Yields wherever others may have their turn. Findings are in no order. */
export function* scanText(
  compiled: CompiledFilters,
  source: string,
  writer: Writer,
  found: Finding[],
  tally: Pick<Tally, 'failed'>,
): Work<void> {
  // Plain ASCII, as nearly all are: told by its size, which takes next to nothing.
  const plain = new Normalised(source);
  if (Buffer.byteLength(source) === source.length || !(yield* plain.make())) {
    yield* scanPlain(compiled, source, writer, found, tally);
    return;
  }
  const ofPlain: Finding[] = [];
  yield* scanPlain(compiled, plain.text, writer, ofPlain, tally);
  const known = new Map<number, number>();
  const placeOf = ({ filter, start }: Finding) => start * compiled.filters.length + filter;
  for (const [at, { start, end, ...rest }] of ofPlain.entries()) {
    const [from, to] = plain.sourceOf(start, end);
    const finding = { ...rest, start: from, end: to };
    found.push(finding);
    known.set(placeOf(finding), to);
    if (at % A_TURN === 0) yield;
  }
  // Also as it came: a letter in disguise before a key would else make one word of both, and patterns may name such letters.
  const asItCame: Finding[] = [];
  yield* scanPlain(compiled, source, writer, asItCame, tally);
  for (const [at, finding] of asItCame.entries()) {
    if (known.get(placeOf(finding)) !== finding.end) found.push(finding);
    if (at % A_TURN === 0) yield;
  }
}

/** So many findings are gone through before others get their turn. */
const A_TURN = 256;

function* scanPlain(
  compiled: CompiledFilters,
  text: string,
  writer: Writer,
  found: Finding[],
  tally: Pick<Tally, 'failed'>,
): Work<void> {
  const run = { compiled, writer, found, tally };
  if (text.length <= SHORT_TEXT) yield* scanPiece(run, text, 0, text.length, true, 0);
  else {
    for (let at = 0; at < text.length; at += PIECE) {
      const begin = Math.max(0, at - LOOK_BACK);
      const end = Math.min(text.length, at + PIECE + LOOK_AHEAD);
      const piece = text.slice(begin, end);
      const to = Math.min(at + PIECE, text.length) - begin;
      yield* scanPiece(run, piece, at - begin, to, end === text.length, begin);
      yield;
    }
  }
}

/** What begins in `[from, to)` of a text that is normalised already. `isEnd`: nothing comes behind it. */
export function* findIn(
  compiled: CompiledFilters,
  text: string,
  from: number,
  to: number,
  isEnd: boolean,
  found: Finding[],
  tally: Pick<Tally, 'failed'>,
): Work<void> {
  yield* scanPiece({ compiled, writer: 'assistant', found, tally }, text, from, to, isEnd, 0);
}

interface Run {
  readonly compiled: CompiledFilters;
  readonly writer: Writer;
  readonly found: Finding[];
  readonly tally: Pick<Tally, 'failed'>;
}

/** What begins in `[from, to)` of a piece that itself begins at `offset` of the text. */
function* scanPiece(
  { compiled, writer, found, tally }: Run,
  piece: string,
  from: number,
  to: number,
  isEnd: boolean,
  offset: number,
): Work<void> {
  const { filters, screens, screenedCount, allowed } = compiled;
  const hits = new Uint8Array(screenedCount);
  for (const screen of screens) {
    for (let at = from; at < piece.length; at += SCREENED) {
      screen.mark(piece, at, Math.min(at + SCREENED, piece.length), hits);
      if (piece.length > SCREENED) yield;
    }
  }
  let uncovered: string | undefined;
  for (let filter = 0; filter < filters.length; filter += 1) {
    const one = filters[filter];
    if (one === undefined || !looksAt(one, writer)) continue;
    const tell: Found = (start, end, name) =>
      found.push({ filter, start: start + offset, end: end + offset, name });
    try {
      for (const each of one.detectors) {
        if (!mayFind(each, piece, from, hits)) continue;
        if (each.own !== null) yield* findOwn(each.own, piece, from, to, tell, isEnd);
        else {
          const { detector } = each;
          if (each.isMasked) uncovered ??= allowed.length === 0 ? piece : covered(piece, allowed);
          const text = each.isMasked ? (uncovered ?? piece) : piece;
          yield* inSteps(text, from, to, (start, end) => detector.find(text, start, end, tell, isEnd));
        }
      }
      if (one.isInjection && hasSpacedLetters(piece))
        yield* inSteps(piece, from, to, (start, end) => spaced(piece, start, end, tell));
    } catch {
      tally.failed(filter);
    }
    if (piece.length > OWN_PIECE) yield;
  }
}

/** So much of a piece is screened before others get their turn. */
const SCREENED = 16_384;
/** One detector looks at so much of a piece at once, and on to the next space: what begins inside a word or a number is no match, so none is cut in two. */
const STEP = 4096;

/** `look` says where to go on at the earliest. */
function* inSteps(
  text: string,
  from: number,
  to: number,
  look: (from: number, to: number) => number,
): Work<void> {
  if (to - from <= 2 * STEP) {
    look(from, to);
    return;
  }
  for (let at = from; at < to; ) {
    const end = Math.min(to, spaceBehind(text, at + STEP));
    at = Math.max(end, look(at, end));
    yield;
  }
}

function spaceBehind(text: string, from: number): number {
  SPACE.lastIndex = from;
  return SPACE.exec(text)?.index ?? text.length;
}

const SPACE = /\s/g;

function mayFind(
  { detector, screened }: CompiledDetector,
  piece: string,
  from: number,
  hits: Uint8Array,
): boolean {
  if (screened !== null) return hits[screened] !== 0;
  return detector?.signs?.some((sign) => sign(piece, from)) !== false;
}

/** Whether there is anything to look closer at: what nearly every text is asked, and nearly none has. */
export function mayMatch(compiled: CompiledFilters, text: string): boolean {
  if (text.length > SHORT_TEXT || Buffer.byteLength(text) !== text.length) return true;
  const { screens, screenedCount, signs, hasInjection } = compiled;
  if (signs === null) return true;
  const hits = new Uint8Array(screenedCount);
  for (const screen of screens) if (screen.mark(text, 0, text.length, hits)) return true;
  for (const sign of signs) if (sign(text, 0)) return true;
  return hasInjection && hasSpacedLetters(text);
}

function looksAt({ filter, skipped }: CompiledFilter, writer: Writer): boolean {
  return skipped === null && (filter.scanScope !== 'user_only' || writer === 'user');
}

function* findOwn(
  own: OwnPattern,
  piece: string,
  from: number,
  to: number,
  tell: Found,
  isEnd: boolean,
): Work<void> {
  const isWhole = piece.length <= OWN_PIECE + OWN_LOOK_AHEAD;
  const step = isWhole ? piece.length : OWN_PIECE;
  for (let at = from; at < to; at += step) {
    const begin = isWhole ? 0 : Math.max(0, at - LOOK_BACK);
    const end = Math.min(piece.length, at + step + OWN_LOOK_AHEAD);
    const found = yield* own.matches(
      piece.slice(begin, end),
      at - begin,
      Math.min(at + step, to) - begin,
      isEnd && end === piece.length,
    );
    for (let match = 0; match + 1 < found.length; match += 2)
      tell((found[match] ?? 0) + begin, (found[match + 1] ?? 0) + begin);
    yield;
  }
}

/** Without anything between the letters, words may stand together as well. */
const CLOSED_UP = INJECTION_PATTERNS.filter(({ source }) => source.includes('\\s+')).map(
  ({ source, flags }) => new RegExp(source.replaceAll('\\s+', '\\s*').replaceAll('\\b', ''), flags),
);

/** So much around letters one by one may belong to what they say. */
const AROUND = 120;

function spaced(piece: string, from: number, to: number, tell: Found): number {
  return spacedLetters(piece, from, to, (start, end, said) => {
    const before = piece.slice(Math.max(0, start - AROUND), start);
    const closed = before + said + piece.slice(end, end + AROUND);
    const saidEnd = before.length + said.length;
    for (const pattern of CLOSED_UP) {
      const match = pattern.exec(closed);
      if (match === null || match.index >= saidEnd) continue;
      const matchEnd = match.index + match[0].length;
      if (matchEnd <= before.length) continue;
      tell(
        start - Math.max(0, before.length - match.index),
        end + Math.max(0, matchEnd - saidEnd),
        'character_spaced_injection',
      );
      return;
    }
  });
}

/** The piece with what the account allows covered, place by place; the same piece where it has none of it. */
function covered(piece: string, phrases: readonly string[]): string {
  // A few letters are longer in lower case: then only what is written alike is found.
  const folded = piece.toLowerCase();
  const lower = folded.length === piece.length ? folded : piece;
  let result = piece;
  for (const phrase of phrases) {
    const parts: string[] = [];
    let end = 0;
    for (let at = lower.indexOf(phrase); at !== -1; at = lower.indexOf(phrase, end)) {
      parts.push(result.slice(end, at), COVER.repeat(phrase.length));
      end = at + phrase.length;
    }
    if (end > 0) result = parts.join('') + result.slice(end);
  }
  return result;
}

/** No pattern has it. */
const COVER = '\u0000';
