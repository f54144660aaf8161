/**
 * Every scope that this process has touched, in memory: loaded once from the database, exact from then on. A process that owns
 * its database alone spends from a scope as it stands; one of several spends from leases.
 */
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { OwnKeyFee } from '../config/own-key-fee.ts';
import type { CreditTotals } from '../credits/credits.ts';
import { TurnpikeError } from '../errors.ts';
import type { UsageWindowTable } from '../storage/schema.ts';
import { type WindowKind, windowIds, windowIdsNear } from '../window.ts';
import { FREE_COUNTER, FreeRequests } from './free-requests.ts';
import { OWN_COUNTER, OwnAllowance } from './own-allowance.ts';
import { Scope } from './scope.ts';
import { type ScopeKind, type ScopeRef, type ScopeRule, scopeName } from './scope-kind.ts';
import type { CounterReader, ScopeOpener, StoredCounter } from './store.ts';
import { TaggedScopes } from './tagged-scopes.ts';
import { Unheld } from './unheld.ts';
import { type AccountState, type UnheldPart, type Wallet, walletOf } from './wallet.ts';

export type { AccountState, Wallet } from './wallet.ts';

interface WalletEntry {
  readonly account: AccountState;
  /** Of `principal` and `accountVersion`; null: some of its scopes are not loaded. */
  wallet: Wallet | null;
  /** The newest snapshot seen: the scopes and their limits are taken from it. */
  principal: Principal;
  accountVersion: number;
  usedAtMs: number;
  /** The scopes of keys, of now and of before, that it counts against: each is forgotten with the last key that does. */
  readonly ofKeys: Set<Scope>;
}

interface KindRule {
  readonly kind: ScopeKind;
  readonly rule: ScopeRule;
}

export interface WalletsOptions {
  readonly readCounters: CounterReader;
  /** Absent: no kind has holders. */
  readonly openCounters?: ScopeOpener;
  readonly clock: Clock;
  readonly limits: Config['limits'];
  readonly kinds: readonly ScopeKind[];
  /** For what goes through callers' own provider keys. Null, and unless told: none. */
  readonly ownFee?: OwnKeyFee | null;
  /** Several nodes spend from this database. */
  readonly isShared: boolean;
  readonly readCredits: (accountId: string) => Promise<CreditTotals>;
  /** Puts into the database what only the journal holds, so that what is read is complete. */
  readonly flushed: () => Promise<void>;
  readonly maxWallets?: number;
}

const MAX_WALLETS = 100_000;
const IDLE_MS = 60_000;

export class Wallets {
  readonly #options: WalletsOptions;
  readonly #wallets = new Map<string, WalletEntry>();
  readonly #scopes = new Map<string, Scope>();
  readonly #accounts = new Map<string, AccountState>();
  readonly #loading = new Map<string, Promise<unknown>>();
  readonly #unheld = new Unheld();
  readonly #tagged: TaggedScopes;
  #creditReads = 0;

