/** Scopes that requests count against by their tags, so that which they are is found request by request. */
import type { Principal } from '../auth/principal.ts';
import type { Scope } from './scope.ts';
import type { ScopeKind, ScopeRule } from './scope-kind.ts';
import { type Wallet, walletOf } from './wallet.ts';

export interface TaggedScopesOptions {
  readonly kinds: readonly ScopeKind[];
  readonly scopeOf: (kind: ScopeKind, rule: ScopeRule) => Promise<Scope>;
  /** It is no longer in memory. */
  readonly forget: (scope: Scope) => void;
}

const MAX_SCOPES = 10_000;

export class TaggedScopes {
  readonly #options: TaggedScopesOptions;
  /** Those that were used longest ago first. */
  readonly #scopes = new Set<Scope>();

  constructor(options: TaggedScopesOptions) {
    this.#options = options;
  }

  /** @param wallet of the same request without its tags */
  async walletFor(
    wallet: Wallet | Promise<Wallet>,
    principal: Principal,
    tags: ReadonlyMap<string, string>,
  ): Promise<Wallet> {
    const { kinds, scopeOf } = this.#options;
    const untagged = await wallet;
    const tagged: Scope[] = [];
    for (const kind of kinds) {
      for (const rule of kind.rulesForTags?.(principal, tags) ?? []) {
        const scope = await scopeOf(kind, rule);
        scope.adoptLimit(rule);
        this.#scopes.delete(scope);
        this.#scopes.add(scope);
        tagged.push(scope);
      }
    }
    if (tagged.length === 0) return untagged;
    this.#forgetIdle(tagged);
    const { scopes, account, unheld = null } = untagged;
    const refs = untagged.refs.slice(scopes.length);
    // In the order in which the kinds refuse: the key's own limit last.
    const placeOf = ({ kind: name }: Scope) => kinds.findIndex(({ kind }) => kind === name);
    const ordered = [...scopes, ...tagged].sort((one, other) => placeOf(one) - placeOf(other));
    return walletOf(ordered, account, { refs, unheld });
  }

  /** What callers choose may be any number of texts; a scope without holds or leases can be loaded again. */
  #forgetIdle(inUse: readonly Scope[]): void {
    if (this.#scopes.size <= MAX_SCOPES) return;
    for (const scope of this.#scopes) {
      if (scope.openHolds > 0 || scope.leases.size > 0 || inUse.includes(scope)) continue;
      scope.isForgotten = true;
      this.#scopes.delete(scope);
      this.#options.forget(scope);
      if (this.#scopes.size <= MAX_SCOPES * 0.9) return;
    }
  }
}
