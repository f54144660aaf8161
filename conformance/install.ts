/** The clients, as their makers publish them, in a folder of their own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from './client.ts';
import { NPM, PYPI, type PythonPackage } from './versions.ts';

/** The `bin` of a Python client's virtual environment, or why there is none: `isFault` where this machine has Python all the same. */
type PythonPlace = { readonly bin: string } | { readonly missing: string; readonly isFault: boolean };

export interface Installed {
  /** Has the drivers, and `node_modules` where a client of npm was asked for. */
  readonly npmDir: string;
  /** Those that were asked for. */
  readonly python: Readonly<Partial<Record<PythonPackage, PythonPlace>>>;
}

const INSTALL_TIMEOUT_MS = 900_000;

/** Those that bring a program for this machine in a step after their installation, and which step that is. */
const AFTERWARDS: readonly (readonly [folder: string, script: string])[] = [
  ['@anthropic-ai/claude-code', 'install.cjs'],
  ['opencode-ai', 'postinstall.mjs'],
];

/**
 * No package's install scripts run but the two above, which the clients do not start without. Kept folders are used again. All that npm
 * has is installed together, as soon as one of it is wanted.
 */
export async function install(
  directory: string,
  clients: readonly Pick<Client, 'package'>[],
  say: (line: string) => void,
): Promise<Installed> {
  const npmDir = join(directory, 'npm');
  mkdirSync(npmDir, { recursive: true });
  if (clients.some(({ package: wanted }) => 'npm' in wanted)) await installNpm(npmDir, say);
  const python: Partial<Record<PythonPackage, PythonPlace>> = {};
  for (const { package: wanted } of clients)
    if ('python' in wanted) python[wanted.python] ??= await installPython(directory, wanted.python, say);
  return { npmDir, python };
}

async function installNpm(npmDir: string, say: (line: string) => void): Promise<void> {
  const done = join(npmDir, 'installed.json');
  const wanted = JSON.stringify({ private: true, type: 'module', dependencies: NPM });
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return;
  writeFileSync(join(npmDir, 'package.json'), wanted);
  say('npm install');
  await must(['npm', 'install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'], npmDir);
  for (const [folder, script] of AFTERWARDS) {
    await must([nodeOf(), script], join(npmDir, 'node_modules', folder));
  }
  writeFileSync(done, wanted);
}

/** Each in an environment of its own: aider pins the litellm that it wants. */
async function installPython(
  directory: string,
  name: PythonPackage,
  say: (line: string) => void,
): Promise<PythonPlace> {
  const environment = join(directory, `python-${name}`);
  const bin = join(environment, 'bin');
  const python = Bun.which('python3');
  if (python === null) return { missing: 'there is no python3 on this machine', isFault: false };
  const wanted = `${name}==${PYPI[name]}`;
  const done = join(environment, 'installed.txt');
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return { bin };
  say(`pip install ${wanted}`);
  try {
    await must([python, '-m', 'venv', environment], directory);
    await must([join(bin, 'python'), '-m', 'pip', 'install', '-q', '--no-input', wanted], directory);
    writeFileSync(done, wanted);
    return { bin };
  } catch (error) {
    return { missing: `pip could not install it: ${String(error).slice(-200)}`, isFault: true };
  }
}

/** Node where there is one: the clients that are scripts were made for it. */
export function nodeOf(): string {
  return Bun.which('node') ?? process.execPath;
}

async function must(argv: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...argv], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INSTALL_TIMEOUT_MS,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}
