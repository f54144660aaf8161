/**
 * Patterns that administrators write for content filters: JavaScript's syntax, without what no engine can match in linear time, and matched by RE2's algorithm in
 * `re2js`, so that none can hold up the process whatever it says.
 */
import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import { RE2JS } from 're2js';

/** OpenRouter's bound, in characters. */
export const MAX_PATTERN_CHARACTERS = 100_000;

/** Why a pattern is refused, in words for whoever wrote it; null: it is taken. */
export function patternProblem(source: string): string | null {
  if (source === '') return 'a pattern needs at least one character';
  if (source.length > MAX_PATTERN_CHARACTERS)
    return `a pattern has at most ${MAX_PATTERN_CHARACTERS.toLocaleString('en')} characters`;
  let tree: AST.Pattern;
  try {
    tree = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source);
  } catch (thrown) {
    return `this is no regular expression: ${reasonOf(thrown)}`;
  }
  const problem = unsafeShape(tree);
  if (problem !== null) return problem;
  try {
    compiled(source);
  } catch (thrown) {
    return `this cannot be matched in linear time: ${reasonOf(thrown)}`;
  }
  return null;
}

/** Without the pattern itself, which both libraries repeat. */
function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : '';
  return (message.split(/: (?=[^:]*$)/).at(-1) ?? '').replace(/^error parsing regexp: /, '').slice(0, 200);
}

/** What RE2 has not, by name, and shapes that would take a backtracking engine forever, which OpenRouter refuses. */
function unsafeShape(tree: AST.Pattern): string | null {
  let problem: string | null = null;
  visitRegExpAST(tree, {
    onAssertionEnter: ({ kind }) => {
      if (kind === 'lookahead' || kind === 'lookbehind') problem ??= `${kind} is not supported`;
    },
    onBackreferenceEnter: () => {
      problem ??= 'references to groups (\\1, \\k<name>) are not supported';
    },
    onQuantifierEnter: (quantifier) => {
      if (quantifier.max === Number.POSITIVE_INFINITY) problem ??= repeatedProblem(quantifier);
    },
  });
  return problem;
}

function repeatedProblem({ element }: AST.Quantifier): string | null {
  if (element.type !== 'Group' && element.type !== 'CapturingGroup') return null;
  const seen = new Set<string>();
  for (const { elements, raw } of element.alternatives) {
    if (seen.has(raw)) return 'alternatives that say the same may not be repeated, as in (a|a)*';
    seen.add(raw);
    // What has a beginning or an end of its own, such as `(,\d+)*`, can be read in one way alone.
    if (elements.every(isRepeated)) return 'a repetition may not be repeated as a whole, as in (a+)+';
  }
  return null;
}

function isRepeated(element: AST.Element): boolean {
  if (element.type === 'Quantifier') return element.max === Number.POSITIVE_INFINITY || element.min === 0;
  if (element.type !== 'Group' && element.type !== 'CapturingGroup') return false;
  return element.alternatives.some(({ elements }) => elements.every(isRepeated));
}

/** Throws what `re2js` throws for a pattern that it cannot take. */
export function compiled(source: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(source));
}
