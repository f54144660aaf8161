/** A hold: the most a request can cost, taken from all of its scopes at once, and ended exactly once. */
import type { NanoUsd } from '../money.ts';
import type { FeeClaim } from './own-allowance.ts';
import { countedNanoUsd, type OwnShare, shareIn } from './own-share.ts';
import type { Scope } from './scope.ts';
import type { UnheldScopes } from './unheld.ts';

/** What a request came to. */
export interface PostOptions {
  /** The caller's own provider key paid it, which not every limit counts. */
  readonly isByok: boolean;
  /** Of such a request, what is charged here. Absent: nothing. */
  readonly feeNanoUsd?: NanoUsd;
}

const SHARED: PostOptions = { isByok: false };

export class Hold {
  /** By the list. */
  readonly amountNanoUsd: NanoUsd;
  /** On what a fee for the caller's own key depends; null: none can be due. */
  claim: FeeClaim | null = null;
  readonly #scopes: readonly Scope[];
  /** Of each scope; null: the amount in every one. */
  readonly #amounts: readonly NanoUsd[] | null;
  readonly #unheld: UnheldScopes | null;
  readonly #takenAtMs: number;
  #ended = false;

  /** The caller has checked every scope in the same turn of the event loop. `own`: where the caller's own keys may serve. */
  constructor(
    scopes: readonly Scope[],
    amountNanoUsd: NanoUsd,
    nowMs: number,
    own?: OwnShare,
    unheld: UnheldScopes | null = null,
  ) {
    this.#scopes = scopes;
    this.#unheld = unheld;
    this.amountNanoUsd = amountNanoUsd;
    this.#takenAtMs = nowMs;
    this.#amounts =
      own === undefined ? null : scopes.map((scope) => countedNanoUsd(amountNanoUsd, shareIn(scope, own)));
    for (let at = 0; at < scopes.length; at += 1) scopes[at]?.hold(this.#amountIn(at), nowMs);
  }

  /** Ends it at the true cost, which of a caller's own key is its list price. */
  post(costNanoUsd: NanoUsd, { isByok, feeNanoUsd = 0n }: PostOptions = SHARED): void {
    if (this.#ended) throw new Error('a hold ends exactly once');
    this.#ended = true;
    const spent = { costNanoUsd: isByok ? feeNanoUsd : costNanoUsd, byokNanoUsd: isByok ? costNanoUsd : 0n };
    for (let at = 0; at < this.#scopes.length; at += 1)
      this.#scopes[at]?.post(this.#amountIn(at), spent, this.#takenAtMs);
    this.#unheld?.post(spent, this.#takenAtMs);
    this.claim?.end(isByok ? costNanoUsd : null);
  }

  /** Ends it without cost. */
  release(): void {
    this.post(0n);
  }

  #amountIn(at: number): NanoUsd {
    return this.#amounts === null ? this.amountNanoUsd : (this.#amounts[at] ?? 0n);
  }
}
