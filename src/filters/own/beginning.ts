/**
 * Where in a text that grows a match of somebody's own patterns may have begun: the pattern of everything that a match can begin with,
 * which has to reach the end of the text. Made of the syntax tree, and matched by RE2's algorithm as the patterns themselves.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp';
import type { RE2JS } from 're2js';
import { compiled } from '../../policy/pattern.ts';
import { awaited, type Work } from '../work.ts';
import { isQuick, statesOf } from './states.ts';
import { patternThread } from './thread.ts';

/** A pattern of more elements is not taken apart. */
const MAX_ELEMENTS = 250;
/** RE2 itself refuses larger ones. */
const MAX_SOURCE = 50_000;
/** What it has more states than the patterns themselves: some three times as many, and twice that where groups repeat groups. */
const TIMES_THE_STATES = 6;

/** Where a match of one of some patterns may have begun at the earliest. */
export class OwnBeginning {
  readonly #patterns: readonly string[];
  readonly #states: number;
  readonly #isTooLong: boolean;
  #beginning: Beginning | undefined;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#states = TIMES_THE_STATES * patterns.reduce((sum, source) => sum + statesOf(source), 0);
    this.#isTooLong = patterns.reduce((sum, { length }) => sum + length, 0) > MAX_SOURCE;
  }

  /** Not before `from`; the text's length: nowhere. Throws where the thread could not do it. */
  *firstIn(text: string, from: number): Work<number> {
    if (this.#isTooLong) return from;
    if (isQuick(this.#states, text.length - from)) {
      this.#beginning ??= new Beginning(this.#patterns);
      return this.#beginning.firstIn(text, from);
    }
    return yield* awaited(patternThread.ask({ kind: 'begins', patterns: this.#patterns, text, from }));
  }
}

/** The same, made and matched where it is asked. */
export class Beginning {
  /** Null: it is not known, and a match may have begun anywhere. */
  readonly #pattern: RE2JS | null;

  constructor(patterns: readonly string[]) {
    this.#pattern = beginningOf(patterns);
  }

  firstIn(text: string, from: number): number {
    if (this.#pattern === null) return from;
    const matcher = this.#pattern.matcher(text);
    return matcher.find(from) ? matcher.start() : text.length;
  }
}

function beginningOf(patterns: readonly string[]): RE2JS | null {
  try {
    const sources = patterns.map((source) => {
      const tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source);
      return new Taken().ofAlternatives(tree.alternatives, '$');
    });
    const source = sources.map((one) => `(?:${one})`).join('|');
    return source.length > MAX_SOURCE ? null : compiled(source);
  } catch {
    return null;
  }
}

/** A pattern taken apart. */
class Taken {
  #left = MAX_ELEMENTS;

  /** `rest`: what may follow them. */
  ofAlternatives(alternatives: readonly AST.Alternative[], rest: string): string {
    return alternatives.map(({ elements }) => this.#ofRow(elements, rest)).join('|');
  }

  #ofRow(elements: readonly AST.Element[], rest: string): string {
    return elements.reduceRight((behind, element) => this.#of(element, behind), rest);
  }

  #of(element: AST.Element, rest: string): string {
    this.#left -= 1;
    if (this.#left < 0) throw new RangeError('too many elements');
    switch (element.type) {
      case 'Assertion':
        // At the end of what there is so far nobody knows what an edge of a word will be.
        return element.kind === 'start' ? `^(?:${rest})` : element.kind === 'end' ? '$' : rest;
      case 'Quantifier': {
        const { raw, max, element: repeated } = element;
        if (max === 0) return rest;
        const isLazy = !element.greedy;
        const some = raw.slice(repeated.raw.length, isLazy ? -1 : undefined);
        const fewer = max === Number.POSITIVE_INFINITY ? '*' : `{0,${max - 1}}`;
        const one = plain(repeated);
        return `(?:${one}${some}(?:${rest})|${one}${fewer}(?:${this.#of(repeated, '$')}))`;
      }
      case 'Group':
      case 'CapturingGroup': {
        if (element.type === 'Group' && element.modifiers !== null) throw new RangeError('modifiers');
        const within = this.ofAlternatives(element.alternatives, '$');
        return `(?:${plain(element)}(?:${rest})|${within})`;
      }
      default:
        return `(?:${element.raw}(?:${rest})|$)`;
    }
  }
}

/** As it was written, without names of groups, which nobody may have twice. */
function plain(element: AST.Element | AST.QuantifiableElement): string {
  switch (element.type) {
    case 'Quantifier':
      return plain(element.element) + element.raw.slice(element.element.raw.length);
    case 'Group':
    case 'CapturingGroup':
      if (element.type === 'Group' && element.modifiers !== null) throw new RangeError('modifiers');
      return `(?:${element.alternatives.map(({ elements }) => elements.map(plain).join('')).join('|')})`;
    default:
      return element.raw;
  }
}