  constructor(options: WalletsOptions) {
    this.#options = options;
    this.#tagged = new TaggedScopes({
      kinds: options.kinds,
      scopeOf: (kind, rule) => this.#scopeOf(kind, rule),
      forget: (scope) => this.#scopes.delete(scopeName(scope.kind, scope.id)),
    });
  }

  /**
   * Synchronous once known, so that a request waits for the database only the first time that its key is seen, or that a scope
   * applies to it. Rejects with 503 when what was spent cannot be read.
   */
  walletOf(principal: Principal): Wallet | Promise<Wallet> {
    const entry = this.#wallets.get(principal.keyHash);
    if (entry === undefined) return this.#loadedFor(principal);
    return this.#current(entry, principal) ?? this.#loadedFor(principal);
  }

  /** The same for a request with these tags, a JSON object of texts, which count in budgets of their own. Null: it has none. */
  walletFor(principal: Principal, tags: string | null): Wallet | Promise<Wallet> {
    const wallet = this.walletOf(principal);
    if (tags === null || (principal.allowances?.tagBudgets.length ?? 0) === 0) return wallet;
    return this.#tagged.walletFor(wallet, principal, new Map(Object.entries<string>(JSON.parse(tags))));
  }

  /** What limits nobody in particular, loaded if it has to be. */
  async #scopeOf(kind: ScopeKind, rule: ScopeRule): Promise<Scope> {
    const name = scopeName(kind.kind, rule.id);
    return (
      this.#scopes.get(name) ?? (await this.#once(name, () => this.#loadScope(kind, rule)).catch(notLoaded))
    );
  }

  /** Whoever waited goes by the limits of now: they may have changed since the load began, or be newer than those it began with. */
  async #loadedFor(principal: Principal): Promise<Wallet> {
    for (;;) {
      const entry = await this.#once(`wallet ${principal.keyHash}`, () => this.#load(principal)).catch(
        notLoaded,
      );
      const wallet = this.#current(entry, principal);
      if (wallet !== null) return wallet;
    }
  }

  async accountOf(accountId: string): Promise<AccountState> {
    return (
      this.#accounts.get(accountId) ??
      (await this.#once(`credits ${accountId}`, () => this.#loadAccount(accountId)))
    );
  }

  /** All scopes in memory. */
  get scopes(): IterableIterator<Scope> {
    return this.#scopes.values();
  }

  scope(kind: string, id: string): Scope | undefined {
    return this.#scopes.get(scopeName(kind, id));
  }

  /** Of requests: counted in a kind that each of them counts against once. */
  get openHolds(): number {
    const counted = this.#options.kinds.find(({ scopesOfRow }) => scopesOfRow !== undefined);
    let holds = 0;
    for (const scope of this.#scopes.values()) if (scope.kind === counted?.kind) holds += scope.openHolds;
    return holds;
  }

  /** Others may be bound by it from now on. */
  boundAnew(kind: string, id: string): void {
    const scope = this.scope(kind, id);
    if (scope !== undefined) scope.mustReopen = true;
  }

  kind(name: string): ScopeKind | undefined {
    return this.#options.kinds.find((kind) => kind.kind === name);
  }

  /** The flusher has brought this into the database. */
  flushed(usage: readonly UsageWindowTable[]): void {
    for (const row of usage) {
      if (row.scope_kind === FREE_COUNTER.kind) {
        this.#accounts.get(row.scope_id)?.free.flushed(row.window_id, row.requests);
      } else if (row.scope_kind === OWN_COUNTER.kind) {
        this.#accounts.get(row.scope_id)?.own?.flushed(row.window_id, row.byok_nano_usd, row.requests);
      } else {
        const spent = { costNanoUsd: row.cost_nano_usd, byokNanoUsd: row.byok_nano_usd };
        this.scope(row.scope_kind, row.scope_id)?.flushed(row.window_id, spent);
      }
    }
  }

  /** Credits were granted, bought or refunded. */
  async creditsChanged(accountId: string): Promise<void> {
    // A load under way may have read them before the change.
    await this.#loading.get(`credits ${accountId}`);
    const account = this.#accounts.get(accountId);
    if (account === undefined) return;
    this.#creditReads += 1;
    const read = this.#creditReads;
    const credits = await this.#options.readCredits(accountId);
    // One that took longer never replaces a later one.
    if (read < account.version) return;
    account.version = read;
    account.credits = credits;
    account.free.purchasedNanoUsd = credits.purchasedNanoUsd;
    if (this.#options.isShared) await this.#learnBalance(account);
  }

  /** Free requests take no lease, which would tell what other nodes spent, and a negative balance stops them too. */
  async #learnBalance({ debtors }: AccountState): Promise<void> {
    for (const scope of debtors)
      for (const counter of await this.#counters(scope.kind, scope.id))
        scope.learnSettled(counter.windowId, counter, { knowsNoLaterFlush: false });
  }

  /** Changes may have been missed. */
  async allCreditsChanged(): Promise<void> {
    for (const accountId of [...this.#accounts.keys()]) await this.creditsChanged(accountId);
  }

  /** Loads what is missing of the newest snapshot's scopes. */
  async #load(principal: Principal): Promise<WalletEntry> {
    const account = await this.accountOf(principal.accountId);
    const known = this.#wallets.get(principal.keyHash);
    const newest =
      known !== undefined && known.principal.version > principal.version ? known.principal : principal;
    await Promise.all(
      this.#rulesFor(newest, account).map(({ kind, rule }) => {
        const scope = this.scope(kind.kind, rule.id);
        if (scope?.mustReopen === false) return scope;
        return this.#once<unknown>(scopeName(kind.kind, rule.id), () =>
          scope === undefined ? this.#loadScope(kind, rule) : this.#reopen(kind, scope),
        );
      }),
    );
    const found = this.#wallets.get(principal.keyHash);
    if (found !== undefined) return found;
    const entry = {
      account,
      wallet: null,
      principal,
      // None: a scope that keys share may be older than these credits, and they may have changed while a scope was loaded.
      accountVersion: -1,
      usedAtMs: this.#options.clock.nowMs(),
      ofKeys: new Set<Scope>(),
    };
    this.#forgetIdleWallets();
    this.#wallets.set(principal.keyHash, entry);
    return entry;
  }

  /**
   * The wallet of the newest snapshot, with its limits; null when a scope of it has to be loaded first. An older snapshot, still
   * in use by a slower request, changes nothing.
   */
  #current(entry: WalletEntry, principal: Principal): Wallet | null {
    entry.usedAtMs = this.#options.clock.nowMs();
    const { account } = entry;
    const isNewer = principal.version > entry.principal.version;
    if (!isNewer && account.version === entry.accountVersion && entry.wallet !== null) return entry.wallet;
    if (isNewer) entry.principal = principal;
    entry.accountVersion = account.version;
    entry.wallet = this.#walletWith(entry, this.#rulesFor(entry.principal, account));
    return entry.wallet;
  }

  /** The limits of what is loaded hold at once, also while the rest is being loaded. */
  #walletWith(
    { account, ofKeys, wallet, principal }: WalletEntry,
    rules: readonly KindRule[],
  ): Wallet | null {
    const scopes: Scope[] = [];
    for (const { kind, rule } of rules) {
      const scope = this.scope(kind.kind, rule.id);
      if (scope === undefined || scope.mustReopen) continue;
      scope.adoptLimit(rule);
      scopes.push(scope);
      if (kind.lifetime === 'key' && !ofKeys.has(scope)) {
        ofKeys.add(scope);
        scope.keysInMemory += 1;
      }
      if (kind.refusal.blocksFreeWhenNegative) account.debtors.add(scope);
    }
    if (scopes.length < rules.length) return null;
    if (wallet !== null && isSame(wallet.scopes, scopes)) return wallet;
    return walletOf(scopes, account, this.#unheldOf(principal, scopes));
  }

  /** What records of this caller name beside the scopes that they hold. */
  #unheldOf(principal: Principal, held: readonly Scope[]): UnheldPart {
    const refs = this.#options.kinds.flatMap(({ kind, namedFor }) =>
      (namedFor?.(principal) ?? []).map((id): ScopeRef => [kind, id]),
    );
    const others = refs.filter(([kind, id]) => !held.some((scope) => scope.kind === kind && scope.id === id));
    return { refs: others, unheld: this.#unheld.of(others.map(([kind, id]) => scopeName(kind, id))) };
  }

  #rulesFor(principal: Principal, account: AccountState): KindRule[] {
    return this.#options.kinds.flatMap((kind) =>
      kind.rulesFor(principal, account.credits).map((rule) => ({ kind, rule })),
    );
  }

  async #loadScope(kind: ScopeKind, rule: ScopeRule): Promise<Scope> {
    const name = scopeName(kind.kind, rule.id);
    const load = () => this.#readScope(kind, rule);
    const scope = await (kind.namedFor === undefined ? load() : this.#unheld.loaded(name, load));
    this.#scopes.set(name, scope);
    return scope;
  }

  /** Its holders may have spent what did not count here. */
  async #reopen(kind: ScopeKind, scope: Scope): Promise<void> {
    scope.mustReopen = false;
    try {
      for (const added of await this.#opened(kind, scope.id)) scope.opened(added.windowId, added);
    } catch (thrown) {
      scope.mustReopen = true;
      throw thrown;
    }
  }

  async #opened({ kind, holdersOf }: ScopeKind, scopeId: string): Promise<StoredCounter[]> {
    const { openCounters, clock, flushed } = this.#options;
    if (holdersOf === undefined || openCounters === undefined) return [];
    await flushed();
    return await openCounters(kind, scopeId, holdersOf(scopeId), Object.values(windowIds(clock.nowMs())));
  }

  async #readScope(kind: ScopeKind, rule: ScopeRule): Promise<Scope> {
    await this.#opened(kind, rule.id);
    const onlyWindow = kind.windowKindOf?.(rule.id);
    const counters = await this.#counters(
      kind.kind,
      rule.id,
      onlyWindow === undefined ? undefined : [onlyWindow],
    );
    return new Scope({
      kind: kind.kind,
      id: rule.id,
      refusal: kind.refusal,
      limit: rule,
      settled: new Map(counters.map((counter) => [counter.windowId, counter])),
      ignoresByok: kind.ignoresByok === true,
      isShared: this.#options.isShared,
      onlyWindow,
    });
  }

  async #loadAccount(accountId: string): Promise<AccountState> {
    const { clock, limits, readCredits, isShared, flushed } = this.#options;
    await flushed();
    const [stored, credits, own] = await Promise.all([
      this.#freeDays(accountId),
      readCredits(accountId),
      this.#loadOwn(accountId),
    ]);
    const state: AccountState = {
      free: new FreeRequests({
        ...{ limits, stored, nowMs: clock.nowMs() },
        purchasedNanoUsd: credits.purchasedNanoUsd,
        readAgain: isShared ? () => this.#freeDaysAndBalance(accountId, state) : undefined,
      }),
      ...{ own, credits },
      version: 0,
      debtors: new Set(),
    };
    this.#accounts.set(accountId, state);
    return state;
  }

  async #counters(
    scopeKind: string,
    scopeId: string,
    windowKinds?: readonly WindowKind[],
  ): Promise<StoredCounter[]> {
    const { readCounters, clock, flushed } = this.#options;
    await flushed();
    return await readCounters(scopeKind, scopeId, [...windowIdsNear(clock.nowMs(), windowKinds)]);
  }

  async #loadOwn(accountId: string): Promise<OwnAllowance | null> {
    const { ownFee: fee = null, readCounters, clock, isShared } = this.#options;
    if (fee === null) return null;
    const read = () =>
      readCounters(OWN_COUNTER.kind, accountId, [...windowIdsNear(clock.nowMs(), ['monthly'])]);
    const stored = await read();
    return new OwnAllowance({ fee, stored, nowMs: clock.nowMs(), readAgain: isShared ? read : undefined });
  }

  async #freeDays(accountId: string): Promise<StoredCounter[]> {
    const { readCounters, clock } = this.#options;
    return await readCounters(FREE_COUNTER.kind, accountId, [...windowIdsNear(clock.nowMs(), ['daily'])]);
  }

  async #freeDaysAndBalance(accountId: string, state: AccountState): Promise<StoredCounter[]> {
    const [days] = await Promise.all([this.#freeDays(accountId), this.#learnBalance(state)]);
    return days;
  }

  /** One load at a time for each id: two would count from the same rows and then diverge. */
  async #once<T>(id: string, load: () => Promise<T>): Promise<T> {
    const running = this.#loading.get(id);
    if (running !== undefined) return (await running) as T;
    const promise = load().finally(() => this.#loading.delete(id));
    this.#loading.set(id, promise);
    return await promise;
  }

  /** Keys come and go; a key's own scopes without holds or leases can be loaded again. Those that keys share stay. */
  #forgetIdleWallets(): void {
    const most = this.#options.maxWallets ?? MAX_WALLETS;
    if (this.#wallets.size < most) return;
    const idleSinceMs = this.#options.clock.nowMs() - IDLE_MS;
    for (const [hash, entry] of this.#wallets) {
      // A request may have its wallet in hand and no hold yet.
      if (entry.usedAtMs > idleSinceMs) continue;
      const ofNobodyElse = [...entry.ofKeys].filter(({ keysInMemory }) => keysInMemory === 1);
      if (ofNobodyElse.some((scope) => scope.hasHolds() || scope.leases.size > 0)) continue;
      this.#wallets.delete(hash);
      for (const scope of entry.ofKeys) scope.keysInMemory -= 1;
      for (const scope of ofNobodyElse) {
        // A request that slept for longer with its wallet in hand is told so when it is admitted.
        scope.isForgotten = true;
        this.#scopes.delete(scopeName(scope.kind, scope.id));
        entry.account.debtors.delete(scope);
      }
      if (this.#wallets.size < most * 0.9) return;
    }
  }
}

/** Without its counters no limit of it can be kept. */
function notLoaded(cause: unknown): never {
  throw new TurnpikeError('unavailable', {
    cause,
    detail: 'What a key has spent could not be read from the database',
    retryAfterSeconds: 1,
  });
}

function isSame(some: readonly Scope[], others: readonly Scope[]): boolean {
  return some.length === others.length && some.every((scope, at) => scope === others[at]);
}
