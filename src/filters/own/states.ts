/** How large the automaton of a pattern is: what RE2's algorithm takes for one character grows with it, and so does making it. */
import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** A longer pattern is not even read: it counts as larger than all others. */
const MAX_READ_CHARACTERS = 500;
/** A larger one takes longer than a turn to be made. */
const MOST_STATES = 2000;
/** Of an automaton, times the characters of a text: at most some ten milliseconds, where every state is met at every character. */
const MOST_STEPS = 200_000;

/** About how many states RE2's algorithm makes of it, without making them. */
export function statesOf(source: string): number {
  if (source.length > MAX_READ_CHARACTERS) return Number.POSITIVE_INFINITY;
  try {
    return ofAlternatives(new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source).alternatives);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Whether it may be made where requests are served. */
export function isSmall(states: number): boolean {
  return states <= MOST_STATES;
}

/** Whether so many characters may be looked through where requests are served. */
export function isQuick(states: number, characters: number): boolean {
  return isSmall(states) && states * characters <= MOST_STEPS;
}

function ofAlternatives(alternatives: readonly AST.Alternative[]): number {
  return alternatives.reduce(
    (sum, { elements }) => sum + 1 + elements.reduce((row, element) => row + ofElement(element), 0),
    0,
  );
}

function ofElement(element: AST.Element): number {
  switch (element.type) {
    case 'Quantifier':
      return (
        (element.max === Number.POSITIVE_INFINITY ? element.min + 1 : element.max) *
        (ofElement(element.element) + 1)
      );
    case 'Group':
    case 'CapturingGroup':
      return 2 + ofAlternatives(element.alternatives);
    default:
      return 1;
  }
}
