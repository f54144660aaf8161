/** The clients, as their makers publish them, in a folder of their own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NPM, PYPI } from './versions.ts';

export interface Installed {
  readonly npmDir: string;
  /** The `bin` of the virtual environment of each Python client, or why there is none. */
  readonly python: Readonly<
    Record<keyof typeof PYPI, { readonly bin: string } | { readonly missing: string }>
  >;
}

const INSTALL_TIMEOUT_MS = 900_000;

/** Those that bring a program for this machine in a step after their installation, and which step that is. */
const AFTERWARDS: readonly (readonly [folder: string, script: string])[] = [
  ['@anthropic-ai/claude-code', 'install.cjs'],
  ['opencode-ai', 'postinstall.mjs'],
];

/** No package's install scripts run but the two above, which the clients do not start without. Kept folders are used again. */
export async function install(directory: string, say: (line: string) => void): Promise<Installed> {
  return {
    npmDir: await installNpm(directory, say),
    python: {
      'aider-chat': await installPython(directory, 'aider-chat', say),
      litellm: await installPython(directory, 'litellm', say),
    },
  };
}

async function installNpm(directory: string, say: (line: string) => void): Promise<string> {
  const npmDir = join(directory, 'npm');
  const done = join(npmDir, 'installed.json');
  const wanted = JSON.stringify({ private: true, type: 'module', dependencies: NPM });
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return npmDir;
  mkdirSync(npmDir, { recursive: true });
  writeFileSync(join(npmDir, 'package.json'), wanted);
  say('npm install');
  await must(['npm', 'install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'], npmDir);
  for (const [folder, script] of AFTERWARDS) {
    await must([nodeOf(), script], join(npmDir, 'node_modules', folder));
  }
  writeFileSync(done, wanted);
  return npmDir;
}

/** Each in an environment of its own: aider pins the litellm that it wants. */
async function installPython(
  directory: string,
  name: keyof typeof PYPI,
  say: (line: string) => void,
): Promise<{ readonly bin: string } | { readonly missing: string }> {
  const environment = join(directory, `python-${name}`);
  const bin = join(environment, 'bin');
  const python = Bun.which('python3');
  if (python === null) return { missing: 'there is no python3 on this machine' };
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
    return { missing: `pip could not install it: ${String(error).slice(-200)}` };
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
