/** Keys as JSON: the 23 fields of the management API, and what `GET /key` says about the calling key. */
import type { Principal } from '../auth/principal.ts';
import { isoFromMs } from '../clock.ts';
import { usdFromNanoUsd } from '../money.ts';
import { isRegionAllowed, type Region } from '../policy/policy.ts';
import type { ChildKey, Key, PageKey } from './answers.ts';
import type { KeyLeak } from './leak-store.ts';
import { onExhaustOf } from './on-exhaust.ts';
import { rotateByMs } from './rotation-age.ts';
import type { KeyRow } from './store.ts';
import { type BudgetLayer, type KeyUsage, limitRemainingNanoUsd } from './usage.ts';

type JsonFields = Record<string, unknown>;

const RATE_LIMIT = {
  requests: -1,
  interval: '10s',
  note: 'Deprecated: there is no limit on the requests of a key.',
};

/** What an organisation wants of its keys. */
export interface KeyRules {
  /** How old a secret is to become at most; null: as old as it likes. */
  readonly rotationDays: number | null;
  /** By their present hash for everything inside, keys whose secrets leaked; absent: nobody asks. */
  readonly leaks?: ReadonlyMap<string, KeyLeak>;
}

const NO_RULES: KeyRules = { rotationDays: null };

/** One missing field fails the whole answer in the official SDK, for a list the whole page. */
export function keyJson(row: KeyRow, usage: KeyUsage, { rotationDays }: KeyRules = NO_RULES): Key {
  const rule = {
    limitNanoUsd: row.limit_nano_usd,
    limitReset: row.limit_reset,
    includeByokInLimit: row.include_byok_in_limit === 1,
  };
  return {
    // Of the present secret, as with any key: what it had before names it in figures.
    hash: row.secret_hash ?? row.hash,
    label: row.label,
    name: row.name,
    disabled: row.disabled === 1,
    ...limitJson(rule, usage),
    ...usageJson(usage),
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoOrNull(row.updated_at_ms),
    expires_at: isoOrNull(row.expires_at_ms),
    last_used_at: isoOrNull(usage.lastUsedAtMs),
    external_user: row.external_user,
    creator_user_id: row.creator_user_id,
    workspace_id: row.workspace_id,
    // Ours.
    cut_streams_when_revoked: row.cut_streams_when_revoked === 1,
    rotated_at: isoOrNull(row.rotated_at_ms),
    rotate_by: isoOrNull(rotateByMs(row, rotationDays)),
    on_exhaust: onExhaustOf(row),
  };
}

/** As the key that made it sees it. */
export function childJson(row: KeyRow, usage: KeyUsage, rules: KeyRules = NO_RULES): ChildKey {
  return {
    ...keyJson(row, usage, rules),
    models: row.allowed_models === null ? null : (JSON.parse(row.allowed_models) as string[]),
  };
}

/** As our own pages show it: the public API has no field for the app, nor for whose word its bounds are. */
export function dashboardKeyJson(row: KeyRow, usage: KeyUsage, rules: KeyRules = NO_RULES): PageKey {
  return {
    ...keyJson(row, usage, rules),
    made_for: row.made_for,
    bounded_by_admin: row.bounded_by_admin === 1,
    is_delegated: row.is_delegated === 1,
    leak: leakJson(rules.leaks?.get(row.hash)),
  };
}

function leakJson(leak: KeyLeak | undefined): PageKey['leak'] {
  if (leak === undefined) return null;
  const { state, source, url, found_at_ms } = leak;
  return { is_quarantined: state === 'quarantined', source, url, found_at: isoFromMs(found_at_ms) };
}

export interface CurrentKeyFacts {
  readonly usage: KeyUsage;
  readonly freeRequests: { limit: number; used: number };
  readonly hasPurchasedCredits: boolean;
  /** Null for a personal account. */
  readonly organizationId: string | null;
  /** Where this gateway stands. */
  readonly dataRegion: Region;
  readonly budgets: readonly BudgetLayer[];
}

export function currentKeyJson(principal: Principal, facts: CurrentKeyFacts): JsonFields {
  const { limit, used } = facts.freeRequests;
  const isManagementKey = principal.kind === 'management';
  return {
    label: principal.label,
    name: principal.name,
    ...limitJson(principal, facts.usage),
    ...usageJson(facts.usage),
    creator_user_id: principal.creatorUserId,
    expires_at: isoOrNull(principal.expiresAtMs),
    is_free_tier: !facts.hasPurchasedCredits,
    is_management_key: isManagementKey,
    is_provisioning_key: isManagementKey,
    rate_limit: RATE_LIMIT,
    allowed_data_regions: allowedRegions(principal, facts),
    free_model_daily_requests: { limit, remaining: Math.max(0, limit - used), used },
    organization_id: facts.organizationId,
    workspace_id: principal.workspaceId,
    budgets: facts.budgets,
    effective_budget: effectiveOf(facts.budgets),
  };
}

/** Of the one region that requests can come through here, what guardrails leave. */
function allowedRegions({ policy = null }: Principal, { dataRegion }: CurrentKeyFacts): readonly Region[] {
  return policy === null || isRegionAllowed(policy, dataRegion) ? [dataRegion] : [];
}

/** The layer that blocks first: one that is spent, or else the one with the least left. */
function effectiveOf(layers: readonly BudgetLayer[]): BudgetLayer | null {
  return layers.reduce<BudgetLayer | null>(
    (least, layer) => (least === null || layer.remaining_usd < least.remaining_usd ? layer : least),
    null,
  );
}

function limitJson(
  rule: Pick<Principal, 'limitNanoUsd' | 'limitReset' | 'includeByokInLimit'>,
  usage: KeyUsage,
): Pick<Key, 'limit' | 'limit_remaining' | 'limit_reset' | 'include_byok_in_limit'> {
  return {
    limit: usdOrNull(rule.limitNanoUsd),
    limit_remaining: usdOrNull(limitRemainingNanoUsd(rule, usage)),
    limit_reset: rule.limitReset,
    include_byok_in_limit: rule.includeByokInLimit,
  };
}

function usageJson(usage: KeyUsage) {
  return {
    usage: usdFromNanoUsd(usage.total),
    usage_daily: usdFromNanoUsd(usage.daily),
    usage_weekly: usdFromNanoUsd(usage.weekly),
    usage_monthly: usdFromNanoUsd(usage.monthly),
    byok_usage: usdFromNanoUsd(usage.byokTotal),
    byok_usage_daily: usdFromNanoUsd(usage.byokDaily),
    byok_usage_weekly: usdFromNanoUsd(usage.byokWeekly),
    byok_usage_monthly: usdFromNanoUsd(usage.byokMonthly),
  };
}

function usdOrNull(amount: bigint | null): number | null {
  return amount === null ? null : usdFromNanoUsd(amount);
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoFromMs(ms);
}
