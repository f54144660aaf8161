/** Commands of `turnpike` as an operator runs them: a process of their own, in the directory of a gateway. */
import { dirname } from 'node:path';
import { programPath, TESTED } from '../scripts/program.mjs';

let program: Promise<string> | null = null;

/** What a process of it runs: as operators have it, a bundle of the sources as they are now. It starts in half their time. */
export function testedProgram(): Promise<string> {
  program ??= programPath(process.execPath, TESTED);
  return program;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for what may stand in either. */
  readonly text: string;
}

/** `dataDir` lies in the directory that turnpike.yaml is in. */
export async function turnpike(
  { dataDir, env = {} }: { dataDir: string; env?: Record<string, string> },
  ...args: string[]
): Promise<Ran> {
  const child = Bun.spawn([process.execPath, '--no-orphans', await testedProgram(), ...args], {
    cwd: dirname(dataDir),
    env: { PATH: process.env['PATH'] ?? '', TURNPIKE_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, stdout, stderr, text: stdout + stderr };
}
