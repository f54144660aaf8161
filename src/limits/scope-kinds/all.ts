/** Every kind of scope there is, in the order in which they refuse. A new kind is one file beside this one, and a line here. */
import type { Config } from '../../config/config.ts';
import { windowId, windowIds } from '../../window.ts';
import type { GenerationOwner, ScopeKind } from '../scope-kind.ts';
import { accountCredits } from './account-credits.ts';
import { guardrailBudgets } from './guardrail-budget.ts';
import { keyLimit } from './key-limit.ts';
import { tagBudget } from './tag-budget.ts';
import { workspaceBudget } from './workspace-budget.ts';

export function scopeKinds(billing: Config['billing']): readonly ScopeKind[] {
  return [accountCredits(billing), ...guardrailBudgets, workspaceBudget, tagBudget, keyLimit];
}

/** Which kinds there are does not depend on the billing. */
const KINDS: ReadonlyMap<string, ScopeKind> = new Map(
  scopeKinds({ mode: 'off' }).map((kind) => [kind.kind, kind]),
);

/** Kinds whose leases nothing leaves that went through callers' own provider keys. */
export const IGNORE_BYOK: ReadonlySet<string> = new Set(
  [...KINDS.values()].flatMap(({ kind, ignoresByok }) => (ignoresByok === true ? [kind] : [])),
);

/** By kind: the scopes that the row of a generation tells. */
export const TOLD_BY_ROW: ReadonlyMap<string, (generation: GenerationOwner) => readonly string[]> = new Map(
  [...KINDS.values()].flatMap(({ kind, scopesOfRow }) =>
    scopesOfRow === undefined ? [] : [[kind, scopesOfRow] as const],
  ),
);

/** And how many of each kind. */
export const TOLD_COUNTS: Readonly<Record<string, number>> = Object.fromEntries(
  [...TOLD_BY_ROW].map(([kind, scopesOfRow]) => [
    kind,
    scopesOfRow({ accountId: '', keyHash: '', workspaceId: '' }).length,
  ]),
);

/** The windows that a scope counts in at an instant, as its rows of `usage_window` name them. */
export function windowsOf(kind: string, scopeId: string, atMs: number): readonly string[] {
  const only = KINDS.get(kind)?.windowKindOf?.(scopeId);
  if (only !== undefined) return [windowId(only, atMs)];
  const { all, daily, weekly, monthly } = windowIds(atMs);
  return [all, daily, weekly, monthly];
}
