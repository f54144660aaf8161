/**
 * What a workspace may spend a day, a week, a month and ever, all of its keys together. The record of every request names all four, so
 * that a budget that is set later knows what was spent; only those that are set are held, and cost a request anything.
 */
import { type Allowances, windowKindOfInterval } from '../../allowances/allowances.ts';
import { readAllowances } from '../../allowances/read-allowances.ts';
import { dollars } from '../../money.ts';
import { changesUpTo } from '../../storage/changes.ts';
import { BUDGET_INTERVALS, type BudgetInterval, WORKSPACE_SCOPE } from '../../storage/limit-tables.ts';
import type { ScopeKind, ScopeLimit } from '../scope-kind.ts';

export function workspaceScopeId(workspaceId: string, interval: BudgetInterval): string {
  return `${workspaceId} ${interval}`;
}

function placeOf(scopeId: string): { workspaceId: string; interval: BudgetInterval } {
  const [workspaceId = '', interval] = scopeId.split(' ');
  return { workspaceId, interval: interval as BudgetInterval };
}

export function workspaceOfScope(scopeId: string): string {
  return placeOf(scopeId).workspaceId;
}

export function intervalOfScope(scopeId: string): BudgetInterval {
  return placeOf(scopeId).interval;
}

const scopesOf = (workspaceId: string): readonly string[] =>
  BUDGET_INTERVALS.map((interval) => workspaceScopeId(workspaceId, interval));

export const workspaceBudget: ScopeKind = {
  kind: WORKSPACE_SCOPE,
  lifetime: 'shared',
  refusal: {
    code: 'workspace_budget_exceeded',
    limitSource: 'openrouter_workspace_budget',
    scope: 'workspace',
    headline: (window, { of = '', limitNanoUsd }) =>
      `Budget limit exceeded (${window} limit): workspace "${of}" has a ` +
      `${window === 'total' ? 'lifetime' : window} budget of ${dollars(limitNanoUsd ?? 0n)}. ` +
      'Ask an admin of your organization to raise it',
    remedy:
      'Ask an admin of your organization to raise the budget of this workspace, or wait until it resets.',
    blocksFreeWhenNegative: false,
  },
  changedBy: 'workspace_limits',
  isTouched: (workspaceId, scopeId) => placeOf(scopeId).workspaceId === workspaceId,
  scopesOfRow: ({ workspaceId }) => (workspaceId === null ? [] : scopesOf(workspaceId)),
  windowKindOf: (scopeId) => windowKindOfInterval(placeOf(scopeId).interval),
  namedFor: ({ workspaceId }) => (workspaceId === null ? [] : scopesOf(workspaceId)),
  rulesFor: ({ workspaceId, allowances = null, version }) =>
    workspaceId === null || allowances === null
      ? []
      : BUDGET_INTERVALS.filter((interval) => allowances.budgets[interval] !== null).map((interval) => ({
          id: workspaceScopeId(workspaceId, interval),
          ...limitOf(allowances, interval, version),
        })),
  readLimit: async (db, scopeId) => {
    const { workspaceId, interval } = placeOf(scopeId);
    const version = await changesUpTo(db);
    const allowances = await readAllowances(db, workspaceId);
    return allowances === null ? null : limitOf(allowances, interval, version);
  },
};

function limitOf(allowances: Allowances | null, interval: BudgetInterval, version: number): ScopeLimit {
  return {
    limitNanoUsd: allowances?.budgets[interval]?.limitNanoUsd ?? null,
    windowKind: windowKindOfInterval(interval),
    countsByok: allowances?.includesByok ?? false,
    version,
    of: allowances?.workspaceName ?? '',
  };
}
