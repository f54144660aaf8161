import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findBun, missingPackages, whichPackages } from './install.mjs';

const lock = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/needed': { version: '1.0.0' },
    'node_modules/tool': { version: '2.0.0', dev: true },
    'node_modules/shared-tool': { version: '2.1.0', devOptional: true },
    'node_modules/other-platform': { version: '3.0.0', optional: true },
  },
};

test('everything but what npm may leave out is missing from an empty node_modules', () => {
  const names = ['node_modules/needed', 'node_modules/tool', 'node_modules/shared-tool'];
  expect(missingPackages(lock, { packages: {} }, true)).toEqual(names);
});

test('development dependencies are missed only where they are used', () => {
  const installed = { packages: { 'node_modules/needed': { version: '1.0.0' } } };
  expect(missingPackages(lock, installed, false)).toEqual([]);
  expect(missingPackages(lock, installed, true)).toEqual(['node_modules/tool', 'node_modules/shared-tool']);
});

test('another version is missing, also of an optional package', () => {
  const installed = {
    packages: {
      'node_modules/needed': { version: '0.9.0' },
      'node_modules/other-platform': { version: '2.9.0' },
    },
  };
  expect(missingPackages(lock, installed, false)).toEqual([
    'node_modules/needed',
    'node_modules/other-platform',
  ]);
});

const system = process.platform === 'win32' ? 'windows' : process.platform;
const platform = `bun-${system}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
const exe = process.platform === 'win32' ? 'bun.exe' : 'bun';
const binary = Buffer.alloc(1_000_001);
let modules = '';

beforeEach(() => {
  modules = mkdtempSync(join(tmpdir(), 'turnpike-modules-'));
});
afterEach(() => rmSync(modules, { recursive: true }));

function put(path: string, content: Buffer | string): string {
  const full = join(modules, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

test('Bun is where its install script put it', () => {
  put(`@oven/${platform}/package.json`, '{}');
  const path = put('bun/bin/bun.exe', binary);
  expect(findBun(modules)).toBe(path);
});

test('Bun is in the package of its platform when install scripts are blocked', () => {
  put('bun/bin/bun.exe', 'echo "the install script was not run"');
  const path = put(`@oven/${platform}/bin/${exe}`, binary);
  expect(findBun(modules)).toBe(path);
});

test('of two builds the one for this C library is taken', () => {
  const plain = put(`@oven/${platform}/bin/${exe}`, binary);
  const musl = put(`@oven/${platform}-musl/bin/${exe}`, binary);
  const header: unknown = Reflect.get(process.report.getReport(), 'header');
  const isGlibc = typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header;
  expect(findBun(modules)).toBe(isGlibc ? plain : musl);
});

test('a node_modules from another kind of machine has no Bun', () => {
  put('@oven/bun-plan9-mips/bin/bun', binary);
  put('bun/bin/bun.exe', binary);
  expect(findBun(modules)).toBeUndefined();
});

test('the gateway alone installs no packages of the tests, and leaves those that are there', () => {
  const nothing = { packages: {} };
  const alone = { packages: { 'node_modules/bun': { version: '1.0.0' } } };
  const whole = { packages: { ...alone.packages, 'node_modules/openai': { version: '1.0.0', dev: true } } };
  expect([nothing, alone, whole].map((installed) => whichPackages(installed, false))).toEqual([
    '--omit=dev',
    '--omit=dev',
    '--include=dev',
  ]);
  expect([nothing, alone, whole].map((installed) => whichPackages(installed, true))).toEqual(
    Array(3).fill('--include=dev'),
  );
});
