/** A consistent copy of a SQLite database that others go on using. */
import { Database as SqliteFile } from 'bun:sqlite';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SqliteThread } from './sqlite.ts';

export class BackupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupError';
  }
}

/** On a thread and connection of its own, so that queries go on; whole or absent, never half a file under `toPath`. */
export async function backupSqlite(fromPath: string, toPath: string): Promise<void> {
  refuseExisting(toPath);
  const partPath = join(dirname(toPath), `.${basename(toPath)}.${randomUUID()}.part`);
  // Made empty beforehand, which VACUUM INTO accepts, so that nobody else can read it at any moment.
  closeSync(openSync(partPath, 'wx', 0o600));
  try {
    const thread = await SqliteThread.open(fromPath, () => {});
    try {
      await thread.query('VACUUM INTO ?', [partPath]);
    } finally {
      await thread.close();
    }
    sync(partPath);
    refuseExisting(toPath);
    renameSync(partPath, toPath);
    sync(dirname(toPath));
  } finally {
    rmSync(partPath, { force: true });
  }
}

/** Whose database a copy is. Throws where it is no whole database. Changes nothing. */
export function readBackup(path: string): { readonly instanceId: string | null } {
  const file = new SqliteFile(path, { readonly: true, create: false });
  try {
    const [check] = file.query<{ quick_check: string }, []>('PRAGMA quick_check').all();
    if (check?.quick_check !== 'ok') throw new BackupError(check?.quick_check ?? 'it cannot be checked');
    const row = file.query<{ instance_id: string }, []>('SELECT instance_id FROM instance').get();
    return { instanceId: row?.instance_id ?? null };
  } finally {
    file.close();
  }
}

function refuseExisting(path: string): void {
  if (existsSync(path)) throw new BackupError(`${path} exists already; a backup never overwrites a file`);
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
