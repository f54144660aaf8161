import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKeySecret } from '../auth/key-secret.ts';
import { scanFiles, scanText } from './scan.ts';

const { key, hash, label } = newKeySecret();
const bytes = (text: string) => new TextEncoder().encode(text);
async function* inChunks(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield bytes(text.slice(at, at + size));
}

test('a key is found on its line wherever the chunks of a text end', async () => {
  const other = newKeySecret();
  const text = `first\nsecond: ${key}\n\n"${other.key}"`;
  for (const size of [1, 7, 64, 73, 74, 1000])
    expect(await scanText('x', inChunks(text, size))).toEqual([
      { path: 'x', line: 2, hash, label },
      { path: 'x', line: 4, hash: other.hash, label: other.label },
    ]);
});

test('a look-alike with a wrong checksum, a longer text and another case are none', async () => {
  const last = key.at(-1) === '0' ? '1' : '0';
  const texts = [key.slice(0, -1) + last, `${key}0`, key.toUpperCase(), key.slice(0, -1)];
  expect(await scanText('x', inChunks(texts.join('\n'), 50))).toEqual([]);
});

test('directories are gone through, without links and what holds the code of others', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-scan-'));
  try {
    mkdirSync(join(dir, 'src'));
    mkdirSync(join(dir, 'node_modules'));
    for (const path of ['src/.env', 'node_modules/x.js']) writeFileSync(join(dir, path), key);
    symlinkSync(dir, join(dir, 'src/again'));
    const { found, unread } = await scanFiles(dir);
    expect(found).toEqual([{ path: join(dir, 'src/.env'), line: 1, hash, label }]);
    expect(unread).toEqual([]);
    expect((await scanFiles(join(dir, 'gone'))).unread).toEqual([join(dir, 'gone')]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('the published patterns for gitleaks and TruffleHog match a key, and no part of anything longer', async () => {
  const folder = join(import.meta.dir, '../../docs/secret-scanners');
  const toml = Bun.TOML.parse(await Bun.file(join(folder, 'gitleaks.toml')).text()) as {
    rules: { regex: string; keywords: string[] }[];
  };
  const yaml = Bun.YAML.parse(await Bun.file(join(folder, 'trufflehog.yaml')).text()) as {
    detectors: { regex: { key: string }; keywords: string[] }[];
  };
  const patterns = [
    ...toml.rules.map(({ regex, keywords }) => ({ regex, keywords })),
    ...yaml.detectors.map(({ regex, keywords }) => ({ regex: regex.key, keywords })),
  ];
  expect(patterns).toHaveLength(2);
  for (const { regex, keywords } of patterns) {
    expect(new RegExp(regex).exec(`KEY="${key}"`)?.[1]).toBe(key);
    expect(new RegExp(regex).test(`${key}0`)).toBe(false);
    expect(keywords.some((word) => key.includes(word))).toBe(true);
  }
});
