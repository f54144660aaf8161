/** Makes, changes and deletes own keys: one transaction with its entry in the log of changes, and then this process reads them anew. */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { addressFault } from '../egress/guarded-get.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { UUID } from '../keys/key-fields.ts';
import { livingKeysNamed } from '../keys/key-names.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Trx } from '../storage/database.ts';
import type { Bit } from '../storage/schema.ts';
import { ownKeyContext } from '../vault/contexts.ts';
import { sealEnvelope } from '../vault/envelope.ts';
import type { NewOwnKey, OwnKeyMembers, OwnKeyPatch } from './fields.ts';
import { auditFacts } from './own-key-json.ts';
import { placeOf } from './own-keys.ts';
import { type OwnSecret, type ReadSecret, type Region, readSecret, type SecretKind } from './secret.ts';
import {
  countOwnKeys,
  insertOwnKey,
  lockOwnKey,
  nextSortOrder,
  type OwnKeyRow,
  updateOwnKey,
} from './store.ts';

export interface OwnKeyServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  /** Hosts as `host:port` that the operator vouches for. */
  readonly privateHosts: readonly string[];
  readonly kindOf: (provider: string) => SecretKind;
  /** Those that a key may be for: the gateway's own, and those that OpenRouter knows. */
  readonly isProvider: (provider: string) => boolean;
  readonly isMember: (accountId: string, userId: string) => Promise<boolean>;
  /** Makes this process, and soon the others, take note of a change. */
  readonly changed: (accountId: string) => Promise<void>;
}

/** Room for every person of a large organisation, and less than would make a request's own keys a search. */
const MAX_OWN_KEYS = 1000;

/** @param workspaceId null: all of the account's */
export async function createOwnKey(
  services: OwnKeyServices,
  { accountId, userId }: { readonly accountId: string; readonly userId: string | null },
  workspaceId: string | null,
  wanted: NewOwnKey,
): Promise<OwnKeyRow> {
  const { database, clock, masterKey } = services;
  const provider = wanted.provider.toLowerCase();
  if (!services.isProvider(provider))
    throw invalidField('provider', 'is not a provider that keys can be brought for');
  const { secret, label } = readSecret(services.kindOf(provider), wanted.key);
  mustGoToPublicHosts(services, secret);
  const nowMs = clock.nowMs();
  const place = {
    id: newId(),
    account_id: accountId,
    provider,
    base_url: baseUrlOf(services, wanted.base_url),
  };
  const { sealedDataKey, sealedSecret } = sealEnvelope(
    masterKey,
    wanted.key.trim(),
    ownKeyContext(placeOf(place)),
  );
  const row: Omit<OwnKeyRow, 'sort_order'> = {
    ...place,
    ...{ workspace_id: workspaceId, label, sealed_data_key: sealedDataKey, sealed_secret: sealedSecret },
    ...{ name: null, disabled: 0, is_fallback: 0, is_required: 0, is_byok_only: 0 },
    ...{ declared_zdr: null, declared_region: null },
    ...{ allowed_models: null, allowed_api_key_hashes: null, allowed_user_ids: null },
    ...columnsOf(wanted),
    ...{
      created_by: userId,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
      last_used_at_ms: null,
      deleted_at_ms: null,
    },
  };
  mustAgree(row, secret);
  await mustBeMembers(services, accountId, wanted);
  const made = await database.transaction(async (trx) => {
    const keys = await allowedKeys(trx, accountId, wanted, nowMs);
    if ((await countOwnKeys(trx, accountId)) >= MAX_OWN_KEYS)
      throw invalidField('provider', `an account has at most ${MAX_OWN_KEYS} keys of its own`);
    const complete = { ...row, ...keys, sort_order: await nextSortOrder(trx, accountId, provider) };
    await insertOwnKey(trx, complete);
    await recordAudit(trx, {
      ...{
        action: 'byok.created',
        target: ['byok_key', row.id],
        accountId,
        after: auditFacts(complete),
        nowMs,
      },
    });
    await recordChange(trx, 'byok', accountId, nowMs);
    return complete;
  });
  await services.changed(accountId);
  return made;
}

