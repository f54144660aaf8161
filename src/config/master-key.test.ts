/** Where the master key comes from, and that two processes never make two. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMasterKey } from './master-key.ts';

const value = Buffer.alloc(32, 9).toString('base64');
let root = '';
let dataDir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'turnpike-key-'));
  dataDir = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const generate = () => loadMasterKey({ value: null, dataDir, createMissing: true });

test('a key is made once, readable by its owner alone, and found again', () => {
  const made = generate();
  expect(made.key).toHaveLength(32);
  expect(made.warning).toContain(join(dataDir, 'master.key'));
  expect(made.warning).not.toContain(Buffer.from(made.key).toString('base64'));
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dataDir, 'master.key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['master.key']);
  const path = join(dataDir, 'master.key');
  expect(generate()).toEqual({ key: made.key, source: path, isNew: false, warning: null });
});

test('the variable wins over the file', () => {
  generate();
  expect(loadMasterKey({ value, dataDir, createMissing: true }).key).toEqual(new Uint8Array(32).fill(9));
});

test('with the variable no file is made', () => {
  loadMasterKey({ value, dataDir, createMissing: true });
  expect(existsSync(dataDir)).toBe(false);
});

test.each([
  'short',
  Buffer.alloc(31).toString('base64'),
  Buffer.alloc(33).toString('base64'),
  `${value} `,
  `!${value}`,
])('a key of the wrong length or alphabet is refused without being shown: %j', (wrong) => {
  const load = () => loadMasterKey({ value: wrong, dataDir, createMissing: true });
  expect(load).toThrow('TURNPIKE_MASTER_KEY: not a key of 32 bytes; use 32 random bytes in base64');
  expect(load).not.toThrow(wrong);
});

test('a damaged key file stops the start and is left as it is', () => {
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'master.key'), 'half');
  expect(generate).toThrow(`${join(dataDir, 'master.key')}: not a key of 32 bytes`);
  expect(statSync(join(dataDir, 'master.key')).size).toBe(4);
});

test('a key file that others can read is told', () => {
  generate();
  chmodSync(join(dataDir, 'master.key'), 0o644);
  expect(generate().warning).toContain('chmod 600');
});

test('a data directory that cannot be made is told', () => {
  writeFileSync(dataDir, 'a file');
  expect(generate).toThrow('cannot create the master key');
});

test('processes that start at once share one key, and one of them says it made it', async () => {
  const script = `
    import { loadMasterKey } from ${JSON.stringify(join(import.meta.dir, 'master-key.ts'))};
    const { key, warning } = loadMasterKey({ value: null, dataDir: ${JSON.stringify(dataDir)}, createMissing: true });
    console.log(JSON.stringify({ key: Buffer.from(key).toString('hex'), made: warning !== null }));`;
  const processes = Array.from({ length: 4 }, () =>
    Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' }),
  );
  const outputs: { key: string; made: boolean }[] = await Promise.all(
    processes.map((child) => new Response(child.stdout).json() as Promise<{ key: string; made: boolean }>),
  );
  expect(new Set(outputs.map(({ key }) => key)).size).toBe(1);
  expect(outputs.filter(({ made }) => made)).toHaveLength(1);
});
