/** What `npm start` runs: a bundle of the sources as they are now, in a checkout of its own that may be edited and taken the right to write. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/free-port.ts';

const ROOT = join(import.meta.dir, '..');
const directory = mkdtempSync(join(tmpdir(), 'turnpike-program-'));
const checkout = join(directory, 'checkout');
const BUNDLES = join(checkout, 'dist/program');
const MAIN = join(checkout, 'src/main.ts');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

beforeAll(() => {
  for (const name of ['src', 'scripts', 'dashboard', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function started(command: string[], env: Record<string, string> = {}) {
  return Bun.spawn(command, {
    ...{ cwd: directory, stdout: 'pipe', stderr: 'pipe' },
    env: { PATH: process.env['PATH'] ?? '', TURNPIKE_DATA_DIR: join(directory, 'data'), ...env },
  });
}

const bundled = (args: string[], env?: Record<string, string>) =>
  started([process.execPath, join(current(), 'main.js'), ...args], env);

async function turnpike(...args: string[]) {
  const child = started(['node', join(checkout, 'scripts/turnpike.mjs'), ...args]);
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, stdout, stderr };
}

const says = (line: string) => ({ code: 0, stdout: `${line}\n`, stderr: '' });
const bundles = () => readdirSync(BUNDLES).filter((name) => name !== 'current');
const current = () => join(BUNDLES, readFileSync(join(BUNDLES, 'current'), 'utf8'));

/** It serves when it has told its first key. */
async function firstKeyOf(gateway: ReturnType<typeof started>): Promise<string> {
  const reader = gateway.stdout.getReader();
  let said = '';
  for (;;) {
    const key = /shown once\): (\S+)/.exec(said)?.[1];
    if (key !== undefined) return key;
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended: ${said} ${await new Response(gateway.stderr).text()}`);
    said += new TextDecoder().decode(value);
  }
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe('a checkout', () => {
  test('in which two commands start at once has a whole bundle afterwards, which the next one runs', async () => {
    const both = await Promise.all([turnpike('--version'), turnpike('--version')]);
    expect(both).toEqual([says(`turnpike ${version}`), says(`turnpike ${version}`)]);
    const made = bundles();
    edit(join(current(), 'main.js'), '`turnpike ', '`bundled ');
    expect(await turnpike('--version')).toEqual(says(`bundled ${version}`));
    expect(bundles()).toEqual(made);
  }, 120_000);

  test('whose files were copied with other times is the same; one that was edited is bundled anew', async () => {
    const other = new Date(1_790_000_000_000);
    utimesSync(MAIN, other, other);
    expect(await turnpike('--version')).toEqual(says(`bundled ${version}`));
    edit(MAIN, '`turnpike ', '`edited__ ');
    expect(await turnpike('--version')).toEqual(says(`edited__ ${version}`));
    edit(MAIN, 'edited__', 'turnpike');
    expect(await turnpike('--version')).toEqual(says(`turnpike ${version}`));
  }, 120_000);

  test('whose sources have a mistake says which, as the sources do', async () => {
    edit(MAIN, 'async function main(', 'async function mistaken(');
    const { code, stderr } = await turnpike('--version');
    expect(code).not.toBe(0);
    expect(stderr).toContain('main is not defined');
    expect(stderr).toMatch(/src\/main\.ts:15\b/);
    edit(MAIN, 'async function mistaken(', 'async function main( {');
    const broken = await turnpike('--version');
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain('src/main.ts');
    edit(MAIN, 'main( {', 'main(');
    expect(await turnpike('--version')).toEqual(says(`turnpike ${version}`));
  }, 120_000);

  test('that is told to stop while its pages are built for the first time does not wait for them', async () => {
    const gateway = started([process.execPath, '--no-orphans', MAIN, 'serve'], {
      ...{ TURNPIKE_PORT: String(await freePort()), TURNPIKE_DATA_DIR: join(directory, 'unbuilt') },
    });
    await firstKeyOf(gateway);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    const built = new Bun.Glob('dist/dashboard/*/manifest.json').scanSync(checkout);
    expect([...built]).toEqual([]);
  }, 120_000);

  test('serves, records and exports by the threads of its bundle, with its pages', async () => {
    const port = await freePort();
    // What a bundle would take from its sources is not there.
    for (const name of ['storage', 'metering', 'exports'])
      renameSync(join(checkout, 'src', name), join(checkout, name));
    const origin = `http://127.0.0.1:${port}`;
    const gateway = bundled(['serve'], { TURNPIKE_PORT: String(port), TURNPIKE_LOG_LEVEL: 'warn' });
    const key = await firstKeyOf(gateway);
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/api/v1/chat/completions`, {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ model: 'turnpike/echo', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(answer.status).toBe(200);
    const { id } = (await answer.json()) as { id: string };
    const row = await fetch(`${origin}/api/v1/generation?id=${id}`, { headers });
    expect(row.status).toBe(200);
    const page = await fetch(`${origin}/setup`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script')]);
    const file = join(directory, 'all.parquet');
    const exported = bundled(['export', '--from', '2026-01-01', '--format', 'parquet', '--out', file]);
    expect(await exported.exited).toBe(0);
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    for (const name of ['storage', 'metering', 'exports'])
      renameSync(join(checkout, name), join(checkout, 'src', name));
  }, 120_000);

  test('without a place to write runs from its sources, and says nothing of it', async () => {
    rmSync(join(checkout, 'dist'), { recursive: true });
    writeFileSync(join(checkout, 'dist'), 'no directory');
    expect(await turnpike('--version')).toEqual(says(`turnpike ${version}`));
    expect(readFileSync(join(checkout, 'dist'), 'utf8')).toBe('no directory');
  }, 120_000);
});
