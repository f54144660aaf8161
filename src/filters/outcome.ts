/** What the filters of a request did, as its record says it. */

import type { ContentFilter, FilterAction, LayerScope } from '../policy/policy.ts';
import type { CompiledFilter, CompiledFilters } from './compile.ts';

/** In the words of `GET /generation`. Nothing of it is text of the request. */
export interface FilterOutcome {
  readonly guardrail_id: string;
  /** Through what the guardrail reaches the key. */
  readonly guardrail_scope: LayerScope;
  /** A built-in kind's slug, or the label of somebody's own pattern. */
  readonly filter: string;
  readonly action: FilterAction;
  /** How often it matched; 0 where it could not look. */
  readonly matches: number;
  /** What exactly it found, where it knows several kinds: formats of secrets, names of injection patterns. */
  readonly found?: readonly string[];
  /** Why it could not look. */
  readonly reason?: string;
}

/** How a request's filters went. Those that looked at everything and found nothing are only counted: a key may have hundreds. */
export interface FilterReport {
  /** How many looked at every text that they have to look at. */
  readonly applied: number;
  readonly matched: readonly FilterOutcome[];
  readonly skipped: readonly FilterOutcome[];
  readonly failed: readonly FilterOutcome[];
}

interface Count {
  matches: number;
  readonly names: Set<string>;
  failure: string | null;
}

/** Counts while texts are looked at. */
export class Tally {
  readonly #filters: readonly CompiledFilter[];
  readonly #counts = new Map<number, Count>();
  /** The first filter that blocks and has matched. */
  blocking: ContentFilter | null = null;
  hasFailed = false;

  constructor({ filters }: CompiledFilters) {
    this.#filters = filters;
  }

  matched(filter: number, name: string | undefined): void {
    const count = this.#countOf(filter);
    count.matches += 1;
    if (name !== undefined) count.names.add(name);
    const own = this.#filters[filter]?.filter;
    if (own?.action === 'block') this.blocking ??= own;
  }

  /** It could not look, and does not count as one that found nothing. */
  failed(filter: number, reason = 'it could not be run'): void {
    this.#countOf(filter).failure = reason;
    if (this.#filters[filter]?.filter.action !== 'flag') this.hasFailed = true;
  }

  /** None could look at something. @param reason in words for whoever reads the record */
  allFailed(reason: string): void {
    for (const [at, { skipped }] of this.#filters.entries()) if (skipped === null) this.failed(at, reason);
  }

  /** The kinds that a filter found. */
  namesOf(filter: ContentFilter): string[] {
    const at = this.#filters.findIndex((one) => one.filter === filter);
    return [...(this.#counts.get(at)?.names ?? [])];
  }

  report({ clear }: Pick<CompiledFilters, 'clear'>): FilterReport {
    if (this.#counts.size === 0) return clear;
    const matched: FilterOutcome[] = [];
    const failed: FilterOutcome[] = [];
    for (const [at, { matches, names, failure }] of this.#counts) {
      const one = this.#filters[at];
      if (one === undefined) continue;
      const outcome = { ...namedOutcome(one), matches, ...(names.size === 0 ? {} : { found: [...names] }) };
      if (failure === null) matched.push(outcome);
      else failed.push({ ...outcome, reason: failure });
    }
    return { ...clear, applied: clear.applied - failed.length, matched, failed };
  }

  #countOf(filter: number): Count {
    const known = this.#counts.get(filter);
    if (known !== undefined) return known;
    const made = { matches: 0, names: new Set<string>(), failure: null };
    this.#counts.set(filter, made);
    return made;
  }
}

function namedOutcome({ filter, name }: CompiledFilter) {
  return {
    guardrail_id: filter.guardrailId,
    guardrail_scope: filter.guardrailScope,
    filter: name,
    action: filter.action,
  };
}

/** That of a request in which nothing was found: the same for every one of a policy. */
export function clearReport(filters: readonly CompiledFilter[]): FilterReport {
  const skipped = filters.flatMap((one) =>
    one.skipped === null ? [] : { ...namedOutcome(one), matches: 0, reason: one.skipped },
  );
  return { applied: filters.length - skipped.length, matched: [], skipped, failed: [] };
}
