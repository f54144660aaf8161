/** One server a data directory: a lock that the operating system frees when its holder dies. */
import { Database } from 'bun:sqlite';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class DataDirLockError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'DataDirLockError';
  }
}

export interface DataDirLock {
  release(): void;
}

export function lockDataDir(dataDir: string): DataDirLock {
  // The locked file itself cannot be read by others, so the holder's number stands in a file beside it.
  const pidPath = join(dataDir, 'server.pid');
  const lockPath = join(dataDir, 'lock.sqlite');
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // Created by us first, because SQLite would let everyone read it; an older one is put right.
    closeSync(openSync(lockPath, 'a', 0o600));
    chmodSync(lockPath, 0o600);
  } catch (thrown) {
    throw unwritable(dataDir, thrown);
  }
  const lock = new Database(lockPath);
  try {
    lock.run('BEGIN EXCLUSIVE');
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  } catch (thrown) {
    lock.close();
    throw lockError(dataDir, pidPath, thrown);
  }
  return { release: () => lock.close() };
}

/** Whether a server holds it. Makes and changes nothing. */
export function isLocked(dataDir: string): boolean {
  const path = join(dataDir, 'lock.sqlite');
  if (!existsSync(path)) return false;
  const lock = new Database(path, { readwrite: true, create: false });
  try {
    lock.run('BEGIN EXCLUSIVE');
    lock.run('ROLLBACK');
    return false;
  } catch (thrown) {
    if (isBusy(thrown)) return true;
    throw thrown;
  } finally {
    lock.close();
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY');
}

function lockError(dataDir: string, pidPath: string, thrown: unknown): DataDirLockError {
  if (!isBusy(thrown))
    return new DataDirLockError(`The data directory ${dataDir} cannot be locked: ${thrown}`, thrown);
  const pid = readPid(pidPath);
  const holder = pid === null ? 'another server' : `another server (process ${pid})`;
  return new DataDirLockError(`The data directory ${dataDir} is in use by ${holder}`, thrown);
}

/** What a volume looks like that was made for another user: Docker's and Kubernetes' belong to root. */
function unwritable(dataDir: string, thrown: unknown): DataDirLockError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  const user = process.getuid?.() ?? 'that runs Turnpike';
  const remedy =
    code === 'EROFS'
      ? 'mount a volume there that can be written'
      : `give it to that user (chown -R ${user} ${dataDir}; in Kubernetes securityContext.fsGroup)`;
  return new DataDirLockError(
    `The user ${user} cannot write into the data directory ${dataDir} (${code}): ${remedy}`,
    thrown,
  );
}

function readPid(pidPath: string): string | null {
  try {
    return /^\d+/.exec(readFileSync(pidPath, 'utf8'))?.[0] ?? null;
  } catch {
    return null;
  }
}
