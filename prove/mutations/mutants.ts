/**
 * Faults, one at a time, as somebody makes them who edits a file without knowing it: a line that is missing, a condition that always
 * or never holds, another operator.
 */

export interface Mutant {
  /** Counted from 1. */
  readonly line: number;
  /** What stands there, and what stands there instead, each on one line. */
  readonly was: string;
  readonly now: string;
  readonly source: string;
}

/** No statement that stands for itself is longer. */
const MAX_LINES = 14;

/** What is written for one operator, each as a word between two blanks. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ...{ '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'] },
  ...{ '<': ['<='], '<=': ['<'], '>': ['>='], '>=': ['>'], '===': ['!=='], '!==': ['==='] },
  ...{ '&&': ['||'], '||': ['&&'], '??': ['&&'], '??=': ['='], '+=': ['=', '-='] },
};

const transpiler = new Bun.Transpiler({ loader: 'ts' });

/** Each of them is a program, and another one than the original. */
export function mutantsOf(source: string): readonly Mutant[] {
  const lines = source.split('\n');
  const original = compiled(source);
  const seen = new Set([original]);
  const mutants: Mutant[] = [];
  const add = (line: number, was: string, now: string, changed: string): boolean => {
    const program = compiled(changed);
    if (program === null) return false;
    if (seen.has(program)) return true;
    seen.add(program);
    mutants.push({ line: line + 1, was: oneLine(was), now: oneLine(now), source: changed });
    return true;
  };
  lines.forEach((text, at) => {
    if (!isCode(text)) return;
    for (const changed of [...conditions(text), ...operators(text)])
      add(at, text, changed, lines.with(at, changed).join('\n'));
    for (let count = 1; count <= MAX_LINES && at + count <= lines.length; count++) {
      const dropped = lines.slice(at, at + count).join('\n');
      if (add(at, dropped, '', lines.toSpliced(at, count).join('\n'))) break;
    }
  });
  return mutants;
}

/** Null: it is no program. */
function compiled(source: string): string | null {
  try {
    return transpiler.transformSync(source);
  } catch {
    return null;
  }
}

/** A file without an import does not run at all, which says nothing of its tests. */
function isCode(text: string): boolean {
  return !/^\s*($|\/\/|\/\*|\*|import\b|export (type|interface)\b|type\b|interface\b|[)}\]]+[;,]?\s*$)/.test(
    text,
  );
}

function* conditions(text: string): Generator<string> {
  const found = /^(\s*(?:\} else )?(?:if|while) \()(.+)(\)(?: .*)?)$/.exec(text);
  if (found === null) return;
  const [, before = '', condition = '', after = ''] = found;
  // The condition ends where its own parenthesis does.
  let depth = 0;
  for (const [at, letter] of [...`${condition}${after}`].entries()) {
    if (letter === '(') depth += 1;
    if (letter === ')' && depth-- === 0) {
      const rest = `${condition}${after}`.slice(at);
      yield `${before}true${rest}`;
      yield `${before}false${rest}`;
      return;
    }
  }
}

function* operators(text: string): Generator<string> {
  for (const found of text.matchAll(/(?<= )\S+(?= )/g)) {
    // In an arrow, a type or a text nothing else can stand in its place.
    for (const other of OTHERS[found[0]] ?? [])
      yield text.slice(0, found.index) + other + text.slice(found.index + found[0].length);
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
