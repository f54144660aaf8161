/** Whether the master key is the one that everything in this database was sealed with. */

import { RecoveryError } from '../recovery-error.ts';
import type { Database, Trx } from '../storage/database.ts';
import { keyCheckContext, signingKeyContext } from '../vault/contexts.ts';
import { open, seal, VaultError } from '../vault/seal.ts';
import { learnMasterKeys } from './master-key-change.ts';
import { addKeyCheck, forgetSealed, readKeyCheck, readSealedSigningKey } from './store.ts';

const CHECK_TEXT = 'turnpike master key';

/** Throws this when the key is another one: nothing that is sealed could be read. */
export class MasterKeyError extends RecoveryError {}

/** 'unproven': nothing is sealed, and no check is written yet. */
export type KeyProof = 'right' | 'wrong' | 'unproven';

/** Reads alone. A database of an older version, migrated or not, has no check, and is judged by what else is sealed in it. */
export async function proveMasterKey(
  database: Pick<Database, 'db'>,
  masterKey: Uint8Array,
): Promise<KeyProof> {
  await learnMasterKeys(database.db, masterKey);
  const stored = await readKeyCheck(database.db);
  if (stored === null) return 'unproven';
  if (stored.sealedKeyCheck !== null) {
    const { instanceId, sealedKeyCheck } = stored;
    return opens(masterKey, sealedKeyCheck, keyCheckContext(instanceId)) ? 'right' : 'wrong';
  }
  const signingKey = await readSealedSigningKey(database.db);
  if (signingKey === null) return 'unproven';
  return opens(masterKey, signingKey.sealed, signingKeyContext(signingKey.kid)) ? 'right' : 'wrong';
}

/**
 * Leaves a check in a database that has none. Throws `MasterKeyError` for the wrong key; `source` says where it came from, never
 * what it is.
 */
export async function checkMasterKey(
  database: Database,
  masterKey: Uint8Array,
  source: string,
): Promise<void> {
  await refuseWrongKey(database, masterKey, source);
  const stored = await readKeyCheck(database.db);
  if (stored === null || stored.sealedKeyCheck !== null) return;
  await addKeyCheck(database.db, sealedCheck(masterKey, stored.instanceId));
  // Two nodes that start at once with different keys: whoever came second is refused.
  if ((await proveMasterKey(database, masterKey)) !== 'right') throw wrongKey(source);
}

/** Throws `MasterKeyError` for the wrong key. Writes nothing: for commands, whose key may have been made a moment ago. */
export async function refuseWrongKey(
  database: Pick<Database, 'db'>,
  masterKey: Uint8Array,
  source: string,
): Promise<void> {
  if ((await proveMasterKey(database, masterKey)) === 'wrong') throw wrongKey(source);
}

/** The operator has said that the old key is lost: what it sealed is forgotten, and the new one is the right one from now on. */
export async function adoptMasterKey(trx: Trx, masterKey: Uint8Array): Promise<void> {
  const stored = await readKeyCheck(trx);
  if (stored === null) throw new Error('The database is empty');
  await forgetSealed(trx, sealedCheck(masterKey, stored.instanceId));
}

function sealedCheck(masterKey: Uint8Array, instanceId: string): string {
  return seal(masterKey, CHECK_TEXT, keyCheckContext(instanceId));
}

function opens(masterKey: Uint8Array, sealed: string, context: string): boolean {
  try {
    open(masterKey, sealed, context);
    return true;
  } catch (thrown) {
    if (thrown instanceof VaultError) return false;
    throw thrown;
  }
}

function wrongKey(source: string): MasterKeyError {
  return new MasterKeyError(
    `The master key (${source}) is not the one that this database was sealed with. Nothing was changed.`,
    'Put the right one back: in TURNPIKE_MASTER_KEY, or as master.key in the data directory. Nodes that share a database share one key.',
    'If it is lost for good: "turnpike recover new-master-key" says what is lost with it, and goes on with this one.',
  );
}
