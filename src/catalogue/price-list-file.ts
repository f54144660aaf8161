/** The price list of the last `turnpike catalogue sync`, in the data directory, where a running gateway finds it. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../json.ts';
import { type PriceList, PriceListError, parsePriceList } from './price-list.ts';

const FILE = 'price-list.json';

export interface SyncedList {
  /** `package`: of the data package as it was installed then. A process that starts later has loaded that, or a newer one, itself. */
  readonly from: 'file' | 'package';
  readonly syncedAtMs: number;
  readonly providers: PriceList;
}

/** Null: there is none. Throws PriceListError for one that cannot be read. */
export function readSyncedList(dataDir: string): SyncedList | null {
  const path = join(dataDir, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) throw new PriceListError('is not an object');
    const syncedAtMs = Number(value['synced_at_ms']);
    return {
      from: value['from'] === 'file' ? 'file' : 'package',
      syncedAtMs,
      providers: parsePriceList(value),
    };
  } catch (error) {
    const reason = error instanceof PriceListError ? error.message : 'is not JSON';
    throw new PriceListError(`${path}: ${reason}; write it anew with \`turnpike catalogue sync\``);
  }
}

/** What a process that starts now goes by; null: the data package. */
export function listAtStart(dataDir: string): PriceList | null {
  const synced = readSyncedList(dataDir);
  return synced?.from === 'file' ? synced.providers : null;
}

/** In one step: whoever reads meanwhile reads the one before or this one. */
export function writeSyncedList(dataDir: string, { from, syncedAtMs, providers }: SyncedList): void {
  const path = join(dataDir, FILE);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify({ from, synced_at_ms: syncedAtMs, providers }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

/** Another text each time that the file is written; empty: there is none. */
export function markOfSyncedList(dataDir: string): string {
  const found = statSync(join(dataDir, FILE), { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
