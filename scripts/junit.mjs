/** Reads the report that `bun test --reporter=junit` writes: the only count of tests that is not scraped from prose. */

/**
 * @typedef {object} TestReport
 * @property {number} passed
 * @property {{ file: string, test: string, message: string }[]} failures "file: name" of every test that failed, and what it said
 * @property {string[]} skipped "file: name" of every test that did not run
 * @property {Set<string>} files every file of which at least one test was recorded
 */

/**
 * Bun escapes angle brackets in names and messages, so every "<testcase " opens a test, and what stands before the next
 * one is its outcome.
 *
 * @param {string} xml
 * @returns {TestReport}
 */
export function readJunit(xml) {
  /** @type {TestReport} */
  const report = { passed: 0, failures: [], skipped: [], files: new Set() };
  for (const test of xml.split('<testcase ').slice(1)) {
    const file = attribute(test, 'file');
    report.files.add(file);
    const name = `${file}: ${attribute(test, 'name')}`;
    const failure = /<(?:failure|error)\b([^>]*)>/.exec(test)?.[1];
    if (failure !== undefined)
      report.failures.push({ file, test: name, message: attribute(failure, 'message') });
    else if (/<skipped\b/.test(test)) report.skipped.push(name);
    else report.passed += 1;
  }
  return report;
}

/**
 * @param {string} element
 * @param {string} name
 */
function attribute(element, name) {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(element)?.[1] ?? '';
  return value
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&#10;', '\n')
    .replaceAll('&amp;', '&');
}
