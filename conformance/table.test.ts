/** What becomes of a run's rows. */
import { expect, test } from 'bun:test';
import { isPassed, markdownTable, type Row, withTable } from './table.ts';

const row: Row = { client: 'c', version: '1.0.0', feature: 'text', verdict: 'passes', note: 'a | b' };

test('a run passes when no row fails, and one without rows does not', () => {
  expect(isPassed([row, { ...row, verdict: 'not run' }])).toBe(true);
  expect(isPassed([row, { ...row, verdict: 'fails' }])).toBe(false);
  expect(isPassed([])).toBe(false);
});

test('the table of a page is replaced, and the rest of it stays', () => {
  const first = `before\n${markdownTable([row, row], '2026-11-28')}\nafter`;
  const second = withTable(first, markdownTable([row], '2026-11-29'));
  expect(second).toBe(`before\n${markdownTable([row], '2026-11-29')}\nafter`);
  expect(second).toContain('| c | 1.0.0 | text | passes | a \\| b |');
  expect(() => withTable('no place', '')).toThrow('no place for the table');
});
