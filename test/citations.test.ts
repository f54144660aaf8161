/** What our documents say to be tested is tested, under the very name that they give. citations.ts says how to cite. */
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenCitations } from './citations.ts';

const root = join(import.meta.dir, '..');
const DOCUMENTS = ['docs/promises.md', 'THREAT_MODEL.md'].filter((path) => existsSync(join(root, path)));

function readSource(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

test.each(DOCUMENTS)('%s cites tests that exist, for each of its rows', (path) => {
  expect(brokenCitations({ path, content: readSource(path) ?? '' }, readSource)).toEqual([]);
});

describe('a citation', () => {
  const sources = new Map([
    [
      'src/a.test.ts',
      `
      const rows = [['a first row', 1]];
      describe('the a', () => {
        test("is the caller's | own", () => { expect(text).toBe('an outcome'); });
        test.each(rows)('%s is refused', (_name) => {});
      });
      test('stands alone', () => {});
      // a test called 'in a comment', which is none
      // test('commented out', () => {});
      `,
    ],
    ['prove/scenarios/kills.ts', "export const kills: Scenario = { name: 'kill -9', run };"],
  ]);
  const problems = (...rows: string[]) =>
    brokenCitations(
      { path: 'docs/d.md', content: ['| id | Tests |', '|---|---|', ...rows].join('\n') },
      (path) => sources.get(path),
    );

  test.each([
    ['names a test', '`src/a.test.ts › stands alone`'],
    [
      'names a test in its describe, with an escaped pipe',
      "`src/a.test.ts › the a › is the caller's \\| own`",
    ],
    ['names a test without its describe', '`src/a.test.ts › %s is refused`'],
    ['names a row of a table', '`src/a.test.ts › the a › %s is refused › a first row`'],
    ['names what is no test file by any string', '`prove/scenarios/kills.ts › kill -9`'],
    ['stands beside what is not built', '`src/a.test.ts › stands alone`; not built yet: webhooks'],
    ['is missing where nothing is built', 'not built yet: webhooks'],
  ])('%s', (_what, cell) => {
    expect(problems(`| A1 | ${cell} |`)).toEqual([]);
  });

  test.each([
    ['of a file that is gone', '`src/b.test.ts › x`', 'cites src/b.test.ts, which does not exist'],
    ['of a test that is gone', '`src/a.test.ts › gone`', 'cites "gone", which src/a.test.ts does not have'],
    ['of a string that names no test', '`src/a.test.ts › an outcome`', 'cites "an outcome", which'],
    ['of a comment', '`src/a.test.ts › in a comment`', 'cites "in a comment", which'],
    ['of a test that is commented out', '`src/a.test.ts › commented out`', 'cites "commented out", which'],
    ['of a test that stands before the describe', '`src/a.test.ts › stands alone › the a`', 'not have there'],
    ['that is missing', 'of course', '"A1" has neither a test nor'],
    ['that is a path alone', '`src/a.test.ts`', '"A1" has neither a test nor'],
    ['beside a mark that names nothing', 'not built yet', '"A1" has neither a test nor'],
  ])('%s is told', (_what, cell, problem) => {
    const [told, ...rest] = problems(`| A1 | ${cell} |`);
    expect(told).toStartWith('docs/d.md:3 ');
    expect(told).toContain(problem);
    expect(rest).toEqual([]);
  });

  test('is read in prose too, and a row that is dropped or doubled is told', () => {
    const row = (id: string) => `| ${id} | not built yet: this |`;
    expect(problems(row('A1'), row('A3'), row('B1'), row('B1'), '', 'See `src/c.test.ts › x`.')).toEqual([
      'docs/d.md:8 cites src/c.test.ts, which does not exist',
      'docs/d.md:4 has A3 where A2 belongs',
      'docs/d.md:6 has B1 where B2 belongs',
    ]);
  });

  test('is expected somewhere in each document', () => {
    expect(brokenCitations({ path: 'docs/d.md', content: 'No table.' }, () => undefined)).toEqual([
      'docs/d.md:1 has no table with a column "Tests"',
    ]);
  });
});
