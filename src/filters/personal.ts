/** E-mail addresses, phone numbers, social security numbers, cards and IP addresses, each in one pass with bounded looks back and ahead. */
import { isIPv6 } from 'node:net';
import { type Detector, findAll, isDigitCode, isWordCode, type Sign } from './detector.ts';

/** RFC 5321, 4.5.3.1. */
const MAX_LOCAL = 64;
const MAX_DOMAIN = 255;
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,10}(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{2,59})/;
const [DOT, HYPHEN, AT, PLUS, COLON] = [46, 45, 64, 43, 58];

function isLocalCode(code: number): boolean {
  // Of those that RFC 5322 allows without quotes, the ones that people have.
  return isWordCode(code) || code === DOT || code === HYPHEN || code === PLUS || code === 37 || code === 39;
}

/** What an address is made of. */
export const isEmailCode = (code: number): boolean => isLocalCode(code) || code === AT;

export const email: Detector = {
  signs: [(text, from) => text.includes('@', from)],
  find: (text, from, to, found) => {
    // Whose local part begins in the range, which may lie behind its end.
    for (let at = text.indexOf('@', from); at !== -1; at = text.indexOf('@', at + 1)) {
      let start = at;
      while (start > 0 && at - start < MAX_LOCAL && isLocalCode(text.charCodeAt(start - 1))) start -= 1;
      while (start < at && (text.charCodeAt(start) === DOT || text.charCodeAt(start) === 39)) start += 1;
      if (start >= to) return to;
      if (start < from || start === at) continue;
      const end = domainEnd(text, at + 1);
      if (end !== -1) found(start, end);
    }
    return text.length;
  },
};

/** -1: no domain begins there. */
function domainEnd(text: string, start: number): number {
  const last = Math.min(text.length, start + MAX_DOMAIN);
  let end = start;
  let hasDot = false;
  while (end < last) {
    const code = text.charCodeAt(end);
    if (code === DOT) hasDot = true;
    else if (code !== HYPHEN && (code === 95 || !isWordCode(code))) break;
    end += 1;
  }
  const domain = hasDot ? DOMAIN.exec(text.slice(start, end))?.[0] : undefined;
  return domain === undefined ? -1 : start + domain.length;
}

/**
 * Whether five digits stand in a row, or four with another behind or before the character beside them, as all numbers of phones, cards
 * and people have that are not written with a plus. Looked at every fourth place alone.
 */
const hasNumber: Sign = (text, from) => {
  const { length } = text;
  for (let at = from + 3; at < length; at += 4) {
    if (!isDigitCode(text.charCodeAt(at))) continue;
    let start = at;
    while (start > from && isDigitCode(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (end < length && isDigitCode(text.charCodeAt(end))) end += 1;
    if (end - start > 4) return true;
    if (end - start < 4) continue;
    if (start - from > 1 && isDigitCode(text.charCodeAt(start - 2))) return true;
    if (end + 1 < length && isDigitCode(text.charCodeAt(end + 1))) return true;
  }
  return false;
};
const hasPlus: Sign = (text, from) => text.includes('+', from);

/** North America's numbers, whose area and exchange begin with 2 to 9, and any with its country's code. */
const PHONE =
  /(?:\+?1[-. \u00a0]?)?(?:\([2-9]\d{2}\)[-. \u00a0]?|[2-9]\d{2}[-. \u00a0]?)[2-9]\d{2}[-. \u00a0]?\d{4}|\+[1-9]\d{0,2}(?:[-. \u00a0]?\(?\d{1,4}\)?){2,6}/g;

export const phone: Detector = {
  signs: [hasNumber, hasPlus],
  find: (text, from, to, found) =>
    findAll(PHONE, text, from, to, found, undefined, (start, end) => {
      if (!standsAlone(text, start, end)) return afterDigits(text, start);
      if (text.charCodeAt(start) !== PLUS) return null;
      const digits = digitsIn(text, start, end);
      return digits >= 8 && digits <= 15 ? null : start + 1;
    }),
};

/** Neither a longer number nor part of a word, a fraction or a path. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  const after = text.charCodeAt(end);
  if (start > 0 && (isWordCode(before) || (before === DOT && isDigitCode(text.charCodeAt(start - 2)))))
    return false;
  if (start > 0 && before === HYPHEN && isDigitCode(text.charCodeAt(start - 2))) return false;
  if (end >= text.length) return true;
  return (
    !isWordCode(after) && !((after === DOT || after === HYPHEN) && isDigitCode(text.charCodeAt(end + 1)))
  );
}

function digitsIn(text: string, start: number, end: number): number {
  let digits = 0;
  for (let at = start; at < end; at += 1) if (isDigitCode(text.charCodeAt(at))) digits += 1;
  return digits;
}

/** What was never given out is none: 000 and 666, and groups of zeros. */
const SSN = /(?!000|666)\d{3}([- \u2010-\u2015])(?!00)\d{2}\1(?!0000)\d{4}/g;

export const ssn: Detector = {
  signs: [hasNumber],
  find: (text, from, to, found) =>
    findAll(SSN, text, from, to, found, undefined, (start, end) =>
      standsAlone(text, start, end) ? null : afterDigits(text, start),
    ),
};

/** Digits as people write those of a card: in groups, with a space or a dash between. */
const GROUPS =
  /\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{3}(?!\d))?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{6}[ -]\d{7,13}/g;
/** By whom a number was given out, and how long theirs are (ISO/IEC 7812). */
const ISSUED =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|62\d{14,17}|(?:5[06-9]|6[0-9])\d{11,17})$/;

