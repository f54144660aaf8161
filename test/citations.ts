/**
 * What a document says to be tested, held against the tests that there are. A citation is a code span:
 *
 *     `path/of/a.test.ts › name of a test`
 *     `path/of/a.test.ts › name of a describe › name of a test`
 *     `path/of/a.test.ts › template of a test.each › row of its table`
 *
 * Names are written as they stand in the source, so what `test.each` makes is cited by its template ("%s is refused"). A
 * citation may stand anywhere. In a table with a column "Tests" each row must have one there, or the words
 * "not built yet: <what is missing>".
 */

export interface CitingDocument {
  path: string;
  content: string;
}

/** The content of a file of the project; undefined where there is none. */
export type ReadSource = (path: string) => string | undefined;

const MARK = '›';
const NOT_BUILT_YET = /\bnot built yet: \S/;
const ROW_ID = /^([A-Z]+)(\d+)$/;
const TEST_FILE = /\.test\.tsx?$/;

/** One line for each thing to mend, as `path:line problem`. */
export function brokenCitations({ path, content }: CitingDocument, readSource: ReadSource): string[] {
  const at = (line: number, problem: string) => `${path}:${line} ${problem}`;
  const wrong = citationsIn(content).flatMap(({ line, text }) => {
    const problem = problemOf(text, readSource);
    return problem === undefined ? [] : [at(line, problem)];
  });
  const rows = provenRows(content);
  if (rows.length === 0) return [...wrong, at(1, 'has no table with a column "Tests"')];
  const bare = rows
    .filter(({ proof }) => citationsIn(proof).length === 0 && !NOT_BUILT_YET.test(proof))
    .map(({ line, name }) => at(line, `"${name}" has neither a test nor the words "not built yet: ..."`));
  return [...wrong, ...bare, ...misnumbered(rows).map(({ line, problem }) => at(line, problem))];
}

function citationsIn(text: string): { line: number; text: string }[] {
  return text.split('\n').flatMap((content, index) =>
    [...content.matchAll(/(`+)(.+?)\1(?!`)/g)]
      .map((match) => unescapePipes(match[2] ?? '').trim())
      .filter((span) => span.includes(` ${MARK} `))
      .map((span) => ({ line: index + 1, text: span })),
  );
}

function problemOf(citation: string, readSource: ReadSource): string | undefined {
  const [path = '', ...names] = citation.split(` ${MARK} `).map((part) => part.trim());
  const source = readSource(path);
  if (source === undefined) return `cites ${path}, which does not exist`;
  let from = 0;
  let isRow = !TEST_FILE.test(path);
  for (const name of names) {
    const end = endOfName(source, name, { from, isRow });
    if (end === undefined) return `cites "${name}", which ${path} does not have${from === 0 ? '' : ' there'}`;
    // The rows of a table usually stand above the test that reads them.
    isRow ||= /%[a-z$]|\$/.test(name);
    from = isRow ? 0 : end;
  }
  return undefined;
}

/** A test's name is the first argument of a call that has more of them; a row's is any string. */
function endOfName(
  source: string,
  name: string,
  { from, isRow }: { from: number; isRow: boolean },
): number | undefined {
  for (const quote of ["'", '"', '`']) {
    const literal = quote + name.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote;
    for (let at = source.indexOf(literal, from); at !== -1; at = source.indexOf(literal, at + 1)) {
      const end = at + literal.length;
      // What was commented out proves nothing.
      if (/^\s*(?:\/\/|\*)/.test(source.slice(source.lastIndexOf('\n', at) + 1, at))) continue;
      if (isRow || (/\(\s*$/.test(source.slice(0, at)) && /^\s*,/.test(source.slice(end)))) return end;
    }
  }
  return undefined;
}

interface Row {
  line: number;
  name: string;
  proof: string;
}

function provenRows(content: string): Row[] {
  let column = -1;
  return content.split('\n').flatMap((text, index) => {
    if (!text.startsWith('|')) column = -1;
    const cells = cellsOf(text);
    if (column === -1) {
      column = cells.findIndex((cell) => cell.toLowerCase() === 'tests');
      return [];
    }
    if (cells.every((cell) => /^:?-+:?$/.test(cell))) return [];
    return [{ line: index + 1, name: cells[0] ?? '', proof: cells[column] ?? '' }];
  });
}

/** Rows with ids such as B2 go up one by one, so that none is dropped unseen and none stands twice. */
function misnumbered(rows: readonly Row[]): { line: number; problem: string }[] {
  const last = new Map<string, number>();
  return rows.flatMap(({ line, name }) => {
    const [, group, digits] = ROW_ID.exec(name) ?? [];
    if (group === undefined) return [];
    const expected = (last.get(group) ?? 0) + 1;
    const number = Number(digits);
    last.set(group, number);
    return number === expected ? [] : [{ line, problem: `has ${name} where ${group}${expected} belongs` }];
  });
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function unescapePipes(text: string): string {
  return text.replaceAll('\\|', '|');
}
