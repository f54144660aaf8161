/**
 * What hides an injection: letters of a word in another order, Base64 and hexadecimal, and spaces between all letters. What was hidden
 * is looked for in what it says (OpenRouter: guides/features/guardrails/prompt-injection, "Evasion Detection").
 */
import { type Detector, findAll, isWordCode } from './detector.ts';

/** Their first and last letters stay where they are. */
const SCRAMBLED = ['ignore', 'bypass', 'override', 'reveal', 'delete', 'system', 'prompt', 'instructions'];
const KEYWORDS = /ignore|bypass|override|reveal|system|prompt/i;

const middleOf = (word: string): string => [...word.slice(1, -1)].sort().join('');
const SORTED = new Map(
  SCRAMBLED.map((word) => [`${word[0]}${word.at(-1)}${word.length}`, { word, middle: middleOf(word) }]),
);

/** Words that may be one of those: the same letters in the middle, any number of times. */
export const SCRAMBLED_SOURCE = `\\b(?:${SCRAMBLED.map(
  (word) => `${word[0]}[${word.slice(1, -1)}]{${word.length - 2}}${word.at(-1)}`,
).join('|')})\\b`;
const CANDIDATE = new RegExp(SCRAMBLED_SOURCE, 'gi');

export const typoglycemia: Detector = {
  find: (text, from, to, found) =>
    findAll(CANDIDATE, text, from, to, found, 'typoglycemia', (start, end) => {
      const word = text.slice(start, end).toLowerCase();
      const target = SORTED.get(`${word[0]}${word.at(-1)}${word.length}`);
      const isScrambled = target !== undefined && target.word !== word && middleOf(word) === target.middle;
      return isScrambled ? null : end;
    }),
};

/** Eight bytes say a keyword and a little more. */
const BASE64 = /[A-Za-z0-9+/_-]{12,16384}={0,2}/g;
const HEX = /(?:\b|x)[0-9a-f]{2}(?:(?:[ ,:%]|\\x|0x| 0x)?[0-9a-f]{2}){5,8191}/gi;
/** Whether all of it could have been typed: what is random is none of what somebody says. */
const PRINTABLE = /^[\t\n\r\x20-\x7e\u00a0-\uffff]*$/;

function hides(bytes: Buffer): boolean {
  const said = bytes.toString('utf8');
  return KEYWORDS.test(said) && PRINTABLE.test(said);
}

export const base64: Detector = {
  mayMatch: (text) => hasRun(text, 12),
  find: (text, from, to, found) =>
    findAll(BASE64, text, from, to, (start, end) => {
      const encoded = text.slice(start, end);
      if (hides(Buffer.from(encoded, 'base64'))) found(start, end, 'base64_encoded_injection');
    }),
};

export const hex: Detector = {
  mayMatch: (text) => HEX_START.test(text),
  find: (text, from, to, found) =>
    findAll(HEX, text, from, to, (start, end) => {
      const digits = text.slice(start, end).replaceAll(/0x|\\x|[^0-9a-f]/gi, '');
      if (hides(Buffer.from(digits, 'hex'))) found(start, end, 'hex_encoded_injection');
    }),
};

/** Letters are 41 to 5a, and 61 to 7a: three of them side by side, which hardly any text has. */
const HEX_START = /[4-7][0-9a-f](?:[ ,:%]|\\x|0x| 0x)?[4-7][0-9a-f](?:[ ,:%]|\\x|0x| 0x)?[4-7][0-9a-f]/i;

/** Whether so many characters of Base64 stand side by side: looked at only where a run of that length cannot be avoided. */
function hasRun(text: string, least: number): boolean {
  for (let at = least - 1; at < text.length; at += least) {
    let before = at;
    while (before >= 0 && at - before < least && isBase64(text.charCodeAt(before))) before -= 1;
    if (before === at) continue;
    let after = at + 1;
    while (after < text.length && after - before <= least && isBase64(text.charCodeAt(after))) after += 1;
    if (after - before - 1 >= least) return true;
  }
  return false;
}

function isBase64(code: number): boolean {
  const lower = code | 32;
  if (lower >= 97 && lower <= 122) return true;
  return (code >= 47 && code <= 57) || code === 43 || code === 95 || code === 45;
}

/** Whether three separators stand two places apart, with a letter between each two: looked at every fourth place alone. */
export function hasSpacedLetters(text: string): boolean {
  for (let at = 3; at < text.length; at += 4) {
    const place = isSeparator(text.charCodeAt(at)) ? at : at + 1;
    if (!isSeparator(text.charCodeAt(place)) || !isSeparator(text.charCodeAt(place + 2))) continue;
    if (isSeparator(text.charCodeAt(place - 2)) && isWordCode(text.charCodeAt(place - 1))) return true;
  }
  return false;
}

const SEPARATORS = new Uint8Array(128);
for (const sign of ' \t._*-') SEPARATORS[sign.charCodeAt(0)] = 1;
const isSeparator = (code: number): boolean => SEPARATORS[code] === 1;

/** Tells where letters stand one by one, and what they say together. Two separators in a row part words, which then stand together too. */
export function spacedLetters(
  text: string,
  from: number,
  to: number,
  found: (start: number, end: number, said: string) => void,
): void {
  if (!hasSpacedLetters(text)) return;
  findAll(SPACED_WORDS, text, from, to, (start, end) => {
    const words = text
      .slice(start, end)
      .split(/[ \t._*-]{2,}/)
      .map((word) => word.replaceAll(/[ \t._*-]/g, ''));
    found(start, end, words.join(' '));
  });
}

/** The same over several words, with two or three separators between them. */
const SPACED_WORDS = /(?<!\w)\w(?:[ \t._*-]{1,3}\w(?!\w)){5,2047}/g;
