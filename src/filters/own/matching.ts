/** One pattern of somebody's own, made and matched by RE2's algorithm. */
import { RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import type { RE2JS } from 're2js';
import { compiled } from '../../policy/pattern.ts';

export class Matching {
  readonly #pattern: RE2JS;
  /** It says `$`, so that the end of a piece must not pass for the end of the text. */
  readonly #endsText: boolean;

  /** Throws for what RE2 cannot take. */
  constructor(source: string) {
    this.#pattern = compiled(source);
    this.#endsText = mayEndText(source);
  }

  /** Every match that begins in `[from, to)`, in order: where it begins and where it ends, by turns. `isEnd`: nothing comes behind `text`. */
  in(text: string, from: number, to: number, isEnd: boolean): number[] {
    const before = isEnd || !this.#endsText ? text.length + 1 : text.length;
    const found: number[] = [];
    const matcher = this.#pattern.matcher(text);
    for (let any = matcher.find(from); any; any = matcher.find()) {
      const start = matcher.start();
      if (start >= to) break;
      const end = matcher.end();
      // What matches nothing cannot be told from what is not there.
      if (end > start && end < before) found.push(start, end);
    }
    return found;
  }
}

function mayEndText(source: string): boolean {
  let found = false;
  visitRegExpAST(new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source), {
    onAssertionEnter: ({ kind }) => {
      found ||= kind === 'end';
    },
  });
  return found;
}
