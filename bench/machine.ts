/** Where and with what a run was made: figures without it mean nothing. */
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly loadAverage: number;
}

export async function describeMachine(tools: { nginx: string | null; wrk: string | null }): Promise<Machine> {
  const commit = await outputOf(['git', '-C', import.meta.dir, 'rev-parse', '--short', 'HEAD']);
  const nginx = tools.nginx === null ? '' : await outputOf([tools.nginx, '-v']);
  const wrk = tools.wrk === null ? '' : await outputOf([tools.wrk, '-v']);
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: cpus()[0]?.model.replace(/\s+/g, ' ').trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    versions: {
      turnpike: commit || 'unknown',
      bun: Bun.version,
      nginx: /nginx\/(\S+)/.exec(nginx)?.[1] ?? 'not installed',
      load:
        tools.wrk === null ? 'built-in' : `wrk ${/^wrk (?:debian\/)?([\w.]+)/.exec(wrk)?.[1] ?? ''}`.trim(),
    },
    loadAverage: loadavg()[0] ?? Number.NaN,
  };
}

async function outputOf(command: string[]): Promise<string> {
  try {
    const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return (out + err).trim();
  } catch {
    return '';
  }
}
