/** The command as a shell runs it, where it needs neither a configuration nor a database. */
import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { turnpike } from '../test/turnpike.ts';

const { version } = await Bun.file(join(import.meta.dir, '../package.json')).json();

const directory = mkdtempSync(join(tmpdir(), 'turnpike-main-'));
const dataDir = join(directory, 'data');
writeFileSync(join(directory, 'turnpike.yaml'), 'providers: [');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('beside a configuration that cannot be read, and without touching anything', () => {
  test.each(['--version', '-v', 'version'])('%s says the version of package.json', async (argument) => {
    const { code, stdout, stderr } = await turnpike({ dataDir }, argument);
    expect([code, stdout, stderr]).toEqual([0, `turnpike ${version}\n`, '']);
  });

  test.each(['help', '--help', '-h'])('%s lists the commands', async (argument) => {
    const { code, stdout, stderr } = await turnpike({ dataDir }, argument);
    expect([code, stderr]).toEqual([0, '']);
    for (const line of ['usage: turnpike <command>', 'turnpike --version', '  doctor ', '  serve '])
      expect(stdout).toContain(line);
  });

  test('a command that there is not is refused with the list, as an error', async () => {
    const { code, stdout, stderr } = await turnpike({ dataDir }, 'sevre');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('usage: turnpike <command>');
  });

  afterAll(() => expect(readdirSync(directory)).toEqual(['turnpike.yaml']));
});

test('the command that npm installs says the same version', async () => {
  const script = join(import.meta.dir, '../scripts/turnpike.mjs');
  const child = Bun.spawn(['node', script, '--version'], { cwd: directory, stdout: 'pipe', stderr: 'pipe' });
  expect(await new Response(child.stdout).text()).toBe(`turnpike ${version}\n`);
  expect(await child.exited).toBe(0);
});
