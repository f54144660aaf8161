/** Which failed tests of `npm test` are run once more. */

/**
 * A busy machine can fail a test of time that the product would pass. So few failed tests are looked at once more, alone, and are named
 * as unstable in the last lines when they pass then; more than these are no accident.
 */
const MOST_FAILURES = 3;

/** What a file says that draws at random: it would draw anew, and so hide what it has found. */
const DRAWS_AT_RANDOM = /seed/i;

/**
 * @param {import('./junit.mjs').TestReport['failures']} failures
 * @param {(file: string) => string} textOf
 * @returns {string[]} the files to run once more, each whole; none: what failed has failed
 */
export function filesToRunAgain(failures, textOf) {
  if (failures.length > MOST_FAILURES) return [];
  const files = [...new Set(failures.map(({ file }) => file))];
  return files.some((file) => DRAWS_AT_RANDOM.test(textOf(file))) ? [] : files;
}
