/** What requests of a key are limited by, layer by layer, in the order in which they refuse: `budgets` of `GET /key`. */

import type { Principal } from '../auth/principal.ts';
import { isoFromMs } from '../clock.ts';
import type { BudgetLayer } from '../keys/usage.ts';
import type { ScopeKind, ScopeRule } from '../limits/scope-kind.ts';
import { ACCOUNT_SCOPE } from '../limits/scope-kinds/account-credits.ts';
import { GUARDRAIL_REACHES, guardrailScopeOf } from '../limits/scope-kinds/guardrail-budget.ts';
import { intervalOfScope } from '../limits/scope-kinds/workspace-budget.ts';
import { usdFromNanoUsd } from '../money.ts';
import { WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import { windowEndMs, windowId } from '../window.ts';
import type { SpendReader } from './spend.ts';

const NO_CREDITS = { creditsNanoUsd: 0n, purchasedNanoUsd: 0n };

export async function layersOf(
  {
    kinds,
    spend,
    nowMs,
  }: {
    readonly kinds: readonly ScopeKind[];
    readonly spend: SpendReader;
    readonly nowMs: number;
  },
  principal: Principal,
): Promise<BudgetLayer[]> {
  const limited = kinds
    .filter(({ kind }) => kind !== ACCOUNT_SCOPE)
    .flatMap((kind) =>
      kind.rulesFor(principal, NO_CREDITS).flatMap((rule) => {
        const { limitNanoUsd } = rule;
        return limitNanoUsd === null ? [] : [{ kind, rule, limitNanoUsd }];
      }),
    );
  const spent = await spend(
    limited.map(({ kind, rule }) => ({
      ...{ kind: kind.kind, id: rule.id, windowId: windowId(rule.windowKind, nowMs) },
    })),
  );
  return limited.map(({ kind, rule, limitNanoUsd }, at) => {
    const { costNanoUsd = 0n, byokNanoUsd = 0n } = spent[at] ?? {};
    const spentNanoUsd = rule.countsByok ? costNanoUsd + byokNanoUsd : costNanoUsd;
    const remainingNanoUsd = limitNanoUsd > spentNanoUsd ? limitNanoUsd - spentNanoUsd : 0n;
    const resetsAtMs = windowEndMs(rule.windowKind, nowMs);
    return {
      scope: kind.refusal.scope,
      budget_id: budgetIdOf(kind, rule, principal),
      guardrail_id: GUARDRAIL_KINDS.has(kind.kind) ? guardrailScopeOf(rule.id).guardrailId : null,
      limit_usd: usdFromNanoUsd(limitNanoUsd),
      spend_usd: usdFromNanoUsd(spentNanoUsd),
      remaining_usd: usdFromNanoUsd(remainingNanoUsd),
      reset_interval: rule.windowKind === 'all' ? null : rule.windowKind,
      resets_at: resetsAtMs === null ? null : isoFromMs(resetsAtMs),
      include_byok: rule.countsByok,
    };
  });
}

const GUARDRAIL_KINDS: ReadonlySet<string> = new Set(GUARDRAIL_REACHES.map(({ kind }) => kind));

function budgetIdOf({ kind }: ScopeKind, { id }: ScopeRule, { allowances }: Principal): string | null {
  if (kind !== WORKSPACE_SCOPE) return null;
  return allowances?.budgets[intervalOfScope(id)]?.id ?? null;
}
