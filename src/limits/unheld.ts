/**
 * Scopes that requests count in without holding anything of them, because they had no limit when these began. Their records name such
 * scopes, so that the database always has all that was spent there; here is what keeps those exact that are in memory, because a limit was
 * set while such requests ran.
 */
import type { Scope } from './scope.ts';
import type { Spent } from './store.ts';

/** Of one wallet: told at the end of each of its requests. */
export interface UnheldScopes {
  post(spent: Spent, heldAtMs: number): void;
}

export class Unheld {
  /** By their names; empty where no such limit was ever set. */
  readonly #scopes = new Map<string, Scope>();
  /** Of those that are being loaded: how many requests have ended in them meanwhile. */
  readonly #loading = new Map<string, number>();

  /** Null: there are none. */
  of(names: readonly string[]): UnheldScopes | null {
    return names.length === 0 ? null : { post: (spent, heldAtMs) => this.#post(names, spent, heldAtMs) };
  }

  /**
   * `load` gives the scope with everything that was settled before it was called. It is called again while requests that hold nothing of
   * the scope end: whether these are in what it has read, nobody knows.
   */
  async loaded(name: string, load: () => Promise<Scope>): Promise<Scope> {
    this.#loading.set(name, 0);
    try {
      for (;;) {
        const before = this.#loading.get(name);
        const scope = await load();
        if (this.#loading.get(name) !== before) continue;
        this.#scopes.set(name, scope);
        return scope;
      }
    } finally {
      this.#loading.delete(name);
    }
  }

  #post(names: readonly string[], spent: Spent, heldAtMs: number): void {
    if (this.#scopes.size === 0 && this.#loading.size === 0) return;
    if (spent.costNanoUsd === 0n && spent.byokNanoUsd === 0n) return;
    for (const name of names) {
      const loading = this.#loading.get(name);
      if (loading !== undefined) this.#loading.set(name, loading + 1);
      const scope = this.#scopes.get(name);
      if (scope === undefined) continue;
      scope.hold(0n, heldAtMs);
      scope.post(0n, spent, heldAtMs);
    }
  }
}
