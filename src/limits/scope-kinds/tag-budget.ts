/** What requests with a tag may cost together: which tags a request has, it says itself, so its scopes are found request by request. */
import type { TagBudget } from '../../allowances/allowances.ts';
import { readTagBudget } from '../../allowances/read-allowances.ts';
import { changesUpTo } from '../../storage/changes.ts';
import { isWindowKind, type WindowKind } from '../../window.ts';
import type { ScopeKind, ScopeRule } from '../scope-kind.ts';

export const TAG_SCOPE = 'tag';

/** `quarterly <id of the budget> <value of the tag>` */
export function tagScopeId({ id, windowKind }: Pick<TagBudget, 'id' | 'windowKind'>, value: string): string {
  return `${windowKind} ${id} ${value}`;
}

interface TagPlace {
  readonly windowKind: WindowKind;
  readonly budgetId: string;
}

export function tagPlaceOf(scopeId: string): TagPlace {
  const [windowKind = '', budgetId = ''] = scopeId.split(' ', 2);
  if (!isWindowKind(windowKind)) throw new Error(`no scope of a tag is called ${scopeId}`);
  return { windowKind, budgetId };
}

export const tagBudget: ScopeKind = {
  kind: TAG_SCOPE,
  lifetime: 'shared',
  refusal: {
    code: 'tag_budget_exceeded',
    limitSource: 'turnpike_tag_budget',
    scope: 'tag',
    headline: (window, { of = '' }) =>
      `Budget limit exceeded (${window} limit): requests tagged ${of} have a budget of their own`,
    remedy: 'Ask an admin of your organization to raise the budget of this tag, or wait until it resets.',
    blocksFreeWhenNegative: false,
  },
  changedBy: 'workspace_limits',
  isTouched: (workspaceId, _, limit) => limit.workspaceId === workspaceId,
  windowKindOf: (scopeId) => tagPlaceOf(scopeId).windowKind,
  rulesFor: () => [],
  rulesForTags: ({ allowances, version }, tags) =>
    (allowances?.tagBudgets ?? []).flatMap((budget): ScopeRule[] => {
      const value = tags.get(budget.name);
      if (value === undefined || (budget.value !== null && budget.value !== value)) return [];
      return [
        {
          id: tagScopeId(budget, value),
          limitNanoUsd: budget.limitNanoUsd,
          windowKind: budget.windowKind,
          countsByok: allowances?.includesByok ?? false,
          version,
          of: `${budget.name}=${value}`,
          ...(allowances == null ? {} : { workspaceId: allowances.workspaceId }),
        },
      ];
    }),
  readLimit: async (db, scopeId) => {
    const { windowKind, budgetId } = tagPlaceOf(scopeId);
    const version = await changesUpTo(db);
    const found = await readTagBudget(db, budgetId);
    if (found === null) return null;
    const { budget, workspaceId, includesByok } = found;
    return {
      limitNanoUsd: budget.limitNanoUsd,
      ...{ windowKind, countsByok: includesByok, version, workspaceId },
      of: `${budget.name}=${scopeId.split(' ').slice(2).join(' ')}`,
    };
  },
};
