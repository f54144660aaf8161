/** Filters as they are looked for: everything that can be made once a policy, and nothing that belongs to one request. */

import type { ContentFilter } from '../policy/policy.ts';
import type { Detector } from './detector.ts';
import { base64, hex, SCRAMBLED_SOURCE, typoglycemia } from './evasion.ts';
import { type Factor, factorsOf } from './factors.ts';
import { combined, filterName, placeholderOf, unavailableReason } from './filter.ts';
import { INJECTION_PATTERNS } from './injection.ts';
import { clearReport, type FilterReport } from './outcome.ts';
import { ownPattern } from './own-pattern.ts';
import { creditCard, email, ipAddress, phone, ssn } from './personal.ts';
import { createScreen, type Screen } from './screen.ts';
import { secrets } from './secrets.ts';

/** A filter with what looks for it. */
export interface CompiledFilter {
  readonly filter: ContentFilter;
  readonly name: string;
  readonly placeholder: string;
  /** Why it is not looked for; null: it is. */
  readonly skipped: string | null;
  readonly isInjection: boolean;
  readonly detectors: readonly CompiledDetector[];
}

export interface CompiledDetector {
  readonly detector: Detector;
  /** Its place among what is screened; null: it has a way of its own to tell, or none. */
  readonly screened: number | null;
  /** Linear, and yet slow: it is given less of a long text at once. */
  readonly isOwn: boolean;
  /** Whether allowed phrases hide from it. */
  readonly isMasked: boolean;
}

export interface CompiledFilters {
  readonly filters: readonly CompiledFilter[];
  readonly screen: Screen;
  readonly screenedCount: number;
  /** Those that the screen says nothing of. */
  readonly unscreened: readonly Detector[];
  readonly hasInjection: boolean;
  /** Phrases that are no injection, in lower case. */
  readonly allowed: readonly string[];
  /** What is recorded of a request in which nothing was found. */
  readonly clear: FilterReport;
}

const PERSONAL: Readonly<Record<string, Detector>> = {
  email,
  phone,
  ssn,
  'credit-card': creditCard,
  'ip-address': ipAddress,
  secrets,
};

/** By the filters of a policy, which live as long as it does. */
const known = new WeakMap<readonly ContentFilter[], CompiledFilters>();

/**
 * What looks for these filters; made at the first request that they apply to.
 * @param allowedPhrases of the account's allowlist against false alarms of prompt injection
 */
export function compileFilters(
  filters: readonly ContentFilter[],
  allowedPhrases: readonly string[] = [],
): CompiledFilters {
  const found = known.get(filters);
  if (found !== undefined) return found;
  const made = compile(combined(filters), allowedPhrases);
  known.set(filters, made);
  return made;
}

function compile(filters: readonly ContentFilter[], allowedPhrases: readonly string[]): CompiledFilters {
  const screened: (readonly Factor[])[] = [];
  const placeOf = (factors: readonly Factor[] | null): number | null =>
    factors === null ? null : screened.push(factors) - 1;
  const compiled = filters.map((filter): CompiledFilter => {
    const isInjection = filter.kind === 'builtin' && filter.slug === 'regex-prompt-injection';
    return {
      filter,
      name: filterName(filter),
      placeholder: placeholderOf(filter),
      skipped: filter.kind === 'builtin' ? unavailableReason(filter.slug) : null,
      isInjection,
      detectors: detectorsOf(filter, placeOf),
    };
  });
  return {
    filters: compiled,
    clear: clearReport(compiled),
    screen: createScreen(screened),
    screenedCount: screened.length,
    unscreened: compiled
      .flatMap(({ detectors }) => detectors)
      .filter(({ screened: place }) => place === null)
      .map(({ detector }) => detector),
    hasInjection: compiled.some(({ isInjection }) => isInjection),
    allowed: allowedPhrases
      .map((phrase) => phrase.normalize('NFKC').toLowerCase())
      .filter((phrase) => phrase !== ''),
  };
}

function detectorsOf(
  filter: ContentFilter,
  placeOf: (factors: readonly Factor[] | null) => number | null,
): readonly CompiledDetector[] {
  if (filter.kind === 'custom') {
    const { pattern } = filter;
    const screened = placeOf(ownFactors(pattern));
    return [{ detector: ownPattern(pattern), screened, isOwn: true, isMasked: false }];
  }
  if (filter.slug === 'regex-prompt-injection') {
    const evading = { screened: null, isOwn: false, isMasked: false };
    return [
      ...INJECTION_PATTERNS.map(({ find, source, flags }) => ({
        detector: { find },
        screened: placeOf(injectionFactors(source, flags)),
        isOwn: false,
        isMasked: true,
      })),
      { ...evading, detector: typoglycemia, screened: placeOf(injectionFactors(SCRAMBLED_SOURCE, 'i')) },
      { ...evading, detector: base64 },
      { ...evading, detector: hex },
    ];
  }
  const detector = PERSONAL[filter.slug];
  return detector === undefined ? [] : [{ detector, screened: null, isOwn: false, isMasked: false }];
}

/** Read from their syntax trees once, however many policies have them. */
const injectionKnown = new Map<string, readonly Factor[] | null>();

function injectionFactors(source: string, flags: string): readonly Factor[] | null {
  const made = injectionKnown.get(source);
  if (made !== undefined) return made;
  const factors = factorsOf(source, flags);
  injectionKnown.set(source, factors);
  return factors;
}

const ownKnown = new Map<string, readonly Factor[] | null>();
const MAX_KNOWN = 2000;

function ownFactors(pattern: string): readonly Factor[] | null {
  const made = ownKnown.get(pattern);
  if (made !== undefined) return made;
  if (ownKnown.size >= MAX_KNOWN) ownKnown.clear();
  const factors = factorsOf(pattern);
  ownKnown.set(pattern, factors);
  return factors;
}
