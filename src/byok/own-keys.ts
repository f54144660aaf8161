/**
 * Every key that accounts brought, in memory, so that a request asks nobody for its own: loaded at the start, and an account's anew
 * with each change that the feed tells of. Sealed until a request first needs one. Accounts that brought none cost one look-up.
 */
import type { Principal } from '../auth/principal.ts';
import { TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { NamedModel, OwnCredential, OwnCredentials } from '../routing/credential.ts';
import type { Db } from '../storage/database.ts';
import { ownKeyContext } from '../vault/contexts.ts';
import { openEnvelope } from '../vault/envelope.ts';
import { applied } from './apply.ts';
import { type OwnSecret, readSecret, type SecretKind } from './secret.ts';
import { type OwnKeyRow, readOwnKeys } from './store.ts';

export interface OwnKeysOptions {
  readonly db: Db;
  readonly masterKey: Uint8Array;
  readonly logger: Logger;
  /** Which shape the keys of a provider have. */
  readonly kindOf: (provider: string) => SecretKind;
  /** A call is about to be made with it. */
  readonly onUse: (id: string) => void;
  /** Between two tries to read what could not be read. */
  readonly retryMs?: number;
}

interface AccountKeys {
  readonly keys: readonly HeldKey[];
  /** What is left of them for a caller, worked out once. */
  readonly byPrincipal: WeakMap<Principal, OwnCredentials | null>;
}

export class OwnKeys {
  readonly #options: OwnKeysOptions;
  #accounts = new Map<string, AccountKeys>();
  /** Whose keys changed and could not be read since: nobody may be told by what was. Null among them: everybody's. */
  readonly #unread = new Set<string | null>();
  #reading: Promise<void> = Promise.resolve();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: OwnKeysOptions) {
    this.#options = options;
  }

  /** Null: none may serve this caller. Throws a 503 where it is not known which there are. */
  of(principal: Principal): OwnCredentials | null {
    if (this.#unread.size > 0) this.#refuseUnread(principal.accountId);
    const account = this.#accounts.get(principal.accountId);
    if (account === undefined) return null;
    const known = account.byPrincipal.get(principal);
    if (known !== undefined) return known;
    const found = credentialsOf(account.keys, principal);
    account.byPrincipal.set(principal, found);
    return found;
  }

  /** Also of one that is disabled; null: there is none. */
  credentialOf(accountId: string, id: string): OwnCredential | null {
    const keys = this.#accounts.get(accountId)?.keys ?? [];
    return keys.find(({ row }) => row.id === id)?.credential ?? null;
  }

  /** Reads an account's keys anew; null: everybody's. Never rejects: what cannot be read is tried again, and not used meanwhile. */
  reload(accountId: string | null): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read(accountId));
    return this.#reading;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  async #read(accountId: string | null): Promise<void> {
    try {
      const rows = await readOwnKeys(this.#options.db, accountId);
      if (accountId === null) this.#accounts = new Map();
      else this.#accounts.delete(accountId);
      for (const [id, own] of Map.groupBy(rows, ({ account_id }) => account_id))
        this.#accounts.set(id, {
          keys: own.map((row) => new HeldKey(row, this.#options)),
          byPrincipal: new WeakMap(),
        });
      if (accountId === null) this.#unread.clear();
      else this.#unread.delete(accountId);
    } catch (error) {
      this.#unread.add(accountId);
      this.#options.logger.warn('byok_keys_not_read', { error });
      this.#readAgainSoon();
    }
  }

  #readAgainSoon(): void {
    clearTimeout(this.#retry);
    if (this.#isStopped) return;
    this.#retry = setTimeout(() => {
      for (const accountId of this.#unread) void this.reload(accountId);
    }, this.#options.retryMs ?? 1000);
  }

  #refuseUnread(accountId: string): void {
    if (!this.#unread.has(accountId) && !this.#unread.has(null)) return;
    throw new TurnpikeError('unavailable', {
      detail: 'The keys that the account brought could not be read from the database',
      retryAfterSeconds: 1,
    });
  }
}

/** One row, and what it says once it is opened. */
class HeldKey {
  readonly row: OwnKeyRow;
  readonly credential: OwnCredential;
  readonly #options: OwnKeysOptions;
  /** Null: it cannot be opened. */
  #secret: OwnSecret | null | undefined;
  readonly #targets = new WeakMap<ProviderTarget, Map<string, ProviderTarget | null>>();

  constructor(row: OwnKeyRow, options: OwnKeysOptions) {
    this.row = row;
    this.#options = options;
    this.credential = {
      kind: 'byok',
      id: row.id,
      version: row.updated_at_ms,
      provider: row.provider,
      section: row.is_fallback === 1 ? 'fallback' : 'prioritised',
      isRequired: row.is_required === 1 && row.is_fallback === 0,
      declaredZdr: row.declared_zdr === null ? null : row.declared_zdr === 1,
      models: this.#modelsOf(listOf(row.allowed_models)),
      apply: (target, model) => this.#targetFor(target, model),
    };
  }

  serves({ workspaceId, keyHash, creatorUserId }: Principal): boolean {
    const { row } = this;
    if (row.disabled === 1 || !this.isOf(workspaceId)) return false;
    const hashes = listOf(row.allowed_api_key_hashes);
    if (hashes !== null && !hashes.includes(keyHash)) return false;
    const users = listOf(row.allowed_user_ids);
    return users === null || (creatorUserId !== null && users.includes(creatorUserId));
  }

  isOf(workspaceId: string | null): boolean {
    return this.row.workspace_id === null || this.row.workspace_id === workspaceId;
  }

  /** Of Azure's deployments alone, those that have one too. */
  #modelsOf(allowed: readonly string[] | null): ReadonlySet<string> | null {
    const named = allowed === null ? null : new Set(allowed.map((id) => id.toLowerCase()));
    if (this.#options.kindOf(this.row.provider) !== 'azure') return named;
    const secret = this.#open();
    if (secret?.kind !== 'azure' || secret.entries.some(({ of }) => of === 'resource')) return named;
    const deployed = new Set(
      secret.entries.flatMap((entry) => (entry.of === 'deployment' ? [entry.modelSlug] : [])),
    );
    return named === null ? deployed : named.intersection(deployed);
  }

  /** Made once for each target, so that what an adapter prepares for it serves again. */
  #targetFor(target: ProviderTarget, model: NamedModel): ProviderTarget | null {
    let byModel = this.#targets.get(target);
    if (byModel === undefined) {
      byModel = new Map();
      this.#targets.set(target, byModel);
    }
    this.#options.onUse(this.row.id);
    const known = byModel.get(model.id);
    if (known !== undefined) return known;
    const secret = this.#open();
    if (secret === null) throw unreadable();
    const fresh = applied(secret, this.row.base_url, target, model);
    byModel.set(model.id, fresh);
    return fresh;
  }

  #open(): OwnSecret | null {
    if (this.#secret !== undefined) return this.#secret;
    const { row } = this;
    const { masterKey, kindOf, logger } = this.#options;
    try {
      const envelope = { sealedDataKey: row.sealed_data_key, sealedSecret: row.sealed_secret };
      const text = openEnvelope(masterKey, envelope, ownKeyContext(placeOf(row)));
      this.#secret = readSecret(kindOf(row.provider), text).secret;
    } catch (error) {
      // It was changed behind the gateway's back, or its provider takes another shape by now.
      logger.error('byok_key_unreadable', { id: row.id, provider: row.provider, error });
      this.#secret = null;
    }
    return this.#secret;
  }
}

export function placeOf(row: Pick<OwnKeyRow, 'account_id' | 'id' | 'provider' | 'base_url'>) {
  return { accountId: row.account_id, id: row.id, provider: row.provider, baseUrl: row.base_url };
}

export function listOf(json: string | null): readonly string[] | null {
  return json === null ? null : (JSON.parse(json) as string[]);
}

function credentialsOf(keys: readonly HeldKey[], principal: Principal): OwnCredentials | null {
  const all = keys.filter((key) => key.serves(principal)).map(({ credential }) => credential);
  // It is about what may be spent, and not about who may use the key: so it holds for everybody in its place.
  const strict = keys.filter(({ row }) => row.is_byok_only === 1 && row.disabled === 0);
  const withoutShared = new Set(
    strict.filter((key) => key.isOf(principal.workspaceId)).map(({ row }) => row.provider),
  );
  return all.length === 0 && withoutShared.size === 0 ? null : { all, withoutShared };
}

function unreadable(): ProviderError {
  return new ProviderError('unreachable', {
    fault: 'account',
    message: 'A stored provider key could not be used',
    neverSent: true,
  });
}
