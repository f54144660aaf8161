/** Kinds of scopes that begin later, for tests: budgets of a workspace and of its members, and a guardrail's budget of one key. */
import type { Principal } from '../src/auth/principal.ts';
import type { Refusal, ScopeKind, ScopeLimit, ScopeRule } from '../src/limits/scope-kind.ts';

/** By scope id; the order of insertion is the order of the rules. */
export type Budgets = Map<string, ScopeLimit>;

function refusalOf(scope: string): Refusal {
  return {
    code: 'key_limit_exceeded',
    limitSource: `test_${scope}`,
    scope,
    headline: (window) => `Budget limit exceeded (${window} limit)`,
    remedy: 'Raise the budget.',
    blocksFreeWhenNegative: false,
  };
}

/** Several scopes for one request: whatever budgets its workspace has, and its member's. Many keys share each. */
export function workspaceBudgets(budgets: Budgets): ScopeKind {
  const idsOf = ({ workspaceId, creatorUserId }: Principal) => [
    `${workspaceId} day`,
    `${workspaceId} all`,
    `${workspaceId} member ${creatorUserId}`,
  ];
  return { ...kindOf('budget', 'shared', budgets, idsOf), refusal: refusalOf('workspace') };
}

export function guardrails(budgets: Budgets): ScopeKind {
  const idsOf = ({ keyHash }: Principal) => [`guard ${keyHash}`];
  return { ...kindOf('guardrail', 'key', budgets, idsOf), refusal: refusalOf('guardrail') };
}

function kindOf(
  kind: string,
  lifetime: ScopeKind['lifetime'],
  budgets: Budgets,
  idsOf: (principal: Principal) => string[],
): Omit<ScopeKind, 'refusal'> {
  return {
    ...{ kind, lifetime },
    changedBy: 'scope',
    rulesFor: (principal) =>
      idsOf(principal).flatMap((id): ScopeRule[] => {
        const limit = budgets.get(id);
        return limit === undefined ? [] : [{ id, ...limit }];
      }),
    readLimit: async (_, id) => budgets.get(id) ?? null,
  };
}

export function budgetOf(limitNanoUsd: bigint, members: Partial<ScopeLimit> = {}): ScopeLimit {
  return { limitNanoUsd, windowKind: 'all', countsByok: false, ...members };
}
