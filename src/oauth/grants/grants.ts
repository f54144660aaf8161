/** What apps were given, app by app, and how one is cut off: its keys, and what might still become one. */
import { isoFromMs } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import { deleteKeys } from '../../keys/change-key.ts';
import type { KeyWriteServices } from '../../keys/create-key.ts';
import { dashboardKeyJson } from '../../keys/key-json.ts';
import { isKeyHash } from '../../keys/keys.ts';
import { type KeyUsageReader, NO_USAGE } from '../../keys/usage.ts';
import type { Grant } from '../answers.ts';
import {
  type AppWanted,
  burnCodes,
  burnDevices,
  findKeysOfApp,
  findOpenCodes,
  type GrantedKey,
  listGrantedKeys,
  type Reach,
} from './store.ts';

export interface GrantServices extends KeyWriteServices {
  readonly usage: KeyUsageReader;
}

/** One app's keys and figures are asked for by their hashes, of which a question takes so many. */
const MAX_HASHES = 200;

/** Made of what tells apps apart: their registration; else the name or host that the consent was for; else the key itself. */
function idOf(key: GrantedKey): string {
  if (key.client_id !== null) return `client:${key.client_id}`;
  return key.made_for === null ? `key:${key.hash}` : `name:${key.made_for}`;
}

/** Null: no app has such an id. */
function parseAppId(id: string): AppWanted | null {
  const [, kind, text = ''] = /^(client|name|key):(.+)$/s.exec(id) ?? [];
  if (kind === 'client') return { kind, clientId: text };
  if (kind === 'name') return { kind, madeFor: text };
  return kind === 'key' && isKeyHash(text) ? { kind, hash: text } : null;
}

/** Apps with a key that works first, then those that were cut off; each with its newest key before the others. */
export async function describeGrants(services: GrantServices, reach: Reach): Promise<Grant[]> {
  const keys = await listGrantedKeys(services.database.db, reach);
  const live = keys.filter(({ deleted_at_ms: deletedAtMs }) => deletedAtMs === null);
  const usage = await services.usage.ofKeys(live.map(({ hash }) => hash));
  return [...Map.groupBy(keys, idOf)].map(([id, ofApp]) => {
    const [newest] = ofApp;
    return {
      id,
      name: newest?.client_name ?? newest?.made_for ?? null,
      client_id: newest?.client_id ?? null,
      registered_itself: newest?.client_is_dynamic === 1,
      is_ours: newest?.client_account_id === reach.accountId,
      granted_at: isoFromMs(Math.min(...ofApp.map(({ created_at_ms: ms }) => ms))),
      keys: ofApp
        .filter(({ deleted_at_ms: deletedAtMs }) => deletedAtMs === null)
        .map((key) => dashboardKeyJson(key, usage.get(key.hash) ?? NO_USAGE)),
      // Of all that it ever had, for its figures.
      key_hashes: ofApp.slice(0, MAX_HASHES).map(({ hash }) => hash),
    };
  });
}

/**
 * Throws 404 where the app has nothing within reach; otherwise how many keys it had. Codes go first: an exchange that runs has either made its key, which is then
 * deleted too, or makes none.
 */
export async function cutOff(services: GrantServices, reach: Reach, appId: string): Promise<number> {
  const app = parseAppId(appId);
  if (app === null) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  let burned = 0;
  const deleted = await deleteKeys(services, async (trx) => {
    if (app.kind !== 'key') {
      const open = await findOpenCodes(trx, reach);
      const ofApp = open.filter(({ client_id: clientId, callback_url: callback }) =>
        app.kind === 'client'
          ? clientId === app.clientId
          : clientId === null && callback !== null && URL.parse(callback)?.host === app.madeFor,
      );
      burned += ofApp.length;
      await burnCodes(
        trx,
        ofApp.map(({ code_hash: hash }) => hash),
        nowMs,
      );
    }
    if (app.kind === 'client') burned += await burnDevices(trx, reach, app.clientId, nowMs);
    const hashes = await findKeysOfApp(trx, reach, app);
    const { accountId, userId } = reach;
    return hashes.map((hash) => ({
      ...{ accountId, hash, kinds: ['api'] as const },
      ...(userId === null ? {} : { createdBy: userId }),
    }));
  });
  if (deleted.length + burned === 0) throw new TurnpikeError('not_found');
  return deleted.length;
}
