/** A guardrail as the API shows it, and what the audit log holds of it. */
import type { Facts } from '../audit/record.ts';
import { isoFromMs } from '../clock.ts';
import { usdFromNanoUsd } from '../money.ts';
import { builtinsOf, customFiltersOf, flagOf, listOf } from '../policy/fold.ts';
import type { Region } from '../policy/policy.ts';
import type { AssignedKey, AssignedMember, Guardrail } from './answers.ts';
import type { AssignedKeyRow, AssignedMemberRow, GuardrailRow } from './store.ts';

const copied = <T>(list: readonly T[] | null): T[] | null => (list === null ? null : [...list]);
const shown = (json: string | null): string[] | null => copied(listOf(json));

/** The official client refuses a built-in filter with a null in it, so what is not set is left out there. */
export function guardrailJson(row: GuardrailRow): Guardrail {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    workspace_id: row.workspace_id,
    limit_usd: row.limit_nano_usd === null ? null : usdFromNanoUsd(row.limit_nano_usd),
    reset_interval: row.reset_interval,
    include_byok_in_budgets: row.include_byok_in_budgets === 1,
    allowed_models: shown(row.allowed_models),
    ignored_models: shown(row.ignored_models),
    allowed_providers: shown(row.allowed_providers),
    ignored_providers: shown(row.ignored_providers),
    // Deprecated: what it says is in the five below.
    enforce_zdr: null,
    enforce_zdr_anthropic: flagOf(row.enforce_zdr_anthropic),
    enforce_zdr_openai: flagOf(row.enforce_zdr_openai),
    enforce_zdr_google: flagOf(row.enforce_zdr_google),
    enforce_zdr_xai: flagOf(row.enforce_zdr_xai),
    enforce_zdr_other: flagOf(row.enforce_zdr_other),
    allow_safety_retention_google: flagOf(row.allow_safety_retention_google),
    allow_safety_retention_other: flagOf(row.allow_safety_retention_other),
    enable_paid_model_training: flagOf(row.enable_paid_model_training),
    enable_free_model_training: flagOf(row.enable_free_model_training),
    enable_free_model_publication: flagOf(row.enable_free_model_publication),
    content_filter_builtins: copied(builtinsOf(row)),
    content_filters: copied(customFiltersOf(row)),
    allowed_data_regions: copied(listOf<Region>(row.allowed_data_regions)),
    created_at: isoFromMs(row.created_at_ms),
    updated_at: row.updated_at_ms === null ? null : isoFromMs(row.updated_at_ms),
    // Ours: whom it binds without being assigned to anybody; null: those alone whom it is assigned to.
    applies_to: row.applies_to === 'assigned' ? null : row.applies_to,
  };
}

/** `shown`: what callers are shown of keys, by what they are called inside. */
export function keyAssignmentJson(row: AssignedKeyRow, shown: ReadonlyMap<string, string>): AssignedKey {
  return {
    id: row.id,
    guardrail_id: row.guardrail_id,
    key_hash: shown.get(row.key_hash) ?? row.key_hash,
    key_name: row.key_name,
    key_label: row.key_label,
    assigned_by: row.assigned_by,
    created_at: isoFromMs(row.created_at_ms),
  };
}

export function memberAssignmentJson(row: AssignedMemberRow): AssignedMember {
  return {
    id: row.id,
    guardrail_id: row.guardrail_id,
    organization_id: row.account_id,
    user_id: row.user_id,
    assigned_by: row.assigned_by,
    created_at: isoFromMs(row.created_at_ms),
  };
}

/** Every rule as it is kept. */
export function auditFacts(row: GuardrailRow): Facts {
  const { account_id, id, applies_to, created_at_ms, updated_at_ms, ...facts } = row;
  return facts;
}
