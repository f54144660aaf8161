/** What looks for one kind of thing. */

/** Told of a match `[start, end)`. `name`: what exactly it is (`github-token`, `reveal_prompt`), where a kind has several. */
export type Found = (start: number, end: number, name?: string) => void;

export interface Detector {
  /**
   * The text can have a match that begins at `from` or behind it only if it has one of these signs: cheap, and wrong in one direction
   * alone. Kinds that ask for the same name the same function. Absent: `screen.ts` asks for its factors.
   */
  readonly signs?: readonly Sign[];
  /**
   * Tells every match that begins in `[from, to)`, in order. `text` may be a piece of a longer one, with some of what stands before
   * `from` and behind `to`; `isEnd`: it ends where the longer one ends.
   * @returns where the next may begin at the earliest; what is before `to` says nothing
   */
  readonly find: (text: string, from: number, to: number, found: Found, isEnd: boolean) => number;
}

export type Sign = (text: string, from: number) => boolean;

/** Letters, digits and `_`. */
export function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
  );
}

export const isDigitCode = (code: number): boolean => code >= 48 && code <= 57;

/**
 * Every match of a pattern with the flag `g` that begins in `[from, to)`; `refused` may say where to go on instead, or null.
 * @returns where the next one begins
 */
export function findAll(
  pattern: RegExp,
  text: string,
  from: number,
  to: number,
  found: Found,
  name?: string,
  refused: (start: number, end: number) => number | null = () => null,
): number {
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { index } = match;
    if (index >= to) return index;
    const end = index + match[0].length;
    const goOnAt = end > index ? refused(index, end) : index + 1;
    if (goOnAt === null) found(index, end, name);
    else pattern.lastIndex = goOnAt;
  }
  return text.length;
}
