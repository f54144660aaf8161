/**
 * What the guardrails over a key make of it, folded once when the key is read: account, workspace, member, key. The stricter layer
 * always wins: allowlists intersect, lists of what is ignored add up, and what one layer demands holds.
 */
import type { LimitReset } from '../storage/schema.ts';

export const REGIONS = ['global', 'europe', 'us'] as const;
export type Region = (typeof REGIONS)[number];

/** Whose models, by the author in the model's id: each may be demanded zero retention of by itself. */
export const ZDR_GROUPS = ['anthropic', 'openai', 'google', 'xai', 'other'] as const;
export type ZdrGroup = (typeof ZDR_GROUPS)[number];
export type ZdrGroups = Readonly<Record<ZdrGroup, boolean>>;

export type FilterAction = 'redact' | 'block' | 'flag';
export type ScanScope = 'user_only' | 'all_messages';
/** What a filter looks at: requests, answers, or both. */
export type FilterDirection = 'input' | 'output' | 'both';

/** Through what a guardrail reaches a key. */
export type LayerScope = 'account' | 'workspace' | 'member' | 'key';

interface FilterOfLayer {
  readonly guardrailId: string;
  readonly guardrailScope: LayerScope;
  readonly action: FilterAction;
  readonly label: string | null;
  readonly scanScope: ScanScope;
}

/** `slug`: one of the built-in filters. `pattern`: a regular expression of `pattern.ts`. */
export type ContentFilter =
  | (FilterOfLayer & { readonly kind: 'builtin'; readonly slug: string })
  | (FilterOfLayer & { readonly kind: 'custom'; readonly pattern: string });

/** One sum that may be spent, by one key or by one member with all keys that they made. */
export interface PolicyBudget {
  readonly guardrailId: string;
  readonly guardrailScope: LayerScope;
  readonly limitNanoUsd: bigint;
  /** Null: it is never reset. */
  readonly resetInterval: LimitReset | null;
  readonly includesByok: boolean;
  readonly holder: 'key' | 'member';
  /** The key's hash, or the member's user id. */
  readonly holderId: string;
}

export interface Allow {
  /** Null: whatever is not ignored. Empty: nothing. */
  readonly allowed: ReadonlySet<string> | null;
  readonly ignored: ReadonlySet<string>;
}

/** What one guardrail says about where a request may go; null: nothing. */
export interface LayerRules {
  readonly allowedModels: readonly string[] | null;
  readonly ignoredModels: readonly string[] | null;
  readonly allowedProviders: readonly string[] | null;
  readonly ignoredProviders: readonly string[] | null;
  readonly regions: readonly Region[] | null;
  readonly zdr: Readonly<Partial<ZdrGroups>>;
  readonly paidTraining: boolean | null;
  readonly freeTraining: boolean | null;
  readonly freePublication: boolean | null;
}

export interface PolicyLayer {
  readonly scope: LayerScope;
  readonly guardrailId: string;
  readonly name: string;
  readonly rules: LayerRules;
}

export interface Policy {
  /** What it was folded from, outermost first: to say which layer excludes what, never to decide by. */
  readonly layers: readonly PolicyLayer[];
  /** Canonical slugs of models. */
  readonly models: Allow;
  /** Slugs of providers. */
  readonly providers: Allow;
  readonly zdr: ZdrGroups;
  /** Whether endpoints that learn from prompts may serve: those that cost something, and those that do not. */
  readonly paidTraining: boolean;
  readonly freeTraining: boolean;
  /** Whether endpoints free of charge may serve that publish prompts. */
  readonly freePublication: boolean;
  /** Through which hosts a request may come; null: any. Empty: none. */
  readonly regions: ReadonlySet<Region> | null;
  /** Of requests. */
  readonly filters: readonly ContentFilter[];
  /** Of answers; with most policies none. */
  readonly answerFilters: readonly ContentFilter[];
  /** In the order in which they are checked. */
  readonly budgets: readonly PolicyBudget[];
}

/** Which group a model belongs to, by its canonical slug. */
export function zdrGroupOf(slug: string): ZdrGroup {
  const author = slug.slice(0, slug.indexOf('/'));
  if (author === 'anthropic' || author === 'openai' || author === 'google') return author;
  return author === 'x-ai' ? 'xai' : 'other';
}

/** Whether requests may come through this host. */
export function isRegionAllowed({ regions }: Pick<Policy, 'regions'>, region: Region): boolean {
  return regions === null || regions.has(region);
}
