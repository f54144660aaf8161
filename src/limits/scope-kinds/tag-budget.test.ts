import { expect, test } from 'bun:test';
import type { Allowances } from '../../allowances/allowances.ts';
import type { Principal } from '../../auth/principal.ts';
import { Scope } from '../scope.ts';
import { changedScopes } from '../scope-kind.ts';
import { tagBudget } from './tag-budget.ts';

const TAGS = new Map([['project', 'alpha']]);

function scopesOf(workspaceId: string): Scope[] {
  const allowances: Allowances = {
    ...{ workspaceId, workspaceName: 'W', includesByok: false, rateLimits: [] },
    budgets: { daily: null, weekly: null, monthly: null, lifetime: null },
    tagBudgets: [
      {
        ...{ id: `budget-of-${workspaceId}`, name: 'project', value: null },
        ...{ windowKind: 'daily', limitNanoUsd: 5n },
      },
    ],
  };
  const rules = tagBudget.rulesForTags?.({ allowances, version: 1 } as unknown as Principal, TAGS) ?? [];
  return rules.map(
    (limit) =>
      new Scope({
        ...{ kind: tagBudget.kind, id: limit.id, refusal: tagBudget.refusal, limit },
        ...{ settled: new Map(), isShared: true, onlyWindow: 'daily' },
      }),
  );
}

test('a change of what limits one workspace gives back what is leased of its tags, and of no other’s', () => {
  const known = ['acme', 'other'].flatMap(scopesOf);
  expect([...changedScopes(tagBudget, 'acme', known)]).toEqual(['daily budget-of-acme alpha']);
  expect([...changedScopes(tagBudget, 'a third', known)]).toEqual([]);
});
