/** Which passwords somebody would try first: the common ones, and whoever's own name and address. No I/O. */
import { COMMON_PASSWORDS, COMMON_WORDS } from './common-passwords.ts';

export interface Person {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/** Around a word people put a year or some signs; more of them are a password of their own. */
const MAX_AROUND = 8;
const NAME_MIN_LENGTH = 3;
const ROWS = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'qwertzuiop', 'asdfghjkl', 'zxcvbnm', '1234567890'];

/** What is wrong with it, as it follows a field's name; null: nothing that could be known here. */
export function weaknessOf(password: string, person: Person): string | null {
  const lower = password.normalize('NFKC').toLowerCase();
  const word = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const isMostlyIt = lower.length - word.length <= MAX_AROUND;
  const isAnyOf = (words: ReadonlySet<string>) => words.has(word) || words.has(lettersOf(word));
  if (isMostlyIt && isAnyOf(wordsOf(person))) return 'must not be your own name or address';
  if (/^(.{1,8}?)\1+$/su.test(lower)) return 'must not be the same over and over';
  if (COMMON_PASSWORDS.has(lower) || isWalk(lower) || (isMostlyIt && isAnyOf(COMMON_WORDS)))
    return 'must not be one that many people use';
  return null;
}

function wordsOf({ email = '', name = '' }: Person): ReadonlySet<string> {
  const address = email.toLowerCase();
  const own = name.normalize('NFKC').toLowerCase();
  const words = [address, address.split('@', 1)[0] ?? '', own, ...own.split(/\s+/)];
  return new Set([...words, ...words.map(lettersOf)].filter((each) => each.length >= NAME_MIN_LENGTH));
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}]+/gu, '');

/** Key by key along a row, or letter by letter, there or back, beginning anew at its end. */
function isWalk(text: string): boolean {
  const back = [...text].reverse().join('');
  return ROWS.some((row) => {
    const endless = row.repeat(Math.ceil(text.length / row.length) + 1);
    return endless.includes(text) || endless.includes(back);
  });
}
