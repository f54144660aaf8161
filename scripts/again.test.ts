import { expect, test } from 'bun:test';
import { filesToRunAgain } from './again.mjs';

const failed = (...files: string[]) => files.map((file) => ({ file, test: `${file}: works`, message: '' }));

test('the files of a few failed tests are run once more, each once', () => {
  expect(filesToRunAgain(failed('a.test.ts', 'b.test.ts', 'a.test.ts'), () => 'test()')).toEqual([
    'a.test.ts',
    'b.test.ts',
  ]);
  expect(filesToRunAgain([], () => '')).toEqual([]);
});

test('many failures, or one of a test that draws at random, are final', () => {
  expect(filesToRunAgain(failed('a', 'b', 'c', 'd'), () => 'test()')).toEqual([]);
  const textOf = (file: string) => (file === 'b' ? 'const random = seeded(SEED);' : 'test()');
  expect(filesToRunAgain(failed('a', 'b'), textOf)).toEqual([]);
});
