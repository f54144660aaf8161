/** A client as its own process, in a home of its own, with a time limit. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  /** Null when the time was over. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Nothing of the person who runs this reaches a client: no key, no proxy, no settings. */
export async function runCommand(
  { argv, env = {} }: Command,
  { home, cwd, timeoutMs }: { readonly home: string; readonly cwd: string; readonly timeoutMs: number },
): Promise<Outcome> {
  const startedAt = performance.now();
  const child = Bun.spawn([...argv], {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'dumb',
      NO_COLOR: '1',
      CI: '1',
      LANG: 'C.UTF-8',
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_DATA_HOME: join(home, '.local/share'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_STATE_HOME: join(home, '.local/state'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  clearTimeout(timer);
  return { code: isLate ? null : code, stdout, stderr, seconds: (performance.now() - startedAt) / 1000 };
}

export function newHome(directory: string): string {
  return mkdtempSync(join(directory, 'home-'));
}
