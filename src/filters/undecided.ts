/**
 * From where on a text that grows is not decided yet: a match may have begun there that more text would complete, or make longer. What
 * stands before can go on. Each kind says it of the characters that its matches are made of, and never of more than its longest match.
 */
import type { CompiledFilters } from './compile.ts';
import { isDigitCode, isWordCode } from './detector.ts';
import { OwnBeginning } from './own/beginning.ts';
import { isEmailCode } from './personal.ts';
import { isSecretCode, MAX_SECRET, openKeyBlock } from './secrets.ts';
import type { Work } from './work.ts';

/** Where a match may have begun, not before `from`; the text's length: nowhere. */
type Undecided = (text: string, from: number) => number;

/** Of a text that a pattern of somebody's own looks at; a longer match may be found in part. */
const MAX_OWN = 4096;

interface Kinds {
  readonly builtIn: readonly Undecided[];
  /** Null: there are no patterns of somebody's own. */
  readonly own: OwnBeginning | null;
}

/** Made once for the filters of a policy. */
const known = new WeakMap<CompiledFilters, Kinds>();

export function* undecidedFrom(compiled: CompiledFilters, text: string, from: number): Work<number> {
  const { builtIn, own } = kindsOf(compiled);
  let earliest = text.length;
  for (const undecided of builtIn) earliest = Math.min(earliest, undecided(text, from));
  if (own === null || earliest === from) return earliest;
  return Math.min(earliest, yield* own.firstIn(text, Math.max(from, text.length - MAX_OWN)));
}

function kindsOf(compiled: CompiledFilters): Kinds {
  const found = known.get(compiled);
  if (found !== undefined) return found;
  const looking = compiled.filters.filter(({ skipped }) => skipped === null).map(({ filter }) => filter);
  const patterns = looking.flatMap((filter) => (filter.kind === 'custom' ? filter.pattern : []));
  const made: Kinds = {
    builtIn: looking.flatMap((filter) => (filter.kind === 'builtin' ? (BUILT_IN[filter.slug] ?? []) : [])),
    own: patterns.length === 0 ? null : new OwnBeginning(patterns),
  };
  known.set(compiled, made);
  return made;
}

const code = (sign: string): number => sign.charCodeAt(0);
const [SPACE, HYPHEN, DOT, PLUS, OPEN, COLON, AT, QUOTE, NO_BREAK] = [..." -.+(:@'\u00a0"].map(code);
const CLOSE = code(')');

const isPhoneCode = (one: number): boolean =>
  isDigitCode(one) ||
  one === SPACE ||
  one === HYPHEN ||
  one === DOT ||
  one === PLUS ||
  one === OPEN ||
  one === CLOSE ||
  one === NO_BREAK;

const isCardCode = (one: number): boolean => isDigitCode(one) || one === SPACE || one === HYPHEN;
const isSsnCode = (one: number): boolean => isCardCode(one) || (one >= 0x2010 && one <= 0x2015);

const isHexCode = (one: number): boolean =>
  isDigitCode(one) || (one >= 97 && one <= 102) || (one >= 65 && one <= 70);
const isAddressCode = (one: number): boolean => isHexCode(one) || one === DOT || one === COLON;

/** A row of such characters at the end of the text, from the first that a match can begin with. */
function lastRow(
  longest: number,
  isIn: (one: number) => boolean,
  mayBegin: (text: string, at: number) => boolean,
): Undecided {
  return (text, from) => {
    const least = Math.max(from, text.length - longest);
    let at = text.length;
    while (at > least && isIn(text.charCodeAt(at - 1))) at -= 1;
    while (at < text.length && !mayBegin(text, at)) at += 1;
    return at;
  };
}

/** Not in the middle of a word or a number. */
const begins =
  (isFirst: (one: number) => boolean) =>
  (text: string, at: number): boolean =>
    isFirst(text.charCodeAt(at)) && (at === 0 || !isWordCode(text.charCodeAt(at - 1)));

/** Two more than the longest match: what follows it may say that it is none. */
const BUILT_IN: Readonly<Record<string, Undecided>> = {
  email: lastRow(64 + 1 + 255 + 2, isEmailCode, (text, at) => {
    const first = text.charCodeAt(at);
    return first !== AT && first !== DOT && first !== QUOTE;
  }),
  phone: lastRow(
    48,
    isPhoneCode,
    begins((one) => isDigitCode(one) || one === PLUS || one === OPEN),
  ),
  ssn: lastRow(13, isSsnCode, begins(isDigitCode)),
  'credit-card': lastRow(25, isCardCode, begins(isDigitCode)),
  'ip-address': lastRow(
    54,
    isAddressCode,
    begins((one) => isHexCode(one) || one === COLON),
  ),
  secrets: (text, from) => {
    const inRow = lastSecret(text, from);
    const block = openKeyBlock(text, from);
    return block === null ? inRow : Math.min(inRow, block);
  },
};

const lastSecret = lastRow(MAX_SECRET, isSecretCode, () => true);
