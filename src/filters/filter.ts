/**
 * What a content filter is: a built-in kind or a pattern of one's own, and what happens where it matches. Names, placeholders and
 * labels are OpenRouter's (guides/features/guardrails/sensitive-info and prompt-injection).
 */

import type { ContentFilter, FilterAction } from '../policy/policy.ts';

export const BUILT_INS = [
  'email',
  'phone',
  'ssn',
  'credit-card',
  'ip-address',
  'secrets',
  'person-name',
  'address',
  'regex-prompt-injection',
] as const;
export type BuiltInSlug = (typeof BUILT_INS)[number];

interface BuiltIn {
  /** Of what is redacted. Secrets name their format instead. */
  readonly placeholder: string;
  /** In the message of a block. */
  readonly label: string;
  /** Why this gateway cannot look for it; null: it can. */
  readonly unavailable: string | null;
}

const NO_MODEL = 'not available: this gateway has no model that recognises it';

const KNOWN: Readonly<Record<BuiltInSlug, BuiltIn>> = {
  email: { placeholder: '[EMAIL]', label: 'Email address', unavailable: null },
  phone: { placeholder: '[PHONE]', label: 'Phone number', unavailable: null },
  ssn: { placeholder: '[SSN]', label: 'Social Security number', unavailable: null },
  'credit-card': { placeholder: '[CREDIT_CARD]', label: 'Credit card number', unavailable: null },
  'ip-address': { placeholder: '[IP_ADDRESS]', label: 'IP address', unavailable: null },
  secrets: { placeholder: '[SECRET]', label: 'Secrets', unavailable: null },
  'person-name': { placeholder: '[PERSON_NAME]', label: 'Person name', unavailable: NO_MODEL },
  address: { placeholder: '[ADDRESS]', label: 'Address', unavailable: NO_MODEL },
  'regex-prompt-injection': {
    placeholder: '[PROMPT_INJECTION]',
    label: 'Prompt injection',
    unavailable: null,
  },
};

/** Why this gateway cannot look for it, to be told to whoever saves such a filter; null: it can. */
export function unavailableReason(slug: string): string | null {
  return isBuiltIn(slug) ? KNOWN[slug].unavailable : 'not available: this version does not know it';
}

const isBuiltIn = (slug: string): slug is BuiltInSlug => Object.hasOwn(KNOWN, slug);

/** What takes the place of a match. Labels of built-in kinds are the system's. */
export function placeholderOf(filter: ContentFilter): string {
  if (filter.kind === 'builtin')
    return isBuiltIn(filter.slug) ? KNOWN[filter.slug].placeholder : '[REDACTED]';
  return filter.label ? `[${filter.label}]` : '[REDACTED]';
}

/** What a caller reads of the filter that blocked. */
export function blockedLabel(filter: ContentFilter): string {
  if (filter.kind === 'builtin') return isBuiltIn(filter.slug) ? KNOWN[filter.slug].label : '[BLOCKED]';
  return filter.label || '[BLOCKED]';
}

/** How the record calls a filter. */
export function filterName(filter: ContentFilter): string {
  if (filter.kind === 'builtin') return filter.slug;
  return filter.label || 'custom';
}

const STRICTNESS: Readonly<Record<FilterAction, number>> = { flag: 0, redact: 1, block: 2 };

/**
 * The filters of every guardrail that applies, each once: of the same kind or pattern the strictest action wins, and it looks wherever
 * any of them looks. Prompt injection that one guardrail wants of users alone and another of everybody stays two filters.
 */
export function combined(filters: readonly ContentFilter[]): ContentFilter[] {
  const found = new Map<string, ContentFilter>();
  for (const filter of filters) {
    const key = keyOf(filter);
    const known = found.get(key);
    found.set(key, known === undefined ? filter : stricter(known, filter));
  }
  return [...found.values()];
}

function keyOf(filter: ContentFilter): string {
  if (filter.kind === 'custom') return `pattern ${filter.pattern}`;
  return filter.slug === 'regex-prompt-injection' ? `${filter.slug} ${filter.scanScope}` : filter.slug;
}

function stricter(one: ContentFilter, other: ContentFilter): ContentFilter {
  return STRICTNESS[other.action] > STRICTNESS[one.action] ? other : one;
}