export async function changeOwnKey(
  services: OwnKeyServices,
  accountId: string,
  id: string,
  wanted: OwnKeyPatch,
): Promise<OwnKeyRow> {
  if (!UUID.test(id)) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  await mustBeMembers(services, accountId, wanted);
  const row = await services.database.transaction(async (trx) => {
    const before = await lockOwnKey(trx, accountId, id.toLowerCase());
    if (before === undefined) return undefined;
    const changes: Partial<OwnKeyRow> = {
      ...columnsOf(wanted),
      ...secretOf(services, before, wanted),
      updated_at_ms: nowMs,
    };
    mustAgree(
      { ...before, ...changes },
      wanted.key === undefined ? null : secretIn(services, before, wanted.key).secret,
    );
    const keys = await allowedKeys(trx, accountId, wanted, nowMs);
    const after = await updateOwnKey(trx, accountId, before.id, { ...changes, ...keys });
    const facts = { before: auditFacts(before), after: auditFacts(after) };
    const action = wanted.key === undefined ? 'byok.changed' : 'byok.rotated';
    await recordAudit(trx, { ...{ action, target: ['byok_key', before.id], accountId, nowMs }, ...facts });
    await recordChange(trx, 'byok', accountId, nowMs);
    return after;
  });
  if (row === undefined) throw new TurnpikeError('not_found');
  await services.changed(accountId);
  return row;
}

/** The row stays for the log of what was; nothing can be opened any more. */
export async function deleteOwnKey(services: OwnKeyServices, accountId: string, id: string): Promise<void> {
  if (!UUID.test(id)) throw new TurnpikeError('not_found');
  const nowMs = services.clock.nowMs();
  const wasThere = await services.database.transaction(async (trx) => {
    const before = await lockOwnKey(trx, accountId, id.toLowerCase());
    if (before === undefined) return false;
    await updateOwnKey(trx, accountId, before.id, {
      ...{ sealed_data_key: '', sealed_secret: '', deleted_at_ms: nowMs, updated_at_ms: nowMs },
    });
    await recordAudit(trx, {
      ...{
        action: 'byok.deleted',
        target: ['byok_key', before.id],
        accountId,
        before: auditFacts(before),
        nowMs,
      },
    });
    await recordChange(trx, 'byok', accountId, nowMs);
    return true;
  });
  if (!wasThere) throw new TurnpikeError('not_found');
  await services.changed(accountId);
}

/** Puts keys of one provider and section into this order. Others of theirs keep their places. */
export async function orderOwnKeys(
  services: OwnKeyServices,
  accountId: string,
  ids: readonly string[],
): Promise<void> {
  const nowMs = services.clock.nowMs();
  await services.database.transaction(async (trx) => {
    const locked = new Map<string, OwnKeyRow>();
    // In one order, whatever is wished for, so that two who order the same keys do not wait for each other.
    for (const id of ids.toSorted()) {
      const row = UUID.test(id) ? await lockOwnKey(trx, accountId, id) : undefined;
      if (row === undefined) throw new TurnpikeError('not_found');
      locked.set(id, row);
    }
    const rows = ids.flatMap((id) => locked.get(id) ?? []);
    if (
      rows.some(
        ({ provider, is_fallback }) => provider !== rows[0]?.provider || is_fallback !== rows[0].is_fallback,
      )
    )
      throw invalidField('ids', 'must be of one provider, and of one section');
    const places = rows.map(({ sort_order }) => sort_order).sort((a, b) => a - b);
    for (const [index, row] of rows.entries()) {
      // Places that were the same are spread, so that an order can come out of them.
      const place = Math.max(places[index] ?? index, index === 0 ? 0 : (places[index - 1] ?? 0) + 1);
      places[index] = place;
      if (place !== row.sort_order)
        await updateOwnKey(trx, accountId, row.id, { sort_order: place, updated_at_ms: nowMs });
    }
    const before = rows.toSorted((a, b) => a.sort_order - b.sort_order).map(({ id }) => id);
    await recordAudit(trx, {
      ...{ action: 'byok.reordered', target: ['provider', rows[0]?.provider ?? null], accountId, nowMs },
      ...{ before: { ids: before }, after: { ids: rows.map(({ id }) => id) } },
    });
    await recordChange(trx, 'byok', accountId, nowMs);
  });
  await services.changed(accountId);
}

/** Omitted members change nothing; null takes a restriction or statement away; a list takes the place of the one before. Keys: `allowedKeys`. */
function columnsOf(wanted: OwnKeyMembers): Partial<OwnKeyRow> {
  const { name, disabled, is_fallback, is_required, is_byok_only, declared_zdr, declared_region } = wanted;
  const { allowed_models, allowed_user_ids } = wanted;
  return {
    ...(name === undefined ? {} : { name }),
    ...(disabled === undefined ? {} : { disabled: bit(disabled) }),
    ...(is_fallback === undefined ? {} : { is_fallback: bit(is_fallback) }),
    ...(is_required === undefined ? {} : { is_required: bit(is_required) }),
    ...(is_byok_only === undefined ? {} : { is_byok_only: bit(is_byok_only) }),
    ...(declared_zdr === undefined ? {} : { declared_zdr: declared_zdr === null ? null : bit(declared_zdr) }),
    ...(declared_region === undefined ? {} : { declared_region }),
    ...(allowed_models === undefined ? {} : { allowed_models: json(allowed_models) }),
    ...(allowed_user_ids === undefined ? {} : { allowed_user_ids: json(allowed_user_ids) }),
  };
}

