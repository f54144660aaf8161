/**
 * A text that comes in pieces, of which only what no filter can change any more goes on. However it is cut, the same comes out as of the
 * text as a whole.
 */
import { inEffect } from './apply.ts';
import type { CompiledFilters } from './compile.ts';
import { Normalised } from './normalise.ts';
import type { Tally } from './outcome.ts';
import { replaced } from './redact.ts';
import { type Finding, findIn } from './scan.ts';
import { undecidedFrom } from './undecided.ts';
import type { Work } from './work.ts';

/** What a match may depend on that stands before it. */
const LOOK_BACK = 64;
/** So much of what came at once is taken at once: however it is cut, the same comes out. */
const SLICE = 4096;

/** A last character that marks may be added to, and behind it what nobody sees: it is not known yet what they say together. */
const OPEN_END = /[^\p{ASCII}]?[\p{M}\p{Cf}\u{e0000}-\u{e0fff}\u115f\u1160\u3164\uffa0]*$/u;
const MAX_OPEN_END = 128;

export class GrowingText {
  readonly #compiled: CompiledFilters;
  readonly #tally: Tally;
  /** What is not decided yet, behind a little of what went on. */
  #text = '';
  #from = 0;
  /** Something of it was replaced. */
  hasChanged = false;

  constructor(compiled: CompiledFilters, tally: Tally) {
    this.#compiled = compiled;
    this.#tally = tally;
  }

  /** Gives what may go on. Yields, as all of this, wherever others may have their turn. */
  *push(text: string): Work<string> {
    if (text.length <= SLICE) {
      this.#text += text;
      return yield* this.#take(false);
    }
    const parts: string[] = [];
    for (let at = 0; at < text.length; at += SLICE) {
      this.#text += text.slice(at, at + SLICE);
      parts.push(yield* this.#take(false));
      if (this.#tally.blocking !== null) break;
      yield;
    }
    return parts.join('');
  }

  /** Nothing more comes: gives the rest. */
  *end(): Work<string> {
    return yield* this.#take(true);
  }

  *#take(isEnd: boolean): Work<string> {
    const from = this.#from;
    const text = this.#text;
    if (from === text.length) return '';
    const found: Finding[] = [];
    let to = yield* this.#look(isEnd, found);
    // A match that is decided and reaches into what is not waits for that: both may become one.
    for (let spanning = acrossOf(found, to); spanning !== undefined; spanning = acrossOf(found, to))
      to = spanning.start;
    if (to <= from) return '';
    const decided = found.filter(({ end }) => end <= to);
    // Nothing goes on from where something begins that nobody may read.
    const { filters } = this.#compiled;
    let stopsAt = decided.reduce(
      (first, { filter, start }) =>
        filters[filter]?.filter.action === 'block' ? Math.min(first, start) : first,
      to,
    );
    // What is to be replaced and ends behind the stop must not be told up to it.
    for (let cut = acrossOf(decided, stopsAt); cut !== undefined; cut = acrossOf(decided, stopsAt))
      stopsAt = cut.start;
    const replacements = inEffect(this.#compiled, decided, this.#tally, -from);
    this.hasChanged ||= replacements.length > 0;
    const kept = Math.max(0, to - LOOK_BACK);
    this.#text = text.slice(kept);
    this.#from = to - kept;
    const told = text.slice(from, stopsAt);
    return replacements.length === 0
      ? told
      : replaced(
          told,
          replacements.filter(({ end }) => end <= told.length),
        );
  }

  /** What is found behind `#from`, and how far the text is decided. */
  *#look(isEnd: boolean, found: Finding[]): Work<number> {
    const text = this.#text;
    const from = this.#from;
    const asItCame = yield* this.#lookAt(text, from, isEnd, found);
    if (Buffer.byteLength(text) === text.length) return asItCame;
    const rest = new Normalised(text.slice(from));
    yield* rest.make();
    const before = new Normalised(text.slice(0, from));
    yield* before.make();
    const plain = before.text + rest.text;
    const plainFrom = before.text.length;
    const sourceOf = (start: number, end: number): readonly [number, number] => {
      const [first, last] = rest.sourceOf(start - plainFrom, end - plainFrom);
      return [first + from, last + from];
    };
    const ofPlain: Finding[] = [];
    const plainTo = yield* this.#lookAt(plain, plainFrom, isEnd, ofPlain);
    for (const { start, end, ...one } of ofPlain) {
      const [sourceStart, sourceEnd] = sourceOf(start, end);
      const isKnown = found.some(
        (other) => other.filter === one.filter && other.start === sourceStart && other.end === sourceEnd,
      );
      if (!isKnown) found.push({ ...one, start: sourceStart, end: sourceEnd });
    }
    if (isEnd) return text.length;
    const decided = plainTo === plain.length ? text.length : sourceOf(plainTo, plainTo + 1)[0];
    return Math.min(asItCame, decided, text.length - openEnd(text));
  }

  *#lookAt(text: string, from: number, isEnd: boolean, found: Finding[]): Work<number> {
    const to = isEnd ? text.length : yield* this.#undecidedFrom(text, from);
    if (to > from) yield* findIn(this.#compiled, text, from, to, isEnd, found, this.#tally);
    return to;
  }

  /** Where nobody can say it, the patterns that it depends on count as not run. */
  *#undecidedFrom(text: string, from: number): Work<number> {
    try {
      return yield* undecidedFrom(this.#compiled, text, from);
    } catch {
      for (const [at, { filter }] of this.#compiled.filters.entries())
        if (filter.kind === 'custom') this.#tally.failed(at);
      return this.#tally.hasFailed ? from : text.length;
    }
  }
}

function acrossOf(found: readonly Finding[], to: number): Finding | undefined {
  return found.find(({ start, end }) => start < to && end > to);
}

function openEnd(text: string): number {
  return OPEN_END.exec(text.slice(-MAX_OPEN_END))?.[0].length ?? 0;
}
