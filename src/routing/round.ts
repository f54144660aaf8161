/** Which endpoint of a plan is asked next, and with which key: after each failure the one that the table of faults allows. */
import type { ProviderError } from '../providers/provider-error.ts';
import { FAULTS, faultOf } from './faults.ts';
import type { Affinity } from './keys.ts';
import type { Candidate } from './plan.ts';
import type { Out, Way, Ways } from './ways.ts';

export interface RoundRequest {
  readonly candidates: readonly Candidate[];
  readonly ways: Ways;
  readonly stream: boolean;
  readonly affinityOf: (candidate: Candidate) => Affinity;
}

export class Round {
  readonly #request: RoundRequest;
  #at = 0;
  /** The one whose keys are being tried. */
  #current: Candidate | null = null;
  /** Those that sat out when their turn came. */
  #passedOver: Candidate[] | null = null;
  /** How many of them have had their turn all the same, which each has once. */
  #askedAnyway = 0;
  last: { readonly error: ProviderError; readonly candidate: Candidate } | null = null;

  constructor(request: RoundRequest) {
    this.#request = request;
  }

  /** Null: nobody is left. */
  next(nowMs: number): Way | null {
    const { candidates } = this.#request;
    const again = this.last === null ? null : this.#nextKey(this.last.error, nowMs);
    if (again !== null) return again;
    if (this.last !== null && FAULTS[faultOf(this.last.error)].next === 'no') return null;
    while (this.#at < candidates.length) {
      const candidate = candidates[this.#at];
      this.#at += 1;
      if (candidate === undefined || this.#wouldRefuseToo(candidate)) continue;
      const way = this.#enter(candidate, nowMs);
      if (way !== null) return way;
      this.#passedOver ??= [];
      this.#passedOver.push(candidate);
    }
    return this.#anybodyAtAll(nowMs);
  }

  /** Why those that were passed over sit out. */
  outs(nowMs: number): Out[] {
    return (this.#passedOver ?? []).flatMap((candidate) => this.#request.ways.out(candidate, nowMs) ?? []);
  }

  /** The shortest wait that those who were passed over ask for, in whole seconds; null: nobody was. */
  retryAfterSeconds(nowMs: number): number | null {
    if (this.#passedOver === null) return null;
    const waits = this.outs(nowMs).map(({ waitMs }) => waitMs);
    return waits.length === 0 ? null : Math.max(1, Math.ceil(Math.min(...waits) / 1000));
  }

  #enter(candidate: Candidate, nowMs: number): Way | null {
    const { ways, stream, affinityOf } = this.#request;
    this.#current = candidate;
    return ways.enter(candidate, stream, () => affinityOf(candidate), nowMs);
  }

  /** Another key of the same endpoint, where the failure was about the key. */
  #nextKey(error: ProviderError, nowMs: number): Way | null {
    if (this.#current === null || FAULTS[faultOf(error)].benches === null) return null;
    return this.#current.endpoint.provider.keys === undefined ? null : this.#enter(this.#current, nowMs);
  }

  #wouldRefuseToo(candidate: Candidate): boolean {
    const { last } = this;
    if (last === null || candidate.model !== last.candidate.model) return false;
    const { next } = FAULTS[faultOf(last.error)];
    if (next === 'more room')
      return candidate.endpoint.contextLength <= last.candidate.endpoint.contextLength;
    return next === 'other model';
  }

  #anybodyAtAll(nowMs: number): Way | null {
    this.#current = null;
    const passedOver = this.#passedOver ?? [];
    while (this.#askedAnyway < passedOver.length) {
      const candidate = passedOver[this.#askedAnyway];
      this.#askedAnyway += 1;
      if (candidate === undefined || this.#wouldRefuseToo(candidate)) continue;
      const way = this.#request.ways.enterAnyway(candidate, this.#request.stream, nowMs);
      if (way !== null) return way;
    }
    return null;
  }
}
