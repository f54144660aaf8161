/**
 * What a data directory says of itself: whose it is, and whether a gateway has used it. Its journal may hold what is in no
 * database, so a used one is never taken for a new one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../ids.ts';
import { segmentsIn } from '../journal/extent.ts';

export interface DataDir {
  readonly path: string;
  /** The installation it belongs to; null: it says nothing, being new or of an older version. */
  readonly instanceId: string | null;
  /** Names its journal in the database; null: it has none. */
  readonly nodeId: string | null;
  readonly journalFiles: number;
  /** The number of the oldest record that its journal has, or will have; null: it has no journal. */
  readonly journalFrom: number | null;
}

export function readDataDir(path: string): DataDir {
  const journal = join(path, 'journal');
  const segments = existsSync(journal) ? segmentsIn(journal) : [];
  return {
    path,
    instanceId: readName(join(path, 'instance-id')),
    nodeId: readName(join(path, 'node-id')),
    journalFiles: segments.length,
    journalFrom: segments[0] ?? null,
  };
}

/** A gateway has answered requests from it, or was about to. */
export function isUsed({ instanceId, nodeId, journalFiles }: DataDir): boolean {
  return instanceId !== null || nodeId !== null || journalFiles > 0;
}

/** In words, for a message. */
export function signsOfUse({ instanceId, nodeId, journalFiles }: DataDir): string {
  const signs = [
    ...(journalFiles > 0 ? [`a journal (${journalFiles} ${journalFiles === 1 ? 'file' : 'files'})`] : []),
    ...(nodeId === null ? [] : ['node-id']),
    ...(instanceId === null ? [] : ['instance-id']),
  ];
  return signs.join(', ');
}

/** From then on it is taken for this installation's alone. */
export function claimDataDir(path: string, instanceId: string): void {
  writeFileSync(join(path, 'instance-id'), `${instanceId}\n`, { mode: 0o600, flush: true });
}

/** The name of this data directory's journal, made at its first use and kept beside it. */
export function nodeIdOf(path: string): string {
  return readName(join(path, 'node-id')) ?? giveNewNodeId(path);
}

/** A journal that begins anew has a new name: numbers of the one that is gone are never taken for its own. */
export function giveNewNodeId(path: string): string {
  const id = newId();
  writeFileSync(join(path, 'node-id'), `${id}\n`, { mode: 0o600, flush: true });
  return id;
}

function readName(path: string): string | null {
  if (!existsSync(path)) return null;
  return readFileSync(path, 'utf8').trim() || null;
}
