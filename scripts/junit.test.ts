import { expect, test } from 'bun:test';
import { readJunit } from './junit.mjs';

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" assertions="2" failures="2" skipped="1" time="0.01">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" failures="1" skipped="1">
    <testcase name="works" classname="" time="0.1" file="a.test.ts" line="2" assertions="1" />
    <testcase name="fails on &lt;failure&gt;" classname="" time="0.1" file="a.test.ts" line="3" assertions="1">
      <failure type="AssertionError" message="expect(received)&#10;">AssertionError</failure>
    </testcase>
    <testsuite name="group" file="a.test.ts" line="4" tests="1" skipped="1">
      <testcase name="waits for &quot;later&quot;" classname="group" time="0" file="a.test.ts" line="4">
        <skipped />
      </testcase>
    </testsuite>
  </testsuite>
  <testsuite name="b.test.ts" file="b.test.ts" tests="1" failures="1">
    <testcase name="(unnamed)" classname="" time="0.1" file="b.test.ts" assertions="0">
      <failure type="Error" message="in hook">Error: in hook</failure>
    </testcase>
  </testsuite>
</testsuites>
`;

test('every outcome is counted, in nested groups too', () => {
  expect(readJunit(REPORT)).toEqual({
    passed: 1,
    failures: [
      { file: 'a.test.ts', test: 'a.test.ts: fails on <failure>', message: 'expect(received)\n' },
      { file: 'b.test.ts', test: 'b.test.ts: (unnamed)', message: 'in hook' },
    ],
    skipped: ['a.test.ts: waits for "later"'],
    files: new Set(['a.test.ts', 'b.test.ts']),
  });
});

test('a missing report counts nothing', () => {
  expect(readJunit('')).toEqual({ passed: 0, failures: [], skipped: [], files: new Set() });
});
