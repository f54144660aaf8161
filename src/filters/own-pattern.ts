/** A pattern of somebody's own as a detector. */
import { RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import type { RE2JS } from 're2js';
import { compiled } from '../policy/pattern.ts';
import type { Detector, Found } from './detector.ts';

export function ownPattern(source: string): Detector {
  let pattern: RE2JS | undefined;
  let endsText: boolean | undefined;
  return {
    find: (text, from, to, found, isEnd) => {
      pattern ??= compiled(source);
      endsText ??= mayEndText(source);
      findIn(pattern, text, from, to, isEnd || !endsText ? text.length + 1 : text.length, found);
      return to;
    },
  };
}

/** Whether it says `$`, so that the end of a piece must not pass for the end of the text. */
function mayEndText(source: string): boolean {
  let found = false;
  visitRegExpAST(new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source), {
    onAssertionEnter: ({ kind }) => {
      found ||= kind === 'end';
    },
  });
  return found;
}

function findIn(pattern: RE2JS, text: string, from: number, to: number, before: number, found: Found): void {
  const matcher = pattern.matcher(text);
  for (let any = matcher.find(from); any; any = matcher.find()) {
    const start = matcher.start();
    if (start >= to) return;
    const end = matcher.end();
    // What matches nothing cannot be told from what is not there.
    if (end > start && end < before) found(start, end);
  }
}
