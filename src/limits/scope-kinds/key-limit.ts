/** A key's own limit, with its reset interval. */
import type { ScopeKind, ScopeRule } from '../scope-kind.ts';
import { readKeyLimit } from '../store.ts';

export const keyLimit: ScopeKind = {
  kind: 'key',
  lifetime: 'key',
  refusal: {
    code: 'key_limit_exceeded',
    limitSource: 'openrouter_key_limit',
    scope: 'key_limit',
    headline: (window) => `Key limit exceeded (${window} limit)`,
    remedy: 'Raise the limit of this key, or wait until it resets.',
    blocksFreeWhenNegative: false,
  },
  changedBy: 'api_key',
  scopesOfRow: ({ keyHash }) => [keyHash],
  rulesFor: (principal) => {
    const own: ScopeRule = {
      id: principal.keyHash,
      limitNanoUsd: principal.limitNanoUsd,
      windowKind: principal.limitReset ?? 'all',
      countsByok: principal.includeByokInLimit,
      version: principal.limitVersion ?? principal.version,
    };
    // Its own first: that one the generation's row tells.
    return principal.parentLimits === undefined ? [own] : [own, ...principal.parentLimits];
  },
  readLimit: readKeyLimit,
};
