/** A hold: the most a request can cost, taken from all of its scopes at once, and ended exactly once. */
import type { NanoUsd } from '../money.ts';
import type { Scope } from './scope.ts';

const NONE: readonly Scope[] = [];

export class Hold {
  readonly amountNanoUsd: NanoUsd;
  readonly #scopes: readonly Scope[];
  readonly #uncharged: readonly Scope[];
  readonly #takenAtMs: number;
  #ended = false;

  /**
   * The caller has checked every scope in the same turn of the event loop.
   * @param uncharged scopes of which nothing is held, and in which what it cost is counted all the same
   */
  constructor(
    scopes: readonly Scope[],
    amountNanoUsd: NanoUsd,
    nowMs: number,
    uncharged: readonly Scope[] = NONE,
  ) {
    this.#scopes = scopes;
    this.#uncharged = uncharged;
    this.amountNanoUsd = amountNanoUsd;
    this.#takenAtMs = nowMs;
    for (const scope of scopes) scope.hold(amountNanoUsd, nowMs);
    for (const scope of uncharged) scope.hold(0n, nowMs);
  }

  /** Ends it at the true cost; `isByok`: the caller's own provider key paid it, which not every limit counts. */
  post(costNanoUsd: NanoUsd, { isByok }: { isByok: boolean } = { isByok: false }): void {
    if (this.#ended) throw new Error('a hold ends exactly once');
    this.#ended = true;
    const spent = { costNanoUsd: isByok ? 0n : costNanoUsd, byokNanoUsd: isByok ? costNanoUsd : 0n };
    for (const scope of this.#scopes) scope.post(this.amountNanoUsd, spent, this.#takenAtMs);
    for (const scope of this.#uncharged) scope.post(0n, spent, this.#takenAtMs);
  }

  /** Ends it without cost. */
  release(): void {
    this.post(0n);
  }
}
