/**
 * `npm run prove:mutations [-- --only google]`: breaks what money depends on, a line at a time, in a copy of this checkout, and looks
 * whether a test notices. What none notices must stand in survivors.json with a reason; ends with an error where it does not, and
 * where something stands there that is noticed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutants.ts';
import survivors from './survivors.json';
import { TARGETS, type Target } from './targets.ts';

/** A fault may make a test wait for ever. */
const STAGE_TIMEOUT_MS = 120_000;
const TEST_TIMEOUT_MS = 30_000;
const ROOT = join(import.meta.dir, '../..');
const COPIED = [
  'src',
  'test',
  'docs',
  'dashboard',
  'examples',
  'conformance',
  'scripts',
  'package.json',
  'tsconfig.json',
];

/** A fault that no test notices, and why none can or need. */
interface Survivor extends Pick<Mutant, 'was' | 'now'> {
  readonly file: string;
  readonly reason: string;
}
const known: readonly Survivor[] = survivors;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const targets = TARGETS.filter(({ file }) => file.includes(values.only));
const copy = mkdtempSync(join(tmpdir(), 'turnpike-mutations-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

let wrong = 0;
let total = 0;
let survived = 0;
for (const target of targets) await prove(target);
console.log(
  `${total} faults, ${survived} unnoticed; ${wrong === 0 ? 'each of them with a reason' : `${wrong} to look at`}`,
);
process.exit(wrong === 0 ? 0 : 1);

async function prove({ file, stages }: Target): Promise<void> {
  const original = readFileSync(join(ROOT, file), 'utf8');
  for (const stage of stages) {
    if (await passes(stage)) continue;
    say(`${file}: ${stage.join(' ')} fails without any fault`);
    return;
  }
  const mutants = mutantsOf(original);
  const unnoticed: Mutant[] = [];
  for (const mutant of mutants) {
    writeFileSync(join(copy, file), mutant.source);
    if (await isUnnoticed(stages)) unnoticed.push(mutant);
  }
  writeFileSync(join(copy, file), original);
  const reasons = known.filter((each) => each.file === file);
  const isKnown = ({ was, now }: Mutant) => reasons.some((each) => each.was === was && each.now === now);
  for (const mutant of unnoticed)
    if (!isKnown(mutant))
      say(
        `${file}:${mutant.line}: nobody notices ${JSON.stringify(mutant.was)} as ${JSON.stringify(mutant.now)}`,
      );
  for (const { was, now } of reasons)
    if (!unnoticed.some((mutant) => mutant.was === was && mutant.now === now))
      say(`${file}: ${JSON.stringify(was)} as ${JSON.stringify(now)} is noticed, or stands there no more`);
  console.log(`${file}: ${mutants.length} faults, ${unnoticed.length} unnoticed`);
  total += mutants.length;
  survived += unnoticed.length;
}

function say(line: string): void {
  wrong += 1;
  console.log(`!! ${line}`);
}

async function isUnnoticed(stages: Target['stages']): Promise<boolean> {
  for (const stage of stages) if (!(await passes(stage))) return false;
  return true;
}

async function passes(paths: readonly string[]): Promise<boolean> {
  const command = [
    process.execPath,
    '--no-env-file',
    'test',
    '--bail',
    '--timeout',
    `${TEST_TIMEOUT_MS}`,
    ...paths,
  ];
  const child = Bun.spawn(command, {
    ...{ cwd: copy, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
    ...{ timeout: STAGE_TIMEOUT_MS, killSignal: 'SIGKILL' },
  });
  return (await child.exited) === 0;
}
