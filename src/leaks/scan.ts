/** Looks for keys of ours in texts of any size: by their form and their checksum, so that hardly anything else is taken for one. */
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseKeySecret } from '../auth/key-secret.ts';

export interface Found {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** SHA-256 of the key. */
  readonly hash: string;
  /** The key, masked. */
  readonly label: string;
}

const KEY = /sk-or-v1-[0-9a-f]{64}(?![0-9a-f])/g;
const KEY_LENGTH = 'sk-or-v1-'.length + 64;
const NEWLINE = 10;
/** What holds other people's code, and Git's packed objects, in which no text stands as it is. */
const PASSED_OVER = new Set(['node_modules', '.git']);

/** A file, or all below a directory. Links are not followed, and what is named twice is read twice. */
export async function scanFiles(
  path: string,
): Promise<{ readonly found: Found[]; readonly unread: string[] }> {
  const found: Found[] = [];
  const unread: string[] = [];
  const look = async (at: string): Promise<void> => {
    try {
      const stats = await lstat(at);
      if (stats.isDirectory()) {
        const names = (await readdir(at)).filter((name) => !PASSED_OVER.has(name)).sort();
        for (const name of names) await look(join(at, name));
      } else if (stats.isFile()) found.push(...(await scanText(at, createReadStream(at))));
    } catch {
      unread.push(at);
    }
  };
  await look(path);
  return { found, unread };
}

/** Byte by byte the same as Latin-1, so that what stands in a binary file is found, too. */
export async function scanText(path: string, chunks: AsyncIterable<Uint8Array>): Promise<Found[]> {
  const found: Found[] = [];
  let rest = '';
  let line = 1;
  const look = (text: string, isLast: boolean): void => {
    // A key that the end cuts off, or of which it is not known what follows it, is looked at with what comes next.
    const sure = isLast ? text.length : Math.max(0, text.length - KEY_LENGTH);
    let counted = 0;
    for (const match of text.matchAll(KEY)) {
      if (match.index >= sure) break;
      const key = parseKeySecret(match[0]);
      if (key === null) continue;
      line += newlines(text, counted, match.index);
      counted = match.index;
      found.push({ path, line, ...key });
    }
    line += newlines(text, counted, sure);
    rest = text.slice(sure);
  };
  for await (const chunk of chunks) look(rest + Buffer.from(chunk).toString('latin1'), false);
  look(rest, true);
  return found;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) === NEWLINE) count += 1;
  return count;
}
