/**
 * A new master key in the place of another, while nodes run: first both are written down, each sealed by the other, and every node
 * hears of it; then everything is sealed anew; then the nodes are started again with the new one, in any order; and at last the old
 * one is taken out. Each step can be repeated, and is where it was interrupted.
 */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { RecoveryError } from '../recovery-error.ts';
import type { MasterKeyChangeTable } from '../storage/byok-table.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Db } from '../storage/database.ts';
import { ringOf, setRing } from '../vault/key-ring.ts';
import { openBytes, sealBytes, VaultError } from '../vault/seal.ts';
import { type Resealed, resealAll } from './sealed-values.ts';
import { putKeyChange, readKeyChange } from './store.ts';

const NEXT = JSON.stringify(['master_key_change', 'next']);
const PREVIOUS = JSON.stringify(['master_key_change', 'previous']);
const HASH = JSON.stringify(['master_key_change', 'hash']);

/** Which one this key is. */
export type KeyRole = 'only' | 'old' | 'new' | 'unknown';

/** From here on this process seals and opens as the database says. To be called again when it says something else. */
export async function learnMasterKeys(db: Db, masterKey: Uint8Array): Promise<KeyRole> {
  const row = await readKeyChange(db);
  if (row === null) return 'only';
  const previous = opened(masterKey, row.sealed_previous_key, PREVIOUS);
  if (previous !== null) {
    const hashWith = mustOpen(masterKey, row.sealed_hash_key, HASH);
    setRing(masterKey, { sealWith: masterKey, openWith: [masterKey, previous], hashWith });
    return 'new';
  }
  const next = opened(masterKey, row.sealed_next_key, NEXT);
  if (next !== null) {
    const hashWith = mustOpen(next, row.sealed_hash_key, HASH);
    setRing(masterKey, { sealWith: next, openWith: [next, masterKey], hashWith });
    return 'old';
  }
  const hashWith = opened(masterKey, row.sealed_hash_key, HASH);
  if (hashWith === null) return 'unknown';
  setRing(masterKey, { sealWith: masterKey, openWith: [masterKey], hashWith });
  return 'only';
}

export interface KeyChangeServices {
  readonly database: Database;
  readonly clock: Clock;
  /** What this command was started with. */
  readonly masterKey: Uint8Array;
  /** Resolves when every running node has heard of a change. */
  readonly heard: () => Promise<void>;
}

/** Throws a RecoveryError where another change is under way. Repeated after an interruption, it goes on. */
export async function changeMasterKey(
  { database, clock, masterKey, heard }: KeyChangeServices,
  newKey: Uint8Array,
): Promise<Resealed> {
  const role = await learnMasterKeys(database.db, masterKey);
  if (role === 'unknown') throw new Error('the master key was not proved');
  if (isSame(masterKey, newKey)) {
    if (role !== 'new')
      throw new RecoveryError('The new key is the present one. Nothing was changed.', 'Give another.');
  } else if (role === 'old') {
    const [next] = ringOf(masterKey).openWith;
    if (next === undefined || !isSame(next, newKey)) throw anotherUnderWay();
  } else if (role === 'new') {
    throw anotherUnderWay();
  } else {
    await begin({ database, clock, masterKey }, newKey);
  }
  // Also of one that was interrupted: whoever wrote it down may have been killed before anybody had heard.
  await heard();
  const previous = isSame(masterKey, newKey) ? ringOf(masterKey).openWith[1] : masterKey;
  if (previous === undefined) throw new Error('a change without a previous key');
  let moved = 0;
  for (;;) {
    const pass = await resealAll(database, bare(previous), bare(newKey));
    moved += pass.moved;
    if (pass.moved === 0) return { ...pass, moved };
  }
}

async function begin(
  { database, clock, masterKey }: Pick<KeyChangeServices, 'database' | 'clock' | 'masterKey'>,
  newKey: Uint8Array,
): Promise<void> {
  const { hashWith } = ringOf(masterKey);
  const nowMs = clock.nowMs();
  await database.transaction(async (trx) => {
    await putKeyChange(trx, {
      id: 1,
      sealed_next_key: sealBytes(bare(masterKey), newKey, NEXT),
      sealed_previous_key: sealBytes(newKey, masterKey, PREVIOUS),
      sealed_hash_key: sealBytes(newKey, hashWith, HASH),
      started_at_ms: nowMs,
      finished_at_ms: null,
    });
    await recordAudit(trx, {
      ...{ action: 'master_key.change_begun', target: ['master_key', null], accountId: null, nowMs },
    });
    await recordChange(trx, 'master_key', '1', nowMs);
  });
  await learnMasterKeys(database.db, masterKey);
}

/** Takes the old key out, for which this process must have been started with the new one. What it still opened is sealed anew first. */
export async function finishMasterKeyChange(services: KeyChangeServices): Promise<Resealed> {
  const { database, clock, masterKey } = services;
  const role = await learnMasterKeys(database.db, masterKey);
  if (role === 'old')
    throw new RecoveryError(
      'This command was started with the old master key. Nothing was changed.',
      'Put the new one in its place, here and on every node, and start them again; then repeat this.',
    );
  if (role !== 'new')
    throw new RecoveryError(
      'No change of the master key is under way.',
      'Begin one with "turnpike secrets rotate".',
    );
  const done = await changeMasterKey(services, masterKey);
  const nowMs = clock.nowMs();
  await database.transaction(async (trx) => {
    const row = await readKeyChange(trx);
    if (row === null) return;
    await putKeyChange(trx, { ...row, sealed_next_key: '', sealed_previous_key: '', finished_at_ms: nowMs });
    await recordAudit(trx, {
      ...{ action: 'master_key.changed', target: ['master_key', null], accountId: null, nowMs },
    });
    await recordChange(trx, 'master_key', '1', nowMs);
  });
  await learnMasterKeys(database.db, masterKey);
  return done;
}

/** The key without what has been learnt of it. */
function bare(key: Uint8Array): Uint8Array {
  return new Uint8Array(key);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function anotherUnderWay(): RecoveryError {
  return new RecoveryError(
    'A change to another master key is under way. Nothing was changed.',
    'Go on with that key: repeat "turnpike secrets rotate" with it, and end with "turnpike secrets finish".',
  );
}

function mustOpen(
  key: Uint8Array,
  sealed: MasterKeyChangeTable['sealed_hash_key'],
  context: string,
): Uint8Array {
  const plain = opened(key, sealed, context);
  if (plain === null) throw new VaultError();
  return plain;
}

function opened(key: Uint8Array, sealed: string, context: string): Uint8Array | null {
  if (sealed === '') return null;
  try {
    return new Uint8Array(openBytes(bare(key), sealed, context));
  } catch (thrown) {
    if (thrown instanceof VaultError) return null;
    throw thrown;
  }
}
