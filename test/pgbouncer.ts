/** The real PgBouncer before a PostgreSQL, with its default settings, where the variable PGBOUNCER names its program. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { PoolMode } from './pooler.ts';

/** It refuses to run as root; this is `nobody` on Linux. */
const UNPRIVILEGED_ID = 65534;

export async function startPgBouncer(program: string, postgresUrl: string, mode: PoolMode) {
  const { hostname, port } = new URL(postgresUrl);
  const home = mkdtempSync(join(tmpdir(), 'turnpike-pgbouncer-'));
  const listenPort = await freePort();
  const file = join(home, 'pgbouncer.ini');
  writeFileSync(join(home, 'users'), '"postgres" ""\n');
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=${hostname} port=${port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${listenPort}`,
      'auth_type = trust',
      `auth_file = ${join(home, 'users')}`,
      'unix_socket_dir =',
      `pool_mode = ${mode}`,
    ].join('\n'),
  );
  chmodSync(home, 0o755);
  const owner = process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
  const child = spawn(program, [file], { ...owner, cwd: home, stdio: 'ignore' });
  const stopWithUs = () => child.kill('SIGKILL');
  process.once('exit', stopWithUs);
  while (!(await answers(listenPort))) await Bun.sleep(20);
  return {
    urlOf(databaseUrl: string): string {
      const url = new URL(databaseUrl);
      url.hostname = '127.0.0.1';
      url.port = String(listenPort);
      return url.href;
    },
    async stop(): Promise<void> {
      process.off('exit', stopWithUs);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGQUIT');
      await gone;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
