/** What one request counts against. */
import type { CreditTotals } from '../credits/credits.ts';
import type { FreeRequests } from './free-requests.ts';
import type { OwnAllowance } from './own-allowance.ts';
import type { Scope } from './scope.ts';
import type { ScopeRef } from './scope-kind.ts';
import type { UnheldScopes } from './unheld.ts';

/** What an account was given, and how often it may use free models. */
export interface AccountState {
  readonly free: FreeRequests;
  /** What the account's own provider keys may do without a fee; null: no fee is taken. */
  readonly own: OwnAllowance | null;
  credits: CreditTotals;
  /** The number of the read that `credits` come from. */
  version: number;
  /** Those whose debt stops even what is free, of any of its keys. */
  readonly debtors: Set<Scope>;
}

/**
 * Everything a request of one key counts against, in the order in which it refuses. Never changes: where other scopes apply,
 * requests get another wallet, and those that have this one in hand end in the scopes that they began in.
 */
export interface Wallet {
  readonly scopes: readonly Scope[];
  /** What records name: the same, and `unheld`. */
  readonly refs: readonly ScopeRef[];
  /** What it counts in without holding anything of it; null, and unless told: nothing. */
  readonly unheld?: UnheldScopes | null;
  readonly account: AccountState;
}

/** What a wallet counts in and does not hold. */
export interface UnheldPart {
  readonly refs: readonly ScopeRef[];
  readonly unheld: UnheldScopes | null;
}

export function walletOf(
  scopes: readonly Scope[],
  account: AccountState,
  { refs, unheld }: UnheldPart = { refs: [], unheld: null },
): Wallet {
  return { scopes, account, unheld, refs: [...scopes.map(({ kind, id }): ScopeRef => [kind, id]), ...refs] };
}
