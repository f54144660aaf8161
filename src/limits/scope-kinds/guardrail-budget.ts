/**
 * What guardrails let each key, and each member with all keys that they made, spend: never pooled among those that one binds. A kind
 * for each way in which a guardrail reaches somebody, in the order in which they refuse.
 */
import type { PolicyBudget } from '../../policy/policy.ts';
import { readGuardrailBudget } from '../../policy/read-budget.ts';
import { changesUpTo } from '../../storage/changes.ts';
import type { ScopeKind } from '../scope-kind.ts';

/** `default`: without being assigned, to whoever is in the workspace or the organisation. */
export interface GuardrailReach {
  readonly kind: string;
  /** As callers read it, in `metadata.scope` and in the layers of `GET /key`. */
  readonly scope: 'workspace_default_member' | 'workspace_default_key' | 'member' | 'api_key';
  readonly isDefault: boolean;
  readonly holder: PolicyBudget['holder'];
}

export const GUARDRAIL_REACHES: readonly GuardrailReach[] = [
  {
    kind: 'guardrail_default_member',
    scope: 'workspace_default_member',
    isDefault: true,
    holder: 'member',
  },
  { kind: 'guardrail_default_key', scope: 'workspace_default_key', isDefault: true, holder: 'key' },
  { kind: 'guardrail_member', scope: 'member', isDefault: false, holder: 'member' },
  { kind: 'guardrail_key', scope: 'api_key', isDefault: false, holder: 'key' },
];

const HOLDERS = { member: 'this member', key: 'this API key' } as const;

/** @returns the parts of a scope's id */
export function guardrailScopeOf(scopeId: string): {
  accountId: string;
  guardrailId: string;
  holderId: string;
} {
  const [accountId = '', guardrailId = '', holderId = ''] = scopeId.split(' ');
  return { accountId, guardrailId, holderId };
}

const isOf = ({ isDefault, holder }: GuardrailReach, budget: PolicyBudget): boolean =>
  budget.holder === holder &&
  isDefault === (budget.guardrailScope === 'workspace' || budget.guardrailScope === 'account');

function guardrailBudget(reach: GuardrailReach): ScopeKind {
  return {
    kind: reach.kind,
    lifetime: reach.holder === 'key' ? 'key' : 'shared',
    refusal: {
      code: 'guardrail_budget_exceeded',
      limitSource: 'openrouter_guardrail_budget',
      scope: reach.scope,
      headline: (window) =>
        `Budget limit exceeded (${window} limit): a guardrail limits what ${HOLDERS[reach.holder]} may spend`,
      remedy:
        'Ask an admin of your organization to raise the budget of the guardrail, or wait until it resets.',
      blocksFreeWhenNegative: false,
    },
    changedBy: 'guardrail',
    // Whatever else the change says, those of the account are looked at anew.
    isTouched: (subjectId, scopeId) => {
      const [accountId, kind, id] = subjectId.split(' ');
      const scope = guardrailScopeOf(scopeId);
      return scope.accountId === accountId && (kind !== 'guardrail' || scope.guardrailId === id);
    },
    holdersOf: (scopeId) => {
      const { accountId, guardrailId, holderId } = guardrailScopeOf(scopeId);
      return reach.holder === 'key' ? { keyHash: holderId } : { userId: holderId, accountId, guardrailId };
    },
    rulesFor: ({ policy = null, accountId, version }) =>
      policy === null
        ? []
        : policy.budgets
            .filter((budget) => isOf(reach, budget))
            .map(({ guardrailId, holderId, limitNanoUsd, resetInterval, includesByok }) => ({
              id: `${accountId} ${guardrailId} ${holderId}`,
              limitNanoUsd,
              windowKind: resetInterval ?? 'all',
              countsByok: includesByok,
              version,
            })),
    readLimit: async (db, scopeId) => {
      const { accountId, guardrailId } = guardrailScopeOf(scopeId);
      const version = await changesUpTo(db);
      const budget = await readGuardrailBudget(db, accountId, guardrailId);
      if (budget === null) return null;
      const { limitNanoUsd, resetInterval, includesByok } = budget;
      return { limitNanoUsd, windowKind: resetInterval ?? 'all', countsByok: includesByok, version };
    },
  };
}

export const guardrailBudgets: readonly ScopeKind[] = GUARDRAIL_REACHES.map(guardrailBudget);
