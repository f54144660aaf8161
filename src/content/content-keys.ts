/** What content is sealed with: each process has a data key of its own for each workspace and day. */
import { newId } from '../ids.ts';
import type { Db } from '../storage/database.ts';
import { contentContext, contentKeyContext } from '../vault/contexts.ts';
import { newDataKey, openDataKey } from '../vault/data-key.ts';
import { openBytes, sealBytes } from '../vault/seal.ts';
import type { Content } from './content.ts';
import { insertKey, type SealedContent } from './store.ts';

export interface ContentKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Workspaces that are active at once; older keys are made anew, which costs a row. */
const MAX_KEYS = 1000;

export class ContentKeys {
  readonly #db: Db;
  readonly #masterKey: Uint8Array;
  readonly #keys = new Map<string, ContentKey>();

  constructor(db: Db, masterKey: Uint8Array) {
    this.#db = db;
    this.#masterKey = masterKey;
  }

  /** `day`: `2026-11-29`, UTC. Made, and stored, when it is first asked for. */
  async of(accountId: string, workspaceId: string, day: string): Promise<ContentKey> {
    const name = `${workspaceId} ${day}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const id = newId();
    const { key, sealed } = newDataKey(this.#masterKey, contentKeyContext(accountId, id));
    await insertKey(this.#db, {
      ...{ id, account_id: accountId, workspace_id: workspaceId, day, sealed_key: sealed },
    });
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    this.#keys.set(name, { id, key });
    return { id, key };
  }

  /** Some may have been emptied. */
  forget(): void {
    this.#keys.clear();
  }
}

/** Compressed first, on the runtime's thread pool: what people and models write is a fifth of its size then. */
export async function sealContent(
  { key }: ContentKey,
  accountId: string,
  generationId: string,
  content: Content,
): Promise<string> {
  const compressed = await Bun.zstdCompress(JSON.stringify(content));
  return sealBytes(key, compressed, contentContext(accountId, generationId));
}

/** Throws a `VaultError` for content of another row, or sealed by another installation. */
export async function openContent(
  masterKey: Uint8Array,
  accountId: string,
  generationId: string,
  { key_id, sealed_key, sealed_content }: SealedContent,
): Promise<Content> {
  const key = openDataKey(masterKey, sealed_key, contentKeyContext(accountId, key_id));
  const compressed = openBytes(key, sealed_content, contentContext(accountId, generationId));
  const json = await Bun.zstdDecompress(compressed);
  return JSON.parse(json.toString('utf8')) as Content;
}