const bit = (flag: boolean): Bit => (flag ? 1 : 0);
const json = (list: readonly string[] | null): string | null => (list === null ? null : JSON.stringify(list));

/** A new secret takes the place of the old one; another address is nothing that the old one was given for. */
function secretOf(services: OwnKeyServices, before: OwnKeyRow, wanted: OwnKeyPatch): Partial<OwnKeyRow> {
  const base_url = wanted.base_url === undefined ? before.base_url : baseUrlOf(services, wanted.base_url);
  if (wanted.key === undefined) {
    if (base_url !== before.base_url)
      throw invalidField(
        'key',
        'is required with another base_url: a key goes nowhere but where it was given for',
      );
    return {};
  }
  const { secret, label } = secretIn(services, before, wanted.key);
  mustGoToPublicHosts(services, secret);
  const context = ownKeyContext(placeOf({ ...before, base_url }));
  const { sealedDataKey, sealedSecret } = sealEnvelope(services.masterKey, wanted.key.trim(), context);
  return { base_url, label, sealed_data_key: sealedDataKey, sealed_secret: sealedSecret };
}

function secretIn(services: OwnKeyServices, { provider }: OwnKeyRow, key: string): ReadSecret {
  return readSecret(services.kindOf(provider), key);
}

function baseUrlOf({ privateHosts }: OwnKeyServices, given: string | null | undefined): string {
  if (given === null || given === undefined || given === '') return '';
  const fault = addressFault(given, privateHosts);
  if (fault !== null) throw invalidField('base_url', fault);
  const url = new URL(given);
  if (url.search !== '') throw invalidField('base_url', 'must not have a "?" part');
  return url.href.replace(/\/+$/, '');
}

function mustGoToPublicHosts({ privateHosts }: OwnKeyServices, secret: OwnSecret): void {
  if (secret.kind !== 'azure') return;
  for (const entry of secret.entries) {
    const fault = entry.of === 'deployment' ? addressFault(entry.endpointUrl, privateHosts) : null;
    if (fault !== null) throw invalidField('key', `endpoint_url ${fault}`);
  }
}

/** Where only one of two members is in the request, the stored one counts too. `secret`: null, it stays as it is. */
function mustAgree(
  row: Pick<OwnKeyRow, 'provider' | 'is_byok_only' | 'is_fallback' | 'declared_region'>,
  secret: OwnSecret | null,
): void {
  if (row.is_byok_only === 1 && row.is_fallback === 1)
    throw invalidField('is_byok_only', 'is of prioritized keys alone: set is_fallback to false, or leave it');
  const region: Region | null = row.declared_region;
  if (region === null) return;
  if (row.provider === 'azure' && region === 'global')
    throw invalidField('declared_region', 'must be "europe" or "us" for Azure');
  if (row.provider === 'anthropic' && region !== 'us')
    throw invalidField('declared_region', 'must be "us" for Anthropic');
  if (secret?.kind === 'regional' && region !== (secret.region ?? 'global'))
    throw invalidField('declared_region', 'must be the region that the key names');
}

/** As they are stored. A foreign key looks like one that does not exist. */
async function allowedKeys(
  trx: Trx,
  accountId: string,
  { allowed_api_key_hashes: hashes }: OwnKeyMembers,
  nowMs: number,
): Promise<Pick<Partial<OwnKeyRow>, 'allowed_api_key_hashes'>> {
  if (hashes === undefined) return {};
  if (hashes === null) return { allowed_api_key_hashes: null };
  const living = await livingKeysNamed(trx, accountId, hashes, nowMs);
  const ids = hashes.map((name) => {
    const id = living.get(name)?.hash;
    if (id === undefined) throw invalidField('allowed_api_key_hashes', 'names a key that does not exist');
    return id;
  });
  return { allowed_api_key_hashes: json([...new Set(ids)]) };
}

async function mustBeMembers(
  services: OwnKeyServices,
  accountId: string,
  { allowed_user_ids: users }: OwnKeyMembers,
): Promise<void> {
  for (const userId of users ?? [])
    if (!(await services.isMember(accountId, userId)))
      throw invalidField('allowed_user_ids', 'names somebody who is not a member');
}
