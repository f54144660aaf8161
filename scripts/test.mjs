/**
 * `npm test`: every check of the project, in order. A failing step does not hide the later ones. The last line printed
 * is always "N passed, N failed", where lint, typecheck and the build count as one test each.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesToRunAgain } from './again.mjs';
import { ensureInstalled, root } from './install.mjs';
import { readJunit } from './junit.mjs';
import { tasks } from './tasks.mjs';

/** A hung test must end as a failure with a message, before whoever runs us gives up without one. */
const DEADLINE_MS = 28 * 60_000;

/** Paths of the quick run. */
const QUICK = ['src/', 'test/tidy.test.ts', 'test/e2e/clients/'];

/** The names under which Bun looks for tests. */
const TEST_FILE = /[._](?:test|spec)\.[cm]?[jt]sx?$/;

/** Of what a failed test said, so much is repeated at the end: who reads that alone must know what went wrong. */
const MOST_REPEATED_CHARS = 2000;

const isCi = process.env['CI'] === 'true' || process.env['CI'] === '1';
const startedAt = performance.now();

/** @type {string[]} */
const complaints = [];
let passed = 0;
let failed = 0;

/** `--quick`: an answer in two minutes, from lint, types and the tests that stand beside their subjects. */
const isQuick = process.argv.includes('--quick');

await ensureInstalled({ dev: true });
await step('lint', () => simple('lint'));
await step('typecheck', () => simple('typecheck'));
if (!isQuick) {
  // Once, before many gateways start at the same time and all need it.
  await step('build dashboard', () => simple('build dashboard'));
}
await step('bun test', bunTest);

for (const complaint of complaints) console.log(complaint);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * @param {string} name
 * @param {() => Promise<boolean>} body whether all of it passed
 */
async function step(name, body) {
  console.log(`\n== ${name}`);
  const stepStartedAt = performance.now();
  const ok = await body();
  console.log(
    `== ${name}: ${ok ? 'ok' : 'FAILED'} (${((performance.now() - stepStartedAt) / 1000).toFixed(1)} s)`,
  );
}

/**
 * @param {keyof typeof tasks} name
 * @param {string[]} args
 */
async function run(name, args) {
  const leftMs = Math.max(1, DEADLINE_MS - (performance.now() - startedAt));
  const outcome = await tasks[name](args, leftMs);
  if (outcome.interruptedBy !== undefined) {
    console.log(`${passed} passed, ${failed + 1} failed`);
    process.exit(outcome.code === 0 ? 1 : outcome.code);
  }
  if (outcome.timedOut) complaints.push(`FAILED: ${name} was stopped: all checks must end within 28 minutes`);
  return outcome.timedOut ? 1 : outcome.code;
}

/** @param {'lint' | 'typecheck' | 'build dashboard'} name */
async function simple(name) {
  const ok = (await run(name, [])) === 0;
  if (ok) passed += 1;
  else failed += 1;
  return ok;
}

/**
 * Bun's exit code alone does not do: it is 0 when a test ends the process half-way. Its report alone neither: a file
 * that cannot be loaded is not in it. Only both together, with every test file accounted for, mean success.
 */
async function bunTest() {
  const folders = isQuick ? QUICK : [];
  const { code, report } = await reported(folders);
  const silent = testFiles()
    .filter((file) => folders.length === 0 || folders.some((folder) => file.startsWith(folder)))
    .filter((file) => !report.files.has(file));

  const isUnstable = silent.length === 0 && (await passAgain(report.failures));
  for (const { test, message } of report.failures) {
    const what = isUnstable ? 'UNSTABLE (passed when it was run again)' : 'FAILED';
    complaints.push(`${what}: ${test}\n${message.slice(0, MOST_REPEATED_CHARS).trimEnd()}\n`);
  }
  for (const file of silent) complaints.push(`FAILED: ${file}: none of its tests was run`);
  for (const name of report.skipped) complaints.push(`${isCi ? 'FAILED: skipped' : 'SKIPPED'}: ${name}`);

  const unstable = isUnstable ? report.failures.length : 0;
  let failures = report.failures.length - unstable + silent.length + (isCi ? report.skipped.length : 0);
  if (failures === 0 && unstable === 0 && (code !== 0 || report.passed === 0)) {
    const what = code === 0 ? 'no test was run' : `bun test ended with code ${code} though no test failed`;
    complaints.push(`FAILED: ${what}`);
    failures = 1;
  }
  passed += report.passed + unstable;
  failed += failures;
  return failures === 0;
}

/** @param {string[]} paths none: every test */
async function reported(paths) {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
  const path = join(directory, 'junit.xml');
  const code = await run('bun test', [...paths, '--reporter=junit', `--reporter-outfile=${path}`]);
  const report = readJunit(existsSync(path) ? readFileSync(path, 'utf8') : '');
  rmSync(directory, { recursive: true, force: true });
  return { code, report };
}

/** @param {import('./junit.mjs').TestReport['failures']} failures */
async function passAgain(failures) {
  const files = filesToRunAgain(failures, (file) => readFileSync(join(root, file), 'utf8'));
  if (files.length === 0) return false;
  console.log(`\n== once more: ${files.join(', ')}`);
  const { code, report } = await reported(files);
  return code === 0 && report.failures.length === 0 && files.every((file) => report.files.has(file));
}

/** Every test file of the project as Bun names it: relative, with forward slashes. */
function testFiles(directory = '') {
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) found.push(...testFiles(path));
    else if (TEST_FILE.test(entry.name)) found.push(path);
  }
  return found;
}
