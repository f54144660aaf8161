/** Which of many hashes are those of secrets that some key has or had. */
import type { Db } from '../storage/database.ts';
import { knownSecrets } from './leak-store.ts';
import { principalReader } from './principal-reader.ts';

/** Of a look-up: SQLite and PostgreSQL bound how many values a statement has. */
const AT_ONCE = 500;

export async function secretsAmong(db: Db, hashes: readonly string[]): Promise<Set<string>> {
  const distinct = [...new Set(hashes)];
  const found = new Set<string>();
  for (let at = 0; at < distinct.length; at += AT_ONCE)
    for (const hash of await knownSecrets(db, distinct.slice(at, at + AT_ONCE))) found.add(hash);
  return found;
}

/** Those that some key works with now, quarantined and disabled ones apart. */
export async function liveSecrets(db: Db, hashes: readonly string[], nowMs: number): Promise<Set<string>> {
  const known = await secretsAmong(db, hashes);
  const read = principalReader(db);
  const live = new Set<string>();
  for (const hash of known) {
    const principal = await read(hash);
    if (principal === null || principal.disabled) continue;
    if (principal.expiresAtMs !== null && principal.expiresAtMs <= nowMs) continue;
    const untilMs = principal.secrets?.get(hash);
    if (untilMs === undefined || untilMs === null || untilMs > nowMs) live.add(hash);
  }
  return live;
}