export const creditCard: Detector = {
  signs: [hasNumber],
  find: (text, from, to, found) =>
    findAll(GROUPS, text, from, to, found, undefined, (start, end) => {
      const isInside = isDigitCode(text.charCodeAt(start - 1)) || isDigitCode(text.charCodeAt(end));
      if (isInside || isLetter(text.charCodeAt(start - 1))) return afterDigits(text, start);
      const digits = text.slice(start, end).replaceAll(/[ -]/g, '');
      if (!ISSUED.test(digits)) return afterDigits(text, start);
      // Written as on a card it is one, also where a digit is wrong; a bare number of that length may be anything.
      return end - start > digits.length || passesLuhn(digits) ? null : afterDigits(text, start);
    }),
};

/** Where to look on: what begins in the middle of a number is none. */
function afterDigits(text: string, start: number): number {
  let end = start;
  while (isDigitCode(text.charCodeAt(end))) end += 1;
  return Math.max(end, start + 1);
}

const isLetter = (code: number): boolean => isWordCode(code) && !isDigitCode(code);

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`${OCTET}(?:\\.${OCTET}){3}`, 'g');
/** Numbers of versions have four parts, too. */
const VERSION = /\b(?:version|release|build)[:=]?\s?$/i;
/** Six colons or more, or two side by side: whether it is an address, `isIPv6` says. */
const IPV6 = /(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?/y;
/** What is given out begins so (RFC 4291); `a::b` in a program does not. */
const GIVEN_OUT =
  /^(?:[23][0-9a-f]{3}|f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]|ff[0-9a-f]{2}):|^::(?:1$|ffff:)|^64:ff9b:/i;

export const ipAddress: Detector = {
  signs: [hasFourParts, hasGroups],
  find: (text, from, to, found) => {
    const told: [number, number][] = [];
    const isFree = (start: number, end: number) => {
      const before = text.charCodeAt(start - 1);
      if (start > 0 && (isWordCode(before) || before === DOT || before === AT)) return before === AT;
      const after = text.charCodeAt(end);
      if (end >= text.length) return true;
      return !isWordCode(after) && !(after === DOT && isDigitCode(text.charCodeAt(end + 1)));
    };
    eachGroups(text, from, to, (start, end) => {
      const isPart =
        !isFree(start, end) || text.charCodeAt(end) === COLON || text.charCodeAt(start - 1) === COLON;
      const address = isPart ? '' : text.slice(start, end);
      const isOne = isIPv6(address) && (GIVEN_OUT.test(address) || address.split(':').length === 8);
      if (isOne) told.push([start, end]);
      return isOne ? end : afterAddress(text, start);
    });
    if (hasFourParts(text, from))
      findAll(
        IPV4,
        text,
        from,
        to,
        (start, end) => told.push([start, end]),
        undefined,
        (start, end) =>
          isFree(start, end) && !VERSION.test(text.slice(Math.max(0, start - 12), start))
            ? null
            : afterAddress(text, start),
      );
    told.sort((one, other) => one[0] - other[0]);
    let last = -1;
    for (const [start, end] of told) {
      if (start < last) continue;
      found(start, end);
      last = end;
    }
    return to;
  },
};

/** Where to look on: what begins inside a longer row of such characters is none. */
function afterAddress(text: string, start: number): number {
  let end = start;
  while (isAddressCode(text.charCodeAt(end))) end += 1;
  return Math.max(end, start + 1);
}

const isAddressCode = (code: number): boolean => isHexCode(code) || code === DOT || code === COLON;

/** Whether three dots stand with one to three digits between, and a digit around them. */
function hasFourParts(text: string, from: number): boolean {
  // How many dots stand so before the next.
  let row = 0;
  let before = -1;
  for (let at = text.indexOf('.', from); at !== -1; at = text.indexOf('.', at + 1)) {
    if (!isDigitCode(text.charCodeAt(at - 1)) || !isDigitCode(text.charCodeAt(at + 1))) continue;
    const isNear = row > 0 && at - before <= 4 && areDigits(text, before + 1, at);
    row = isNear ? row + 1 : 1;
    if (row === 3) return true;
    before = at;
  }
  return false;
}

function areDigits(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (!isDigitCode(text.charCodeAt(at))) return false;
  return true;
}

/** Whether two colons stand with at most four hexadecimal digits between, or none. */
function hasGroups(text: string, from: number): boolean {
  return nextGroups(text, from) !== -1;
}

/** Of the next two colons with at most four hexadecimal digits between the first; -1: there are none. */
function nextGroups(text: string, from: number): number {
  for (let at = text.indexOf(':', from); at !== -1; ) {
    const next = text.indexOf(':', at + 1);
    if (next === -1) return -1;
    if (next - at <= 5 && areHex(text, at + 1, next)) return at;
    at = next;
  }
  return -1;
}

/** What `IPV6` matches that begins in `[from, to)`; `take` says where to go on. Looked for by its colons, which few texts have. */
function eachGroups(
  text: string,
  from: number,
  to: number,
  take: (start: number, end: number) => number,
): void {
  let least = from;
  for (let at = nextGroups(text, least); at !== -1; at = nextGroups(text, least)) {
    let start = at;
    while (start > least && at - start < 4 && isHexCode(text.charCodeAt(start - 1))) start -= 1;
    if (start >= to) return;
    IPV6.lastIndex = start;
    const end = start + (IPV6.exec(text)?.[0].length ?? 1);
    least = take(start, end);
  }
}

const isHexCode = (code: number): boolean =>
  isDigitCode(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);

function areHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (!isHexCode(text.charCodeAt(at))) return false;
  return true;
}
