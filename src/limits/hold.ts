/** A hold: the most a request can cost, taken from all of its scopes at once, and ended exactly once. */
import type { NanoUsd } from '../money.ts';
import type { Scope } from './scope.ts';

export class Hold {
  readonly amountNanoUsd: NanoUsd;
  readonly #scopes: readonly Scope[];
  readonly #takenAtMs: number;
  #ended = false;

  /** The caller has checked every scope in the same turn of the event loop. */
  constructor(scopes: readonly Scope[], amountNanoUsd: NanoUsd, nowMs: number) {
    this.#scopes = scopes;
    this.amountNanoUsd = amountNanoUsd;
    this.#takenAtMs = nowMs;
    for (const scope of scopes) scope.hold(amountNanoUsd, nowMs);
  }

  /** Ends it at the true cost; `isByok`: the caller's own provider key paid it, which not every limit counts. */
  post(costNanoUsd: NanoUsd, { isByok }: { isByok: boolean } = { isByok: false }): void {
    if (this.#ended) throw new Error('a hold ends exactly once');
    this.#ended = true;
    const spent = { costNanoUsd: isByok ? 0n : costNanoUsd, byokNanoUsd: isByok ? costNanoUsd : 0n };
    for (const scope of this.#scopes) scope.post(this.amountNanoUsd, spent, this.#takenAtMs);
  }

  /** Ends it without cost. */
  release(): void {
    this.post(0n);
  }
}
