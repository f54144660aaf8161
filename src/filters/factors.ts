/**
 * What a text must have for a pattern to match it: one of a few short sequences of character sets, such as `P`, `R`, `O`, `J`, `-`,
 * a digit. Read from the pattern's syntax tree; what it cannot be told of is left out, so that a factor is never more than required.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** 128 bits for ASCII, and of characters beyond it one for each kind of `OTHERS` of which some may be in it. */
export interface CharSet {
  readonly ascii: bigint;
  readonly others: number;
}
/** Spaces; the sign of Kelvin and the long s, which are letters of ASCII in another case; everything else. */
export const OTHERS = { spaces: 1, folding: 2, rest: 4 } as const;
const ALL_OTHERS = OTHERS.spaces | OTHERS.folding | OTHERS.rest;

/** Of which kind a character beyond ASCII is. */
export function otherOf(code: number): number {
  if (code === 0x17f || code === 0x212a) return OTHERS.folding;
  return OTHER_SPACE.test(String.fromCharCode(code)) ? OTHERS.spaces : OTHERS.rest;
}
const OTHER_SPACE = /\s/;
export type Factor = readonly CharSet[];

/** A pattern that has more alternatives is looked for without a screen. */
const MAX_FACTORS = 48;
/** Longer ones tell no more. */
const MAX_LENGTH = 8;
const ALL_ASCII = (1n << 128n) - 1n;
const ANY: CharSet = { ascii: ALL_ASCII, others: ALL_OTHERS };

const bit = (code: number): bigint => 1n << BigInt(code);
const range = (from: number, to: number): bigint => {
  if (from > 127) return 0n;
  const last = Math.min(to, 127);
  return ((1n << BigInt(last - from + 1)) - 1n) << BigInt(from);
};
const WORD = range(48, 57) | range(65, 90) | range(97, 122) | bit(95);
const SPACE = range(9, 13) | bit(32);

/** How rare a factor is, in bits: letters of most words tell little, digits and signs more. */
export function weightOf(factor: Factor): number {
  return factor.reduce((sum, set) => sum + setWeight(set), 0);
}

/** The commonest letters, and what every address has. */
const COMMON = [...'etaoinshrdlucm :/'].reduce((sum, char) => sum | bit(char.charCodeAt(0)), 0n);
const LETTERS = range(65, 90) | range(97, 122);

function setWeight({ ascii }: CharSet): number {
  const members = ascii.toString(2).replaceAll('0', '').length;
  const weight = Math.log2(128 / Math.max(members, 1));
  if ((ascii & COMMON) !== 0n) return weight * 0.6;
  return (ascii & LETTERS) !== 0n ? weight * 0.85 : weight;
}

/** The part of a long one that is the rarest. */
function rarestPart(factor: Factor): Factor {
  let best = factor.slice(0, MAX_LENGTH);
  for (let start = 1; start + MAX_LENGTH <= factor.length; start += 1) {
    const part = factor.slice(start, start + MAX_LENGTH);
    if (weightOf(part) > weightOf(best)) best = part;
  }
  return best;
}

/** At least so much, or it would be found everywhere. */
const LEAST_WEIGHT = 8;

/** Null: every text may match. */
export function factorsOf(source: string, flags = ''): readonly Factor[] | null {
  try {
    const pattern = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source);
    const best = ofAlternatives(pattern.alternatives, flags.includes('i')).best;
    return best !== null && best.weight >= LEAST_WEIGHT ? best.factors : null;
  } catch {
    return null;
  }
}

interface Choice {
  readonly factors: readonly Factor[];
  /** Of the weakest of them. */
  readonly weight: number;
}
interface Required {
  readonly best: Choice | null;
  /** All that it matches, where that is a few sequences of sets. */
  readonly exact: readonly Factor[] | null;
}

const NOTHING: Required = { best: null, exact: null };
const EMPTY: Required = { best: null, exact: [[]] };

function choiceOf(factors: readonly Factor[]): Choice | null {
  if (factors.length === 0 || factors.length > MAX_FACTORS || factors.some(({ length }) => length < 2))
    return null;
  return { factors, weight: Math.min(...factors.map(weightOf)) };
}

function better(one: Choice | null, other: Choice | null): Choice | null {
  if (one === null || other === null) return one ?? other;
  return other.weight > one.weight ? other : one;
}

function ofAlternatives(alternatives: readonly AST.Alternative[], ignoresCase: boolean): Required {
  const each = alternatives.map(({ elements }) => ofSequence(elements, ignoresCase));
  if (each.length === 1) return each[0] ?? NOTHING;
  const exact = each.flatMap((one) => one.exact ?? []);
  const isExact = each.every((one) => one.exact !== null) && exact.length <= MAX_FACTORS;
  const all = each.map((one) => better(one.best, one.exact === null ? null : choiceOf(one.exact)));
  const best = all.every((one) => one !== null) ? choiceOf(all.flatMap((one) => one?.factors ?? [])) : null;
  return { best, exact: isExact ? exact : null };
}

