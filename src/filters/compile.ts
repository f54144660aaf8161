/** Filters as they are looked for: everything that can be made once a policy, and nothing that belongs to one request. */

import type { ContentFilter } from '../policy/policy.ts';
import type { Detector, Sign } from './detector.ts';
import { base64, hex, SCRAMBLED_SOURCE, typoglycemia } from './evasion.ts';
import { type Factor, factorsOf } from './factors.ts';
import { combined, filterName, placeholderOf, unavailableReason } from './filter.ts';
import { INJECTION_PATTERNS } from './injection.ts';
import { clearReport, type FilterReport } from './outcome.ts';
import { OwnPattern } from './own/pattern.ts';
import { isSmall, statesOf } from './own/states.ts';
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

export type CompiledDetector = Looked & (BuiltIn | Own);

interface BuiltIn {
  readonly detector: Detector;
  readonly own: null;
}

interface Own {
  readonly detector: null;
  readonly own: OwnPattern;
}

interface Looked {
  /** Its place among what is screened; null: it has a way of its own to tell, or none. */
  readonly screened: number | null;
  /** Whether allowed phrases hide from it. */
  readonly isMasked: boolean;
}

export interface CompiledFilters {
  readonly filters: readonly CompiledFilter[];
  /** One for prompt injection, which all policies share, and one for patterns of somebody's own. */
  readonly screens: readonly Screen[];
  readonly screenedCount: number;
  /** Of detectors that no screen says anything of; null: one of them may match every text. */
  readonly signs: readonly Sign[] | null;
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
  const hasInjection = filters.some(isInjectionFilter);
  const shared = hasInjection ? injectionScreened() : null;
  const sharedCount = shared?.count ?? 0;
  const own: (readonly Factor[])[] = [];
  const placeOf = (factors: readonly Factor[] | null): number | null =>
    factors === null ? null : sharedCount + own.push(factors) - 1;
  const compiled = filters.map((filter): CompiledFilter => {
    return {
      filter,
      name: filterName(filter),
      placeholder: placeholderOf(filter),
      skipped: filter.kind === 'builtin' ? unavailableReason(filter.slug) : null,
      isInjection: isInjectionFilter(filter),
      detectors: detectorsOf(filter, placeOf),
    };
  });
  return {
    filters: compiled,
    clear: clearReport(compiled),
    screens: [
      ...(shared === null ? [] : [shared.screen]),
      ...(own.length === 0 ? [] : [createScreen(own, sharedCount)]),
    ],
    screenedCount: sharedCount + own.length,
    signs: signsOf(compiled),
    hasInjection,
    allowed: allowedPhrases
      .map((phrase) => phrase.normalize('NFKC').toLowerCase())
      .filter((phrase) => phrase !== ''),
  };
}

function signsOf(filters: readonly CompiledFilter[]): readonly Sign[] | null {
  const found = new Set<Sign>();
  for (const { detector, screened } of filters.flatMap(({ detectors }) => detectors)) {
    if (screened !== null) continue;
    if (detector?.signs === undefined) return null;
    for (const sign of detector.signs) found.add(sign);
  }
  return [...found];
}

function detectorsOf(
  filter: ContentFilter,
  placeOf: (factors: readonly Factor[] | null) => number | null,
): readonly CompiledDetector[] {
  if (filter.kind === 'custom') {
    const { pattern } = filter;
    const screened = placeOf(ownFactors(pattern));
    return [{ own: new OwnPattern(pattern), detector: null, screened, isMasked: false }];
  }
  if (isInjectionFilter(filter)) return injectionScreened().detectors;
  const detector = PERSONAL[filter.slug];
  return detector === undefined ? [] : [{ detector, own: null, screened: null, isMasked: false }];
}

const isInjectionFilter = (filter: ContentFilter): boolean =>
  filter.kind === 'builtin' && filter.slug === 'regex-prompt-injection';

interface Injection {
  readonly detectors: readonly CompiledDetector[];
  readonly screen: Screen;
  readonly count: number;
}

let injection: Injection | undefined;

/** Read from their syntax trees once, however many policies have them. */
function injectionScreened(): Injection {
  if (injection !== undefined) return injection;
  const screened: (readonly Factor[])[] = [];
  const placeOf = (source: string, flags: string) => {
    const factors = factorsOf(source, flags);
    return factors === null ? null : screened.push(factors) - 1;
  };
  const evading = { own: null, screened: null, isMasked: false };
  const detectors = [
    ...INJECTION_PATTERNS.map(({ find, source, flags }) => ({
      detector: { find },
      screened: placeOf(source, flags),
      own: null,
      isMasked: true,
    })),
    { ...evading, detector: typoglycemia, screened: placeOf(SCRAMBLED_SOURCE, 'i') },
    { ...evading, detector: base64 },
    { ...evading, detector: hex },
  ];
  injection = { detectors, screen: createScreen(screened), count: screened.length };
  return injection;
}

const ownKnown = new Map<string, readonly Factor[] | null>();
const MAX_KNOWN = 2000;

function ownFactors(pattern: string): readonly Factor[] | null {
  const made = ownKnown.get(pattern);
  if (made !== undefined) return made;
  if (ownKnown.size >= MAX_KNOWN) ownKnown.clear();
  const factors = isSmall(statesOf(pattern)) ? factorsOf(pattern) : null;
  ownKnown.set(pattern, factors);
  return factors;
}
