/**
 * What hides an injection: letters of a word in another order, Base64 and hexadecimal, and spaces between all letters. What was hidden
 * is looked for in what it says (OpenRouter: guides/features/guardrails/prompt-injection, "Evasion Detection").
 */
import { type Detector, findAll, isWordCode } from './detector.ts';

/** Their first and last letters stay where they are. */
const SCRAMBLED = ['ignore', 'bypass', 'override', 'reveal', 'delete', 'system', 'prompt', 'instructions'];
const HIDDEN = ['ignore', 'bypass', 'override', 'reveal', 'system', 'prompt'];
const KEYWORDS = new RegExp(HIDDEN.join('|'), 'i');

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
const LEAST_BASE64 = 12;
const MOST_BASE64 = 16_384;
const HEX = /(?:\b|x)[0-9a-f]{2}(?:(?:[ ,:%]|\\x|0x| 0x)?[0-9a-f]{2}){5,8191}/gi;
/** Whether all of it could have been typed: what is random is none of what somebody says. */
const PRINTABLE = /^[\t\n\r\x20-\x7e\u00a0-\uffff]*$/;

function hides(bytes: Buffer): boolean {
  const said = bytes.toString('utf8');
  return KEYWORDS.test(said) && PRINTABLE.test(said);
}

export const base64: Detector = {
  signs: [(text, from) => nextBase64(text, from, text.length) !== null],
  find: (text, from, to, found) => {
    let goOnAt = to;
    for (let run = nextBase64(text, from, to); run !== null; run = nextBase64(text, goOnAt, to)) {
      const [start, end] = run;
      if (hides(Buffer.from(text.slice(start, end), 'base64'))) found(start, end, 'base64_encoded_injection');
      goOnAt = end;
    }
    return goOnAt;
  },
};

/** Of each character of Base64 its six bits; 64: it is none. */
const SIX_BITS = new Uint8Array(65_536).fill(64);
for (const [at, sign] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SIX_BITS[sign.charCodeAt(0)] = at;
for (const [sign, bits] of [
  ['-', 62],
  ['_', 63],
] as const)
  SIX_BITS[sign.charCodeAt(0)] = bits;

/**
 * The three letters in a row that begin with the first, the second or the third of a keyword. Base64 says three bytes by four characters,
 * so that wherever a keyword stands in it, four characters say one of these.
 */
const THREES = new Uint8Array(32 ** 3);
for (const word of HIDDEN)
  for (const at of [0, 1, 2]) THREES[placeOf([0, 1, 2].map((next) => word.charCodeAt(at + next)))] = 1;

function placeOf([one = 0, two = 0, three = 0]: readonly number[]): number {
  return ((one & 31) << 10) | ((two & 31) << 5) | (three & 31);
}

/** The next run of Base64 that may say a keyword, with its padding; null: none begins before `to`. Where a run is too long it is parted. */
function nextBase64(text: string, from: number, to: number): readonly [start: number, end: number] | null {
  const { length } = text;
  let start = from;
  // Every twelfth character alone is looked at: each run that is long enough has one of these.
  for (let at = from + LEAST_BASE64 - 1; at < length && start < to; ) {
    if (SIX_BITS[text.charCodeAt(at)] === 64) {
      start = at + 1;
      at += LEAST_BASE64;
      continue;
    }
    let first = at;
    while (first > start && SIX_BITS[text.charCodeAt(first - 1)] !== 64) first -= 1;
    if (first >= to) return null;
    let end = at + 1;
    while (end < length && end - first < MOST_BASE64 && SIX_BITS[text.charCodeAt(end)] !== 64) end += 1;
    const isLong = end - first >= LEAST_BASE64;
    for (let sign = 0; isLong && sign < 2 && text.charCodeAt(end) === EQUALS; sign += 1) end += 1;
    if (isLong && mayHide(text, first, end)) return [first, end];
    start = end;
    at = end + LEAST_BASE64 - 1;
  }
  return null;
}

const EQUALS = 61;

function mayHide(text: string, start: number, end: number): boolean {
  for (let at = start; at + 3 < end; at += 4) {
    const one = SIX_BITS[text.charCodeAt(at)] as number;
    const two = SIX_BITS[text.charCodeAt(at + 1)] as number;
    const three = SIX_BITS[text.charCodeAt(at + 2)] as number;
    const bits = (one << 18) | (two << 12) | (three << 6) | (SIX_BITS[text.charCodeAt(at + 3)] as number);
    // Letters are 41 to 5a, and 61 to 7a.
    if ((bits & 0xc0c0c0) !== 0x404040) continue;
    if (THREES[(((bits >> 16) & 31) << 10) | (((bits >> 8) & 31) << 5) | (bits & 31)] === 1) return true;
  }
  return false;
}

export const hex: Detector = {
  signs: [(text) => HEX_START.test(text)],
  find: (text, from, to, found) =>
    findAll(HEX, text, from, to, (start, end) => {
      const digits = text.slice(start, end).replaceAll(/0x|\\x|[^0-9a-f]/gi, '');
      if (hides(Buffer.from(digits, 'hex'))) found(start, end, 'hex_encoded_injection');
    }),
};

/** Letters are 41 to 5a, and 61 to 7a: three of them side by side, which hardly any text has. */
const HEX_START = /[4-7][0-9a-f](?:[ ,:%]|\\x|0x| 0x)?[4-7][0-9a-f](?:[ ,:%]|\\x|0x| 0x)?[4-7][0-9a-f]/i;

/** Whether three separators stand two places apart, with a letter between each two: looked at every fourth place alone. */
export function hasSpacedLetters(text: string): boolean {
  const last = text.length - 2;
  for (let at = 3; at <= last; at += 4) {
    const place = isSeparator(text.charCodeAt(at)) ? at : at + 1;
    if (!isSeparator(text.charCodeAt(place)) || !isSeparator(text.charCodeAt(place + 2))) continue;
    if (isSeparator(text.charCodeAt(place - 2)) && isWordCode(text.charCodeAt(place - 1))) return true;
  }
  return false;
}

const SEPARATORS = new Uint8Array(128);
for (const sign of ' \t._*-') SEPARATORS[sign.charCodeAt(0)] = 1;
const isSeparator = (code: number): boolean => code < 128 && SEPARATORS[code] === 1;

/** Tells where letters stand one by one, and what they say together. Two separators in a row part words, which then stand together too. */
export function spacedLetters(
  text: string,
  from: number,
  to: number,
  found: (start: number, end: number, said: string) => void,
): number {
  return findAll(SPACED_WORDS, text, from, to, (start, end) => {
    const words = text
      .slice(start, end)
      .split(/[ \t._*-]{2,}/)
      .map((word) => word.replaceAll(/[ \t._*-]/g, ''));
    found(start, end, words.join(' '));
  });
}

/** The same over several words, with two or three separators between them. */
const SPACED_WORDS = /(?<!\w)\w(?:[ \t._*-]{1,3}\w(?!\w)){5,2047}/g;