/** The runs between what has no fixed length, each as the product of its parts; the best of them is what is looked for. */
function ofSequence(elements: readonly AST.Element[], ignoresCase: boolean): Required {
  let best: Choice | null = null;
  let run: readonly Factor[] = [[]];
  let isExact = true;
  const endRun = () => {
    best = better(best, choiceOf(run.map(rarestPart)));
    run = [[]];
  };
  const append = (parts: readonly Factor[]) => {
    if (run.length * parts.length > MAX_FACTORS) {
      endRun();
      isExact = false;
    }
    run = run.flatMap((head) => parts.map((part) => [...head, ...part]));
  };
  for (const element of elements) {
    const required = ofElement(element, ignoresCase);
    if (required.exact !== null) {
      append(required.exact);
      continue;
    }
    endRun();
    isExact = false;
    best = better(best, required.best);
    const ends = endsOf(element, ignoresCase);
    if (ends !== null) run = [ends];
  }
  const exact = isExact && run.every(({ length }) => length <= 64) ? run : null;
  endRun();
  return { best, exact };
}

/** Of `x+` and the like, which always ends with one of its set: the run behind it may begin with that. */
function endsOf(element: AST.Element, ignoresCase: boolean): Factor | null {
  if (element.type !== 'Quantifier' || element.min === 0) return null;
  const exact = ofElement(element.element, ignoresCase).exact;
  return exact !== null && exact.length === 1 && exact[0]?.length === 1 ? exact[0] : null;
}

function ofElement(element: AST.Element, ignoresCase: boolean): Required {
  switch (element.type) {
    case 'Character':
      return ofSet(folded(setOf(element.value), ignoresCase));
    case 'CharacterSet':
      return ofSet(setOfEscape(element));
    case 'CharacterClass':
      return ofSet(setOfClass(element, ignoresCase));
    case 'Group':
      return ofAlternatives(element.alternatives, caseOf(element, ignoresCase));
    case 'CapturingGroup':
      return ofAlternatives(element.alternatives, ignoresCase);
    case 'Assertion':
      return EMPTY;
    case 'Quantifier':
      return ofQuantifier(element, ignoresCase);
    default:
      return NOTHING;
  }
}

function caseOf({ modifiers }: AST.Group, ignoresCase: boolean): boolean {
  if (modifiers === null) return ignoresCase;
  if (modifiers.remove?.ignoreCase === true) return false;
  return modifiers.add.ignoreCase || ignoresCase;
}

function ofQuantifier({ element, min, max }: AST.Quantifier, ignoresCase: boolean): Required {
  const inner = ofElement(element, ignoresCase);
  if (min === 0) {
    if (max === 1 && inner.exact !== null && inner.exact.length < MAX_FACTORS)
      return { best: null, exact: [[], ...inner.exact] };
    return NOTHING;
  }
  if (inner.exact === null) return { best: inner.best, exact: null };
  if (inner.exact.length !== 1) {
    const once = { best: choiceOf(inner.exact), exact: null };
    return min === 1 && max === 1 ? { ...once, exact: inner.exact } : once;
  }
  const times = Math.min(min, MAX_LENGTH);
  const repeated = Array.from({ length: times }, () => inner.exact?.[0] ?? []).flat();
  if (min === max && min <= MAX_LENGTH) return { best: null, exact: [repeated] };
  return { best: choiceOf([repeated]), exact: null };
}

function ofSet(set: CharSet): Required {
  return { best: null, exact: [[set]] };
}

function setOf(code: number): CharSet {
  return code < 128 ? { ascii: bit(code), others: 0 } : { ascii: 0n, others: otherOf(code) };
}

function setOfEscape(element: AST.CharacterSet | AST.EscapeCharacterSet): CharSet {
  const sets: Readonly<Record<string, bigint>> = { digit: range(48, 57), word: WORD, space: SPACE };
  const ascii = sets[element.kind];
  if (ascii === undefined || !('negate' in element)) return ANY;
  if (element.negate) return { ascii: ALL_ASCII & ~ascii, others: ALL_OTHERS };
  return { ascii, others: element.kind === 'space' ? OTHERS.spaces : 0 };
}

function setOfClass(element: AST.CharacterClass, ignoresCase: boolean): CharSet {
  let [ascii, others, every] = [0n, 0, 0];
  for (const member of element.elements) {
    const set: CharSet =
      member.type === 'Character'
        ? setOf(member.value)
        : member.type === 'CharacterClassRange'
          ? {
              ascii: range(member.min.value, member.max.value),
              others: member.max.value > 127 ? ALL_OTHERS : 0,
            }
          : member.type === 'CharacterSet'
            ? setOfEscape(member)
            : ANY;
    ascii |= set.ascii;
    others |= set.others;
    every |= everyOtherOf(member);
  }
  const set = folded({ ascii, others }, ignoresCase);
  return element.negate ? { ascii: ALL_ASCII & ~set.ascii, others: ALL_OTHERS & ~every } : set;
}

/** Of which kinds all characters are in it, also where engines disagree about what a space is. */
function everyOtherOf(member: AST.CharacterClassElement): number {
  const isNegated = member.type === 'CharacterSet' && 'negate' in member && member.negate;
  return isNegated && member.kind !== 'property' ? OTHERS.rest : 0;
}

/** In either case. */
function folded({ ascii, others }: CharSet, ignoresCase: boolean): CharSet {
  if (!ignoresCase) return { ascii, others };
  const from = (others & OTHERS.folding) === 0 ? ascii : ascii | KELVIN_AND_LONG_S;
  const upper = from & range(65, 90);
  const lower = from & range(97, 122);
  const both = from | (upper << 32n) | (lower >> 32n);
  return { ascii: both, others: (both & KELVIN_AND_LONG_S) === 0n ? others : others | OTHERS.folding };
}

const KELVIN_AND_LONG_S = bit(107) | bit(115);
