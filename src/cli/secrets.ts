/** `turnpike secrets`: another master key in the place of the present one, while gateways run. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { decodeMasterKey } from '../config/master-key.ts';
import {
  changeMasterKey,
  finishMasterKeyChange,
  learnMasterKeys,
} from '../installation/master-key-change.ts';
import { refuseWrongKey } from '../installation/master-key-check.ts';
import type { Resealed } from '../installation/sealed-values.ts';
import { RecoveryError } from '../recovery-error.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';
import { whyItFailed } from './why.ts';

const USAGE = [
  'usage: turnpike secrets rotate --new-key FILE   seal everything anew with the key in this file, which is made if it is not there',
  '       turnpike secrets finish                  forget the old key, once every node has been started with the new one',
  '       turnpike secrets status',
];

/** Nodes look for changes every second, also where nobody tells them of one. */
const HEARD_WITHIN_MS = 3000;

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const order = parse(args);
  if (order === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const database = await openMigrated(config);
  try {
    const { masterKey, masterKeySource } = config;
    await refuseWrongKey(database, masterKey, masterKeySource);
    const heard = () => Bun.sleep(HEARD_WITHIN_MS);
    const services = { database, clock: systemClock, masterKey, heard };
    if (order.action === 'rotate') {
      report(await changeMasterKey(services, keyIn(order.path)), print);
      print(
        'Now put that key in the place of the old one, in TURNPIKE_MASTER_KEY or as master.key in each data directory, and start',
      );
      print(
        'the nodes again, one after another. Then run "turnpike secrets finish". Back the new key up; keep the old one until then.',
      );
      return 0;
    }
    if (order.action === 'finish') {
      report(await finishMasterKeyChange(services), print);
      print('The old master key opens nothing any more, but in backups that are older than this.');
      return 0;
    }
    const role = await learnMasterKeys(database.db, masterKey);
    print(STATUS[role]);
    return 0;
  } finally {
    await database.close();
  }
}

const STATUS = {
  only: 'No change of the master key is under way.',
  old: 'A change of the master key is under way, and this is the old key.',
  new: 'A change of the master key is under way, and this is the new key: "turnpike secrets finish" ends it.',
  unknown: 'This is not a key of this installation.',
} as const;

type Order = { readonly action: 'rotate'; readonly path: string } | { readonly action: 'finish' | 'status' };

function parse(args: string[]): Order | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { 'new-key': { type: 'string' } },
    });
    const [action, ...rest] = positionals;
    const path = values['new-key'];
    if (rest.length > 0) return null;
    if (action === 'rotate') return path === undefined ? null : { action, path };
    return path === undefined && (action === 'finish' || action === 'status') ? { action } : null;
  } catch {
    return null;
  }
}

/** The same file again goes on with the same key. */
function keyIn(path: string): Uint8Array {
  if (!existsSync(path)) {
    const text = randomBytes(32).toString('base64');
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }
  try {
    return decodeMasterKey(readFileSync(path, 'utf8').trim(), path);
  } catch (thrown) {
    const why = whyItFailed(thrown);
    throw new RecoveryError(
      `The new key cannot be read: ${why}. Nothing was changed.`,
      'Correct the file, or name another.',
    );
  }
}

function report({ moved, already, damaged }: Resealed, print: (line: string) => void): void {
  print(`${moved} sealed anew, ${already} in all that the new key opens.`);
  if (damaged > 0)
    print(`${damaged} can be opened by neither key, and were left: "turnpike doctor" and the log say more.`);
}
