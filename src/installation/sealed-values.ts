/** Everything in the database that the master key itself has sealed, and what each is bound to; and all of it sealed anew. */
import { failPoint } from '../fail-point.ts';
import type { Database } from '../storage/database.ts';
import {
  contentKeyContext,
  idempotentAnswerContext,
  keyCheckContext,
  ownKeyContext,
  signingKeyContext,
  webhookContext,
} from '../vault/contexts.ts';
import { keyContext } from '../vault/envelope.ts';
import { openBytes, sealBytes, VaultError } from '../vault/seal.ts';
import { readSealed, replaceSealed, type SealedPlace } from './sealed-store.ts';

interface SealedColumn extends SealedPlace {
  readonly context: (row: Readonly<Record<string, string>>) => string;
}

/** An empty or null one seals nothing any more. What is sealed by a data key is none of these: its data key is. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    ...{
      table: 'byok_key',
      key: ['id'],
      column: 'sealed_data_key',
      more: ['account_id', 'provider', 'base_url'],
    },
    context: (row) =>
      keyContext(
        ownKeyContext({
          ...{ accountId: row['account_id'] ?? '', id: row['id'] ?? '' },
          ...{ provider: row['provider'] ?? '', baseUrl: row['base_url'] ?? '' },
        }),
      ),
  },
  {
    ...{ table: 'content_key', key: ['id'], column: 'sealed_key', more: ['account_id'] },
    context: (row) => contentKeyContext(row['account_id'] ?? '', row['id'] ?? ''),
  },
  {
    ...{ table: 'signing_key', key: ['kid'], column: 'sealed_private_jwk' },
    context: (row) => signingKeyContext(row['kid'] ?? ''),
  },
  {
    ...{ table: 'webhook', key: ['id'], column: 'sealed_target', more: ['account_id'] },
    context: (row) => webhookContext(row['account_id'] ?? '', row['id'] ?? ''),
  },
  {
    ...{ table: 'idempotent_answer', key: ['account_id', 'idempotency_key'], column: 'sealed_answer' },
    context: (row) => idempotentAnswerContext(row['account_id'] ?? '', row['idempotency_key'] ?? ''),
  },
  {
    ...{ table: 'instance', key: ['instance_id'], column: 'sealed_key_check' },
    context: (row) => keyCheckContext(row['instance_id'] ?? ''),
  },
];

export interface Resealed {
  /** Sealed by the new key now, and by the old one before. */
  readonly moved: number;
  /** Had been already. */
  readonly already: number;
  /** Opened by neither, and left as they are. */
  readonly damaged: number;
}

const PAGE = 50;

/** One pass over everything, a page a transaction. What somebody else writes meanwhile wins, and is met by the next pass. */
export async function resealAll(database: Database, from: Uint8Array, to: Uint8Array): Promise<Resealed> {
  const sums = { moved: 0, already: 0, damaged: 0 };
  for (const column of SEALED_COLUMNS) {
    let after: readonly string[] | null = null;
    do after = await resealPage(database, column, from, to, after, sums);
    while (after !== null);
  }
  return sums;
}

/** The key of the last row; null: there are no more. */
async function resealPage(
  database: Database,
  place: SealedColumn,
  from: Uint8Array,
  to: Uint8Array,
  after: readonly string[] | null,
  sums: { moved: number; already: number; damaged: number },
): Promise<readonly string[] | null> {
  const { key, column, context } = place;
  const rows = await readSealed(database.db, place, after, PAGE);
  const changes = rows.flatMap((row) => {
    const sealed = row[column] ?? '';
    const fresh = resealed(sealed, context(row), from, to);
    if (fresh === 'already') sums.already += 1;
    else if (fresh === 'damaged') sums.damaged += 1;
    else return [{ row, sealed, fresh: fresh.sealed }];
    return [];
  });
  if (changes.length > 0)
    await database.transaction(async (trx) => {
      for (const { row, sealed, fresh } of changes) await replaceSealed(trx, place, row, sealed, fresh);
    });
  sums.moved += changes.length;
  failPoint('during-reseal');
  const last = rows.at(-1);
  return last === undefined || rows.length < PAGE ? null : key.map((name) => last[name] ?? '');
}

function resealed(
  sealed: string,
  context: string,
  from: Uint8Array,
  to: Uint8Array,
): 'already' | 'damaged' | { readonly sealed: string } {
  if (opened(to, sealed, context) !== null) return 'already';
  const plain = opened(from, sealed, context);
  return plain === null ? 'damaged' : { sealed: sealBytes(to, plain, context) };
}

function opened(key: Uint8Array, sealed: string, context: string): Buffer | null {
  try {
    return openBytes(key, sealed, context);
  } catch (thrown) {
    if (thrown instanceof VaultError) return null;
    throw thrown;
  }
}
